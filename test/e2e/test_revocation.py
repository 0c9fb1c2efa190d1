"""What is revoked ends at once, wherever it is in use."""

import signal
import time

from harness import certificates, wire
from harness.process import eventually
from harness.stack import ASKS_FOR_CERTIFICATES, StackTestCase
from harness.tokens import Ed25519Key, thumbprint


class RevocationTestCase(StackTestCase):

    def revoke(self, kind, *value):
        """By sluicectl; returns when it was started."""
        begun = time.monotonic()
        self.sluicectl("revoke", kind, *value)
        return begun

    def assert_ends_with_0x98(self, client, begun, within=1.0):
        client.expect_disconnect(0x98)
        self.assertLess(time.monotonic() - begun, within)

    def metric(self, name):
        return self.stack.metrics().get(name)

    def connect_with(self, token, key=None):
        client = self.client()
        return client, client.ace_connect(token, key or self.key)


class RevocationTest(RevocationTestCase):

    # covers: ACE-EXP-4
    def test_revoked_token_ends_its_live_connection_and_no_other(self):
        revoked, connack = self.connect_with(
            self.token("a/# pub", jti="to-be-revoked"))
        self.assert_code(connack, 0)
        other = self.connected("a/# pub", key=Ed25519Key())
        anonymous, _ = self.anonymous()
        before = self.metric("sluice_revocations_total")
        begun = self.revoke("token", "to-be-revoked")
        self.assert_ends_with_0x98(revoked, begun)
        other.ping()
        anonymous.ping()
        self.assertEqual(self.metric("sluice_revocations_total"), before + 1)
        # It is not taken any more, by whatever way it comes.
        again = self.token("a/# pub", jti="to-be-revoked")
        _, connack = self.connect_with(again)
        self.assert_code(connack, 0x87)
        self.assert_code(
            other.publish("authz-info", again, packet_id=9), 0x87)

    # covers: ACE-EXP-4
    def test_revoked_subject_ends_all_its_connections(self):
        clients = []
        for _ in range(3):
            key = Ed25519Key()
            client, connack = self.connect_with(
                self.token("a/# pub", key=key, subject="mallory"), key)
            self.assert_code(connack, 0)
            clients.append(client)
        v311 = self.client(wire.V311)
        self.assert_code(v311.v311_connect(
            self.token("a/# pub", subject="mallory"), self.key), 0)
        begun = self.revoke("subject", "mallory")
        for client in clients:
            self.assert_ends_with_0x98(client, begun)
        v311.expect_closed()
        self.assertLess(time.monotonic() - begun, 1)
        listed = self.sluicectl("revocation", "list").splitlines()
        self.assertTrue(any("revocations/" in line and "mallory" in line
                            for line in listed), listed)

    # covers: ACE-EXP-4
    def test_revoked_key_ends_its_connections(self):
        key = Ed25519Key(kid="key-to-revoke")
        client, connack = self.connect_with(self.token("a/# pub", key=key),
                                            key)
        self.assert_code(connack, 0)
        begun = self.revoke("key", "key-to-revoke")
        self.assert_ends_with_0x98(client, begun)

    # covers: ACE-EXP-4
    def test_token_that_is_revoked_by_its_file_ends_its_connection(self):
        token = self.token("a/# pub", subject="trent")
        client, connack = self.connect_with(token)
        self.assert_code(connack, 0)
        other = self.connected("a/# pub", key=Ed25519Key())
        file = self.stack.directory / "trent.jwt"
        file.write_bytes(token)
        begun = self.revoke("token", "--token-file", file)
        self.assert_ends_with_0x98(client, begun)
        other.ping()

    def test_sessions_are_listed_and_disconnected(self):
        client, connack = self.connect_with(
            self.token("a/# pub", subject="listed"))
        self.assert_code(connack, 0)
        listing = self.sluicectl("session", "list")
        line = next(line for line in listing.splitlines() if "listed" in line)
        self.sluicectl("session", "disconnect", line.split()[0])
        client.expect_disconnect(0x98)


class CertificateTest(RevocationTestCase):
    stack_options = ASKS_FOR_CERTIFICATES

    # covers: ACE-EXP-4, ACE-AUTH-3
    def test_revoked_certificate_or_its_key_ends_what_is_bound_to_it(self):
        names = {
            "x5t#S256": lambda key, bound: bound,
            "prefixed": lambda key, bound: f"x5t#S256:{bound}",
            "key": lambda key, bound: thumbprint(key.public_jwk())}
        for what, name in names.items():
            with self.subTest(revoked=what):
                key = Ed25519Key()
                certificate = certificates.self_signed(key)
                bound = certificates.thumbprint(certificate[0])
                token = self.token("a/# pub", key=key,
                                   cnf={"x5t#S256": bound})
                poster, _ = self.anonymous()
                self.assert_code(poster.publish("authz-info", token), 0)
                known = self.client(certificate=certificate)
                known.send(wire.connect())
                self.assert_code(known.expect("CONNACK"), 0)
                proven = self.client(certificate=certificate)
                self.assert_code(proven.ace_connect(token, key), 0)
                other = self.connected("a/# pub", key=Ed25519Key())
                begun = self.revoke("key", name(key, bound))
                for client in (known, proven):
                    self.assert_ends_with_0x98(client, begun)
                # It is not taken any more, by whatever way it comes.
                again = self.client(certificate=certificate)
                again.send(wire.connect())
                self.assert_code(again.expect("CONNACK"), 0x87)
                again = self.client(certificate=certificate)
                self.assert_code(again.ace_connect(token, key), 0x87)
                other.ping()


class AwayTest(RevocationTestCase):
    """The policy service is away for a while."""

    stack_options = {"policy": {"store": {"memory": None,
                                          "sqlite": "policy.db"}}}

    # covers: ACE-EXP-4
    def test_what_was_revoked_meanwhile_is_not_missed(self):
        client, _ = self.connect_with(self.token("a/# pub", jti="meanwhile"))
        other = self.connected("a/# pub", key=Ed25519Key())
        eventually(
            lambda: self.metric("sluice_policy_watch_connected") == 1,
            "the proxy watches")
        # The proxy is deaf while the revocation is made.
        self.stack.proxy.send_signal(signal.SIGSTOP)
        try:
            self.stack.policy.stop(signal.SIGKILL)
            self.stack.start_policy()
            self.sluicectl("revoke", "token", "meanwhile")
            self.stack.policy.stop(signal.SIGKILL)
            self.stack.start_policy()
        finally:
            self.stack.proxy.send_signal(signal.SIGCONT)
        client.expect_disconnect(0x98)
        other.ping()


class PolicyChangeTest(RevocationTestCase):

    def test_a_changed_policy_reaches_live_clients(self):
        reader = self.connected("a/# pub")
        self.assertEqual(reader.subscribe("news/x"), [0x87])
        self.stack.change_policy({"public_topics": [
            {"filter": "news/#", "permissions": ["sub"]}]})
        self.stack.policy.send_signal(signal.SIGHUP)
        eventually(lambda: reader.subscribe("news/x") == [1],
                   "the new public topics hold")
