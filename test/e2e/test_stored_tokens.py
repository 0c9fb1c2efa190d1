"""Clients that come without a token, because one is stored for them."""

import stat

from harness import cwt, wire
from harness.admin import http_status, metric
from harness.process import eventually
from harness.stack import StackTestCase
from harness.tokens import AuthorizationServer, Ed25519Key, HmacKey


class StoredTokenTestCase(StackTestCase):

    def empty_connect(self, client_id, data=None, **fields):
        """CONNECT by method `ace` without a token; client and answer."""
        client = self.client()
        props = {"authentication_method": "ace"}
        if data is not None:
            props["authentication_data"] = data
        client.send(wire.connect(client_id=client_id, props=props, **fields))
        return client, client.receive()

    def assert_let_in(self, client_id, key=None):
        client, answer = self.empty_connect(client_id)
        self.assertEqual((answer.type, answer.code), ("AUTH", 0x18), answer)
        client.answer_challenge(answer, key or self.key)
        connack = client.expect("CONNACK")
        self.assert_code(connack, 0)
        self.assertEqual(connack.properties["authentication_method"], "ace")
        return client

    def assert_unknown(self, client_id, **fields):
        client, answer = self.empty_connect(client_id, **fields)
        self.assertEqual((answer.type, answer.code), ("CONNACK", 0x87), answer)
        client.expect_closed()


class StoredTokenTest(StoredTokenTestCase):

    # covers: ACE-POP-5, ACE-CON-5
    def test_proven_token_is_challenged_under_its_client_id(self):
        self.connected("a/# pub", client_id="proven", pop="exporter")
        client = self.assert_let_in("proven")
        self.assert_code(client.publish("a/b"), 0x10)
        self.assert_code(client.publish("b"), 0x87)

    # covers: ACE-POP-5, ACE-TOK-5
    def test_a_changed_policy_leaves_it_the_grant_of_the_proven_key(self):
        for subject in ("alice", None):
            with self.subTest(subject=subject):
                other, client_id = Ed25519Key(), f"one-of-two-{subject}"
                token = self.token("low/# pub", sub=subject)
                self.assert_code(
                    self.client().ace_connect(token, self.key,
                                              client_id=client_id), 0)
                client = self.assert_let_in(client_id)
                # Another key is proven under the same Client Identifier, but the
                # broker, which would end the first client, never hears of it.
                token = self.token("high/# pub", key=other, sub=subject)
                self.assert_code(
                    self.client().ace_connect(token, other,
                                              client_id=client_id,
                                              will=("elsewhere", b"x")), 0x87)
                before = self._policy_rechecks()
                self.sluicectl("rule", "put", f"any-{subject}", "--deny",
                               "--publish", "--topic", "nothing/here")
                eventually(lambda: self._policy_rechecks() > before,
                           "the client is asked about again")
                self.assert_code(client.publish("high/x"), 0x87)
                self.assert_code(client.publish("low/x"), 0x10)

    def _policy_rechecks(self):
        return metric(self.stack.admin_address,
                      'sluice_decisions_total{action="recheck",'
                      'result="allowed"}')

    # covers: ACE-POP-5
    def test_every_form_of_no_token_is_challenged(self):
        self.connected("a/# pub", client_id="forms", pop="challenge")
        for data in (None, b"", b"\0\0"):
            with self.subTest(data=data):
                _, answer = self.empty_connect("forms", data)
                self.assertEqual(answer.type, "AUTH")

    # covers: ACE-POP-5, ACE-D01-6
    def test_unknown_client_id_refused_0x87(self):
        self.assert_unknown("nobody")
        self.assert_unknown("")

    # The broker assigns it when the decision has been made.
    # covers: ACE-POP-5
    def test_assigned_client_id_refused_0x87(self):
        connack = self.client().ace_connect(self.token("a/# pub"), self.key,
                                            client_id="")
        self.assert_code(connack, 0)
        self.assert_unknown(connack.properties["assigned_client_identifier"])

    # covers: ACE-POP-5
    def test_wrong_proof_refused_0x87(self):
        self.connected("a/# pub", client_id="wrong")
        client, answer = self.empty_connect("wrong")
        client.answer_challenge(answer, Ed25519Key())
        self.assert_code(client.expect("CONNACK"), 0x87)
        client.expect_closed()

    # covers: ACE-POP-5, ACE-AZI-2
    def test_posted_token_alone_is_nobodys(self):
        key = Ed25519Key()
        client, _ = self.anonymous(client_id="posted")
        self.assert_code(client.publish(
            "authz-info", self.token("a/# pub", key=key)), 0)
        self.assert_unknown("posted")

    # covers: ACE-POP-5, ACE-AZI-2, ACE-TOK-7
    def test_posted_token_is_used_after_one_of_its_key_was_proven(self):
        key = Ed25519Key()
        self.connected("a/# pub", client_id="renewed", key=key)
        client, _ = self.anonymous()
        self.assert_code(client.publish(
            "authz-info", self.token("b/# pub", key=key)), 0)
        client = self.assert_let_in("renewed", key)
        self.assert_code(client.publish("a/b"), 0x87)
        self.assert_code(client.publish("b/c"), 0x10)

    # covers: ACE-TOK-8
    def test_exi_token_ends_counted_from_its_first_use(self):
        claims = {"exp": None, "exi": 2, "jti": "exi-1"}
        token = self.token("a/# pub", **claims)
        client = self.client()
        self.assert_code(client.ace_connect(token, self.key), 0)
        client.expect_disconnect(0x87)
        client = self.client()
        self.assert_code(client.ace_connect(token, self.key), 0x87)


class KeyNameTest(StoredTokenTestCase):
    """Tokens that are bound to a key by its name alone."""

    # The second has the keys of the first.
    stack_options = {"policy": {"issuers": [
        {"issuer": AuthorizationServer.issuer, "jwks_file": "as-keys.json"},
        {"issuer": "https://other.example", "jwks_file": "as-keys.json"}]}}

    def by_name(self, kid, **claims):
        return self.token("b/# pub", cnf={"kid": kid}, **claims)

    def connack_of(self, token, key, pop="exporter"):
        return self.client().ace_connect(token, key, pop)

    # covers: ACE-TOK-4, ACE-TOK-7
    def test_key_of_a_proven_token_is_known_by_its_kid(self):
        key = Ed25519Key("proven-key")
        self.connected("a/# pub", key=key)
        for pop in ("exporter", "challenge"):
            client = self.client()
            self.assert_code(
                client.ace_connect(self.by_name("proven-key"), key, pop), 0)
            self.assert_code(client.publish("b/c"), 0x10)
            self.assert_code(client.publish("a/b"), 0x87)
        self.assert_code(self.connack_of(self.by_name("proven-key"),
                                         Ed25519Key("proven-key")), 0x87)

    # covers: ACE-TOK-4
    def test_symmetric_key_of_a_posted_token_is_known_by_its_kid(self):
        key = HmacKey("posted-key")
        client, _ = self.anonymous()
        self.assert_code(client.publish(
            "authz-info", self.token("a/# pub", key=key)), 0)
        self.assert_code(
            self.connack_of(self.by_name("posted-key"), key), 0)

    # covers: ACE-TOK-4
    def test_kid_beside_the_key_names_it(self):
        key = Ed25519Key()
        client = self.client()
        token = self.token("a/# pub", cnf={"jwk": key.public_jwk(),
                                           "kid": "beside"})
        self.assert_code(client.ace_connect(token, key), 0)
        self.assert_code(self.connack_of(self.by_name("beside"), key), 0)

    # covers: ACE-TOK-4
    def test_key_is_known_in_cwts_too(self):
        server, key, kid = self.stack.authorization_server, Ed25519Key(), b"\xff"

        def token(permission, cnf):
            return cwt.encode(cwt.sign(cwt.claims(key, permission, c8=cnf),
                                       server.key, b"as-1"))

        known = token("a/# pub", {1: cwt.cose_key(key), 3: kid})
        self.assert_code(self.connack_of(known, key), 0)
        by_name = token("b/# pub", {3: kid})
        self.assert_code(self.connack_of(by_name, key, "challenge"), 0)
        self.assert_code(self.connack_of(by_name, Ed25519Key()), 0x87)
        unknown = token("b/# pub", {3: b"\xfe"})
        self.assert_code(self.connack_of(unknown, key), 0x87)

    # covers: ACE-TOK-4
    def test_kid_of_another_issuer_refused_0x87(self):
        key = Ed25519Key("the-first-one's")
        self.connected("a/# pub", key=key)
        token = self.by_name("the-first-one's", iss="https://other.example")
        self.assert_code(self.connack_of(token, key), 0x87)
        self.assert_code(
            self.connack_of(self.by_name("the-first-one's"), key), 0)

    # covers: ACE-TOK-4
    def test_kid_of_another_subjects_key_refused_0x87(self):
        mine, other = Ed25519Key("mine"), Ed25519Key("mine")
        client = self.client()
        self.assert_code(client.ace_connect(
            self.token(key=other, subject="mallory"), other), 0)
        # Nobody's key of that name is known yet but mallory's.
        self.assert_code(self.connack_of(self.by_name("mine"), other), 0x87)
        self.connected("a/# pub", key=mine)
        self.assert_code(self.connack_of(self.by_name("mine"), mine), 0)
        self.assert_code(self.connack_of(self.by_name("mine"), other), 0x87)

    # covers: ACE-TOK-4
    def test_kid_in_a_token_without_sub_refused_0x87(self):
        key = Ed25519Key("nobody's")
        client = self.client()
        self.assert_code(client.ace_connect(
            self.token("a/# pub", key=key, sub=None), key), 0)
        self.assert_code(
            self.connack_of(self.by_name("nobody's", sub=None), key), 0x87)

    # covers: ACE-TOK-4
    def test_unknown_kid_refused_0x87(self):
        for kid in ("nobody's-key", ""):
            with self.subTest(kid=kid):
                self.assert_code(
                    self.connack_of(self.by_name(kid), self.key), 0x87)

    # covers: ACE-TOK-4
    def test_kid_of_two_keys_refused_0x87(self):
        keys = [Ed25519Key("twice"), Ed25519Key("twice")]
        self.connected("a/# pub", key=keys[0])
        self.assert_code(self.connack_of(self.by_name("twice"), keys[0]), 0)
        self.connected("a/# pub", key=keys[1])
        for key in keys:
            self.assert_code(self.connack_of(self.by_name("twice"), key), 0x87)


class SqliteTest(StoredTokenTestCase):
    stack_options = {"policy": {"store": {"memory": None,
                                          "sqlite": "policy.db"}}}

    def restart(self):
        def status():
            return http_status(self.stack.admin_address, "/readyz")

        self.stack.policy.stop()
        eventually(lambda: status() == 503, "/readyz is 503")
        self.stack.start_policy()
        eventually(lambda: status() == 200, "/readyz is 200")

    # covers: ACE-POP-5, ACE-CON-5, ACE-AZI-3
    def test_restart_of_the_policy_service_keeps_tokens(self):
        self.connected("a/# pub", client_id="durable")
        self.restart()
        client = self.assert_let_in("durable")
        self.assert_code(client.publish("a/b"), 0x10)

    # covers: ACE-TOK-4
    def test_restart_keeps_named_keys(self):
        for key in (Ed25519Key("durable-key"), HmacKey("durable-secret")):
            with self.subTest(alg=key.alg):
                kid = key.private_jwk()["kid"]
                self.connected("a/# pub", key=key)
                self.restart()
                token = self.token("a/# pub", cnf={"kid": kid})
                client = self.client()
                self.assert_code(client.ace_connect(token, key), 0)

    # covers: ACE-TOK-8
    def test_restart_does_not_revive_an_exi_token(self):
        token = self.token("a/# pub", exp=None, exi=1, jti="exi-2")
        client = self.client()
        self.assert_code(client.ace_connect(token, self.key), 0)
        client.expect_disconnect(0x87)
        self.restart()
        client = self.client()
        self.assert_code(client.ace_connect(token, self.key), 0x87)

    def test_file_is_private(self):
        mode = (self.stack.directory / "policy.db").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)


class BoundClientIdTest(StoredTokenTestCase):
    stack_options = {"proxy": {"ace": {"client_id": "bound"}}}

    def connack_of(self, subject, client_id):
        key = Ed25519Key()
        client = self.client()
        connack = client.ace_connect(
            self.token("a/# pub", key=key, subject=subject), key,
            client_id=client_id)
        return client, connack

    # covers: EDGE-20
    def test_client_id_of_another_subject_refused_0x85(self):
        _, connack = self.connack_of("alice", "bound")
        self.assert_code(connack, 0)
        client, connack = self.connack_of("bob", "bound")
        self.assert_code(connack, 0x85)
        client.expect_closed()
        _, connack = self.connack_of("alice", "bound")
        self.assert_code(connack, 0)

    # covers: EDGE-20
    def test_anonymous_client_may_not_use_an_owned_client_id(self):
        _, connack = self.connack_of("alice", "owned")
        self.assert_code(connack, 0)
        client, connack = self.anonymous(client_id="owned")
        self.assert_code(connack, 0x85)
        client.expect_closed()
        client, connack = self.anonymous(wire.V311, client_id="owned")
        self.assert_code(connack, 0x02)
        client.expect_closed()
