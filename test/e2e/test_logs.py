"""No secret in any log. Run last: it reads what all other tests left."""

from harness import admin, secrets_book, wire
from harness.stack import StackTestCase, run_directory
from harness.tokens import Ed25519Key, HmacKey


class LogsTest(StackTestCase):

    def setUp(self):
        """The usual flows, so that there is something to find."""
        for pop in ("exporter", "challenge"):
            self.connected("a/# pub", pop=pop, key=HmacKey()).publish("b")
            self.client().ace_connect(self.token("a"), Ed25519Key(), pop)
        self.connected_v311("a/# pub").ping()
        self.client(wire.V311).v311_connect(self.token("a"), Ed25519Key())
        self.client().ace_connect(self.token("a", life=-1), self.key)

    # covers: ACE-CON-6
    def test_logs_at_debug_level_hold_no_secret(self):
        logs = [log for pattern in ("*/policy.log", "*/proxy.log")
                for log in run_directory().glob(pattern)]
        self.assertIn(self.stack.directory / "proxy.log", logs)
        self.assertGreater(secrets_book.count(), 20)
        for log in logs:
            data = log.read_bytes()
            self.assertGreater(len(data), 0, log)
            self.assertEqual(secrets_book.found_in(data), [], log)

    # covers: ACE-CON-6
    def test_metrics_hold_no_secret(self):
        for address in (self.stack.admin_address,
                        self.stack.policy_admin_address):
            page = admin.metrics_page(address)
            self.assertIn(b"sluice_", page)
            self.assertEqual(secrets_book.found_in(page), [])

    def test_log_tells_who_was_denied_what(self):
        self.connected("a/# pub", client_id="curious").publish("b/denied")
        line = self.stack.proxy.wait_for(r"^.*b/denied.*$").group(0)
        for fact in ("curious", "alice"):
            self.assertIn(fact, line)
