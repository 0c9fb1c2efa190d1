"""PUBLISH to and from the broker, and the Will."""

import os
import threading
import time

from harness import usage, wire
from harness.process import eventually
from harness.stack import StackTestCase


class PublishTest(StackTestCase):

    def subscriber(self, topic_filter, **props):
        client = self.connected(f"{topic_filter} sub", **props)
        self.assertEqual(client.subscribe((topic_filter, 2)), [2])
        return client

    # covers: ACE-SCP-2, ACE-SCP-3
    def test_publish_in_scope_is_delivered(self):
        reader = self.subscriber("in/#")
        writer = self.connected("in/+/temperature pub")
        self.assert_code(writer.publish("in/hall/temperature", b"21"), 0)
        received = reader.expect("PUBLISH")
        self.assertEqual((received.topic, received.payload),
                         ("in/hall/temperature", b"21"))

    def test_publish_of_every_qos_is_delivered(self):
        reader = self.subscriber("qos/#")
        writer = self.connected("qos/# pub")
        writer.send(wire.publish("qos/0", b"zero"))
        self.assertEqual(reader.expect("PUBLISH").payload, b"zero")
        self.assert_code(writer.publish("qos/1", b"one", qos=1), 0)
        self.assertEqual(reader.expect("PUBLISH").payload, b"one")
        self.assert_code(writer.publish("qos/2", b"two", qos=2), 0)
        writer.send(wire.ack("PUBREL", 7))
        writer.expect("PUBCOMP")
        received = reader.expect("PUBLISH")
        self.assertEqual((received.qos, received.payload), (2, b"two"))

    # covers: ACE-PUB-1, ACE-SCP-3
    def test_publish_qos1_outside_scope_gets_0x87_and_connection_stays(self):
        writer = self.connected("in/# pub", "out/# sub")
        self.assert_code(writer.publish("out/x"), 0x87)
        self.assert_code(writer.publish("in"), 0x10)

    # covers: ACE-PUB-1
    def test_publish_qos2_outside_scope_gets_0x87_and_pubrel_is_completed(self):
        writer = self.connected("in/# pub")
        self.assert_code(writer.publish("out/x", qos=2), 0x87)
        # An out-of-order PUBREL is answered, and not by the broker.
        writer.send(wire.ack("PUBREL", 7))
        self.assertIn(writer.expect("PUBCOMP").code, (0x00, 0x92))
        writer.ping()

    # covers: ACE-PUB-1, EDGE-9
    def test_client_whose_publishes_are_all_denied_outlives_keep_alive(self):
        writer = self.connected("in/# pub", keep_alive=1)
        # Mosquitto looks for clients that are silent every five seconds.
        end = time.monotonic() + 8
        while time.monotonic() < end:
            self.assert_code(writer.publish("out/x"), 0x87)
            time.sleep(0.5)
        writer.ping()

    # covers: ACE-PUB-1
    def test_publish_qos0_outside_scope_is_disconnected_0x87(self):
        writer = self.connected("in/# pub")
        writer.send(wire.publish("out/x"))
        writer.expect_disconnect(0x87)

    # covers: ACE-SCP-2
    def test_wildcard_scope_excludes_dollar_topics(self):
        writer = self.connected("# pub sub")
        self.assert_code(writer.publish("$control/x"), 0x87)
        self.assertEqual(writer.subscribe("$SYS/#"), [0x87])

    # covers: ACE-PUB-3
    def test_topic_alias_is_resolved_before_judging(self):
        reader = self.subscriber("al/#")
        writer = self.connected("al/ok pub")
        # Born in a denied PUBLISH, the alias still names its topic ...
        self.assert_code(writer.publish(
            "al/denied", props={"topic_alias": 1}), 0x87)
        self.assert_code(writer.publish("", props={"topic_alias": 1}), 0x87)
        # ... and set anew in an allowed one, it works with and without topic.
        self.assert_code(writer.publish(
            "al/ok", b"1", props={"topic_alias": 1}), 0)
        self.assert_code(writer.publish(
            "", b"2", props={"topic_alias": 1}), 0)
        self.assertEqual([(p.topic, p.payload) for p in
                          (reader.expect("PUBLISH"), reader.expect("PUBLISH"))],
                         [("al/ok", b"1"), ("al/ok", b"2")])

    # covers: ACE-PUB-3
    def test_topic_alias_out_of_range_is_disconnected_0x94(self):
        for alias in (0, 65535):
            writer = self.connected("al/# pub")
            writer.send(wire.publish("al/x", props={"topic_alias": alias}))
            writer.expect_disconnect(0x94)

    def test_payload_of_1_mib_is_delivered(self):
        payload = os.urandom(1 << 20)
        reader = self.subscriber("big/#")
        writer = self.connected("big/# pub")
        self.assert_code(writer.publish("big/x", payload), 0)
        self.assertEqual(reader.expect("PUBLISH").payload, payload)

    def test_payload_of_32_mib_is_not_kept_on_its_way(self):
        payload = os.urandom(1 << 20) * 32
        reader = self.subscriber("huge/#")
        writer = self.connected("huge/# pub")
        proxy = self.stack.proxy.pid
        usage.forget_peak(proxy)
        before = usage.resident_bytes(proxy)
        # Retained: what stands before the payload is written anew (ACE-PUB-4).
        sending = threading.Thread(target=writer.send, args=[
            wire.publish("huge/x", payload, retain=True)])
        sending.start()
        received = bytearray()
        while len(received) < len(payload):
            received += reader.tls.receive(10)
        sending.join()
        packet = None
        while packet is None:
            packet, _ = wire.split(bytes(received), wire.V5)
            received += b"" if packet else reader.tls.receive(10)
        self.assertEqual(packet.payload, payload)
        self.assertIn("message_expiry", packet.properties)
        self.assertLess(usage.peak_bytes(proxy) - before, 4 << 20)
        writer.ping()
        reader.ping()

    # covers: ACE-PUB-1
    def test_large_payload_outside_scope_does_not_reach_the_broker(self):
        reader = self.subscriber("in/#")
        writer = self.connected("in/# pub")
        packet = wire.publish("out/x", bytes(4 << 20), qos=1, packet_id=7)
        writer.send(packet[:1000])
        # It is refused before the rest has come.
        self.assert_code(writer.expect("PUBACK"), 0x87)
        writer.send(packet[1000:])
        self.assert_code(writer.publish("in/x", b"small", qos=1), 0)
        self.assertEqual(reader.expect("PUBLISH").payload, b"small")

    def test_large_payloads_that_do_not_end_hold_no_memory(self):
        proxy = self.stack.proxy.pid
        writers = [self.connected("held/# pub") for _ in range(10)]
        before = usage.resident_bytes(proxy)
        read = self.bytes_of_clients()
        for writer in writers:
            writer.send(wire.publish("held/x", bytes(4 << 20))[:3 << 20])
        eventually(lambda: self.bytes_of_clients() - read == 30 << 20,
                   "the proxy has read what was sent")
        self.assertLess(usage.resident_bytes(proxy) - before, 8 << 20)
        for writer in writers:
            writer.tls.close()

    def bytes_of_clients(self):
        return self.stack.metrics()['sluice_bytes_total{direction="from_client"}']

    def test_thousand_packets_in_one_write_are_delivered_in_order(self):
        reader = self.subscriber("many/#")
        writer = self.connected("many/# pub")
        writer.send(*(wire.publish(f"many/{i % 7}", b"%d" % i)
                      for i in range(1000)))
        self.assertEqual([reader.expect("PUBLISH").payload
                          for _ in range(1000)],
                         [b"%d" % i for i in range(1000)])

    def test_packet_sent_byte_by_byte_is_delivered(self):
        reader = self.subscriber("slow/#")
        writer = self.connected("slow/# pub")
        for byte in wire.publish("slow/x", b"hello"):
            writer.send(bytes([byte]))
        self.assertEqual(reader.expect("PUBLISH").payload, b"hello")

    # covers: ACE-PUB-4
    def test_retained_message_expires_with_the_token(self):
        writer = self.connected("keep/# pub", life=100)
        self.assert_code(writer.publish("keep/x", b"v", retain=True), 0x10)
        self.assert_code(writer.publish("keep/y", b"v", retain=True, props={
            "message_expiry": 5}), 0x10)
        self.assert_code(writer.publish("keep/z", b"v", retain=True, props={
            "message_expiry": 5000}), 0x10)
        reader = self.subscriber("keep/#")
        expiry = {}
        for _ in range(3):
            received = reader.expect("PUBLISH")
            self.assertTrue(received.retain)
            expiry[received.topic] = received.properties["message_expiry"]
        self.assertLessEqual(expiry["keep/x"], 100)
        self.assertGreater(expiry["keep/x"], 50)
        self.assertLessEqual(expiry["keep/y"], 5)
        self.assertLessEqual(expiry["keep/z"], 100)

    def test_properties_reach_the_subscriber(self):
        reader = self.subscriber("prop/#")
        writer = self.connected("prop/# pub")
        props = {"payload_format": 1, "content_type": "text/plain",
                 "response_topic": "r", "correlation_data": b"\1\2",
                 "user_property": [("k", "v"), ("k", "w")]}
        self.assert_code(writer.publish("prop/x", b"v", props=props), 0)
        self.assertEqual(reader.expect("PUBLISH").properties, props)

    # covers: ACE-CON-3
    def test_will_in_scope_is_published(self):
        reader = self.subscriber("will/#")
        dying = self.connected("will/# pub", will=("will/a", b"gone", 1))
        dying.tls.close()
        self.assertEqual(reader.expect("PUBLISH").payload, b"gone")

    # covers: ACE-CON-3
    def test_will_is_not_published_after_disconnect(self):
        reader = self.subscriber("will/#")
        leaving = self.connected("will/# pub", will=("will/b", b"gone", 1))
        leaving.send(wire.disconnect())
        leaving.expect_closed()
        self.assert_code(self.connected("will/# pub").publish(
            "will/c", b"after"), 0)
        self.assertEqual(reader.expect("PUBLISH").payload, b"after")

    # covers: ACE-CON-3
    def test_will_is_published_when_the_proxy_ends_the_client(self):
        reader = self.subscriber("will/#")
        denied = self.connected("will/# pub", will=("will/d", b"gone", 1))
        denied.send(wire.publish("out/x"))
        denied.expect_disconnect(0x87)
        self.assertEqual(reader.expect("PUBLISH").payload, b"gone")

    # covers: ACE-CON-3
    def test_will_outside_scope_refused_0x87(self):
        client = self.client()
        connack = client.ace_connect(self.token("in/# pub"), self.key,
                                     will=("out/a", b"gone"))
        self.assert_code(connack, 0x87)
        client.expect_closed()


class HideTopicsTest(StackTestCase):
    stack_options = {"proxy": {"ace": {"hide_topics": True}}}

    # covers: ACE-PUB-1, ACE-SUB-1
    def test_hidden_topics_are_denied_with_0x80(self):
        client = self.connected("in/# pub sub")
        self.assert_code(client.publish("out/x", qos=1), 0x80)
        self.assert_code(client.publish("out/x", qos=2, packet_id=8), 0x80)
        self.assertEqual(client.subscribe("out/x", "in/x"), [0x80, 0x01])
