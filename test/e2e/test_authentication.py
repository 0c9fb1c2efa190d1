"""Who gets in with a token, and how: proofs, refusals, timeouts."""

import json
import struct

from OpenSSL import SSL

from harness import wire
from harness.stack import StackTestCase
from harness.tokens import (AuthorizationServer, Ed25519Key, Es256Key,
                            HmacKey, b64, sign_jwt)


class AuthenticationTest(StackTestCase):
    stack_options = {"proxy": {"ace": {"as_hint": {
        "as": "https://as.example/token", "audience": "mqtt-broker-1"}}}}

    def assert_let_in(self, key, pop, **tls):
        client = self.client(**tls)
        connack = client.ace_connect(self.token("a/# pub", key=key), key, pop)
        self.assert_code(connack, 0)
        self.assertEqual(connack.properties["authentication_method"], "ace")
        self.assert_code(client.publish("a/b"), 0x10)  # no subscriber
        return client

    def assert_refused(self, token, key=None, code=0x87, pop="exporter",
                       **fields):
        client = self.client()
        connack = client.ace_connect(token, key or self.key, pop, **fields)
        self.assert_code(connack, code)
        client.expect_closed()
        return connack

    # covers: ACE-AUTH-2, ACE-POP-1, ACE-POP-2, ACE-POP-8, ACE-TOK-1
    def test_exporter_with_ed25519_is_let_in(self):
        self.assert_let_in(Ed25519Key(), "exporter")

    # covers: ACE-POP-1, ACE-POP-2
    def test_exporter_with_es256_is_let_in(self):
        self.assert_let_in(Es256Key(), "exporter")

    # covers: ACE-POP-1, ACE-POP-2, ACE-TOK-4
    def test_exporter_with_hs256_is_let_in(self):
        self.assert_let_in(HmacKey(), "exporter")

    # covers: ACE-POP-2, ACE-POP-9
    def test_exporter_over_tls_1_2_is_let_in(self):
        client = self.assert_let_in(Ed25519Key(), "exporter",
                                    max_version=SSL.TLS1_2_VERSION)
        self.assertEqual(client.tls.version(), "TLSv1.2")

    # covers: ACE-POP-1, ACE-POP-4, ACE-POP-8
    def test_challenge_with_ed25519_is_let_in(self):
        self.assert_let_in(Ed25519Key(), "challenge")

    # covers: ACE-POP-1, ACE-POP-4
    def test_challenge_with_es256_is_let_in(self):
        self.assert_let_in(Es256Key(), "challenge")

    # covers: ACE-POP-1, ACE-POP-4, ACE-TOK-4
    def test_challenge_with_hs256_is_let_in(self):
        self.assert_let_in(HmacKey(), "challenge")

    # covers: ACE-POP-9
    def test_alpn_mqtt_is_agreed_on(self):
        self.assertEqual(self.client().tls.alpn(), b"mqtt")

    # covers: ACE-POP-1, ACE-CON-1
    def test_exporter_proof_by_another_key_refused_0x87(self):
        self.assert_refused(self.token("a/# pub"), Ed25519Key())

    # covers: ACE-POP-1
    def test_proof_of_another_algorithm_refused_0x87(self):
        self.assert_refused(self.token("a/# pub"), Es256Key())

    # covers: ACE-POP-4, ACE-CON-1
    def test_challenge_proof_by_another_key_refused_0x87(self):
        self.assert_refused(self.token("a/# pub"), Ed25519Key(),
                            pop="challenge")

    # covers: ACE-POP-2
    def test_proof_of_another_connection_refused_0x87(self):
        other, client = self.client(), self.client()
        token = self.token("a/# pub")
        client.send(wire.connect(props={
            "authentication_method": "ace",
            "authentication_data": wire.binary(token) +
                                   other.exporter_proof(self.key)}))
        self.assert_code(client.expect("CONNACK"), 0x87)
        client.expect_closed()

    # covers: ACE-POP-4
    def test_challenge_is_new_each_time(self):
        nonces = set()
        for _ in range(4):
            _, challenge = self.challenged()
            nonces.add(challenge.properties["authentication_data"])
        self.assertEqual(len(nonces), 4)

    def _resumable_session(self, **tls):
        first = self.client(**tls)
        self.assert_code(
            first.ace_connect(self.token("a/# pub"), self.key), 0)
        first.ping()  # TLS 1.3: the ticket has come by now
        return first.tls.session()

    # covers: ACE-POP-3
    def test_exporter_on_resumed_tls_session_refused_0x87(self):
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            with self.subTest(version=version):
                session = self._resumable_session(max_version=version)
                client = self.client(session=session, max_version=version)
                self.assertTrue(client.tls.resumed())
                connack = client.ace_connect(self.token("a/# pub"), self.key)
                self.assert_code(connack, 0x87)
                client.expect_closed()

    # covers: ACE-POP-3, ACE-POP-4
    def test_challenge_on_resumed_tls_session_is_let_in(self):
        client = self.client(session=self._resumable_session())
        self.assertTrue(client.tls.resumed())
        connack = client.ace_connect(self.token("a/# pub"), self.key,
                                     "challenge")
        self.assert_code(connack, 0)

    # covers: ACE-TOK-3, ACE-EXP-1
    def test_expired_token_refused_0x87(self):
        self.assert_refused(self.token("a/# pub", life=-1))

    # covers: ACE-TOK-3
    def test_token_without_expiry_refused_0x87(self):
        self.assert_refused(self.token("a/# pub", exp=None))

    # covers: ACE-TOK-3
    def test_token_for_another_audience_refused_0x87(self):
        self.assert_refused(self.token("a/# pub", aud="another-broker"))

    # covers: ACE-TOK-3
    def test_token_of_unknown_issuer_refused_0x87(self):
        self.assert_refused(self.token("a/# pub", iss="https://evil.example"))

    # covers: ACE-TOK-4
    def test_token_without_confirmation_key_refused_0x87(self):
        self.assert_refused(self.token("a/# pub", cnf=None))

    # covers: ACE-TOK-4
    def test_token_with_symmetric_key_in_clear_refused_0x87(self):
        key = HmacKey()
        self.assert_refused(
            self.token("a/# pub", cnf={"jwk": key.private_jwk()}), key)

    # covers: ACE-TOK-6
    def test_token_of_another_profile_refused_0x87(self):
        self.assert_refused(self.token("a/# pub", ace_profile="coap_dtls"))

    # covers: ACE-SCP-1
    def test_token_with_bad_scope_refused_0x87(self):
        self.assert_refused(
            self.token(scope=b64(b'[["a/#/b", ["pub"]]]')))

    # covers: ACE-TOK-2
    def test_token_signed_by_another_key_refused_0x87(self):
        forger = AuthorizationServer()
        self.assert_refused(forger.token(self.key, "a/# pub"))

    # covers: ACE-TOK-2
    def test_unsigned_token_refused_0x87(self):
        body = self.token("a/# pub").split(b".")[1]
        head = b64(json.dumps({"alg": "none"}).encode()).encode()
        self.assert_refused(head + b"." + body + b".")

    # covers: ACE-TOK-2
    def test_token_with_unknown_critical_header_refused_0x87(self):
        server = self.stack.authorization_server
        claims = server.claims(self.key, "a/# pub")
        self.assert_refused(sign_jwt(claims, server.key, {
            "alg": "EdDSA", "kid": "as-1", "crit": ["x"], "x": 1}))

    # covers: ACE-CON-2
    def test_refused_client_is_told_the_authorization_server(self):
        connack = self.assert_refused(b"not a token")
        hint = dict(connack.properties["user_property"])["ace_as_hint"]
        self.assertEqual(json.loads(hint)["AS"], "https://as.example/token")
        self.assertEqual(json.loads(hint)["audience"], "mqtt-broker-1")

    # The question is about all of it, and its answer counts as a denial.
    # covers: ACE-AUTH-2
    def test_bad_token_in_the_largest_connect_refused_0x87(self):
        client = self.client()
        client.send(wire.connect(
            client_id="c" * 65000, will=("w" * 60000, b"y" * 65000),
            props={"authentication_method": "ace",
                   "authentication_data":
                       wire.binary(b"x" * 60000) + b"p" * 64}))
        self.assert_code(client.expect("CONNACK"), 0x87)
        client.expect_closed()

    # covers: ACE-AUTH-5
    def test_bad_method_refused_0x8C(self):
        for method in ("SCRAM-SHA-256", "ACE", ""):
            client = self.client()
            client.send(wire.connect(props={"authentication_method": method}))
            self.assert_code(client.expect("CONNACK"), 0x8C)
            client.expect_closed()

    # covers: ACE-POP-7
    def test_user_name_next_to_method_ace_is_refused(self):
        token = self.token("a/# pub")
        for fields in ({"username": "u"}, {"username": "u", "password": b"p"}):
            client = self.client()
            connack = client.ace_connect(token, self.key, **fields)
            self.assertGreaterEqual(connack.code, 0x80)
            client.expect_closed()

    # covers: ACE-CON-1
    def test_malformed_authentication_data_is_refused_and_closed(self):
        token = self.token("a/# pub")
        for data in (b"\0", b"\xff\xff" + token, b"\0\5ab",
                     struct.pack("!H", len(token) + 1) + token):
            with self.subTest(data=data[:8]):
                client = self.client()
                client.send(wire.connect(props={
                    "authentication_method": "ace",
                    "authentication_data": data}))
                self.assertGreaterEqual(client.expect("CONNACK").code, 0x80)
                client.expect_closed()

    # covers: ACE-POP-6
    def test_publish_in_place_of_challenge_answer_closes(self):
        client, _ = self.challenged()
        client.send(wire.publish("a/b"))
        self.assert_code(client.expect("CONNACK"), 0x82)
        client.expect_closed()

    # covers: ACE-POP-6
    def test_disconnect_in_place_of_challenge_answer_closes(self):
        client, _ = self.challenged()
        client.send(wire.disconnect())
        client.expect_closed()

    # covers: ACE-POP-4
    def test_truncated_challenge_answer_is_refused(self):
        client, _ = self.challenged()
        client.send(wire.auth(0x18, b"1234567"))
        self.assertGreaterEqual(client.expect("CONNACK").code, 0x80)
        client.expect_closed()

    # covers: ACE-SCP-5
    def test_token_without_scope_is_let_in_and_may_do_nothing(self):
        for claims in ({"scope": None}, {"scope": ""}):
            client = self.client()
            connack = client.ace_connect(self.token(**claims), self.key)
            self.assert_code(connack, 0)
            self.assert_code(client.publish("a/b"), 0x87)
            self.assertEqual(client.subscribe("a/b"), [0x87])


class AnonymousTest(StackTestCase):

    # covers: ACE-AUTH-1, ACE-SCP-6
    def test_anonymous_client_may_use_public_topics_only(self):
        client, connack = self.anonymous()
        self.assert_code(connack, 0)
        self.assertEqual(client.subscribe("public/x", "a/b", "#"),
                         [0x01, 0x87, 0x87])
        self.assert_code(client.publish("a/b"), 0x87)
        other, _ = self.anonymous()
        self.assert_code(other.publish("public/x", b"hello"), 0)
        self.assertEqual(client.expect("PUBLISH").payload, b"hello")

    # covers: ACE-AUTH-1, ACE-SCP-6
    def test_anonymous_v311_client_may_use_public_topics_only(self):
        client, connack = self.anonymous(wire.V311)
        self.assert_code(connack, 0)
        self.assertEqual(client.subscribe("public/x", "a/b"), [0x01, 0x80])

    # covers: ACE-SCP-6
    def test_client_with_token_may_use_public_topics_too(self):
        client = self.connected("a/# pub")
        self.assertEqual(client.subscribe("public/#"), [0x01])
        self.assert_code(self.connected().publish("public/x"), 0)


class NothingPublicTest(StackTestCase):
    stack_options = {"policy": {"public_topics": None},
                     "proxy": {"ace": {"authz_info_topic": ""}}}

    # covers: ACE-AUTH-1
    def test_anonymous_client_refused_0x87(self):
        client, connack = self.anonymous()
        self.assert_code(connack, 0x87)
        client.expect_closed()

    # covers: ACE-AUTH-1, ACE-V3-2
    def test_anonymous_v311_client_refused_0x05(self):
        client, connack = self.anonymous(wire.V311)
        self.assert_code(connack, 0x05)
        client.expect_closed()
