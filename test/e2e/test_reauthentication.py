"""A new token on a live connection."""

from harness import wire
from harness.process import eventually
from harness.stack import StackTestCase
from harness.tokens import Ed25519Key


class ReauthenticationTest(StackTestCase):
    stack_options = {"proxy": {"ace": {"reauthentication_grace": "60s"}}}

    def start(self, client, *permissions, key=None, **claims):
        """AUTH 0x19 with a new token; returns the challenge."""
        token = self.token(*permissions, key=key, **claims)
        client.send(wire.auth(0x19, wire.binary(token)))
        challenge = client.expect("AUTH")
        self.assert_code(challenge, 0x18)
        return challenge

    def reauthenticate(self, client, *permissions, key=None, **claims):
        challenge = self.start(client, *permissions, key=key, **claims)
        client.answer_challenge(challenge, key or self.key)
        done = client.expect("AUTH")
        self.assert_code(done, 0x00)
        self.assertEqual(done.properties["authentication_method"], "ace")

    # covers: ACE-EXP-3, ACE-POP-8
    def test_new_scope_applies_from_the_next_packet(self):
        client = self.connected("a/# pub")
        self.assert_code(client.publish("b/x"), 0x87)
        self.reauthenticate(client, "b/# pub")
        self.assertLess(client.publish("b/x").code, 0x80)
        self.assert_code(client.publish("a/x"), 0x87)

    # covers: ACE-EXP-3
    def test_old_scope_holds_until_the_exchange_is_done(self):
        client = self.connected("a/# pub")
        challenge = self.start(client, "b/# pub")
        self.assertLess(client.publish("a/x").code, 0x80)
        self.assert_code(client.publish("b/x"), 0x87)
        client.answer_challenge(challenge, self.key)
        client.expect("AUTH")
        self.assertLess(client.publish("b/x").code, 0x80)

    # covers: ACE-EXP-3
    def test_new_token_may_carry_another_key(self):
        client = self.connected("a/# pub")
        self.reauthenticate(client, "b/# pub", key=Ed25519Key())
        self.assertLess(client.publish("b/x").code, 0x80)

    # covers: ACE-EXP-2, ACE-EXP-3
    def test_expired_client_goes_on_with_a_new_token(self):
        client = self.connected("a/# pub", life=2)
        eventually(lambda: client.publish("a/x").code == 0x87,
                   "the token runs out")
        self.reauthenticate(client, "a/# pub")
        self.assertLess(client.publish("a/x").code, 0x80)
        client.ping()

    # covers: ACE-EXP-3
    def test_wrong_proof_is_disconnected_0x87(self):
        client = self.connected("a/# pub")
        client.answer_challenge(self.start(client, "b/# pub"), Ed25519Key())
        client.expect_disconnect(0x87)

    # covers: ACE-EXP-3
    def test_token_of_another_subject_is_disconnected_0x87(self):
        client = self.connected("a/# pub")
        client.answer_challenge(
            self.start(client, "b/# pub", subject="mallory"), self.key)
        client.expect_disconnect(0x87)

    # covers: ACE-EXP-3
    def test_expired_new_token_is_disconnected_0x87(self):
        client = self.connected("a/# pub")
        client.answer_challenge(self.start(client, "b/# pub", life=-1),
                                self.key)
        client.expect_disconnect(0x87)

    # covers: ACE-POP-3, ACE-EXP-3
    def test_exporter_proof_is_disconnected_0x87(self):
        client = self.connected("a/# pub")
        client.send(wire.auth(
            0x19, wire.binary(self.token("b/# pub")) +
            client.exporter_proof(self.key)))
        client.expect_disconnect(0x87)

    # covers: ACE-EXP-3
    def test_client_without_ace_may_not_authenticate_later(self):
        client, _ = self.anonymous()
        client.send(wire.auth(0x19, wire.binary(self.token("b/# pub"))))
        self.assertIn(client.expect("DISCONNECT").code, (0x82, 0x87))
        client.expect_closed()
