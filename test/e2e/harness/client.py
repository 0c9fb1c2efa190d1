"""An MQTT client that sends exactly what a test tells it to."""

import os
import time

from . import secrets_book, wire
from .process import TIMEOUT
from .tls import TlsStream
from .tokens import b64


class Client:
    """One connection: packets in, packets out, no hidden acknowledgements."""

    def __init__(self, address, ca_file, version=wire.V5, **tls):
        self.version = version
        self.tls = TlsStream(address, ca_file, **tls)
        self._buffer = b""

    def send(self, *packets):
        self.tls.send(b"".join(packets))

    def receive(self, timeout=TIMEOUT):
        end = time.monotonic() + timeout
        while True:
            packet, self._buffer = wire.split(self._buffer, self.version)
            if packet:
                return packet
            self._buffer += self.tls.receive(max(0.01, end - time.monotonic()))

    def expect(self, kind, timeout=TIMEOUT):
        """The next packet, which must be a `kind`."""
        packet = self.receive(timeout)
        if packet.type != kind:
            raise AssertionError(f"expected {kind}, got {packet}")
        return packet

    def expect_closed(self, timeout=TIMEOUT):
        """The connection ends, and no packet comes before that."""
        try:
            packet = self.receive(timeout)
        except EOFError:
            return
        raise AssertionError(f"expected the end, got {packet}")

    def expect_disconnect(self, code, timeout=TIMEOUT):
        """DISCONNECT with `code`, then the end."""
        packet = self.expect("DISCONNECT", timeout)
        if packet.code != code:
            raise AssertionError(f"expected 0x{code:02x}, got {packet}")
        self.expect_closed()

    # What the profile adds.

    def exporter_proof(self, key):
        content = secrets_book.remember(self.tls.exporter(), "exporter value")
        return secrets_book.remember(key.sign(content), "exporter proof")

    def ace_connect(self, token, key, pop="exporter", props=None, **fields):
        """CONNECT with `token` by method `ace`; returns the CONNACK."""
        data = wire.binary(token)
        if pop == "exporter":
            data += self.exporter_proof(key)
        self.send(wire.connect(props={
            "authentication_method": "ace", "authentication_data": data,
            **(props or {})}, **fields))
        if pop == "challenge":
            answer = self.receive()
            if answer.type == "CONNACK":  # refused before the challenge
                return answer
            assert answer.type == "AUTH" and answer.code == 0x18, answer
            self.answer_challenge(answer, key)
        return self.expect("CONNACK")

    def answer_challenge(self, challenge, key):
        server_nonce = challenge.properties["authentication_data"]
        assert len(server_nonce) == 8, server_nonce
        client_nonce = os.urandom(8)
        proof = secrets_book.remember(key.sign(server_nonce + client_nonce),
                                      "challenge proof")
        self.send(wire.auth(0x18, client_nonce + proof))

    def v311_connect(self, token, key, **fields):
        """CONNECT of MQTT 3.1.1 with `token`; returns the CONNACK."""
        username = "ace" + b64(token)
        self.send(wire.connect(version=wire.V311, username=username,
                               password=self.exporter_proof(key), **fields))
        return self.expect("CONNACK")

    # What a test often does, with the answer that must come.

    def subscribe(self, *filters, packet_id=1, **fields):
        self.send(wire.subscribe(filters, packet_id, version=self.version,
                                 **fields))
        suback = self.expect("SUBACK")
        assert suback.packet_id == packet_id, suback
        return suback.codes

    def publish(self, topic, payload=b"", qos=1, packet_id=7, **fields):
        """Publishes with QoS 1 or 2; returns the PUBACK or PUBREC."""
        self.send(wire.publish(topic, payload, qos, packet_id,
                               version=self.version, **fields))
        answer = self.expect("PUBACK" if qos == 1 else "PUBREC")
        assert answer.packet_id == packet_id, answer
        return answer

    def ping(self):
        """A round trip: all that was sent before has been dealt with."""
        self.send(wire.pingreq())
        self.expect("PINGRESP")
