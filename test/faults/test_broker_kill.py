"""kill -9 of the broker, with messages under way. A broker may lose what it has
acknowledged, and forget a session; that is its own. A wire tap between it and the
proxy says what it was given and what it has said; the proxy adds nothing to it
and takes nothing away."""

import pathlib
import signal
import tempfile

from fault_case import FaultTestCase
from harness.broker import Mosquitto
from harness.process import eventually
from harness.stack import Stack, run_directory
from harness.tap import Tap
from harness.tokens import Ed25519Key
from harness.traffic import Pair


class BrokerKillTest(FaultTestCase):

    @classmethod
    def setUpClass(cls):
        directory = pathlib.Path(
            tempfile.mkdtemp(prefix="broker-", dir=run_directory()))
        cls.broker = Mosquitto(directory, options=[
            "persistence true", f"persistence_location {directory}/",
            "autosave_on_changes true", "autosave_interval 50",
            "max_queued_messages 0", "max_inflight_messages 0"])
        cls.addClassCleanup(cls.broker.stop)
        cls.tap = Tap(cls.broker.address)
        cls.addClassCleanup(cls.tap.stop)
        cls.stack = Stack(cls.__name__, broker=cls.tap)
        cls.addClassCleanup(cls.stack.stop)
        cls.key = Ed25519Key()

    def test_broker_killed_is_0x88_and_acknowledgements_are_its_own(self):
        pairs = []
        for number in range(3):
            key = Ed25519Key()
            pairs.append(Pair(
                f"broker-{number}", lambda: self.stack.address,
                self.stack.ca_file,
                lambda topic, key=key: self.token(
                    f"{topic} pub sub", key=key, life=3600), key, rate=200))
            self.addCleanup(pairs[-1].stop)

        def flowing(more):
            before = [len(p.publisher.acknowledged) for p in pairs]
            heard = [len(p.subscriber.received) for p in pairs]
            eventually(lambda: all(
                len(p.publisher.acknowledged) > was + more and
                len(p.subscriber.received) > had + more
                for p, was, had in zip(pairs, before, heard)),
                       "messages flow")

        for _ in range(3):
            flowing(40)
            cut = [len(peer.disconnects) for p in pairs
                   for peer in (p.publisher, p.subscriber)]
            self.broker.stop(signal.SIGKILL)
            eventually(lambda c=cut: all(
                len(peer.disconnects) > was for peer, was in zip(
                    (peer for p in pairs
                     for peer in (p.publisher, p.subscriber)), c)),
                       "every client is told")
            self.broker.start()
        flowing(40)
        for pair in pairs:
            pair.publisher.paused = True
            eventually(pair.publisher.drained, "all is acknowledged")
            pair.stop()
        for pair in pairs:
            for peer in (pair.publisher, pair.subscriber):
                self.assertEqual(set(peer.disconnects), {0x88})
                self.assertLessEqual(set(peer.refusals), {0x88})
            self.assert_books(pair)
        self.wait_until_all_have_gone()

    def assert_books(self, pair):
        topic, publisher = pair.publisher.topic, pair.publisher
        # Nothing is acknowledged that the broker has not acknowledged.
        self.assertLessEqual(publisher.acknowledged,
                             self.tap.acknowledged[topic])
        # Nothing reaches the subscriber more often than the broker sent it.
        delivered = self.tap.delivered[topic]
        for number, times in pair.subscriber.received.items():
            self.assertLessEqual(times, delivered.get(number, 0), number)
        # Nothing of QoS 2 reaches the broker anew but from its publisher.
        for number, times in self.tap.forwarded[topic].items():
            if number not in publisher.restarted:
                self.assertEqual(times, 1, number)
        # What it was sent on a connection that lasted, it has.
        missing = set(delivered) - set(pair.subscriber.received)
        self.assertLessEqual(len(missing), 3 * 20, sorted(missing))
