"""A broker that resets its connections, or accepts them and says nothing."""

import contextlib
import time

from fault_case import FaultTestCase
from harness import wire
from harness.directed_broker import DirectedBroker

BROKER_TIMEOUT = 2  # seconds


class BrokerResetTest(FaultTestCase):

    @classmethod
    def setUpClass(cls):
        cls.broker = DirectedBroker()
        cls.addClassCleanup(cls.broker.stop)
        cls.stack_options = {"broker": cls.broker, "proxy": {
            "upstream": {"connect_timeout": f"{BROKER_TIMEOUT}s"}}}
        super().setUpClass()

    def setUp(self):
        self.broker.forget()
        super().setUp()

    def refusals(self, reason):
        return self.metric("sluice_connects_total", reason=reason)

    def asking(self, *more):
        """A client that has sent CONNECT, and `more` after it."""
        client = self.client()
        client.send(wire.connect(props={
            "authentication_method": "ace", "authentication_data":
            wire.binary(self.token("a/# pub sub")) +
            client.exporter_proof(self.key)}), *more)
        return client

    def let_in(self):
        client = self.asking()
        upstream = self.broker.next()
        upstream.accept()
        self.assert_code(client.expect("CONNACK"), 0)
        return client, upstream

    def come_and_go(self):
        client, upstream = self.let_in()
        client.send(wire.disconnect())
        client.tls.close()
        upstream.expect("DISCONNECT")
        upstream.expect_closed()

    def refused(self, client):
        self.expect_end(client, "CONNACK", 0x88)

    def test_before_connack_is_0x88(self):
        counted = self.refusals("broker_closed")
        rounds = [0]

        def fault():
            client = self.asking()
            upstream = self.broker.next()
            upstream.expect("CONNECT")
            upstream.reset()
            self.refused(client)
            rounds[0] += 1

        self.repeat(fault)
        self.assertEqual(self.refusals("broker_closed"), counted + rounds[0])
        self.come_and_go()

    def test_at_once_is_0x88(self):
        self.broker.reset_at_once = True
        self.repeat(lambda: self.refused(self.asking()))
        self.broker.reset_at_once = False
        self.come_and_go()

    def test_silence_is_0x88_in_time(self):
        counted = self.refusals("broker_unavailable")
        with self.nothing_left():
            clients = [self.asking() for _ in range(20)]
            begin = time.monotonic()
            for client in clients:
                self.refused(client)
            self.assertLess(time.monotonic() - begin, 2 * BROKER_TIMEOUT + 0.5)
            for _ in clients:
                upstream = self.broker.next()
                upstream.expect("CONNECT")
                upstream.expect_closed()
        self.assertEqual(self.refusals("broker_unavailable"),
                         counted + len(clients))
        self.come_and_go()

    def lost(self, prepare=lambda client, upstream: None):
        """A round in which the client is told of the loss: 0x88."""
        client, upstream = self.let_in()
        prepare(client, upstream)
        upstream.reset()
        packet = client.receive()
        while packet.type != "DISCONNECT":
            packet = client.receive()
        self.assert_code(packet, 0x88)
        client.expect_closed()
        client.tls.close()

    def test_idle_is_0x88(self):
        self.repeat(self.lost)
        self.stack.proxy.wait_for('"client_closed".*"reason_code":136')

    def test_in_the_middle_of_a_publish_is_0x88(self):
        half = wire.publish("a/x", b"x" * 2000)[:-1000]
        self.repeat(lambda: self.lost(
            lambda client, upstream: upstream.send(half)))

    def test_in_the_middle_of_a_clients_publish_is_0x88(self):
        half = wire.publish("a/x", b"x" * 2000, 1)[:-1000]
        self.repeat(lambda: self.lost(
            lambda client, upstream: client.send(half)))

    def test_with_messages_unacknowledged_acknowledges_none(self):

        def prepare(client, upstream):
            client.send(wire.publish("a/x", b"1", 1, 1),
                        wire.publish("a/x", b"2", 2, 2))
            upstream.expect("PUBLISH")
            upstream.expect("PUBLISH")

        def fault():
            client, upstream = self.let_in()
            prepare(client, upstream)
            upstream.reset()
            self.expect_end(client, "DISCONNECT", 0x88)

        self.repeat(fault)

    def test_while_it_does_not_read(self):
        message = wire.publish("a/x", b"x" * 60000)

        def prepare(client, _):
            client.tls.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                for _ in range(400):
                    client.send(message)

        def fault():
            client, upstream = self.let_in()
            prepare(client, upstream)
            upstream.reset()
            # The stream of TLS is broken off where the send was: the client
            # has what it has, and the connection ends.
            with self.assertRaises(EOFError):
                while client.receive():
                    pass
            client.tls.close()

        self.repeat(fault, rounds=16)

    def test_while_the_client_does_not_read(self):
        message = wire.publish("a/x", b"x" * 60000)

        def fault():
            client, upstream = self.let_in()
            client.send(wire.subscribe(["a/#"]))
            subscribe = upstream.expect("SUBSCRIBE")
            upstream.send(wire.packet(
                "SUBACK", subscribe.packet_id.to_bytes(2, "big") + b"\0\1"))
            upstream.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                for _ in range(400):
                    upstream.send(message)
            upstream.reset()
            client.tls.reset()

        self.repeat(fault, rounds=16)

    def test_while_a_client_authenticates_anew_is_0x88(self):

        def prepare(client, _):
            client.send(wire.auth(0x19, wire.binary(
                self.token("a/# pub sub"))))
            client.expect("AUTH")

        self.repeat(lambda: self.lost(prepare))

    def test_recovers_by_itself(self):
        """The same broker, after all of it."""
        client, upstream = self.let_in()
        client.send(wire.publish("a/x", b"1", 1, 3))
        upstream.expect("PUBLISH")
        upstream.send(wire.ack("PUBACK", 3))
        self.assertEqual(client.expect("PUBACK").packet_id, 3)
        client.send(wire.disconnect())
        client.tls.close()
        upstream.expect("DISCONNECT")
        upstream.expect_closed()
        self.wait_until_all_have_gone()
