"""Tokens that are published to the topic authz-info."""

from harness import wire
from harness.stack import StackTestCase

TOPIC = "authz-info"


class AuthzInfoTest(StackTestCase):
    stack_options = {"broker": "recording", "proxy": {
        "limits": {"authz_info_per_second": 1000}}}

    def setUp(self):
        self.stack.broker.connections.clear()

    def tearDown(self):
        for connection in self.stack.broker.connections:
            self.assertNotIn("PUBLISH", [p.type for p in connection.packets])
            self.assertNotIn(TOPIC.encode(), connection.data)

    # covers: ACE-AUTH-1, ACE-AZI-1, ACE-AZI-2
    def test_valid_token_is_acknowledged_and_never_forwarded(self):
        client, _ = self.anonymous()
        token = self.token("a/# pub")
        self.assert_code(client.publish(TOPIC, token, qos=1), 0)
        self.assert_code(client.publish(TOPIC, token, qos=2), 0)
        client.send(wire.ack("PUBREL", 7))
        self.assert_code(client.expect("PUBCOMP"), 0)
        client.send(wire.publish(TOPIC, token))
        client.ping()

    # covers: ACE-AZI-2
    def test_invalid_token_gets_0x87(self):
        client, _ = self.anonymous()
        for qos in (1, 2):
            self.assert_code(client.publish(
                TOPIC, self.token("a/# pub", life=-1), qos), 0x87)
        client.send(wire.publish(TOPIC, self.token("a/#", aud="other")))
        client.expect_disconnect(0x87)

    # covers: ACE-AZI-2
    def test_payload_that_is_no_token_gets_0x99(self):
        client, _ = self.anonymous()
        for payload in (b"", b"hello", b"\xff\xfe"):
            self.assert_code(client.publish(TOPIC, payload), 0x99)

    # covers: ACE-AZI-2
    def test_invalid_token_closes_v311_client(self):
        client, _ = self.anonymous(wire.V311)
        client.send(wire.publish(TOPIC, b"hello", 1, version=wire.V311))
        client.expect_closed()

    # covers: ACE-AZI-2
    def test_valid_token_of_v311_client_is_acknowledged(self):
        client, _ = self.anonymous(wire.V311)
        client.publish(TOPIC, self.token("a/# pub"))

    # covers: ACE-SUB-2
    def test_topic_cannot_be_subscribed_to(self):
        client = self.connected("# sub", f"{TOPIC} sub")
        self.assertEqual(client.subscribe(TOPIC, f"$share/g/{TOPIC}"),
                         [0x87, 0x87])


class FloodTest(StackTestCase):
    stack_options = {"proxy": {"limits": {"authz_info_per_second": 3}}}

    # covers: ACE-AZI-3
    def test_too_many_tokens_of_one_address_get_0x97(self):
        client, _ = self.anonymous()
        codes = {client.publish(TOPIC, b"x").code for _ in range(20)}
        self.assertIn(0x97, codes)
