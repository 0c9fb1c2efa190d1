"""Client-nonces: given to refused clients, and demanded back in tokens."""

import json
import os
import signal

from harness import secrets_book, wire
from harness.process import eventually
from harness.stack import StackTestCase
from harness.tokens import Ed25519Key, b64


def write_key(directory):
    key = secrets_book.remember(os.urandom(32), "key of nonces")
    (directory / "cnonce-key").write_bytes(key)


def stack_options(**as_hint):
    return {"prepare": write_key, "proxy": {"ace": {"as_hint": {
        "as": "https://as.example/token", "kid": "shared-1",
        "cnonce_key_file": "cnonce-key", **as_hint}}}}


class NonceTestCase(StackTestCase):

    def connect(self, *permissions, **claims):
        client = self.client()
        token = self.token(*permissions, **claims)
        return client, client.ace_connect(token, self.key)

    def hint_of(self, connack):
        self.assert_code(connack, 0x87)
        return json.loads(
            dict(connack.properties["user_property"])["ace_as_hint"])

    def hint(self):
        """What a client without a token is told."""
        client = self.client()
        client.send(wire.connect(props={"authentication_method": "ace"}))
        hint = self.hint_of(client.expect("CONNACK"))
        client.expect_closed()
        return hint


class ClientNonceTest(NonceTestCase):
    stack_options = stack_options()

    # covers: ACE-CON-2
    def test_hint_has_kid_and_a_new_nonce_each_time(self):
        hints = [self.hint() for _ in range(3)]
        for hint in hints:
            self.assertEqual(hint["AS"], "https://as.example/token")
            self.assertEqual(hint["kid"], "shared-1")
            self.assertRegex(hint["cnonce"], "^[A-Za-z0-9_-]{43}$")
        self.assertEqual(len({hint["cnonce"] for hint in hints}), 3)

    # covers: ACE-CON-2
    def test_token_with_the_nonce_is_let_in_again_and_again(self):
        nonce = self.hint()["cnonce"]
        for _ in range(2):
            client, connack = self.connect("a/# pub", cnonce=nonce)
            self.assert_code(connack, 0)
            self.assert_code(client.publish("a/x"), 0x10)

    # covers: ACE-CON-2
    def test_token_with_another_nonce_or_none_refused_0x87_with_a_hint(self):
        for nonce in (None, b64(os.urandom(32)), b64(b"short")):
            client, connack = self.connect("a/# pub", cnonce=nonce)
            self.assertIn("cnonce", self.hint_of(connack))
            client.expect_closed()

    # covers: ACE-CON-2, ACE-EXP-3
    def test_reauthentication_with_another_nonce_ends_with_0x87(self):
        client, connack = self.connect("a/# pub", cnonce=self.hint()["cnonce"])
        self.assert_code(connack, 0)
        client.send(wire.auth(0x19, wire.binary(
            self.token("a/# pub", cnonce=b64(os.urandom(32))))))
        client.answer_challenge(client.expect("AUTH"), self.key)
        client.expect_disconnect(0x87)

    # covers: ACE-CON-2, ACE-AZI-2
    def test_token_on_authz_info_without_a_nonce_refused_0x87(self):
        nonce = self.hint()["cnonce"]
        client, _ = self.connect("a/# pub", cnonce=nonce)
        self.assert_code(
            client.publish("authz-info", self.token("a/# pub")), 0x87)
        self.assert_code(
            client.publish("authz-info", self.token("a/# pub", cnonce=nonce)),
            0)

    # covers: ACE-CON-2, ACE-TOK-7
    def test_token_with_another_nonce_is_not_stored(self):
        nonce = self.hint()["cnonce"]
        key = Ed25519Key()
        client = self.client()
        connack = client.ace_connect(
            self.token("a/# pub", key=key, cnonce=nonce), key,
            client_id="keeper")
        self.assert_code(connack, 0)
        stale = self.token("b/# pub", key=key, cnonce=b64(os.urandom(32)))
        self.assert_code(client.publish("authz-info", stale), 0x87)
        self.assert_code(self.client().ace_connect(
            stale, key, client_id="keeper"), 0x87)
        client = self.client()
        client.send(wire.connect(client_id="keeper", props={
            "authentication_method": "ace"}))
        client.answer_challenge(client.expect("AUTH"), key)
        self.assert_code(client.expect("CONNACK"), 0)
        self.assert_code(client.publish("a/x"), 0x10)

    def test_anonymous_client_needs_none(self):
        client, connack = self.anonymous()
        self.assert_code(connack, 0)
        self.assertEqual(client.subscribe("public/x"), [1])


class OptionalNonceTest(NonceTestCase):
    stack_options = stack_options(cnonce_optional=True)

    # covers: ACE-CON-2
    def test_token_without_a_nonce_is_let_in(self):
        _, connack = self.connect("a/# pub")
        self.assert_code(connack, 0)
        self.connected_v311("a/# pub")

    # covers: ACE-CON-2
    def test_token_with_another_nonce_refused_0x87(self):
        _, connack = self.connect("a/# pub", cnonce=b64(os.urandom(32)))
        self.hint_of(connack)


class NonceKeyReloadTest(NonceTestCase):
    stack_options = stack_options()

    # covers: ACE-CON-2
    def test_another_key_is_taken_over_on_sighup(self):
        nonce = self.hint()["cnonce"]
        _, connack = self.connect("a/# pub", cnonce=nonce)
        self.assert_code(connack, 0)
        write_key(self.stack.directory)
        self.stack.proxy.send_signal(signal.SIGHUP)

        def refused():
            _, connack = self.connect("a/# pub", cnonce=nonce)
            return connack.code == 0x87

        eventually(refused, "a nonce of the old key is refused")
        _, connack = self.connect("a/# pub", cnonce=self.hint()["cnonce"])
        self.assert_code(connack, 0)
