"""What becomes of connected clients when the policy service is away."""

import signal
import sqlite3

from harness.admin import http_status
from harness.process import eventually
from harness.stack import Stack, StackTestCase
from harness.tokens import Ed25519Key


class OutageTestCase(StackTestCase):
    """A stack of its own for each test, since each breaks it."""

    @classmethod
    def setUpClass(cls):
        cls.key = Ed25519Key()

    def setUp(self):
        self.stack = Stack(self._testMethodName, **self.stack_options)
        self.addCleanup(self.stack.stop)
        eventually(self.is_watching, "the proxy watches the policy service")

    def is_watching(self):
        return self.stack.metrics().get("sluice_policy_watch_connected") == 1

    def lose_policy(self):
        self.stack.policy.stop(signal.SIGKILL)
        eventually(lambda: not self.is_watching(), "the loss is seen")

    def assert_refused_0x88(self):
        client = self.client()
        self.assert_code(
            client.ace_connect(self.token("a/# pub"), self.key), 0x88)
        client.expect_closed()


class KeepOnOutageTest(OutageTestCase):
    stack_options = {"proxy": {"policy": {"on_outage": "keep",
                                          "timeout": "100ms"}}}

    # covers: EDGE-18
    def test_connected_client_goes_on_and_new_ones_get_0x88(self):
        client = self.connected("a/# pub")
        self.lose_policy()
        self.assert_refused_0x88()
        self.assert_code(client.publish("a/x"), 0x10)
        self.assert_code(client.publish("b/x"), 0x87)
        self.stack.start_policy()
        eventually(self.is_watching, "the policy service is watched again")
        self.assert_code(client.publish("a/x"), 0x10)
        self.connected("a/# pub")


class DisconnectOnOutageTest(OutageTestCase):
    stack_options = {"proxy": {"policy": {"on_outage": "disconnect",
                                          "timeout": "1500ms"}}}

    # covers: EDGE-18
    def test_connected_client_gets_0x89_after_the_timeout(self):
        client = self.connected("a/# pub")
        client_v311 = self.connected_v311("a/# pub")
        self.stack.policy.stop(signal.SIGKILL)
        client.expect_disconnect(0x89)
        client_v311.expect_closed()
        self.assertFalse(self.is_watching())
        self.assert_refused_0x88()
        self.stack.start_policy()
        eventually(lambda: http_status(
            self.stack.admin_address, "/readyz") == 200, "/readyz is 200")
        self.connected("a/# pub")

    # covers: EDGE-18
    def test_frozen_service_is_noticed(self):
        client = self.connected("a/# pub", keep_alive=0)
        self.stack.policy.send_signal(signal.SIGSTOP)
        self.addCleanup(self.stack.policy.send_signal, signal.SIGCONT)
        eventually(lambda: not self.is_watching(), "it is noticed", timeout=32)
        client.expect_disconnect(0x89)

    # covers: EDGE-18
    def test_short_absence_disconnects_nobody(self):
        client = self.connected("a/# pub")
        self.stack.policy.stop(signal.SIGKILL)
        self.stack.start_policy()
        eventually(self.is_watching, "the policy service is watched again")
        client.ping()


class UndecidedTest(OutageTestCase):
    stack_options = {"policy": {"store": {"memory": None,
                                          "sqlite": "policy.db"}}}

    def spoil_a_rule(self):
        done = self.stack.sluicectl("rule", "put", "r", "--deny", "--publish",
                                    "--topic", "x/#")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.stack.policy.stop()
        store = sqlite3.connect(self.stack.directory / "policy.db")
        store.execute("UPDATE resources SET value = x'ffffff'"
                      " WHERE CAST(collection AS TEXT) = 'rules'")
        store.commit()
        store.close()

    def watches_begun(self):
        return self.stack.proxy.output().count('"policy_watch_begun"')

    def test_proxy_does_not_expect_more_of_an_undecided_service(self):
        self.spoil_a_rule()
        self.stack.start_policy()
        self.stack.proxy.wait_for("policy_undecided")
        metrics = self.stack.policy_metrics()
        self.assertEqual(metrics["sluice_policy_undecided"], 1)
        self.assertEqual(metrics["sluice_policy_ready"], 1)
        for number in (signal.SIGTERM, signal.SIGKILL):
            begun = self.watches_begun()
            self.stack.policy.stop(number)
            eventually(lambda: not self.is_watching(), "the loss is seen")
            self.assertEqual(
                http_status(self.stack.admin_address, "/readyz"), 503)
            self.stack.start_policy()
            eventually(lambda: self.watches_begun() > begun, "it is watched")
        self.assertNotIn("policy_decides", self.stack.proxy.output())
        self.assertEqual(self.stack.sluicectl("rule", "delete", "r").returncode,
                         0)
        self.stack.proxy.wait_for("policy_decides")
        self.assertEqual(
            self.stack.policy_metrics()["sluice_policy_undecided"], 0)
        self.connected("a/# pub")
