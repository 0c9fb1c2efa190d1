"""A wire tap between a proxy and its broker: passes bytes, and books what both
said to each other."""

import threading

from . import wire
from .relay import Relay


def _number(packet):
    return int(packet.payload.split(b" ")[0])


class Tap(Relay):
    """Stands at `address` for a broker that may come and go at its own.

    By topic: `forwarded` counts the first sends of each number that the broker
    was given with QoS 2, `acknowledged` are the numbers to which it has said
    PUBACK or PUBCOMP, and `delivered` counts how often it has sent each.
    """

    def __init__(self, broker_address):
        self.forwarded, self.acknowledged, self.delivered = {}, {}, {}
        self._lock = threading.Lock()
        self._numbers = {}  # Client Identifier to those of its last connection
        super().__init__(broker_address)

    def look(self):
        numbers = {}  # Packet Identifier to topic and number
        return (self._reader(self._book_from_proxy, numbers),
                self._reader(self._book_from_broker, numbers))

    def _reader(self, book, numbers):
        """Has each packet booked."""
        unread = b""

        def look(data):
            nonlocal unread
            packet, unread = wire.split(unread + data, wire.V5)
            while packet:
                with self._lock:
                    book(packet, numbers)
                packet, unread = wire.split(unread, wire.V5)

        return look

    def _book_from_proxy(self, packet, numbers):
        if packet.type == "CONNECT":
            # A PUBREL may be all that is sent again.
            numbers.update(self._numbers.get(packet.client_id, {}))
            self._numbers[packet.client_id] = numbers
        if packet.type != "PUBLISH":
            return
        numbers[packet.packet_id] = (packet.topic, _number(packet))
        if packet.qos == 2 and not packet.flags & 8:
            self._count(self.forwarded, packet)

    def _book_from_broker(self, packet, numbers):
        if packet.type == "PUBLISH":
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
