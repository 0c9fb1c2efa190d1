"""kill -9 of the broker, with messages under way. A broker may lose what it has
acknowledged, and forget a session; that is its own. A wire tap between it and the
proxy says what it was given and what it has said; the proxy adds nothing to it
and takes nothing away."""

import signal

from harness.process import eventually
from harness.stack import Stack
from harness.tokens import Ed25519Key
from traffic_case import TrafficTestCase


class BrokerKillTest(TrafficTestCase):

    @classmethod
    def setUpClass(cls):
        cls.start_tapped_broker()
        cls.stack = Stack(cls.__name__, broker=cls.tap)
        cls.addClassCleanup(cls.stack.stop)
        cls.key = Ed25519Key()

    def test_broker_killed_is_0x88_and_acknowledgements_are_its_own(self):
        self.start_pairs(3, rate=200)
        for _ in range(3):
            self.settle(40)
            told = [len(peer.disconnects) for peer in self.peers()]
            self.broker.stop(signal.SIGKILL)
            eventually(lambda t=told: all(
                len(peer.disconnects) > was
                for peer, was in zip(self.peers(), t)),
                       "every client is told")
            # After all that the broker has sent, to the last packet.
            for pair in self.pairs:
                self.assertFalse(self.missing(pair))
            self.broker.start()
        self.settle(40)
        self.drain()
        eventually(lambda: not any(map(self.missing, self.pairs)),
                   "all that the broker has sent has arrived")
        for pair in self.pairs:
            pair.stop()
            for peer in (pair.publisher, pair.subscriber):
                self.assertEqual(set(peer.disconnects), {0x88})
                self.assertLessEqual(set(peer.refusals), {0x88})
            self.assert_acknowledgements_are_the_brokers(pair)
            # Nothing comes more often than the broker sent it.
            delivered = self.tap.delivered[pair.publisher.topic]
            for number, times in pair.subscriber.received.items():
                self.assertLessEqual(times, delivered.get(number, 0), number)
        self.wait_until_all_have_gone()

    def missing(self, pair):
        """Numbers that the broker has sent and the subscriber has not got."""
        return (set(self.tap.delivered.get(pair.publisher.topic, ())) -
                set(pair.subscriber.received))
