"""Opaque tokens, and the authorization servers that know what they mean."""

import base64
import json
import signal
import time

from harness import secrets_book
from harness.ports import free_port
from harness.cbor import cbor
from harness.introspection import FakeAuthorizationServer, OidcProvider
from harness.process import eventually
from harness.stack import StackTestCase, keys_directory, merge
from harness.tokens import AuthorizationServer, Ed25519Key, HmacKey, scope


def prepare(directory):
    (directory / "rs-secret").write_text(
        OidcProvider.introspector_secret + "\n", encoding="utf-8")
    secrets_book.remember(OidcProvider.introspector_secret.encode(),
                          "introspection secret")


def options(port, **introspection):
    """Options of a stack whose issuer is asked at `port`."""
    return {"prepare": prepare, "policy": {"issuers": [{
        "issuer": AuthorizationServer.issuer, "jwks_file": "as-keys.json",
        "introspection": merge({
            "url": f"https://127.0.0.1:{port}/token/introspection",
            "client_id": "rs", "client_secret_file": "rs-secret",
            "ca": "ca.crt", "cache_ttl": "1s"}, introspection)}]}}


class OidcProviderTest(StackTestCase):
    """With an authorization server that is not ours."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.stack_options = options(cls.port)
        super().setUpClass()
        cls.start_server()
        cls.addClassCleanup(lambda: cls.server.stop())

    @classmethod
    def start_server(cls):
        cls.server = OidcProvider(cls.stack.directory, cls.port)

    def introduced(self, token, key=None, **fields):
        client = self.client()
        connack = client.ace_connect(token, key or self.key, **fields)
        return client, connack

    # covers: ACE-TOK-1, ACE-TOK-5
    def test_active_token_is_let_in(self):
        for pop in ("exporter", "challenge"):
            with self.subTest(pop):
                token = self.server.token(self.key, "a/# pub sub")
                client, connack = self.introduced(token, pop=pop)
                self.assert_code(connack, 0)
                self.assertLess(client.publish("a/x").code, 0x80)
                self.assert_code(client.publish("b/x"), 0x87)

    # covers: ACE-TOK-5
    def test_wrong_proof_for_an_active_token_is_refused_0x87(self):
        token = self.server.token(Ed25519Key(), "a/# pub")
        _, connack = self.introduced(token)
        self.assert_code(connack, 0x87)

    # covers: ACE-TOK-5
    def test_unknown_token_is_refused_0x87(self):
        _, connack = self.introduced(b"never-issued")
        self.assert_code(connack, 0x87)

    # covers: ACE-TOK-5
    def test_client_stays_while_its_token_is_active(self):
        client, connack = self.introduced(
            self.server.token(self.key, "a/# pub"))
        self.assert_code(connack, 0)
        end = time.monotonic() + 3  # three times cache_ttl
        while time.monotonic() < end:
            self.assertLess(client.publish("a/x").code, 0x80)
            time.sleep(0.1)

    # covers: ACE-TOK-5
    def test_revoked_token_disconnects_its_client_0x87(self):
        token = self.server.token(self.key, "a/# pub")
        client, connack = self.introduced(token)
        self.assert_code(connack, 0)
        self.server.revoke(token)
        client.expect_disconnect(0x87)
        _, connack = self.introduced(token)
        self.assert_code(connack, 0x87)

    # covers: ACE-AZI-2
    def test_authz_info_asks_about_references(self):
        client, connack = self.anonymous()
        self.assert_code(connack, 0)
        token = self.server.token(self.key, "a/# pub")
        self.assertLess(client.publish("authz-info", token).code, 0x80)
        self.assert_code(client.publish("authz-info", b"never-issued"), 0x87)
        self.assert_code(client.publish("authz-info", b""), 0x99)

    # covers: ACE-TOK-1
    def test_jwt_of_the_same_issuer_still_works(self):
        self.connected("a/# pub").ping()

    # covers: ACE-TOK-5
    def test_server_away_is_0x88_and_recovers(self):
        token = self.server.token(self.key, "a/# pub")
        client, connack = self.introduced(token)
        self.assert_code(connack, 0)
        self.server.stop()
        other = b"asked-about-while-nobody-answers"
        _, connack = self.introduced(other)
        self.assert_code(connack, 0x88)
        # Who is in stays in, though it is asked about in vain.
        time.sleep(1.5)
        client.ping()
        # The new server has forgotten all tokens, and says so.
        self.start_server()
        client.expect_disconnect(0x87, timeout=10)
        _, connack = self.introduced(self.server.token(self.key, "a/# pub"))
        self.assert_code(connack, 0)


class FakeServerTestCase(StackTestCase):
    """With a server that says what the test wants."""

    introspection = {}
    server_options = {}
    mode = "tcp"

    @classmethod
    def setUpClass(cls):
        cls.server = FakeAuthorizationServer(keys_directory(),
                                             **cls.server_options)
        cls.addClassCleanup(cls.server.stop)
        cls.stack_options = {
            **options(cls.server.port, **cls.introspection), "mode": cls.mode}
        super().setUpClass()

    def setUp(self):
        self.server.status = 200
        self.server.questions.clear()
        # A new token each time: none is remembered.
        self.opaque = secrets_book.remember(
            f"opaque-{time.monotonic_ns()}".encode(), "opaque token")

    def answer(self, key, *permissions, **members):
        """What an active token means, as an answer in JSON has it."""
        return {"active": True, "aud": AuthorizationServer.audience,
                "sub": "alice", "exp": int(time.time()) + 300,
                "cnf": {"jwk": key.public_jwk()}, "scope": scope(*permissions),
                **members}

    def question(self):
        """Headers and body of what was asked about this test's token."""
        return next(question for question in self.server.questions
                    if self.opaque in question[1])

    def connack(self, key=None):
        self.last = self.client()
        return self.last.ace_connect(self.opaque, key or self.key)


class FormTest(FakeServerTestCase):

    # covers: ACE-TOK-5
    def test_question_names_the_token_and_the_broker(self):
        self.server.body = json.dumps(self.answer(self.key)).encode()
        self.assert_code(self.connack(), 0)
        headers, body = self.question()
        self.assertEqual(body, b"token=" + self.opaque)
        self.assertEqual(headers["Content-Type"],
                         "application/x-www-form-urlencoded")
        secret = "rs-secret-0123456789%3A%2F%2B"
        self.assertEqual(headers["Authorization"], "Basic " + base64.b64encode(
            f"rs:{secret}".encode()).decode())

    # covers: ACE-TOK-5
    def test_garbage_is_0x88(self):
        for status, body in ((200, b"<html>"), (200, b"{}"), (200, b""),
                             (500, b'{"active": false}'), (302, b""),
                             (401, b"{}"), (200, b"x" * 300000)):
            with self.subTest(status=status, body=body[:10]):
                self.server.status, self.server.body = status, body
                self.assert_code(self.connack(), 0x88)

    def test_check_does_not_take_a_failure_for_a_no(self):
        self.server.body = json.dumps(self.answer(
            self.key, "a/# pub", sub="frida")).encode()
        self.assert_code(self.connack(), 0)
        question = ("check", "--subject", "frida", "--publish", "a/x")
        self.assertEqual(self.stack.sluicectl(*question).returncode, 0)
        self.server.status = 500
        eventually(lambda: self.stack.sluicectl(*question).returncode == 3,
                   "the answer is remembered no more")
        done = self.stack.sluicectl(*question)
        self.assertEqual(done.stdout, "")
        self.assertIn("nothing could be decided", done.stderr)
        shown = self.stack.sluicectl(*question, "--explain")
        self.assertEqual(shown.returncode, 3)
        self.assertIn("undecided", shown.stdout)

    # covers: ACE-SCP-1
    def test_scope_may_be_the_array_itself(self):
        self.server.body = json.dumps(self.answer(
            self.key, scope=[["a/#", ["pub"]]])).encode()
        self.assert_code(self.connack(), 0)
        self.assertLess(self.last.publish("a/x").code, 0x80)
        self.assert_code(self.last.publish("b/x"), 0x87)

    # covers: ACE-TOK-5
    def test_token_without_an_expiry_lives_while_it_is_active(self):
        answer = self.answer(self.key, "a/# pub")
        del answer["exp"]
        self.server.body = json.dumps(answer).encode()
        self.assert_code(self.connack(), 0)
        eventually(lambda: len(self.server.questions) > 3, "asked again")
        self.last.ping()
        self.server.body = b'{"active": false}'
        self.last.expect_disconnect(0x87)

    # covers: ACE-PUB-4
    def test_retained_message_of_a_token_without_an_expiry_outlives_the_answer(
            self):
        answer = self.answer(self.key, "a/# pub sub")
        del answer["exp"]
        self.server.body = json.dumps(answer).encode()
        self.assert_code(self.connack(), 0)
        self.last.publish("a/kept", b"kept", retain=True)
        time.sleep(1.5)  # cache_ttl is 1 s
        self.assertLess(self.last.subscribe("a/kept")[0], 0x80)
        message = self.last.expect("PUBLISH")
        self.assertEqual(message.payload, b"kept")

    # covers: ACE-TOK-3, ACE-TOK-5, ACE-TOK-6
    def test_answer_is_held_to_the_rules_of_tokens(self):
        for members in ({"aud": "another"}, {"iss": "https://other.example"},
                        {"ace_profile": "coap_dtls"}, {"exp": 1}, {"cnf": {}},
                        {"scope": "read"}):
            with self.subTest(members):
                self.setUp()
                self.server.body = json.dumps(
                    self.answer(self.key, **members)).encode()
                self.assert_code(self.connack(), 0x87)


class LongCacheTest(FakeServerTestCase):
    introspection = {"cache_ttl": "60s"}

    def reload(self, changes):
        reloads = self.stack.policy.output().count('"reloaded"')
        self.stack.change_policy(changes)
        self.stack.policy.send_signal(signal.SIGHUP)
        eventually(lambda: self.stack.policy.output().count(
            '"reloaded"') > reloads, "the configuration counts")

    def questions(self):
        return sum(self.opaque in body for _, body in self.server.questions)

    # covers: ACE-TOK-5
    def test_answer_is_remembered_for_cache_ttl(self):
        self.server.body = json.dumps(self.answer(self.key)).encode()
        self.assert_code(self.connack(), 0)
        self.assert_code(self.connack(), 0)
        self.assertEqual(self.questions(), 1)

    # covers: ACE-TOK-5
    def test_what_was_said_counts_after_a_reload_that_is_about_other_things(
            self):
        self.server.body = json.dumps(
            self.answer(self.key, "a/# pub")).encode()
        self.assert_code(self.connack(), 0)
        client = self.last
        self.assertEqual(self.questions(), 1)
        self.reload({"public_topics": [
            {"filter": "more/#", "permissions": ["sub"]}]})
        # Who is in is given the new topics, without a question.
        eventually(lambda: client.subscribe("more/a")[0] < 0x80, "new topics")
        self.assert_code(self.connack(), 0)
        self.assertEqual(self.questions(), 1)
        # Whom the server is to take the broker for is another matter.
        issuer = json.loads((self.stack.directory / "policy.yaml").read_text(
            encoding="utf-8"))["issuers"][0]
        issuer["introspection"]["client_id"] = "another"
        self.reload({"issuers": [issuer]})
        self.assert_code(self.connack(), 0)
        self.assertEqual(self.questions(), 2)


class AceJsonTest(FakeServerTestCase):
    introspection = {"format": "ace+json", "client_auth": "post"}

    # covers: ACE-TOK-5
    def test_symmetric_key_in_clear(self):
        key = HmacKey()
        self.server.body = json.dumps({**self.answer(self.key, "a/# pub"),
                                       "cnf": {"jwk": key.private_jwk()}
                                       }).encode()
        self.assert_code(self.connack(key), 0)
        self.assertLess(self.last.publish("a/x").code, 0x80)
        headers, body = self.question()
        self.assertEqual(headers["Content-Type"], "application/ace+json")
        self.assertNotIn("Authorization", headers)
        self.assertEqual(json.loads(body), {
            "token": self.opaque.decode(), "client_id": "rs",
            "client_secret": OidcProvider.introspector_secret})


class AceCborTest(FakeServerTestCase):
    introspection = {"format": "ace+cbor"}

    # covers: ACE-TOK-5
    def test_answer_in_cbor(self):
        key = HmacKey()
        self.server.body = cbor({
            10: True, 2: "alice", 3: AuthorizationServer.audience,
            4: int(time.time()) + 300, 8: {1: {1: 4, -1: key.secret}},
            9: [["a/#", ["pub"]]], 38: 3})
        self.assert_code(self.connack(key), 0)
        self.assertLess(self.last.publish("a/x").code, 0x80)
        self.assert_code(self.last.publish("b/x"), 0x87)
        headers, body = self.question()
        self.assertEqual(headers["Content-Type"], "application/ace+cbor")
        self.assertEqual(body, cbor({11: self.opaque}))
        self.server.body = cbor({10: False})
        self.last.expect_disconnect(0x87)


class CertificateTest(FakeServerTestCase):
    """With a server that knows the broker by its certificate (RFC 8705)."""

    introspection = {"certificate": "proxy.crt", "private_key": "proxy.key",
                     "client_secret_file": None}
    server_options = {"client_ca": "ca.crt"}

    # covers: ACE-TOK-5
    def test_certificate_stands_for_the_secret(self):
        self.server.body = json.dumps(
            self.answer(self.key, "a/# pub")).encode()
        self.assert_code(self.connack(), 0)
        headers, body = self.question()
        self.assertEqual(body, b"token=" + self.opaque + b"&client_id=rs")
        self.assertNotIn("Authorization", headers)


class NoCertificateTest(FakeServerTestCase):
    server_options = {"client_ca": "ca.crt"}

    # covers: ACE-TOK-5
    def test_without_the_certificate_nothing_is_learnt(self):
        self.server.body = json.dumps(
            self.answer(self.key, "a/# pub")).encode()
        self.assert_code(self.connack(), 0x88)
        self.assertEqual(self.server.questions, [])


class EmbeddedTest(FakeServerTestCase):
    """The proxy's own TLS, and that of its HTTP client, in one process."""

    mode = "embedded"

    # covers: ACE-TOK-5
    def test_embedded_service_asks_too(self):
        self.server.body = json.dumps(
            self.answer(self.key, "a/# pub")).encode()
        self.assert_code(self.connack(), 0)
        self.assertLess(self.last.publish("a/x").code, 0x80)
        self.server.body = b'{"active": false}'
        self.last.expect_disconnect(0x87)
