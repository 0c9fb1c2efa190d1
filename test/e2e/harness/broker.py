"""Brokers behind the proxy: a real one, and one that writes down every byte."""

import contextlib
import socket
import threading

from . import wire
from .listener import Listener
from .ports import free_port
from .process import Process


class Mosquitto(Process):
    """Plain MQTT on loopback. `port` 0: any; `options`: lines of its config."""

    def __init__(self, directory, port=0, options=()):
        self.port = port or free_port()
        self.address = f"127.0.0.1:{self.port}"
        config = directory / "mosquitto.conf"
        config.write_text("\n".join([
            f"listener {self.port} 127.0.0.1", "allow_anonymous true",
            "log_dest stderr", "log_type all", "set_tcp_nodelay true",
            *options, ""]), encoding="utf-8")
        super().__init__(["/usr/sbin/mosquitto", "-c", config],
                         directory / "mosquitto.log")

    def start(self):
        super().start()
        self.wait_for(r"mosquitto version .* running")


class RecordedConnection:
    """What one connection from the proxy brought, byte by byte.

    `scripts` says by Client Identifier what is answered in place of yes: a
    packet type to bytes, or to a function of the packet.
    """

    def __init__(self, connection, answers, scripts):
        self.data = b""
        self.packets = []
        self.closed = False
        self._version = wire.V5
        self._socket = connection
        self._answers = answers
        self._scripts = scripts
        self._script = {}

    @property
    def client_id(self):
        """That of the CONNECT, or None before it has come."""
        return self.packets[0].client_id if self.packets else None

    def serve(self, first_bytes):
        """Reads to the end, in a thread of its own; calls first_bytes once."""
        unread = b""
        try:
            while received := self._socket.recv(1 << 16):
                if not self.data:
                    first_bytes(self)
                self.data += received
                unread = self._take_packets(unread + received)
        except OSError:
            pass  # reset by the proxy: the end as well
        self.closed = True

    def _take_packets(self, data):
        """Takes all whole packets in `data`; returns what is left."""
        try:
            while True:
                packet, data = wire.split(data, self._version)
                if not packet:
                    return data
                self._take(packet)
        except ValueError:
            return b""  # not MQTT: recorded all the same

    def _take(self, packet):
        if packet.type == "CONNECT":
            self._version = packet.version
            self._script = self._scripts.get(packet.client_id, {})
        self.packets.append(packet)
        if packet.type in self._script:
            answer = self._script[packet.type]
            self.send(answer(packet) if callable(answer) else answer)
        elif self._answers:
            self._answer(packet)

    def _answer(self, packet):
        v5 = self._version == wire.V5
        none = b"\0" if v5 else b""  # no properties
        identifier = (packet.packet_id or 0).to_bytes(2, "big")
        answer = {
            "CONNECT": lambda: wire.packet("CONNACK", b"\0\0" + (
                wire.properties({"topic_alias_maximum": 5}) if v5 else b"")),
            "PINGREQ": lambda: wire.packet("PINGRESP"),
            "SUBSCRIBE": lambda: wire.packet("SUBACK", identifier + none + bytes(
                options & 3 for _, options in packet.filters)),
            "UNSUBSCRIBE": lambda: wire.unsuback(
                packet.packet_id, [0] * len(packet.filters), self._version),
            "PUBREL": lambda: wire.packet("PUBCOMP", identifier),
            "PUBLISH": lambda: {
                1: wire.packet("PUBACK", identifier),
                2: wire.packet("PUBREC", identifier)}.get(packet.qos, b""),
        }.get(packet.type)
        if answer:
            self.send(answer())

    def send(self, data):
        self._socket.sendall(data)

    def close(self):
        """Closes; also wakes the thread that reads."""
        with contextlib.suppress(OSError):  # the proxy was first
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


class RecordingBroker:
    """Accepts, records, and says yes to everything (or, mute, nothing).

    `connections` are those that brought a byte: the proxy looks now and then
    whether its broker is there, by connecting and closing. `scripts` are those
    of RecordedConnection.
    """

    def __init__(self, answers=True):
        self.connections = []
        self.scripts = {}
        self._answers = answers
        self._listener = Listener(self._take)
        self.address = self._listener.address

    def _take(self, connection):
        recorded = RecordedConnection(connection, self._answers, self.scripts)
        threading.Thread(target=recorded.serve, daemon=True,
                         args=[self.connections.append]).start()

    def stop(self):
        self._listener.stop()
        for connection in self.connections:
            connection.close()
