"""Plays cases to a Mosquitto and to the proxy before another one."""

import contextlib
import pathlib
import tempfile
import time

import e2e_path  # noqa: F401
from compare import Delivery, Played, Seen
from harness import wire
from harness.broker import Mosquitto
from harness.process import TIMEOUT, eventually
from harness.stack import Stack, run_directory
from harness.tls import TlsStream
from play import Anonymous, Holder, PlainStream, play
from readings import LogTail, of_mosquitto, of_proxy
from recorder import Recorder

WATCHER = "the-watcher-of-all"
_MARK = f"mark/{WATCHER}"


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
            out.append(Delivery(
                packet.topic, packet.payload, packet.retain,
                # It counts down while the message waits.
                "message_expiry" in packet.properties,
                str(sorted((name, value) for name, value in
                           packet.properties.items()
                           if name != "message_expiry"))))
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


_OPTIONS = ("log_timestamp false", "max_topic_alias 300")


class _Bench:
    """A Mosquitto, and the proxy before another one."""

    def __init__(self, ended):
        directory = pathlib.Path(tempfile.mkdtemp(dir=run_directory()))
        self._servers = []
        for name in ("direct", "behind"):
            (directory / name).mkdir()
            server = Mosquitto(directory / name, options=_OPTIONS)
            ended.callback(server.stop)
            self._servers.append(server)
        self._direct, behind = self._servers
        self._recorder = Recorder(behind.address)
        ended.callback(self._recorder.stop)
        self._stack = Stack(
            "differential", mode="embedded", broker=self._recorder,
            policy={"public_topics": [
                {"filter": "t/#", "permissions": ["pub", "sub"]}]},
            proxy={"log": {"audit": "audit.log", "audit_sample": 1.0,
                           "level": "info"},
                   "limits": {"denials_per_second": 0}})
        ended.callback(self._stack.stop)
        self._witnesses = [Witness(server) for server in self._servers]
        for witness in self._witnesses:
            ended.callback(witness.close)
        self._anonymous = Anonymous()
        self._holder = Holder(self._stack.authorization_server)

    def play(self, case):
        """What came of it, but for what the proxy has decided, and from whom
        and when."""
        reference = case.reference()
        play(PlainStream(self._direct.address), case, self._anonymous)
        start = time.time()
        pings = 0 if reference.ended or not reference.whole else (
            reference.sent.count(wire.pingreq()))
        (host, port), answers = play(
            TlsStream(self._stack.address, self._stack.ca_file), case,
            self._holder if case.credential else self._anonymous, pings)
        seen = [witness.seen() for witness in self._witnesses]
        sent, answered = self._recorder.taken()
        return (Played(case, reference, *seen, bytes(sent), bytes(answered),
                       answers, ()),
                (f"{host}:{port}", start, time.time()))

    def running(self):
        return self._stack.proxy.running() and all(
            server.running() for server in self._servers)

    def decided(self):
        return of_proxy(self._stack.directory / "audit.log")


def run(cases):
    """Plays them, one after the other: of each a Played."""
    with contextlib.ExitStack() as ended:
        bench = _Bench(ended)
        results = [bench.play(case) for case in cases]
        assert bench.running()
    decided = bench.decided()
    return [played._replace(decided=_between(decided, *when))
            for played, when in results]


def _between(decided, address, start, end):
    """Ports are used again, so an address alone is not enough."""
    return [what for when, *what in decided.get(address, ())
            if start <= when <= end]
