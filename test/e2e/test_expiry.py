"""Tokens that run out while their client is connected."""

from harness import wire
from harness.process import eventually
from harness.stack import StackTestCase


class ExpiryTest(StackTestCase):

    # covers: ACE-EXP-1, ACE-EXP-2
    def test_token_expiry_disconnects_live_client_0x87(self):
        client = self.connected("a/# pub", life=2)
        client.expect_disconnect(0x87)

    # covers: ACE-EXP-1
    def test_longer_token_keeps_its_client_meanwhile(self):
        longer = self.connected("a/# pub", life=60)
        self.connected("a/# pub", life=2).expect_disconnect(0x87)
        longer.ping()

    # covers: ACE-CON-3
    def test_will_is_published_after_expiry(self):
        reader = self.connected("will/# sub")
        self.assertEqual(reader.subscribe("will/#"), [1])
        self.connected("will/# pub", life=2, will=("will/x", b"expired"))
        self.assertEqual(reader.expect("PUBLISH").payload, b"expired")


class GraceTest(StackTestCase):
    """Within the grace a client is told, so that it can authenticate anew."""

    stack_options = {"proxy": {"ace": {"reauthentication_grace": "60s"}}}

    def expired(self, *permissions):
        """A connected client whose token has just run out."""
        client = self.connected("probe pub", *permissions, life=2)
        eventually(lambda: client.publish("probe").code == 0x87,
                   "the token runs out")
        return client

    # covers: ACE-EXP-1, ACE-EXP-2
    def test_expired_publish_qos1_and_qos2_get_0x87(self):
        client = self.expired("a/# pub")
        self.assert_code(client.publish("a/x", qos=1), 0x87)
        self.assert_code(client.publish("a/x", qos=2), 0x87)

    # covers: ACE-EXP-1, ACE-EXP-2
    def test_expired_subscribe_gets_0x87(self):
        client = self.expired("a/# sub")
        self.assertEqual(client.subscribe("a/x"), [0x87])

    # covers: ACE-EXP-1, ACE-EXP-2
    def test_expired_publish_qos0_is_disconnected_0x87(self):
        client = self.expired("a/# pub")
        client.send(wire.publish("a/x"))
        client.expect_disconnect(0x87)

    # covers: ACE-EXP-1, ACE-EXP-2
    def test_expired_ping_is_disconnected_0x87(self):
        client = self.expired()
        client.send(wire.pingreq())
        client.expect_disconnect(0x87)

    # covers: ACE-EXP-1, ACE-EXP-2, ACE-OUT-1
    def test_expired_delivery_is_disconnected_0x87(self):
        reader = self.connected("probe pub", "a/# sub", life=2)
        self.assertEqual(reader.subscribe("a/x"), [1])
        eventually(lambda: reader.publish("probe").code == 0x87,
                   "the token runs out")
        writer = self.connected("a/# pub")
        writer.publish("a/x", b"too late")
        reader.expect_disconnect(0x87)
