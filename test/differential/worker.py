"""Plays cases to a Mosquitto and to the proxy before another one."""

import contextlib
import pathlib
import socket
import tempfile
import time

from OpenSSL import SSL

import e2e_path  # noqa: F401
from compare import Seen
from harness import wire
from harness.broker import Mosquitto
from harness.process import TIMEOUT, eventually
from harness.stack import Stack, run_directory
from harness.tls import TlsStream
from readings import LogTail, of_mosquitto, of_proxy

WATCHER = "the-watcher-of-all"
_MARK = f"mark/{WATCHER}"

_BROKEN = (OSError, EOFError, SSL.Error)


class PlainStream:
    """What TlsStream is, without TLS."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self._socket.sendall(data)

    def receive(self, timeout):
        self._socket.settimeout(timeout)
        received = self._socket.recv(1 << 16)
        if not received:
            raise EOFError
        return received

    def shut_down_writing(self):
        self._socket.shutdown(socket.SHUT_WR)

    def local_address(self):
        return self._socket.getsockname()

    def close(self):
        self._socket.close()


def play(stream, case):
    """Sends the case, ends the connection, and waits for the other end to.

    The first answer is waited for, since until then a proxy has not decided.
    """
    with contextlib.closing(stream):
        with contextlib.suppress(*_BROKEN):
            pieces = case.pieces()
            # A part of them comes with the CONNECT, before its answer.
            early = len(pieces) if case.number % 3 == 0 else 0
            stream.send(case.connect + b"".join(pieces[:early]))
            with contextlib.suppress(TimeoutError):
                stream.receive(TIMEOUT if case.in_order else 0.3)
            for piece in pieces[early:]:
                stream.send(piece)
            stream.shut_down_writing()
            while True:
                stream.receive(TIMEOUT)
        return stream.local_address()


class Witness:
    """Sees what a Mosquitto reads, from its log, and what it delivers, as a
    client that has subscribed to everything."""

    def __init__(self, mosquitto):
        self._tail = LogTail(mosquitto.log)
        self._stream = PlainStream(mosquitto.address)
        self._buffer = b""
        # With RETAIN as it was published.
        self._stream.send(wire.connect(client_id=WATCHER, keep_alive=0) +
                          wire.subscribe([("#", 0x08)]))
        for kind in ("CONNACK", "SUBACK"):
            assert self._receive().type == kind

    def _receive(self):
        while True:
            packet, self._buffer = wire.split(self._buffer, wire.V5)
            if packet:
                return packet
            self._buffer += self._stream.receive(TIMEOUT)

    def _deliveries(self):
        """All up to now: what Mosquitto has read before it reads the mark it
        has delivered before that."""
        self._stream.send(wire.publish(_MARK))
        out = []
        while (packet := self._receive()).topic != _MARK:
            # It counts down while the message waits.
            if "message_expiry" in packet.properties:
                packet.properties["message_expiry"] = "some"
            out.append((packet.topic, f"{packet.payload} {packet.retain} "
                        f"{sorted(packet.properties.items())}"))
        return out

    def seen(self):
        """What there was since the last call; waits for the clients' ends."""
        lines = self._tail.lines()

        def all_ended():
            lines.extend(self._tail.lines())
            readings = of_mosquitto(lines, WATCHER)
            kinds = [reading[0] for reading in readings]
            return kinds.count("connect") <= (kinds.count("end") +
                                              kinds.count("fault"))

        eventually(all_ended, f"all clients have left\n{lines}")
        deliveries = self._deliveries()
        lines += self._tail.lines()
        return Seen(of_mosquitto(lines, WATCHER), deliveries)

    def close(self):
        self._tail.close()
        self._stream.close()


_OPTIONS = ("log_timestamp false",)


def run(cases):
    """Plays them, one after the other: of each the case, what was seen with
    and without the proxy, and what the proxy has decided."""
    directory = pathlib.Path(tempfile.mkdtemp(dir=run_directory()))
    (directory / "direct").mkdir()
    (directory / "behind").mkdir()
    with contextlib.ExitStack() as ended:
        direct = Mosquitto(directory / "direct", options=_OPTIONS)
        ended.callback(direct.stop)
        behind = Mosquitto(directory / "behind", options=_OPTIONS)
        ended.callback(behind.stop)
        stack = Stack(
            "differential", mode="embedded", broker=behind,
            policy={"public_topics": [
                {"filter": "t/#", "permissions": ["pub", "sub"]}]},
            proxy={"log": {"audit": "audit.log", "audit_sample": 1.0,
                           "level": "info"}})
        ended.callback(stack.stop)
        witnesses = [Witness(direct), Witness(behind)]
        for witness in witnesses:
            ended.callback(witness.close)
        played = []
        for case in cases:
            play(PlainStream(direct.address), case)
            start = time.time()
            host, port = play(TlsStream(stack.address, stack.ca_file), case)
            played.append((case, *(w.seen() for w in witnesses),
                           (f"{host}:{port}", start, time.time())))
        assert stack.proxy.running() and direct.running() and behind.running()
    decided = of_proxy(stack.directory / "audit.log")
    return [(case, one, other, _between(decided, *when))
            for case, one, other, when in played]


def _between(decided, address, start, end):
    """Ports are used again, so an address alone is not enough."""
    return [what for when, *what in decided.get(address, ())
            if start <= when <= end]
