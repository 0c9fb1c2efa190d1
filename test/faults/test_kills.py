"""kill -9 of the policy service, etcd and the proxy, with messages of QoS 1 and 2
under way: none that was acknowledged is lost, none of QoS 2 comes twice."""

import pathlib
import signal
import tempfile
import time

from harness.broker import Mosquitto
from harness.etcd import Etcd
from harness.ports import free_port
from harness.process import eventually
from harness.stack import Stack, run_directory
from harness.tokens import Ed25519Key
from traffic_case import TrafficTestCase

PAIRS = 3
POLICY_TIMEOUT = 2  # seconds


class KillTest(TrafficTestCase):

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(
            tempfile.mkdtemp(prefix="kills-", dir=run_directory()))
        cls.etcd = Etcd(cls.directory)
        cls.addClassCleanup(cls.etcd.stop)
        cls.broker = Mosquitto(cls.directory, options=[
            "max_queued_messages 0", "max_inflight_messages 0"])
        cls.addClassCleanup(cls.broker.stop)
        cls.stack = Stack(
            cls.__name__, broker=cls.broker,
            policy={"store": {"memory": None, "etcd": {
                "endpoints": [cls.etcd.address], "prefix": "/faults"}}},
            # A proxy that comes back does so at its address.
            proxy={"policy": {"timeout": f"{POLICY_TIMEOUT}s"}, "listeners": [{
                "name": "mqtts", "address": f"127.0.0.1:{free_port()}",
                "tls": {"certificate": "server.crt",
                        "private_key": "server.key"}}]})
        cls.addClassCleanup(cls.stack.stop)
        cls.key = Ed25519Key()

    def setUp(self):
        # For the next one, whatever came of the last.
        for process, start in ((self.etcd, self.etcd.start),
                               (self.stack.policy, self.stack.start_policy),
                               (self.stack.proxy, self.stack.start_proxy)):
            if not process.running():
                start()
        eventually(self.watching, "the proxy watches the policy service")
        eventually(lambda: self.connack() == 0, "clients are let in")
        super().setUp()
        self.start_pairs(PAIRS)

    def connack(self):
        """The code for a new client."""
        client = self.client()
        try:
            return client.ace_connect(self.token("x pub"), self.key).code
        finally:
            client.tls.close()

    def test_policy_service_killed_disturbs_nobody_who_is_in(self):
        before = self.connections()
        self.stack.policy.stop(signal.SIGKILL)
        eventually(lambda: not self.watching(), "the loss is seen")
        counted = self.metric("sluice_connects_total",
                              reason="policy_unavailable")
        self.assertEqual(self.connack(), 0x88)
        self.assertEqual(self.metric("sluice_connects_total",
                                     reason="policy_unavailable"), counted + 1)
        self.stack.proxy.wait_for('"policy_watch_ended"')
        self.settle()
        self.stack.start_policy()
        eventually(lambda: self.connack() == 0, "clients are let in again")
        eventually(self.watching, "the policy service is watched again")
        self.balance()
        self.assertEqual(self.connections(), before)

    def test_etcd_killed_disturbs_nobody_who_is_in(self):
        before = self.connections()
        self.etcd.stop(signal.SIGKILL)
        begin = time.monotonic()
        self.assertEqual(self.connack(), 0x88)
        self.assertLess(time.monotonic() - begin, 3 * POLICY_TIMEOUT)
        self.settle()
        self.etcd.start()
        eventually(lambda: self.connack() == 0, "clients are let in again")
        self.balance()
        self.assertEqual(self.connections(), before)

    def test_etcd_frozen_is_answered_for_within_the_timeout(self):
        before = self.connections()
        self.etcd.send_signal(signal.SIGSTOP)
        self.addCleanup(self.etcd.send_signal, signal.SIGCONT)
        self.assertEqual(self.connack(), 0x88)
        # By the policy service, and not for want of its answer.
        self.stack.proxy.wait_for(
            '"client_refused".*"detail":"[^"]*etcd does not answer')
        self.settle()
        self.etcd.send_signal(signal.SIGCONT)
        eventually(lambda: self.connack() == 0, "clients are let in again")
        self.balance()
        self.assertEqual(self.connections(), before)

    def test_proxy_killed_loses_no_acknowledged_message(self):
        for _ in range(3):
            before = self.connections()
            self.stack.proxy.stop(signal.SIGKILL)
            self.stack.start_proxy()
            self.wait_until_connected_again(before)
            self.settle()
        self.balance()
