"""Issuers' keys that are read over HTTPS, and change."""

import itertools
import json
import os
import pathlib
import signal
import subprocess
import threading
import unittest.mock

from harness import wire
from harness.ports import free_port
from harness.introspection import OidcProvider
from harness.jwks import IssuerKey, JwksServer, make_jwks
from harness.process import eventually
from harness.stack import (POLICY, StackTestCase, keys_directory,
                           run_directory)
from harness.tokens import AuthorizationServer, sign_jwt


def policy(port, **fields):
    """The configuration of a service that reads the keys at `port`."""
    return {"issuers": [{
        "issuer": AuthorizationServer.issuer,
        "jwks_url": f"https://127.0.0.1:{port}/jwks", "ca": "ca.crt",
        **fields}]}


class JwksTestCase(StackTestCase):
    """With a server that publishes the key `old`, unless it is not started."""

    fields = {"jwks_refresh": "1h"}
    mode = "tcp"
    started = True

    @classmethod
    def setUpClass(cls):
        keys = make_jwks(old="EdDSA", new="ES256")
        cls.old, cls.new = IssuerKey(keys["old"]), IssuerKey(keys["new"])
        cls.server = JwksServer(keys_directory(), cls.old, port=free_port())
        cls.addClassCleanup(cls.server.stop)
        if cls.started:
            cls.server.start()
        cls.stack_options = {"policy": policy(cls.server.port, **cls.fields),
                             "mode": cls.mode}
        super().setUpClass()
        cls.process = cls.stack.policy or cls.stack.proxy

    def token_of(self, key, header=None):
        return sign_jwt(
            self.stack.authorization_server.claims(self.key, "a/# pub"), key,
            header or key.header)

    def connack(self, key, header=None):
        return self.client().ace_connect(self.token_of(key, header), self.key)

    def failures(self):
        return self.process.output().count('"jwks_failed"')


class TracingTest(JwksTestCase):
    """Programs whose environment wants sessions' keys, and what gRPC carries,
    to be written down."""

    @classmethod
    def setUpClass(cls):
        cls.key_log = pathlib.Path(run_directory()) / "tls-keys"
        cls.addClassCleanup(cls.key_log.unlink, missing_ok=True)
        with unittest.mock.patch.dict(os.environ, {
                "SSLKEYLOGFILE": str(cls.key_log), "GRPC_TRACE": "all",
                "GRPC_VERBOSITY": "debug"}):
            super().setUpClass()

    def test_nothing_of_it_is_written(self):
        self.assert_code(self.connack(self.old), 0)
        self.assertFalse(self.key_log.exists())
        for process in (self.stack.policy, self.stack.proxy):
            self.assertNotIn('"event":"grpc"', process.output())


class RotationTest(JwksTestCase):

    # covers: ACE-TOK-2
    def test_new_key_counts_at_once_and_old_key_no_more(self):
        self.assert_code(self.connack(self.old), 0)
        self.assert_code(self.connack(self.old), 0)
        self.assertEqual(self.server.reads, 1)
        self.server.keys = [self.new]
        self.assert_code(self.connack(self.new), 0)
        self.assertEqual(self.server.reads, 2)
        self.assert_code(self.connack(self.old), 0x87)
        # Nor can names that nobody has make the service ask again and again.
        for number in range(20):
            self.assert_code(self.connack(self.old, {
                "alg": "EdDSA", "kid": f"made-up-{number}"}), 0x87)
        self.assertLessEqual(self.server.reads, 3)
        self.assert_code(self.connack(self.new), 0)


class BusyIntrospectionTest(StackTestCase):
    """A server that has all connections full of questions about references."""

    @classmethod
    def setUpClass(cls):
        keys = make_jwks(old="EdDSA", new="ES256")
        cls.old, cls.new = IssuerKey(keys["old"]), IssuerKey(keys["new"])
        cls.server = JwksServer(keys_directory(), cls.old).start()
        cls.addClassCleanup(cls.server.stop)
        cls.stack_options = {
            "prepare": lambda directory: (directory / "rs-secret").write_text(
                "not asked for\n", encoding="utf-8"),
            "policy": policy(cls.server.port, jwks_refresh="1s", introspection={
                "url": f"https://127.0.0.1:{cls.server.port}/introspect",
                "client_id": "rs", "client_secret_file": "rs-secret",
                "ca": "ca.crt"})}
        super().setUpClass()

    def ask_about_references(self, stop):
        for number in itertools.count():
            if stop.is_set():
                return
            client = self.client()
            client.send(wire.connect(props={
                "authentication_method": "ace", "authentication_data":
                    wire.binary(b"reference-%d" % number) + b"p" * 64}))

    # covers: ACE-TOK-2, ACE-TOK-5
    def test_references_keep_no_keys_from_being_read(self):
        stop = threading.Event()
        asking = [threading.Thread(target=self.ask_about_references,
                                   args=[stop]) for _ in range(2)]
        for thread in asking:
            thread.start()
        try:
            eventually(lambda: self.stack.policy_metrics()[
                'sluice_policy_http_requests_total{purpose="introspection",'
                'result="failed"}'] > 80, "more are asked than are let")
            before = self.server.reads
            self.server.keys = [self.new]
            eventually(lambda: self.server.reads >= before + 3, "read again")
            token = sign_jwt(self.stack.authorization_server.claims(
                self.key, "a/# pub"), self.new, self.new.header)
            self.assert_code(self.client().ace_connect(token, self.key), 0)
        finally:
            stop.set()
            for thread in asking:
                thread.join()


class EmbeddedTest(RotationTest):
    """The proxy's log has the events."""

    mode = "embedded"

    def test_log_says_that_keys_were_read(self):
        self.assert_code(self.connack(self.server.keys[0]), 0)
        self.process.wait_for('"jwks_read"')


class AwayAtStartTest(JwksTestCase):
    started = False
    fields = {"jwks_refresh": "1s"}

    # covers: ACE-TOK-2
    def test_nothing_is_decided_before_the_first_read(self):
        self.assert_code(self.connack(self.old), 0x88)
        client, connack = self.anonymous()
        self.assert_code(connack, 0)
        self.assert_code(client.publish(
            "authz-info", self.token_of(self.old)), 0x87)
        self.process.wait_for('"jwks_failed"')
        self.server.start()
        eventually(lambda: self.connack(self.old).code == 0, "let in")


class AwayLaterTest(JwksTestCase):
    fields = {"jwks_refresh": "1s"}

    def failed_again(self):
        before = self.failures()
        eventually(lambda: self.failures() > before, "failed")

    # covers: ACE-TOK-2
    def test_last_good_keys_stay(self):
        self.assert_code(self.connack(self.old), 0)
        for body in (b"<html>", b'{"keys": []}', b"x" * 300000):
            with self.subTest(body=body[:20]):
                self.server.body = body
                self.failed_again()
                self.assert_code(self.connack(self.old), 0)
        self.server.stop()
        self.failed_again()
        self.assert_code(self.connack(self.old), 0)
        self.assert_code(self.connack(self.new), 0x87)
        # Rotated meanwhile: noticed without a token that says so.
        self.server.body = None
        self.server.keys = [self.new]
        self.server.start()
        eventually(lambda: self.connack(self.old).code == 0x87, "rotated")
        self.assert_code(self.connack(self.new), 0)


class ReloadTest(JwksTestCase):

    def test_reload_keeps_the_keys_of_issuers_that_stay(self):
        self.assert_code(self.connack(self.old), 0)
        self.server.stop()
        self.stack.change_policy({"audience": "mqtt-broker-2"})
        self.process.send_signal(signal.SIGHUP)
        self.process.wait_for('"reloaded"')
        token = sign_jwt(self.stack.authorization_server.claims(
            self.key, "a/# pub", aud="mqtt-broker-2"), self.old,
            self.old.header)
        self.assert_code(self.client().ace_connect(token, self.key), 0)


class OidcProviderTest(StackTestCase):
    """With the keys, and JWTs, of an authorization server that is not ours."""

    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.stack_options = {"policy": policy(port)}
        super().setUpClass()
        jwks = make_jwks(ed="EdDSA", rsa="RS256")
        cls.server = OidcProvider(cls.stack.directory, port,
                                  jwks=list(jwks.values()))
        cls.addClassCleanup(cls.server.stop)

    # covers: ACE-TOK-1, ACE-TOK-2
    def test_jwts_of_both_keys_are_let_in(self):
        for alg in ("EdDSA", "RS256"):
            with self.subTest(alg=alg):
                token = self.server.token(self.key, "a/# pub", jwt=alg)
                client = eventually(lambda: self.admitted(token), "let in")
                self.assertLess(client.publish("a/x").code, 0x80)
                self.assert_code(client.publish("b/x"), 0x87)

    def admitted(self, token):
        client = self.client()
        connack = client.ace_connect(token, self.key)
        return client if connack.code == 0 else None


class CheckTest(StackTestCase):

    def check(self, **issuer):
        config = {"address": "127.0.0.1:0", "audience": "b",
                  "issuers": [{"issuer": "https://as.example", **issuer}]}
        file = self.stack.directory / "check.yaml"
        file.write_text(json.dumps(config), encoding="utf-8")
        result = subprocess.run([POLICY, "--check", "--config", file],
                                capture_output=True, timeout=10, check=False)
        return result.returncode, result.stderr.decode()

    def test_check_needs_no_server(self):
        code, messages = self.check(
            jwks_url=f"https://127.0.0.1:{free_port()}/")
        self.assertEqual(code, 0, messages)
        self.assertNotIn("jwks", messages)

    def test_plain_http_is_refused_at_load(self):
        code, message = self.check(jwks_url="http://127.0.0.1/jwks")
        self.assertEqual(code, 1)
        self.assertIn("issuers[0].jwks_url: expected a URL that begins with "
                      "https://", message)
