"""Messages of QoS 1 and 2 under way through faults that end no program (those are
in test_kills): none that was acknowledged is lost, none of QoS 2 comes twice,
and all flow again by themselves."""

import contextlib
import signal

from harness import usage
from harness.ports import free_port
from harness.process import eventually
from harness.relay import FreezingRelay, Relay
from harness.stack import Stack
from harness.tokens import Ed25519Key
from settable_clock import SettableClock
from small_disk import SmallDisk
from traffic_case import TrafficTestCase

PAIRS = 2
RATE = 50  # messages a second of a pair
RESETS = 5  # of each client's connection
ONE_IN = 60  # pieces of data is broken off, and its connection reset
HOUR = 3600


class BooksTestCase(TrafficTestCase):
    """Clients come through the relay `way`, and a tap is before the broker."""

    @classmethod
    def setUpClass(cls):
        cls.start_tapped_broker()
        cls.stack = Stack(cls.__name__, broker=cls.tap, **cls.stack_options)
        cls.addClassCleanup(cls.stack.stop)
        cls.way = Relay(cls.stack.address)
        cls.addClassCleanup(cls.way.stop)
        cls.key = Ed25519Key()

    def start(self, **claims):
        self.start_pairs(PAIRS, lambda: self.way.address, RATE, **claims)

    def reset_at_random(self, relay):
        """In pieces of TLS and MQTT, of both directions, until each client has
        come back some times."""
        before = self.connections()
        relay.reset_one_in = ONE_IN
        self.addCleanup(setattr, relay, "reset_one_in", 0)
        self.wait_until_connected_again(before, RESETS)
        relay.reset_one_in = 0

    def reset_all(self):
        before = self.connections()
        self.way.reset()
        self.wait_until_connected_again(before)

    def refusals(self):
        return [len(peer.refusals) for peer in self.peers()]

    def assert_told_only(self, *codes):
        """Refused or disconnected by others, clients were not."""
        for peer in self.peers():
            self.assertLessEqual({*peer.refusals, *peer.disconnects},
                                 set(codes))


class ConnectionBooksTest(BooksTestCase):
    """What breaks is between the programs, or the proxy has no room for more."""

    @classmethod
    def setUpClass(cls):
        policy_address = f"127.0.0.1:{free_port()}"
        cls.policy_way = FreezingRelay(policy_address)
        cls.addClassCleanup(cls.policy_way.stop)
        cls.stack_options = {
            "policy": {"address": policy_address},
            "proxy": {"policy": {"address": cls.policy_way.address,
                                 "timeout": "500ms"}}}
        super().setUpClass()

    def test_clients_are_reset(self):
        self.start()
        self.reset_at_random(self.way)
        self.settle()
        self.balance()
        self.assert_told_only()

    def test_broker_connections_are_reset(self):
        self.start()
        self.reset_at_random(self.tap)
        self.settle()
        self.balance()
        self.assert_told_only(0x88)

    def test_no_descriptors_while_clients_are_reset(self):
        self.start()
        # A client needs two: half of them find none.
        with usage.descriptor_limit(self.stack.proxy.pid, spare=-2 * PAIRS):
            for _ in range(RESETS):
                before = sum(self.connections())
                self.way.reset()
                eventually(lambda b=before: sum(self.connections()) > b,
                           "some are let in again")
            self.stack.proxy.wait_for("Too many open files")
        self.settle()
        self.balance()
        self.assert_told_only(0x88)

    def assert_refused_until(self, recover):
        """Clients that are reset are not let in before recover()."""
        self.settle()  # who is in stays in
        before, refused = self.connections(), self.refusals()
        self.way.reset()
        eventually(lambda: all(
            now > was + 1 for now, was in zip(self.refusals(), refused)),
                   "all are refused, twice")
        self.assertEqual(self.connections(), before)
        recover()
        self.wait_until_connected_again(before)
        self.settle()

    def test_policy_service_stopped_while_clients_come_back(self):
        self.start()
        policy = self.stack.policy
        self.addCleanup(policy.send_signal, signal.SIGCONT)
        for _ in range(2):
            policy.send_signal(signal.SIGSTOP)
            self.assert_refused_until(
                lambda: policy.send_signal(signal.SIGCONT))
        self.balance()
        self.assert_told_only(0x88)

    def test_policy_service_answers_late(self):
        """It has decided, and its answers come when nobody waits for them."""
        self.start()
        self.addCleanup(self.policy_way.thaw)
        for _ in range(2):
            granted = self.granted()
            self.policy_way.freeze(answers_only=True)
            self.assert_refused_until(self.policy_way.thaw)
            self.assertGreater(self.granted(), granted + 2 * PAIRS)
        self.balance()
        self.assert_told_only(0x88)

    def granted(self):
        return self.stack.policy_metrics()[
            "sluice_policy_decisions_total"
            '{kind="authenticate",result="granted"}']


class MachineBooksTest(BooksTestCase):
    """Disks that are full, and a clock that is set."""

    @classmethod
    def setUpClass(cls):
        cls.audit_disk, cls.store_disk = SmallDisk(8192), SmallDisk(16384)
        for disk in (cls.audit_disk, cls.store_disk):
            cls.addClassCleanup(disk.close)
        cls.clock = SettableClock()
        cls.stack_options = {
            "proxy": {
                # It is asked often whether the clock is right.
                "limits": {"denials_per_second": 0},
                "log": {
                    "audit": str(cls.audit_disk.directory / "audit.log"),
                    "audit_sample": 1}},
            "policy": {"store": {"memory": None, "sqlite": str(
                cls.store_disk.directory / "policy.db")}}}
        with cls.clock.preloaded():
            super().setUpClass()

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clock.set, 0)

    def test_disk_of_the_audit_log_is_full(self):
        self.start()
        before = self.connections()
        dropped = self.metric("sluice_audit_dropped_total")
        self.audit_disk.fill()
        eventually(lambda: self.metric("sluice_audit_dropped_total") >
                   dropped + 100, "lines are dropped")
        self.assertEqual(self.connections(), before)
        self.reset_all()
        self.settle()
        self.audit_disk.free()
        self.settle()
        self.balance()
        self.assert_told_only()

    def test_disk_of_the_store_is_full(self):
        # Tokens that leave no room in the pages that SQLite has.
        self.start(padding="x" * 3000)
        before = self.connections()
        self.store_disk.fill()
        self.settle()
        self.assertEqual(self.connections(), before)
        eventually(self.all_are_refused, "there is no room")
        before = self.connections()
        self.store_disk.free()
        self.wait_until_connected_again(before)
        self.settle()
        self.balance()
        self.assert_told_only(0x88)

    def all_are_refused(self):
        """Whether all have been, after one more attempt of each."""
        def tries():
            return [len(peer.refusals) + peer.connects for peer in self.peers()]
        before = tries()
        self.way.reset()
        eventually(lambda: all(
            now > was for now, was in zip(tries(), before)), "all have tried")
        return all(self.refusals())

    def connack(self, life):
        """The code for a token that is in force for so long. Nobody is hung up
        on as an event loop finds that the clock was set."""
        client = self.client()
        with contextlib.closing(client.tls):
            return client.ace_connect(
                self.token("a/# pub", life=life, iat=None), self.key).code

    def test_clock_is_set(self):
        self.start(life=3 * HOUR, iat=None)
        for ahead in (HOUR, -HOUR, 0):
            before = self.connections()
            self.clock.set(ahead)
            eventually(lambda a=ahead: self.connack(a + HOUR // 2) == 0 and
                       self.connack(a - HOUR // 2) == 0x87,
                       "both programs have that clock")
            self.settle()
            self.assertEqual(self.connections(), before)
            self.reset_all()
            self.settle()
        self.balance()
        self.assert_told_only()
