"""The broker or the policy service is away; the proxy is told to end."""

import signal

from harness import wire
from harness.admin import http_status
from harness.broker import Mosquitto
from harness.process import eventually
from harness.stack import Stack, StackTestCase
from harness.tokens import Ed25519Key


class FailureTest(StackTestCase):
    """A stack of its own for each test, since each breaks something."""

    @classmethod
    def setUpClass(cls):
        cls.key = Ed25519Key()

    def setUp(self):
        self.stack = Stack(self._testMethodName, **self.stack_options)
        self.addCleanup(self.stack.stop)

    def restart_broker(self):
        self.stack.broker = Mosquitto(self.stack.directory,
                                      self.stack.broker.port)

    def assert_connect_code(self, code, code_v311):
        client = self.client()
        self.assert_code(
            client.ace_connect(self.token("a/# pub"), self.key), code)
        client.expect_closed()
        client = self.client(wire.V311)
        self.assert_code(
            client.v311_connect(self.token("a/# pub"), self.key), code_v311)
        client.expect_closed()

    def test_broker_down_at_connect_is_0x88_and_recovers(self):
        self.stack.broker.stop()
        self.assert_connect_code(0x88, 0x03)
        self.restart_broker()
        self.assert_code(self.connected("a/# pub").publish("a/x"), 0x10)

    def test_broker_going_away_disconnects_0x88_and_recovers(self):
        client = self.connected("a/# pub")
        client_v311 = self.connected_v311("a/# pub")
        self.stack.broker.stop(signal.SIGKILL)
        client.expect_disconnect(0x88)
        client_v311.expect_closed()
        self.restart_broker()
        self.assert_code(self.connected("a/# pub").publish("a/x"), 0x10)

    def ready_status(self):
        return http_status(self.stack.admin_address, "/readyz")

    def test_policy_down_is_0x88_and_recovers(self):
        eventually(lambda: self.ready_status() == 200, "/readyz is 200")
        connected = self.connected("a/# pub")
        self.stack.policy.stop(signal.SIGKILL)
        self.assert_connect_code(0x88, 0x03)
        eventually(lambda: self.ready_status() == 503, "/readyz is 503")
        self.assertEqual(http_status(self.stack.admin_address, "/healthz"),
                         200)
        # Who is in stays in: the grant is the proxy's own.
        self.assert_code(connected.publish("a/x"), 0x10)
        self.assert_code(connected.publish("b/x"), 0x87)

        self.stack.start_policy()
        eventually(lambda: self.ready_status() == 200, "/readyz is 200")
        self.connected("a/# pub")

    def test_policy_that_starts_after_the_proxy_is_found(self):
        self.stack.policy.stop()
        self.stack.proxy.stop()
        self.stack.start_proxy()
        self.assertEqual(self.ready_status(), 503)
        self.stack.start_policy()
        eventually(lambda: self.ready_status() == 200, "/readyz is 200")
        self.connected("a/# pub")

    def test_policy_down_never_lets_an_anonymous_client_in(self):
        self.stack.policy.stop(signal.SIGKILL)
        client, connack = self.anonymous()
        self.assert_code(connack, 0x88)
        client.expect_closed()

    def test_hanging_policy_is_0x88_within_its_timeout(self):
        self.stack.policy.send_signal(signal.SIGSTOP)
        self.addCleanup(self.stack.policy.send_signal, signal.SIGCONT)
        self.assert_connect_code(0x88, 0x03)

    def test_sigterm_drains_with_0x8B_and_exits_0(self):
        client = self.connected("a/# pub", will=("a/will", b"gone"))
        client_v311 = self.connected_v311("a/# pub")
        idle = self.client()
        self.stack.proxy.send_signal(signal.SIGTERM)
        client.expect_disconnect(0x8B)
        client_v311.expect_closed()
        self.assertEqual(self.stack.proxy.wait(), 0)
        idle.expect_closed()

    def test_sigterm_ends_the_policy_service_with_0(self):
        self.assertEqual(self.stack.policy.stop(), 0)

    def test_vanished_clients_are_forgotten(self):
        clients = [self.connected("a/# pub") for _ in range(20)]
        self.assertEqual(self._connections(), 20)
        for client in clients:
            client.tls.close()
        eventually(lambda: self._connections() == 0,
                   "sluice_connections is 0")

    def _connections(self):
        return self.stack.metrics()["sluice_connections"]


class MetricsTest(StackTestCase):

    def test_metrics_count_verdicts(self):
        client = self.connected("a/# pub")
        client.publish("a/x")
        client.publish("b/x")
        metrics = self.stack.metrics()
        for name, value in (
                ('sluice_decisions_total{action="publish",result="allowed"}',
                 1),
                ('sluice_decisions_total{action="publish",result="denied"}',
                 1)):
            self.assertEqual(metrics.get(name), value, sorted(metrics))
        for prefix in ("sluice_connects_total{", "sluice_packets_total{",
                       "sluice_bytes_total{",
                       "sluice_policy_request_duration_seconds_bucket",
                       "sluice_tls_handshake_duration_seconds_bucket"):
            self.assertTrue(any(name.startswith(prefix) for name in metrics),
                            f"no {prefix} in {sorted(metrics)}")


