"""Out of file descriptors: who is in stays in, nobody spins, and all goes on when
there are some again."""

import contextlib
import resource
import socket
import time

from fault_case import FaultTestCase
from harness import usage
from harness.admin import http_status
from harness.jwks import IssuerKey, JwksServer, make_jwks
from harness.ports import free_port
from harness.process import eventually
from harness.stack import keys_directory
from harness.tokens import AuthorizationServer


class DescriptorTestCase(FaultTestCase):

    def lets_in(self):
        """Whether a client with a token gets in."""
        try:
            self.connected("a/# pub").tls.close()
            return True
        except (OSError, EOFError, AssertionError):
            return False


class DescriptorTest(DescriptorTestCase):
    stack_options = {"proxy": {"limits": {"handshake_timeout": "60s"}}}

    def assert_idle(self, process):
        """It has no more than a tenth of a core for a second."""
        before = usage.cpu_seconds(process.pid)
        time.sleep(1)
        self.assertLess(usage.cpu_seconds(process.pid) - before, 0.1,
                        process.name)

    def many(self, address, count):
        """Connections that say nothing."""
        host, port = address.split(":")
        opened = contextlib.ExitStack()
        self.addCleanup(opened.close)
        for _ in range(count):
            opened.enter_context(
                socket.create_connection((host, int(port)), 5))
        return opened

    def test_proxy_serves_who_is_in_and_recovers(self):
        live = [self.connected("a/# pub") for _ in range(3)]
        with usage.descriptor_limit(self.stack.proxy.pid, spare=8):
            crowd = self.many(self.stack.address, 60)
            self.assert_idle(self.stack.proxy)
            for client in live:
                self.assertLess(client.publish("a/x").code, 0x80)
                self.assert_code(client.publish("b/x"), 0x87)
            # The crowd goes, and there is room: the limit is as low as before.
            crowd.close()
            eventually(self.lets_in, "there is room again")
            self.assertGreater(self.metric("sluice_accept_failures_total"), 0)
        for client in live:
            client.ping()
            client.tls.close()
        self.wait_until_all_have_gone()

    def test_no_descriptor_for_the_broker_is_0x88(self):
        # One is for the client, and none is left for the way to the broker.
        with usage.descriptor_limit(self.stack.proxy.pid, spare=0):
            client = self._open_with_one_descriptor()
            self.assert_code(
                client.ace_connect(self.token("a/# pub"), self.key), 0x88)
            client.expect_closed()
            client.tls.close()
        eventually(self.lets_in, "clients are let in again")
        self.wait_until_all_have_gone()

    def _open_with_one_descriptor(self):
        process = self.stack.proxy
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (
            usage.descriptors(process.pid) + 1,
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE)[1]))
        return self.client()

    def probe(self):
        """Whether the policy service answers one."""
        try:
            return http_status(self.stack.policy_admin_address,
                               "/healthz") == 200
        except OSError:
            return False

    def test_policy_service_serves_the_proxy_and_recovers(self):
        self.lets_in()
        with usage.descriptor_limit(self.stack.policy.pid, spare=4):
            crowd = self.many(self.stack.policy_address, 40)
            self.assert_idle(self.stack.policy)
            self.connected("a/# pub").tls.close()
            crowd.close()
        eventually(self.probe, "probes are answered again")
        eventually(lambda: self.stack.sluicectl(
            "session", "list").returncode == 0, "operators are served again")
        self.assertTrue(self.watching())
        self.connected("a/# pub").tls.close()


class PolicyFloodTest(DescriptorTestCase):
    """More connections to the policy service than it has descriptors, which say
    nothing, and need no certificate for that."""

    @classmethod
    def setUpClass(cls):
        key = IssuerKey(make_jwks(issuer="EdDSA")["issuer"])
        server = JwksServer(keys_directory(), key, port=free_port())
        cls.addClassCleanup(server.stop)
        server.start()
        cls.stack_options = {"mode": "mtls", "policy": {"issuers": [{
            "issuer": AuthorizationServer.issuer, "ca": "ca.crt",
            "jwks_url": f"https://127.0.0.1:{server.port}/jwks",
            "jwks_refresh": "1s"}]}}
        super().setUpClass()

    def readings(self, result):
        return self.stack.policy_metrics()[
            "sluice_policy_http_requests_total"
            f'{{purpose="jwks",result="{result}"}}']

    def test_store_keys_and_probes_keep_their_descriptors(self):
        policy = self.stack.policy
        limit = resource.prlimit(policy.pid, resource.RLIMIT_NOFILE)
        self.assertEqual(*limit)  # as many as it may have
        with usage.descriptor_limit(policy.pid, spare=200):
            self.flood()
            before = self.readings("answered")
            eventually(lambda: self.readings("answered") > before + 1,
                       "keys are read")
            self.assertEqual(self.readings("failed"), 0)
            metrics = self.stack.policy_metrics()
            self.assertGreater(
                metrics["sluice_policy_connections_refused_total"], 200)
            self.assertEqual(
                http_status(self.stack.policy_admin_address, "/healthz"), 200)
            self.assertLessEqual(policy.output().count(
                '"connection_refused"'), 300)
            # Who says nothing is hung up on after ten seconds.
            eventually(lambda: usage.descriptors(policy.pid) < 100,
                       "silent connections are closed", 15)
        self.assertTrue(self.watching())

    def flood(self):
        host, port = self.stack.policy_address.split(":")
        opened = contextlib.ExitStack()
        self.addCleanup(opened.close)
        for _ in range(600):
            opened.enter_context(
                socket.create_connection((host, int(port)), 5))


class AnonymousTest(DescriptorTestCase):
    """As many clients without a token as there are descriptors for."""

    stack_options = {"proxy": {"limits": {"max_anonymous_connections": 0}}}

    def test_clients_without_a_token_make_room(self):
        with usage.descriptor_limit(self.stack.proxy.pid, spare=20):
            crowd = []
            with contextlib.suppress(OSError, EOFError, AssertionError):
                while len(crowd) < 20:
                    client, connack = self.anonymous(
                        client_id=f"crowd-{len(crowd)}", keep_alive=0)
                    self.assert_code(connack, 0)
                    crowd.append(client)
            self.assertGreater(len(crowd), 5)
            eventually(self.lets_in, "who has a token is let in")
            self.assertGreater(self.metric("sluice_connections_refused_total",
                                           reason="max_anonymous_connections"),
                               0)
        for client in crowd:
            client.tls.close()
        self.wait_until_all_have_gone()
