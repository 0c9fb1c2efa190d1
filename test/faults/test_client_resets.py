"""Clients that end their connection with RST, whatever it is in the midst of."""

import contextlib
import signal
import socket

from fault_case import FaultTestCase
from harness import wire
from harness.directed_broker import DirectedBroker
from harness.fake_policy import FakePolicy, grant
from harness.process import eventually
from harness.reset import reset_on_close
from harness.tls import client_hello


class ClientResetTest(FaultTestCase):
    """A policy service and a broker that do as they are told."""

    @classmethod
    def setUpClass(cls):
        cls.broker = DirectedBroker()
        cls.fake = FakePolicy([grant("a/# pub sub")])
        cls.addClassCleanup(cls.fake.stop)
        cls.addClassCleanup(cls.broker.stop)
        cls.stack_options = {"broker": cls.broker, "proxy": {
            "policy": {"address": cls.fake.address, "timeout": "20s"}}}
        super().setUpClass()

    def asking(self, client):
        """Sends a CONNECT with a token and a proof."""
        client.send(wire.connect(props={
            "authentication_method": "ace", "authentication_data":
            wire.binary(self.token("a/# pub")) +
            client.exporter_proof(self.key)}))

    def let_in(self):
        """A client, and its connection at the broker."""
        client = self.client()
        self.asking(client)
        upstream = self.broker.next()
        upstream.accept()
        self.assert_code(client.expect("CONNACK"), 0)
        return client, upstream

    def reset_raw(self, data, answer=False):
        host, port = self.stack.address.split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(data)
            if answer:
                self.assertTrue(connection.recv(1))
            reset_on_close(connection)

    def test_in_the_handshake(self):
        hello = client_hello()
        failed = self.metric("sluice_tls_handshakes_failed_total")
        rounds = [0]

        def fault():
            self.reset_raw(hello[:len(hello) // 2])
            self.reset_raw(hello, answer=True)
            rounds[0] += 2

        self.repeat(fault)
        eventually(lambda: self.metric("sluice_tls_handshakes_failed_total") ==
                   failed + rounds[0], "each is counted")
        self.stack.proxy.wait_for('"handshake_failed"')

    def test_in_the_handshake_before_it_is_answered(self):
        """The answer is what finds that nobody is there."""
        hello = client_hello()
        self.stack.proxy.send_signal(signal.SIGSTOP)
        try:
            for _ in range(20):
                self.reset_raw(hello)
        finally:
            self.stack.proxy.send_signal(signal.SIGCONT)
        # limits.handshake_timeout is ten seconds.
        eventually(lambda: self.metric("sluice_connections") == 0,
                   "none has a place", 3)

    def test_before_connect(self):
        self.repeat(lambda: self.client().tls.reset())

    def test_in_the_middle_of_connect(self):

        def fault():
            client = self.client()
            client.send(wire.connect(client_id="half")[:-2])
            client.tls.reset()

        self.repeat(fault)

    def test_while_the_policy_service_is_asked(self):
        self.fake.hold()
        self.addCleanup(self.fake.release)

        def fault():
            client = self.client()
            self.asking(client)
            self.fake.wait_until_asked()
            client.tls.reset()

        for _ in range(20):
            fault()
        eventually(lambda: self.metric("sluice_connections") == 0,
                   "the proxy waits for no answer")
        with self.nothing_left():
            self.fake.release()
        # A grant that comes for nobody connects nobody.
        self.assertTrue(self.broker.none_has_come())
        self.assertTrue(self.stack.proxy.running())

    def test_before_connack(self):

        def fault():
            client = self.client()
            self.asking(client)
            upstream = self.broker.next()
            upstream.expect("CONNECT")
            client.tls.reset()
            upstream.expect_closed()

        self.repeat(fault)

    def test_idle(self):

        def fault():
            client, upstream = self.let_in()
            client.tls.reset()
            # No DISCONNECT: the broker has a Will to publish.
            upstream.expect_closed()

        self.repeat(fault)

    def test_in_the_middle_of_a_publish(self):

        def fault():
            client, upstream = self.let_in()
            client.send(wire.publish("a/x", b"x" * 2000, 1)[:-1000])
            client.tls.reset()
            with self.assertRaises((EOFError, ConnectionError)):
                upstream.expect("PUBLISH")
            upstream.close()

        self.repeat(fault)

    def test_while_it_does_not_read(self):
        message = wire.publish("a/x", b"x" * 60000)

        def fault():
            client, upstream = self.let_in()
            client.send(wire.subscribe(["a/#"]))
            suback = upstream.expect("SUBSCRIBE")
            upstream.send(wire.packet("SUBACK", suback.packet_id.to_bytes(
                2, "big") + b"\0\1"))
            client.expect("SUBACK")
            with contextlib.suppress(TimeoutError):
                upstream.settimeout(0.05)
                for _ in range(400):
                    upstream.send(message)
            client.tls.reset()
            upstream.close()

        self.repeat(fault, rounds=16)

    def test_while_the_broker_does_not_read(self):
        message = wire.publish("a/x", b"x" * 60000)

        def fault():
            client, upstream = self.let_in()
            client.tls.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                for _ in range(400):
                    client.send(message)
            client.tls.reset()
            upstream.close()

        self.repeat(fault, rounds=16)

    def test_while_it_authenticates_anew(self):

        def fault():
            client, upstream = self.let_in()
            client.send(wire.auth(0x19, wire.binary(self.token("a/# pub"))))
            client.expect("AUTH")
            client.tls.reset()
            upstream.expect_closed()

        self.repeat(fault)
