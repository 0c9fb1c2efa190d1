"""Clients that break the rules of MQTT or TLS, and what it costs them."""

import os
import random
import select
import socket
import time

from harness import wire
from harness.process import TIMEOUT
from harness.reset import reset_on_close
from harness.stack import StackTestCase
from harness.tls import client_hello

MALFORMED, PROTOCOL_ERROR = 0x81, 0x82


def raw_connection(test):
    """TCP without TLS to the proxy of `test`."""
    host, port = test.stack.address.split(":")
    connection = socket.create_connection((host, int(port)), TIMEOUT)
    test.addCleanup(connection.close)
    return connection


def assert_closed(connection):
    """The peer closes; an alert may come before."""
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        pass


class ProtocolTest(StackTestCase):
    stack_options = {"proxy": {"limits": {"max_packet_size": 4096}}}

    def assert_next_client_is_served(self):
        self.assert_code(self.connected("a/# pub").publish("a/x"), 0x10)

    def assert_ends(self, client, code):
        client.expect_disconnect(code)
        self.assert_next_client_is_served()

    def test_malformed_packet_is_0x81_and_next_client_is_served(self):
        for name, data in (
                ("QoS 3", wire.packet("PUBLISH", wire.text("a/x") +
                                      b"\0\1\0", 6)),
                ("DUP with QoS 0", wire.packet("PUBLISH", wire.text("a/x") +
                                               b"\0", 8)),
                ("reserved flags", wire.packet("SUBSCRIBE", b"\0\1\0" +
                                               wire.text("a") + b"\0", 0)),
                ("overlong length", b"\x30\xff\xff\xff\xff\x01"),
                ("reserved type", b"\x00\x00"),
                ("truncated topic", wire.packet("PUBLISH", b"\0\5a")),
                ("not UTF-8", wire.packet("PUBLISH",
                                          wire.binary(b"a/\xff") + b"\0")),
                ("U+0000", wire.packet("PUBLISH",
                                       wire.binary(b"a/\0") + b"\0"))):
            with self.subTest(name):
                client = self.connected("a/# pub sub")
                client.send(data)
                self.assert_ends(client, MALFORMED)

    def test_largest_message_does_not_cut_off_who_receives_it(self):
        """It has a byte more for MQTT 5, and a topic where it had an alias."""
        size = 4096 - len(wire.publish("a/1", b"", 1, 1, True,
                                       version=wire.V311)) - 1
        sender = self.connected_v311("a/# pub")
        self.assert_code(sender.publish("a/1", b"x" * size, retain=True), 0)
        long = "a/" + "t" * 3000
        sender = self.connected("a/# pub")
        for payload in (b"", b"y" * 3900):
            puback = sender.publish("" if payload else long, payload,
                                    retain=True, props={"topic_alias": 1})
            self.assertLess(puback.code, 0x80)
        for client in (self.connected("a/# sub"),
                       self.connected_v311("a/# sub")):
            self.assertEqual(client.subscribe("a/#"), [1])
            topics = {client.expect("PUBLISH").topic for _ in range(2)}
            self.assertEqual(topics, {"a/1", long})
            client.ping()

    def test_largest_packet_is_announced(self):
        connack = self.client().ace_connect(self.token("a/# pub"), self.key)
        self.assertEqual(connack.properties["maximum_packet_size"], 4096)

    def test_second_connect_is_0x82(self):
        client = self.connected("a/# pub")
        client.send(wire.connect())
        self.assert_ends(client, PROTOCOL_ERROR)

    def test_packet_of_the_broker_is_0x82(self):
        for name in ("CONNACK", "SUBACK", "PINGRESP"):
            client = self.connected("a/# pub")
            client.send(wire.packet(name, b"" if name == "PINGRESP" else
                                    b"\0\1\0"))
            self.assert_ends(client, PROTOCOL_ERROR)

    def test_wildcard_in_topic_name_is_0x90(self):
        client = self.connected("a/# pub")
        client.send(wire.publish("a/+"))
        self.assert_ends(client, 0x90)

    def test_bad_filter_is_0x8F(self):
        client = self.connected("a/# sub")
        client.send(wire.subscribe(["a/#/b"]))
        packet = client.receive()
        self.assertIn(0x8F, [packet.code, *packet.codes], packet)
        self.assert_next_client_is_served()

    def test_packet_over_the_limit_is_0x95_from_its_header_alone(self):
        client = self.connected("a/# pub")
        client.send(b"\x30" + wire.varint(5000))
        self.assert_ends(client, 0x95)

    def test_first_packet_other_than_connect_closes(self):
        for data in (wire.publish("a/x"), wire.pingreq(), b"GET / HTTP/1.1\r\n"
                     b"\r\n", wire.auth(0x18, b"x")):
            client = self.client()
            client.send(data)
            with self.assertRaises(EOFError):
                while True:
                    self.assertNotEqual(client.receive().type, "CONNACK")
        self.assert_next_client_is_served()

    def test_unknown_protocol_version_is_refused(self):
        for level, code in ((6, 0x84), (3, 0x01), (0x84, 0x01)):
            with self.subTest(level=level):
                client = self.client(wire.V5 if level == 6 else wire.V311)
                body = (wire.text("MQTT") + bytes([level, 2]) + b"\0\x3c" +
                        (b"\0" if level > 4 else b"") + wire.text("id"))
                client.send(wire.packet("CONNECT", body))
                self.assert_code(client.expect("CONNACK"), code)
                client.expect_closed()
        self.assert_next_client_is_served()

    def test_random_bytes_after_connect_never_stop_the_proxy(self):
        seeded = random.Random(9431)
        for _ in range(50):
            client = self.connected("# pub sub")
            client.send(seeded.randbytes(seeded.randrange(1, 400)))
            client.tls.shut_down_writing()
            with self.assertRaises(EOFError):
                while True:
                    client.receive()
        self.assert_next_client_is_served()

    def test_random_bytes_in_place_of_connect_never_stop_the_proxy(self):
        seeded = random.Random(9237)
        for _ in range(50):
            client = self.client()
            # Now and then a CONNECT with a few bytes changed.
            data = bytearray(wire.connect(client_id="x" * 20))
            for _ in range(seeded.randrange(1, 5)):
                data[seeded.randrange(len(data))] = seeded.randrange(256)
            client.send(data)
            client.tls.shut_down_writing()
            with self.assertRaises(EOFError):
                while True:  # a refusal is in the words of some version
                    client.tls.receive(TIMEOUT)
        self.assert_next_client_is_served()

    def test_plain_mqtt_on_the_tls_port_is_closed(self):
        connection = raw_connection(self)
        connection.sendall(wire.connect())
        assert_closed(connection)
        self.assert_next_client_is_served()

    def test_reset_in_mid_handshake_does_no_harm(self):
        for _ in range(20):
            connection = raw_connection(self)
            reset_on_close(connection)
            connection.sendall(b"\x16\x03\x01\x02\x00\x01" + os.urandom(20))
            connection.close()
        self.assert_next_client_is_served()


class TimeoutTest(StackTestCase):
    stack_options = {"proxy": {
        "ace": {"authentication_timeout": "500ms"},
        "limits": {"connect_timeout": "500ms", "handshake_timeout": "500ms"}}}

    def test_unfinished_handshake_is_cut_at_the_timeout(self):
        assert_closed(raw_connection(self))

    def test_client_without_connect_is_cut_at_the_timeout(self):
        self.client().expect_closed()

    def test_half_a_connect_is_cut_at_the_timeout(self):
        client = self.client()
        client.send(wire.connect()[:5])
        client.expect_closed()

    # covers: ACE-POP-6
    def test_unanswered_challenge_is_cut_at_the_timeout(self):
        client, _ = self.challenged()
        self.assert_code(client.expect("CONNACK"), 0x87)
        client.expect_closed()


class DripTest(StackTestCase):
    """A timer that each byte started anew would let such clients stay."""

    stack_options = {"proxy": {
        "limits": {"connect_timeout": "1s", "handshake_timeout": "1s"}}}

    def assert_cut(self, data, send, is_closed):
        """Sends a byte each 0.1 s, until the timeout cuts the connection."""
        self.assertGreater(len(data), 50)
        begin = time.monotonic()
        for byte in data[:50]:
            try:
                send(bytes([byte]))
            except ConnectionError:
                break
            if is_closed(0.1):
                break
        passed = time.monotonic() - begin
        self.assertGreater(passed, 0.8)
        self.assertLess(passed, 3)

    def test_handshake_that_drips_is_cut_at_the_timeout(self):
        connection = raw_connection(self)

        def is_closed(seconds):
            if not select.select([connection], [], [], seconds)[0]:
                return False
            assert_closed(connection)
            return True

        self.assert_cut(client_hello(), connection.sendall, is_closed)

    def test_connect_that_drips_is_cut_at_the_timeout(self):
        client = self.client()

        def is_closed(seconds):
            try:
                client.expect_closed(seconds)
            except TimeoutError:
                return False
            return True

        self.assert_cut(wire.connect(client_id="drip" * 20), client.send,
                        is_closed)
