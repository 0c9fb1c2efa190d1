"""A wire tap between a proxy and its broker: passes bytes, and books what both
said to each other."""

import contextlib
import socket
import threading

from . import wire


def _number(packet):
    return int(packet.payload.split(b" ")[0])


class Tap:
    """Stands at `address` for a broker that may come and go at its own.

    By topic: `forwarded` counts the first sends of each number that the broker
    was given with QoS 2, `acknowledged` are the numbers to which it has said
    PUBACK or PUBCOMP, and `delivered` counts the first sends of each number
    that it has delivered.
    """

    def __init__(self, broker_address):
        host, port = broker_address.split(":")
        self._broker = (host, int(port))
        self.forwarded, self.acknowledged, self.delivered = {}, {}, {}
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # stopped
            try:
                broker = socket.create_connection(self._broker)
            except OSError:
                client.close()
                continue
            numbers = {}  # Packet Identifier to topic and number
            for source, sink, book in (
                    (client, broker, self._book_from_proxy),
                    (broker, client, self._book_from_broker)):
                threading.Thread(target=self._pass, daemon=True, args=[
                    source, sink, book, numbers]).start()

    def _pass(self, source, sink, book, numbers):
        unread = b""
        with contextlib.suppress(OSError):
            while received := source.recv(1 << 16):
                unread += received
                packet, unread = wire.split(unread, wire.V5)
                while packet:
                    with self._lock:
                        book(packet, numbers)
                    packet, unread = wire.split(unread, wire.V5)
                sink.sendall(received)
        for end in (sink, source):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _book_from_proxy(self, packet, numbers):
        if packet.type != "PUBLISH":
            return
        numbers[packet.packet_id] = (packet.topic, _number(packet))
        if packet.qos == 2 and not packet.flags & 8:
            self._count(self.forwarded, packet)

    def _book_from_broker(self, packet, numbers):
        if packet.type == "PUBLISH" and not packet.flags & 8:
            self._count(self.delivered, packet)
        elif packet.type in ("PUBACK", "PUBCOMP") and packet.code < 0x80 and \
                packet.packet_id in numbers:
            topic, number = numbers[packet.packet_id]
            self.acknowledged.setdefault(topic, set()).add(number)

    @staticmethod
    def _count(counts, packet):
        of_topic = counts.setdefault(packet.topic, {})
        number = _number(packet)
        of_topic[number] = of_topic.get(number, 0) + 1

    def stop(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
