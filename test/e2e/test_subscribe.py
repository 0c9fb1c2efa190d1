"""SUBSCRIBE, and what the broker delivers."""

from harness import wire
from harness.stack import StackTestCase


class SubscribeTest(StackTestCase):

    # covers: ACE-SCP-4, ACE-SUB-1
    def test_subscribe_mixed_filters_merges_codes_in_order(self):
        client = self.connected("a/# sub", "b/+/c sub", "p/# pub")
        codes = client.subscribe(
            ("x", 0), ("a/b", 2), ("p/x", 1), ("b/+/c", 0), ("b/#", 0),
            ("a/+", 1))
        self.assertEqual(codes, [0x87, 2, 0x87, 0, 0x87, 1])

    # covers: ACE-SUB-1
    def test_subscribe_to_nothing_allowed_is_all_0x87(self):
        client = self.connected("a/# sub")
        self.assertEqual(client.subscribe("b", "c/#"), [0x87, 0x87])

    # covers: ACE-SUB-1
    def test_denied_filter_delivers_nothing(self):
        reader = self.connected("a/# sub")
        self.assertEqual(reader.subscribe("a/#", "b/#"), [1, 0x87])
        writer = self.connected("# pub")
        self.assert_code(writer.publish("b/x", b"secret"), 0x10)
        self.assert_code(writer.publish("a/x", b"open"), 0)
        self.assertEqual(reader.expect("PUBLISH").payload, b"open")

    # covers: ACE-SCP-4
    def test_subset_of_granted_filter_is_exact(self):
        for granted, asked, code in (
                ("a/#", "a", 1), ("a/#", "a/+", 1), ("a/+", "a/#", 0x87),
                ("+/+/c", "a/+/c", 1), ("#", "#", 1), ("+/#", "#", 1),
                ("a/+", "a/b/c", 0x87), ("a", "a/", 0x87)):
            with self.subTest(granted=granted, asked=asked):
                client = self.connected(f"{granted} sub")
                self.assertEqual(client.subscribe(asked), [code])

    # covers: ACE-SCP-4
    def test_shared_subscription_is_judged_on_its_filter(self):
        readers = [self.connected("job/# sub") for _ in range(2)]
        for reader in readers:
            self.assertEqual(reader.subscribe("$share/g/job/#",
                                              "$share/g/other/#"), [1, 0x87])
        writer = self.connected("job/# pub")
        for i in range(4):
            self.assert_code(writer.publish("job/x", b"%d" % i), 0)
        received = set()
        for reader in readers:
            reader.send(wire.pingreq())
            while (packet := reader.receive()).type == "PUBLISH":
                received.add(packet.payload)
        self.assertEqual(received, {b"0", b"1", b"2", b"3"})

    def test_subscription_options_and_identifier_reach_the_broker(self):
        client = self.connected("o/# pub sub")
        # No Local, and an identifier; a denied filter stands before.
        self.assertEqual(client.subscribe(
            "x", ("o/own", 1 | 4), props={"subscription_identifier": 9}),
            [0x87, 1])
        self.assertLess(client.publish("o/own").code, 0x80)
        other = self.connected("o/# pub")
        self.assert_code(other.publish("o/own", b"theirs"), 0)
        received = client.expect("PUBLISH")
        self.assertEqual(received.payload, b"theirs")
        self.assertEqual(received.properties["subscription_identifier"], 9)

    def test_unsubscribe_passes_through(self):
        client = self.connected("a/# sub")
        self.assertEqual(client.subscribe("a/u"), [1])
        client.send(wire.unsubscribe(["a/u", "never"], packet_id=3))
        self.assertEqual(client.expect("UNSUBACK").codes, [0x00, 0x11])

    def test_several_subscribes_in_flight_are_each_answered(self):
        client = self.connected("a/# sub")
        client.send(*(wire.subscribe([f"x/{i}", f"a/{i}"], packet_id=i)
                      for i in range(1, 51)))
        answers = {}
        for _ in range(50):
            suback = client.expect("SUBACK")
            answers[suback.packet_id] = suback.codes
        self.assertEqual(answers, {i: [0x87, 1] for i in range(1, 51)})

    # covers: ACE-SUB-2
    def test_subscribe_to_authz_info_is_denied(self):
        client = self.connected("# sub", "authz-info sub")
        self.assertEqual(client.subscribe("authz-info"), [0x87])

    # covers: ACE-CON-4, ACE-OUT-1
    def test_resumed_session_is_judged_by_the_new_token(self):
        fields = {"client_id": "resuming", "clean": False,
                  "props": {"session_expiry": 60}}
        first = self.connected("a/# sub", "b/# sub", **fields)
        self.assertEqual(first.subscribe("a/x", "b/x"), [1, 1])
        first.send(wire.disconnect())
        first.expect_closed()

        second = self.client()
        connack = second.ace_connect(self.token("a/# sub"), self.key, **fields)
        self.assert_code(connack, 0)
        self.assertTrue(connack.session_present)
        writer = self.connected("# pub")
        self.assert_code(writer.publish("a/x", b"still mine"), 0)
        self.assertEqual(second.expect("PUBLISH").payload, b"still mine")
        self.assert_code(writer.publish("b/x", b"no longer"), 0)
        second.expect_disconnect(0x87)
