"""The ways in which a proxy reaches the policy service."""

import json
import signal
import subprocess
import time

from harness import certificates
from harness.admin import http_status
from harness.process import eventually
from harness.stack import Stack, StackTestCase
from harness.tokens import Ed25519Key


class Flows:
    """What has to work however the policy service is reached."""

    def test_client_in_scope_is_let_in_and_judged(self):
        client = self.connected("a/# pub")
        self.assert_code(client.publish("a/x"), 0x10)
        self.assert_code(client.publish("b/x"), 0x87)

    def test_wrong_proof_refused_0x87(self):
        client = self.client()
        self.assert_code(
            client.ace_connect(self.token("a/# pub"), Ed25519Key()), 0x87)


class EmbeddedPolicyTest(Flows, StackTestCase):
    stack_options = {"mode": "embedded"}


class UnixSocketPolicyTest(Flows, StackTestCase):
    stack_options = {"mode": "unix"}


class MutualTlsPolicyTest(Flows, StackTestCase):
    stack_options = {"mode": "mtls"}


class RotatedCertificatesTest(StackTestCase):
    """The certificates of policy service and clients change as it runs."""

    @classmethod
    def setUpClass(cls):
        cls.key = Ed25519Key()
        cls.stack = Stack("RotatedCertificatesTest", mode="mtls", policy={
            "tls": {"client_ca": "clients.crt"},
            "access": {"operators": ["proxy", "admin"]}},
            prepare=cls._make_authorities)
        cls.addClassCleanup(cls.stack.stop)

    @staticmethod
    def _openssl(script, directory):
        subprocess.run(["bash", "-ec", script], cwd=directory, check=True,
                       capture_output=True)

    @classmethod
    def _make_authorities(cls, directory):
        cls._openssl(
            "cp ca.crt clients.crt; new='-newkey ec -nodes -pkeyopt"
            " ec_paramgen_curve:P-256';"
            " openssl req -x509 $new -days 1"
            " -subj '/CN=Next CA' -keyout new-ca.key"
            " -out new-ca.crt;"
            " openssl req $new -subj /CN=admin -keyout admin.key |"
            " openssl x509 -req -days 1 -CA new-ca.crt -CAkey new-ca.key"
            " -CAcreateserial -out admin.crt", directory)

    def sluicectl(self, name, *arguments):
        """With the certificate NAME.crt."""
        directory = self.stack.directory
        return self.stack.sluicectl(
            *arguments, "--ca", directory / "ca.crt",
            "--certificate", directory / f"{name}.crt",
            "--key", directory / f"{name}.key")

    def assert_served(self, name):
        done = self.sluicectl(name, "session", "list")
        self.assertEqual(done.returncode, 0, done.stderr)

    def assert_refused(self, name):
        done = self.sluicectl(name, "session", "list")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("UNAVAILABLE", done.stderr)

    def test_old_authority_of_clients_counts_no_more_and_streams_go_on(self):
        client = self.connected("a/# pub")
        self.assert_served("proxy")
        self.assert_refused("admin")
        self._openssl("cp new-ca.crt next && mv next clients.crt",
                      self.stack.directory)
        self.stack.policy.wait_for("certificates_reloaded")
        # From a second later on.
        eventually(lambda: self.sluicectl(
            "proxy", "session", "list").returncode == 1,
            "the old authority counts no more")
        self.assert_refused("proxy")
        self.assert_served("admin")
        # What the proxy has open was made under the old one.
        self.connected("a/# pub", key=Ed25519Key())
        revoked = self.sluicectl("admin", "revoke", "subject", "alice")
        self.assertEqual(revoked.returncode, 0, revoked.stderr)
        client.expect_disconnect(0x98)
        self.assertNotIn("policy_watch_ended", self.stack.proxy.output())

        # A CA that is no certificate changes nothing; SIGHUP takes over too.
        (self.stack.directory / "clients.crt").write_bytes(b"-----BEGIN")
        self.stack.policy.wait_for("certificates_rejected")
        self.assert_served("admin")
        self._openssl("cat ca.crt new-ca.crt > clients.crt",
                      self.stack.directory)
        self.stack.policy.send_signal(signal.SIGHUP)
        eventually(lambda: self.sluicectl(
            "proxy", "session", "list").returncode == 0,
            "both authorities count")
        self.assert_served("admin")


class ExpiredCertificateTest(StackTestCase):
    """A certificate between proxy and policy service has expired."""

    def cause_of_outage(self, expired):
        stack = Stack("ExpiredCertificateTest", mode="mtls",
                      prepare=lambda directory: certificates.issue(
                          directory, expired, days=-1))
        self.addCleanup(stack.stop)
        line = json.loads(stack.proxy.wait_for(
            r"^.*policy_outage.*$").group(0))
        return stack, line["cause"]

    def test_the_proxys_is_named_in_its_log_and_a_new_one_is_taken(self):
        stack, cause = self.cause_of_outage("proxy")
        self.assertRegex(cause, "^policy.tls.certificate: .*proxy.crt: "
                                "certificate 1 has expired, at 20")
        left = stack.metrics()[
            'sluice_certificate_not_after_seconds'
            '{of="policy.tls.certificate"}'] - time.time()
        self.assertLess(abs(left + 86400), 600)
        certificates.issue(stack.directory, "proxy", days=1)
        eventually(lambda: http_status(stack.admin_address, "/readyz") == 200,
                   "a new certificate is taken over")

    def test_the_policy_services_fails_in_the_proxys_log(self):
        stack, cause = self.cause_of_outage("policy")
        self.assertIn("certificate verify failed", cause)
        stack.policy.wait_for("tls.certificate: policy.crt: certificate 1 has "
                              "expired, at 20")
        series = ('sluice_policy_certificate_not_after_seconds'
                  '{of="tls.certificate"}')
        left = stack.policy_metrics()[series] - time.time()
        self.assertLess(abs(left + 86400), 600)
        certificates.issue(stack.directory, "policy", days=1)
        eventually(lambda: stack.policy_metrics()[series] > time.time(),
                   "a new certificate is taken over")


class ForeignCertificateTest(StackTestCase):

    @classmethod
    def setUpClass(cls):
        cls.key = Ed25519Key()
        cls.stack = Stack("ForeignCertificateTest", mode="mtls", proxy={
            "policy": {"tls": {"certificate": "foreign.crt",
                               "private_key": "foreign.key"}}},
            prepare=cls._make_foreign_certificate)
        cls.addClassCleanup(cls.stack.stop)

    @staticmethod
    def _make_foreign_certificate(directory):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=proxy",
             "-keyout", "foreign.key", "-out", "foreign.crt"],
            cwd=directory, check=True, capture_output=True)

    def test_proxy_with_foreign_certificate_gets_no_answer_0x88(self):
        client = self.client()
        self.assert_code(
            client.ace_connect(self.token("a/# pub"), self.key), 0x88)
        client.expect_closed()
