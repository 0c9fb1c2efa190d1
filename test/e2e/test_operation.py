"""What an operator does: limits, reloading, telling the broker addresses."""

import contextlib
import fcntl
import ipaddress
import json
import pathlib
import re
import resource
import signal
import socket
import subprocess
import time
import unittest

from OpenSSL import SSL

from harness import admin, certificates, wire
from harness.client import Client
from harness.process import SANITIZED, Process, eventually
from harness.stack import PROXY, StackTestCase


@unittest.skipIf(SANITIZED, "sanitizers go without the sandbox")
class SandboxTest(StackTestCase):

    def test_programs_have_given_up_what_they_do_not_need(self):
        self.connected("a pub")
        for process in (self.stack.proxy, self.stack.policy):
            for thread in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
                status = (thread / "status").read_text(encoding="ascii")
                with self.subTest(re.search("Name:.*", status)[0]):
                    self.assertRegex(status, r"(?m)^Seccomp:\t2$")
                    self.assertRegex(status, r"(?m)^NoNewPrivs:\t1$")


class LimitTest(StackTestCase):
    stack_options = {"proxy": {"limits": {"max_connections": 2}}}

    def test_connection_over_the_limit_is_closed_and_room_is_reused(self):
        first, _ = self.connected("a pub"), self.connected("a pub")
        with self.assertRaises((SSL.Error, EOFError, ConnectionError)):
            self.connected("a pub")
        first.tls.close()

        def served():
            try:
                return self.connected("a pub")
            except (SSL.Error, EOFError, ConnectionError):
                return None

        eventually(served, "there is room again")


class FewConnectionsTest(StackTestCase):
    stack_options = {"proxy": {"limits": {"max_connections": 4}}}

    def test_all_places_are_for_whoever_comes(self):
        clients = [self.client() for _ in range(4)]
        for number, client in enumerate(clients):
            client.send(wire.connect(client_id=f"client-{number}"))
        for client in clients:
            self.assert_code(client.expect("CONNACK"), 0)
        with self.assertRaises((SSL.Error, EOFError, ConnectionError)):
            self.client()
        for client in clients:
            client.ping()


class RateLimitTest(StackTestCase):
    stack_options = {"proxy": {"limits": {"connections_per_second": 5}}}

    def test_connections_over_the_rate_are_closed(self):
        served = 0
        for _ in range(20):
            try:
                self.connected("a pub")
                served += 1
            except (SSL.Error, EOFError, ConnectionError):
                pass
        self.assertGreaterEqual(served, 5)
        self.assertLess(served, 20)


class AnonymousLimitTest(StackTestCase):
    stack_options = {"proxy": {"workers": 1,
                               "limits": {"max_anonymous_connections": 3}}}

    def refused(self, reason):
        return self.stack.metrics()[
            f'sluice_connections_refused_total{{reason="{reason}"}}']

    def test_who_has_most_without_a_token_makes_room_for_others(self):
        clients = [self.anonymous()[0] for _ in range(3)]
        for version, code in ((wire.V5, 0x97), (wire.V311, 3)):
            client, connack = self.anonymous(version)
            self.assert_code(connack, code)
            client.expect_closed()
        self.assertEqual(self.refused("max_anonymous_connections"), 2)
        self.connected("a/# pub").ping()

        # One of another address has none yet.
        other = self.client(source="127.0.0.2")
        other.send(wire.connect(client_id="other"))
        self.assert_code(other.expect("CONNACK"), 0)
        clients[0].expect_disconnect(0x97)
        for client in (*clients[1:], other):
            client.ping()
        metrics = self.stack.metrics()
        self.assertEqual(metrics["sluice_connections_anonymous"], 3)
        self.assertEqual(metrics[
            'sluice_connects_total{result="refused",'
            'reason="too_many_anonymous"}'], 2)
        self.stack.proxy.wait_for("too many clients without a token")

        # Who goes leaves its place.
        for client in (*clients[1:], other):
            client.send(wire.disconnect())
            client.tls.close()
        eventually(lambda: self.anonymous()[1].code == 0,
                   "there is room again")


class FewDescriptorsTest(StackTestCase):
    """The default configuration, where a process has 256 descriptors."""

    def test_clients_without_a_token_leave_room_for_those_with_one(self):
        proxy = Process(
            [PROXY, "--config", self.stack.directory / "proxy.yaml"],
            self.stack.directory / "proxy-256.log",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                                  (256, 256)))
        self.addCleanup(proxy.stop)
        address = proxy.ready()["listeners"]["mqtts"]

        def client():
            client = Client(address, self.stack.ca_file)
            self.addCleanup(client.tls.close)
            return client

        codes = []
        for number in range(140):
            anonymous = client()
            anonymous.send(wire.connect(client_id=f"c{number}", keep_alive=0))
            codes.append(anonymous.expect("CONNACK").code)
            if codes[-1] != 0:
                anonymous.tls.close()
        # A share each of an eighth of the descriptors for the event loops.
        self.assertIn(codes.count(0), range(8, 33))
        self.assertEqual(set(codes), {0, 0x97})
        for _ in range(3):
            self.assert_code(
                client().ace_connect(self.token("a/# pub"), self.key), 0)


class SilentAdminClientsTest(StackTestCase):

    def test_admin_ports_answer_whoever_else_says_nothing(self):
        for address in (self.stack.admin_address,
                        self.stack.policy_admin_address):
            with self.subTest(address):
                self.assert_answers_others(address)

    def assert_answers_others(self, address):
        host, port = address.rsplit(":", 1)
        with contextlib.ExitStack() as others:
            for part in (b"", b"GET /healthz HTTP/1.1\r\nHost: a\r\n") * 150:
                other = others.enter_context(
                    socket.create_connection((host, int(port))))
                other.sendall(part)
            for path in ("/healthz", "/readyz", "/metrics"):
                start = time.monotonic()
                self.assertEqual(
                    admin.http_status(address, path), 200)
                self.assertLess(time.monotonic() - start, 1, path)


class PolicyMetricsTest(StackTestCase):

    def test_policy_service_counts_what_it_is_asked(self):

        def decisions(kind, result):
            return self.stack.policy_metrics()[
                "sluice_policy_decisions_total"
                f'{{kind="{kind}",result="{result}"}}']

        self.connected("a/# pub")
        self.assertEqual(decisions("authenticate", "granted"), 1)
        self.assertEqual(decisions("authenticate", "denied"), 0)
        self.assert_code(self.client().ace_connect(b"garbage", self.key), 0x87)
        self.assertEqual(decisions("authenticate", "denied"), 1)
        metrics = self.stack.policy_metrics()
        self.assertEqual(metrics["sluice_policy_proxies_watching"], 1)
        self.assertEqual(
            metrics["sluice_policy_decision_duration_seconds_count"
                    '{kind="authenticate"}'], 2)


class StalledLogTest(StackTestCase):
    """A proxy whose standard error is a pipe that nobody reads."""

    stack_options = {"proxy": {"drain_time": "0s"}}

    def setUp(self):
        self.proxy = subprocess.Popen(
            [PROXY, "--config", self.stack.directory / "proxy.yaml"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(self.proxy.communicate)
        self.addCleanup(self.proxy.kill)
        # It takes a few lines.
        fcntl.fcntl(self.proxy.stderr, fcntl.F_SETPIPE_SZ, 4096)
        self.ready = next(line for line in map(json.loads, self.proxy.stderr)
                          if line["event"] == "ready")
        self.address = self.ready["listeners"]["mqtts"]

    def fail_handshakes(self, count):
        """Without waiting for an answer of a proxy that may not answer."""
        host, port = self.address.split(":")
        for _ in range(count):
            with socket.create_connection((host, int(port)), 5) as peer:
                peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
                peer.settimeout(5)
                with self.assertRaises(ConnectionError):
                    while peer.recv(100):
                        pass
                    raise ConnectionError

    def test_nobody_waits_for_whoever_reads_the_log(self):
        failed = 300
        client = Client(self.address, self.stack.ca_file)
        self.addCleanup(client.tls.close)
        connack = client.ace_connect(self.token("a/# pub"), self.key)
        self.assertEqual(connack.code, 0)
        start = time.monotonic()
        self.fail_handshakes(failed)
        seconds = time.monotonic() - start
        client.ping()
        self.assertLess(client.publish("a/x").code, 0x80)
        metrics = admin.metrics(self.ready["admin"])
        suppressed = metrics["sluice_log_suppressed_total"]
        self.assertGreaterEqual(suppressed, failed - 100 * (seconds + 2))
        self.assertEqual(metrics["sluice_log_dropped_total"], 0)

        # The reader is back, and finds all lines.
        self.proxy.terminate()
        lines = [json.loads(line) for line in self.proxy.stderr]
        self.assertEqual(self.proxy.wait(15), 0)
        self.assertEqual(lines[-1]["event"], "stopped")
        # Who stops it in order is not warned of anything.
        self.assertNotIn("policy_watch_ended",
                         [line["event"] for line in lines])
        written = sum(line["event"] == "handshake_failed" for line in lines)
        self.assertEqual(written + suppressed, failed)
        self.assertEqual(sum(line["lines"] for line in lines
                             if line["event"] == "lines_suppressed"),
                         suppressed)

    def test_a_log_that_nobody_reads_does_not_keep_it_from_ending(self):
        self.fail_handshakes(50)
        self.proxy.terminate()
        self.assertEqual(self.proxy.wait(30), 0)


class CertificateTestCase(StackTestCase):

    def serial_shown(self):
        client = self.client()
        with contextlib.closing(client.tls):
            return client.tls.peer_certificate().get_serial_number()

    def renew(self, *and_then):
        certificates.renew(self.stack.directory, *and_then)


class ReloadTest(CertificateTestCase):

    def anonymous_codes(self, *filters):
        client, _ = self.anonymous()
        return client.subscribe(*filters)

    def test_policy_takes_over_public_topics_on_sighup(self):
        self.assertEqual(self.anonymous_codes("news/x"), [0x87])
        self.stack.change_policy({"public_topics": [
            {"filter": "news/#", "permissions": ["sub"]}]})
        self.stack.policy.send_signal(signal.SIGHUP)
        eventually(lambda: self.anonymous_codes("news/x") == [1],
                   "the new public topics hold")
        self.assertEqual(self.anonymous_codes("public/x"), [0x87])

        # A mistake changes nothing.
        self.stack.change_policy({"public_topics": [{"filter": "a/#/b"}]})
        self.stack.policy.send_signal(signal.SIGHUP)
        self.stack.policy.wait_for("reload_failed")
        self.assertEqual(self.anonymous_codes("news/x"), [1])

    def test_proxy_takes_over_its_certificate_on_sighup(self):
        serial = self.serial_shown()
        live = self.connected("a/# pub")
        self.renew()
        self.stack.proxy.send_signal(signal.SIGHUP)
        self.stack.proxy.wait_for("\"reloaded\"")
        self.assertNotEqual(self.serial_shown(), serial)
        live.ping()
        self.connected("a/# pub")

    def test_proxy_takes_over_its_certificate_by_itself(self):
        serial = self.serial_shown()
        live = self.connected("a/# pub")
        # As Kubernetes does: the name stays, and leads elsewhere.
        self.renew("mkdir -p next && mv renewed.crt next/server.crt &&"
                   " ln -sfn next/server.crt server.crt")
        eventually(lambda: self.serial_shown() != serial,
                   "the new one is shown")
        live.ping()
        # A certificate of another key is not taken.
        serial = self.serial_shown()
        self.renew("cp policy.crt renewed.crt && mv renewed.crt"
                   " next/server.crt")
        self.stack.proxy.wait_for("certificates_rejected")
        self.assertEqual(self.serial_shown(), serial)
        live.ping()


class TwoListenersTest(CertificateTestCase):
    """What is wrong with one listener's files is not the other's business."""

    @staticmethod
    def copy_certificate(directory):
        for suffix in ("crt", "key"):
            (directory / f"other.{suffix}").write_bytes(
                (directory / f"server.{suffix}").read_bytes())

    stack_options = {"prepare": copy_certificate, "proxy": {
        "log": {"level": "info"},
        "listeners": [
            {"name": name, "address": "127.0.0.1:0", "tls": {
                "certificate": f"{file}.crt", "private_key": f"{file}.key"}}
            for name, file in (("mqtts", "server"), ("other", "other"))]}}

    def assert_renewed(self, act):
        before = self.serial_shown()
        act()
        eventually(lambda: self.serial_shown() != before, "it is renewed")

    def test_its_bad_file_keeps_back_no_other_certificate(self):
        directory = self.stack.directory
        (directory / "other.crt").unlink()
        self.stack.proxy.wait_for(
            '"certificates_rejected","listener":"other"')
        self.assert_renewed(self.renew)

        # Nor where it is no longer in the configuration.
        config = json.loads((directory / "proxy.yaml").read_text())
        del config["listeners"][1]
        (directory / "proxy.yaml").write_text(json.dumps(config))

        def reload():
            self.renew()
            self.stack.proxy.send_signal(signal.SIGHUP)

        self.assert_renewed(reload)
        self.stack.proxy.wait_for('"reloaded"')
        self.assertNotIn("reload_failed", self.stack.proxy.output())


class ProxyProtocolTest(StackTestCase):
    stack_options = {"broker": "mute", "proxy": {
        "upstream": {"proxy_protocol": "v2"}}}

    def test_broker_is_told_the_address_of_the_client(self):
        client = self.client()
        client.send(wire.connect(client_id="near"))
        connections = self.stack.broker.connections
        eventually(lambda: connections and len(connections[0].data) > 28,
                   "header and CONNECT arrive")
        data = connections[0].data
        # Version 2, PROXY, TCP over IPv4, 12 bytes of addresses.
        self.assertEqual(data[:16], b"\r\n\r\n\0\r\nQUIT\n"
                         b"\x21\x11\0\x0c")
        host, port = client.tls.local_address()
        self.assertEqual(data[16:20], ipaddress.ip_address(host).packed)
        self.assertEqual(data[24:26], port.to_bytes(2, "big"))
        connect, rest = wire.split(data[28:], wire.V5)
        self.assertEqual((connect.client_id, rest), ("near", b""))
