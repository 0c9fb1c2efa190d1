"""draft-ietf-ace-mqtt-tls-profile-01, for the issuers that are set to it."""

import os

from harness import secrets_book, wire
from harness.stack import StackTestCase
from harness.tokens import AuthorizationServer, Ed25519Key, Es256Key, HmacKey

SCOPE = "publish_a/# subscribe_a/# publish_b"


class Draft01Test(StackTestCase):
    stack_options = {
        "proxy": {"ace": {"as_hint": {"as": "https://as.example/token"}}},
        "policy": {"issuers": [{"issuer": AuthorizationServer.issuer,
                                "profile": "draft-01",
                                "jwks_file": "as-keys.json"}]}}

    def draft_token(self, key=None, **claims):
        return self.token(key=key, scope=SCOPE, **claims)

    @staticmethod
    def proof(key, content):
        return secrets_book.remember(key.sign(content), "draft-01 proof")

    def connect_with(self, token, rest, client_id="draft", clean=True, **props):
        client = self.client()
        client.send(wire.connect(client_id=client_id, clean=clean, props={
            "authentication_method": "ace",
            "authentication_data": wire.binary(token) + rest, **props}))
        return client, client.receive()

    def with_nonce(self, token, key, nonce=None, **fields):
        nonce = nonce or os.urandom(8)
        return self.connect_with(
            token, wire.binary(nonce) + self.proof(key, nonce), **fields)

    def over_payload(self, token, key, client_id="draft", **fields):
        payload = wire.text(client_id)
        return self.connect_with(
            token, wire.binary(b"") + self.proof(key, payload), client_id,
            **fields)

    def assert_let_in(self, client, connack):
        self.assertEqual(connack.type, "CONNACK")
        self.assert_code(connack, 0)
        self.assertEqual(client.subscribe("a/x", "b"), [1, 0x87])
        self.assert_code(client.publish("b", qos=1), 0x10)

    def assert_refused(self, client, connack, code=0x87):
        self.assertEqual(connack.type, "CONNACK")
        self.assert_code(connack, code)
        client.expect_closed()

    # covers: ACE-D01-1, ACE-D01-2
    def test_proof_over_the_payload_is_let_in(self):
        for key in (Ed25519Key(), Es256Key(), HmacKey()):
            with self.subTest(key.alg):
                self.assert_let_in(*self.over_payload(self.draft_token(key),
                                                      key))

    # covers: ACE-D01-2
    def test_proof_over_a_nonce_is_let_in(self):
        self.assert_let_in(*self.with_nonce(self.draft_token(), self.key))

    # covers: ACE-D01-2
    def test_replayed_proof_refused_0x87(self):
        token, nonce = self.draft_token(), os.urandom(8)
        self.assert_let_in(*self.with_nonce(token, self.key, nonce))
        self.assert_refused(*self.with_nonce(token, self.key, nonce))
        self.assert_let_in(*self.over_payload(token, self.key))
        self.assert_refused(*self.over_payload(token, self.key))

    # covers: ACE-D01-2
    def test_proof_over_the_payload_of_another_client_id_refused_0x87(self):
        client, connack = self.connect_with(
            self.draft_token(),
            wire.binary(b"") + self.proof(self.key, wire.text("other")))
        self.assert_refused(client, connack)

    # covers: ACE-D01-3
    def test_challenge_is_signed_alone(self):
        client, challenge = self.connect_with(self.draft_token(), b"")
        self.assertEqual((challenge.type, challenge.code), ("AUTH", 0x18))
        nonce = challenge.properties["authentication_data"]
        client.send(wire.auth(0x18, self.proof(self.key, nonce)))
        self.assert_let_in(client, client.expect("CONNACK"))

    # covers: ACE-D01-3, ACE-EXP-3
    def test_reauthentication_is_by_challenge(self):
        client, connack = self.with_nonce(self.draft_token(), self.key)
        self.assert_let_in(client, connack)
        client.send(wire.auth(0x19, wire.binary(self.token(scope="publish_c"))))
        nonce = client.expect("AUTH").properties["authentication_data"]
        client.send(wire.auth(0x18, self.proof(self.key, nonce)))
        self.assert_code(client.expect("AUTH"), 0)

    # covers: ACE-D01-7
    def test_proofs_of_the_rfc_refused_0x87(self):
        for pop in ("exporter", "challenge"):
            with self.subTest(pop):
                client = self.client()
                connack = client.ace_connect(self.draft_token(), self.key, pop)
                self.assert_refused(client, connack)

    # covers: ACE-D01-5
    def test_session_that_outlives_the_connection_refused_0x87(self):
        token = self.draft_token()
        self.assert_refused(*self.with_nonce(token, self.key, clean=False))
        self.assert_refused(*self.with_nonce(token, self.key,
                                             session_expiry=60))
        self.assert_let_in(*self.with_nonce(token, self.key,
                                            session_expiry=0))

    # covers: ACE-D01-6, ACE-CON-2
    def test_empty_authentication_data_gets_the_hint(self):
        client = self.client()
        client.send(wire.connect(props={"authentication_method": "ace",
                                        "authentication_data": b""}))
        connack = client.expect("CONNACK")
        self.assert_code(connack, 0x87)
        self.assertIn("ace_as_hint", dict(connack.properties["user_property"]))
        client.expect_closed()

    def v311(self, username, proof, client_id="draft", **fields):
        client = self.client(wire.V311)
        client.send(wire.connect(wire.V311, client_id, username=username,
                                 password=proof, **fields))
        return client, client.expect("CONNACK")

    # covers: ACE-D01-4
    def test_v311_token_as_user_name_is_let_in(self):
        will = ("a/gone", b"bye")
        payload = wire.text("draft") + wire.text(will[0]) + wire.binary(will[1])
        client, connack = self.v311(self.draft_token().decode(),
                                    self.proof(self.key, payload), will=will)
        self.assert_code(connack, 0)
        self.assertEqual(client.subscribe("a/x", "b"), [1, 0x80])

    # covers: ACE-D01-4, ACE-D01-5
    def test_v311_wrong_proof_or_session_refused_0x05(self):
        token = self.draft_token().decode()
        payload = wire.text("draft")
        self.assert_refused(*self.v311(token, Ed25519Key().sign(payload)),
                            code=0x05)
        self.assert_refused(*self.v311(token, self.proof(self.key, payload),
                                       clean=False), code=0x05)
        _, connack = self.v311(token, self.proof(self.key, payload))
        self.assert_code(connack, 0)

    # covers: ACE-D01-4
    def test_v311_user_name_that_is_no_token_refused_0x05(self):
        self.assert_refused(*self.v311("somebody", b"password"), code=0x05)

    # covers: ACE-D01-7
    def test_policy_service_warns_of_the_issuer(self):
        log = (self.stack.directory / "policy.log").read_text()
        warnings = [line for line in log.splitlines()
                    if "config_warning" in line and "draft-01" in line]
        self.assertEqual(len(warnings), 1)
        self.assertIn(AuthorizationServer.issuer, warnings[0])

    # covers: ACE-D01-7
    def test_policy_service_warns_of_a_managed_issuer_once(self):
        issuer = "https://other.example"
        put = ("issuer", "put", issuer, "--profile", "draft-01",
               "--jwks-file", self.stack.directory / "as-keys.json")
        for _ in range(2):
            done = self.stack.sluicectl(*put)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("not bound to the TLS session", done.stderr)
        self.addCleanup(self.sluicectl, "issuer", "delete", issuer)
        self.stack.policy.wait_for(f"issuer_warning.*{issuer}.*draft-01")
        self.assertEqual(self.stack.policy.output().count("issuer_warning"), 1)


class OffByDefaultTest(StackTestCase):

    # covers: ACE-D01-7
    def test_weaker_proofs_refused_for_an_issuer_of_the_rfc(self):
        nonce = os.urandom(8)
        for rest in (wire.binary(nonce) + self.key.sign(nonce),
                     wire.binary(b"") + self.key.sign(wire.text("c"))):
            client = self.client()
            client.send(wire.connect(client_id="c", props={
                "authentication_method": "ace",
                "authentication_data": wire.binary(self.token("a pub")) +
                                       rest}))
            self.assert_code(client.expect("CONNACK"), 0x87)
            client.expect_closed()

    # covers: ACE-D01-7
    def test_v311_user_name_is_not_looked_at(self):
        client = self.client(wire.V311)
        client.send(wire.connect(
            wire.V311, "c", username=self.token("secret pub").decode(),
            password=self.key.sign(wire.text("c"))))
        self.assert_code(client.expect("CONNACK"), 0)
        client.send(wire.publish("secret", qos=1, version=wire.V311))
        client.expect_closed()
