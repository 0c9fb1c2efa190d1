"""Cases with messages of QoS 1 and 2 under way, whose books are kept."""

import pathlib
import tempfile

from fault_case import FaultTestCase
from harness.broker import Mosquitto
from harness.process import eventually
from harness.stack import run_directory
from harness.tap import Tap
from harness.tokens import Ed25519Key
from harness.traffic import Pair


class TrafficTestCase(FaultTestCase):
    """`pairs` publish and subscribe. Where there is a `tap`, there are the
    broker's books, too."""

    tap = None

    @classmethod
    def start_tapped_broker(cls):
        """`broker`, which keeps what it has on disk, and `tap` before it."""
        directory = pathlib.Path(
            tempfile.mkdtemp(prefix="broker-", dir=run_directory()))
        cls.broker = Mosquitto(directory, options=[
            "persistence true", f"persistence_location {directory}/",
            "autosave_on_changes true", "autosave_interval 50",
            "max_queued_messages 0", "max_inflight_messages 0"])
        cls.addClassCleanup(cls.broker.stop)
        cls.tap = Tap(cls.broker.address)
        cls.addClassCleanup(cls.tap.stop)

    def start_pairs(self, count, address=None, rate=100, **claims):
        """`address()` is where they connect, by default at the proxy; `claims`
        are those of their tokens."""
        claims = {"life": 3600, **claims}
        self.pairs = []
        for number in range(count):
            key = Ed25519Key()
            self.pairs.append(Pair(
                f"{self._testMethodName}-{number}",
                address or (lambda: self.stack.address), self.stack.ca_file,
                lambda topic, key=key: self.token(
                    f"{topic} pub sub", key=key, **claims), key, rate=rate))
            self.addCleanup(self.pairs[-1].stop)
        self.settle()

    def peers(self):
        return [peer for pair in self.pairs
                for peer in (pair.publisher, pair.subscriber)]

    def connections(self):
        """How often each has been let in."""
        return [peer.connects for peer in self.peers()]

    def wait_until_connected_again(self, before, times=1):
        eventually(lambda: all(
            now >= was + times for now, was in zip(self.connections(), before)),
                   "all are connected again")

    def settle(self, more=20):
        """Messages flow, by now."""
        def counts():
            return [len(numbers) for pair in self.pairs for numbers in (
                pair.publisher.acknowledged, pair.subscriber.received)]
        before = counts()
        eventually(lambda: all(
            now > was + more for now, was in zip(counts(), before)),
                   "messages flow")

    def drain(self):
        """Publishers stop, and what they have under way is acknowledged."""
        for pair in self.pairs:
            pair.publisher.paused = True
        for pair in self.pairs:
            eventually(pair.publisher.drained, "all is acknowledged")

    def balance(self):
        """The books of all publishers and subscribers agree, with a broker that
        has lost nothing."""
        self.drain()
        for pair in self.pairs:
            eventually(lambda p=pair: not p.lost(), "all has arrived")
            pair.check()
            self.assertFalse(pair.publisher.denied)
            self.assertFalse(pair.doubled())
            self.assertFalse(pair.publisher.restarted)
            if self.tap:
                self.assert_acknowledgements_are_the_brokers(pair)

    def assert_acknowledgements_are_the_brokers(self, pair):
        topic, publisher = pair.publisher.topic, pair.publisher
        self.assertFalse(publisher.acknowledged - self.tap.acknowledged[topic])
        # Nothing of QoS 2 reaches the broker anew but from its publisher.
        for number, times in self.tap.forwarded[topic].items():
            if number not in publisher.restarted:
                self.assertEqual(times, 1, number)
