"""The ways in which a proxy reaches the policy service."""

import subprocess

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
