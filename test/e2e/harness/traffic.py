"""Publishers and subscribers that keep their books: what was sent, what was
acknowledged, what has arrived, across as many connections as it takes.

They keep to MQTT's rules for sessions that outlive a connection: what is not
acknowledged is sent again, with DUP and the same Packet Identifier, and QoS 2
goes on where it stood. Where the server has forgotten the session, they begin
anew with what is open, and such numbers may come twice: `restarted`.
"""

import contextlib
import threading
import time

from OpenSSL import SSL

from . import wire
from .client import Client

_LOST = (OSError, EOFError, SSL.Error, AssertionError)
_SESSION = {"session_expiry": 3600}


class _Peer:
    """A thread that is connected for as long as it can be.

    `token()` gives a token for each connection; `address()` says where the
    proxy is.
    """

    def __init__(self, name, address, ca_file, token, key):
        self.name = name
        self.connects = 0
        self.refusals = []  # codes of CONNACKs
        self.disconnects = []  # codes of DISCONNECTs
        self.fault = None  # what must not happen
        self._address, self._ca_file = address, ca_file
        self._token, self._key = token, key
        self._ending = threading.Event()
        self._client = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ending.is_set():
            try:
                self._connect_and_serve()
            except _LOST:
                pass
            except Exception as error:  # for whoever asks; see check()
                self.fault = error
                return
            finally:
                self._close()
            time.sleep(0.05)

    def _close(self):
        if self._client:
            self._client.tls.close()
        self._client = None

    def _connect_and_serve(self):
        self._client = Client(self._address(), self._ca_file, timeout=5)
        connack = self._client.ace_connect(
            self._token(), self._key, clean=False, client_id=self.name,
            keep_alive=10, props=_SESSION)
        if connack.code:
            self.refusals.append(connack.code)
            return
        self.connects += 1
        self._on_connected(connack.session_present)
        while not self._ending.is_set():
            self._turn()
        self._client.send(wire.disconnect())

    def _receive(self, timeout):
        """The next packet, or None; a DISCONNECT is the end."""
        try:
            packet = self._client.receive(timeout)
        except TimeoutError:
            return None
        if packet.type == "DISCONNECT":
            self.disconnects.append(packet.code)
            raise EOFError("disconnected")
        return packet

    def check(self):
        """Raises what it could not live with."""
        if self.fault:
            raise self.fault

    def stop(self):
        self._ending.set()
        self._thread.join(20)
        self.check()

    def _on_connected(self, session_present):
        raise NotImplementedError

    def _turn(self):
        raise NotImplementedError


class Publisher(_Peer):
    """Publishes the numbers from 1 on, QoS 1 and 2 in turn.

    Even numbers go with QoS 2. `rate` is messages a second, about.
    """

    WINDOW = 8

    def __init__(self, name, topic, *where, rate=100, payload=b""):
        self.topic = topic
        self.acknowledged = set()
        self.denied = {}  # number to code
        self.restarted = set()
        self.sent = 0
        self.paused = False
        self._pause = 1 / rate
        self._padding = payload
        self._open = {}  # Packet Identifier to [number, released]
        super().__init__(name, *where)

    def drained(self):
        return not self._open

    def _packet(self, identifier, dup=False):
        number, released = self._open[identifier]
        if released:
            return wire.ack("PUBREL", identifier)
        return wire.publish(self.topic, b"%d " % number + self._padding,
                            2 - number % 2, identifier, dup=dup)

    def _on_connected(self, session_present):
        if not session_present:
            for entry in self._open.values():
                self.restarted.add(entry[0])
                entry[1] = False
        for identifier in sorted(self._open, key=lambda i: self._open[i][0]):
            self._client.send(self._packet(identifier, session_present))

    def _turn(self):
        if not self.paused and len(self._open) < self.WINDOW:
            self.sent += 1
            identifier = next(i for i in range(1, self.WINDOW + 1)
                              if i not in self._open)
            self._open[identifier] = [self.sent, False]
            self._client.send(self._packet(identifier))
        packet = self._receive(self._pause)
        while packet:
            self._on_packet(packet)
            packet = self._receive(0.001)

    def _on_packet(self, packet):
        entry = self._open.get(packet.packet_id)
        if entry is None:
            return  # of a PUBREL that was sent twice
        if packet.code >= 0x80 and packet.type != "PUBCOMP":
            self.denied[entry[0]] = packet.code
            del self._open[packet.packet_id]
        elif packet.type == "PUBREC":
            entry[1] = True
            self._client.send(wire.ack("PUBREL", packet.packet_id))
        elif packet.type in ("PUBACK", "PUBCOMP"):
            self.acknowledged.add(entry[0])
            del self._open[packet.packet_id]


class Subscriber(_Peer):
    """Subscribes with QoS 2, and counts each number that it gets."""

    def __init__(self, name, topic, *where):
        self.topic = topic
        self.subscribed = threading.Event()
        self.received = {}  # number to how often
        self._pending = set()  # identifiers of QoS 2 that are not released
        super().__init__(name, *where)

    def _on_connected(self, session_present):
        if not session_present:
            self._pending.clear()
        self._client.send(wire.subscribe([(self.topic, 2)], 1))

    def _turn(self):
        packet = self._receive(0.2)
        if packet is None:
            return
        if packet.type == "SUBACK":
            if packet.codes == [2]:
                self.subscribed.set()
        elif packet.type == "PUBREL":
            self._pending.discard(packet.packet_id)
            self._client.send(wire.ack("PUBCOMP", packet.packet_id))
        elif packet.type == "PUBLISH":
            self._on_publish(packet)

    def _on_publish(self, packet):
        if packet.qos < 2 or packet.packet_id not in self._pending:
            number = int(packet.payload.split(b" ")[0])
            self.received[number] = self.received.get(number, 0) + 1
        if packet.qos == 2:
            self._pending.add(packet.packet_id)
        if packet.qos:
            self._client.send(wire.ack(
                "PUBREC" if packet.qos == 2 else "PUBACK", packet.packet_id))


class Pair:
    """A publisher and the subscriber that hears it; stop() ends both."""

    def __init__(self, name, address, ca_file, token, key, **options):
        """`token(topic)` gives a token that lets publish and subscribe."""
        topic = f"traffic/{name}"
        where = (address, ca_file, lambda: token(topic), key)
        self.subscriber = Subscriber(f"{name}-sub", topic, *where)
        assert self.subscriber.subscribed.wait(20), "no SUBACK"
        self.publisher = Publisher(f"{name}-pub", topic, *where, **options)

    def check(self):
        self.publisher.check()
        self.subscriber.check()

    def lost(self):
        return self.publisher.acknowledged - set(self.subscriber.received)

    def doubled(self):
        """Numbers of QoS 2 that came twice without their publisher's doing."""
        return {number for number, times in self.subscriber.received.items()
                if times > 1 and number % 2 == 0 and
                number not in self.publisher.restarted}

    def stop(self):
        for peer in (self.publisher, self.subscriber):
            with contextlib.suppress(AttributeError):
                peer.stop()
