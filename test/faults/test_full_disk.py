"""A full disk below the audit log and below the policy service's database."""

import json

from fault_case import FaultTestCase
from harness import wire
from harness.process import eventually
from harness.tokens import Ed25519Key
from small_disk import SmallDisk


class AuditLogTest(FaultTestCase):

    @classmethod
    def setUpClass(cls):
        cls.disk = SmallDisk(256)
        cls.addClassCleanup(cls.disk.close)
        cls.stack_options = {"proxy": {"log": {
            "audit": str(cls.disk.directory / "audit.log"),
            "audit_sample": 1}}}
        super().setUpClass()

    def lines(self):
        text = (self.disk.directory / "audit.log").read_text(encoding="utf-8")
        return text.splitlines()

    def test_clients_are_served_lines_counted_and_written_again(self):
        client = self.connected("a/# pub", client_id="writer")
        self.disk.fill()

        def fault():
            self.assert_code(client.publish("x"), 0x87)

        for _ in range(50):
            fault()
        eventually(lambda: self.metric("sluice_audit_dropped_total") >= 40,
                   "lines are dropped")
        self.assertLess(client.publish("a/x").code, 0x80)
        self.stack.proxy.wait_for('"audit_dropped"')
        self.assertEqual(self.stack.proxy.output().count('"audit_dropped"'), 1)
        self.connected("a/# pub").tls.close()

        self.disk.free()
        for number in range(10):
            self.assert_code(client.publish(f"after/{number}"), 0x87)
        eventually(lambda: any("after/9" in line for line in self.lines()),
                   "lines are written again")
        # One line may have been broken off, and every other one is whole.
        broken = 0
        topics = []
        for line in self.lines():
            try:
                topics.append(json.loads(line).get("topic"))
            except ValueError:
                broken += 1
        self.assertLessEqual(broken, 2)
        self.assertEqual([topic for topic in topics
                          if topic and topic.startswith("after/")],
                         [f"after/{number}" for number in range(10)])
        # Decisions are lines, or counted as dropped.
        decided = self.metric("sluice_decisions_total")
        eventually(lambda: len(topics) + self.metric(
            "sluice_audit_dropped_total") == decided, "all are accounted for")


class SqliteTest(FaultTestCase):

    @classmethod
    def setUpClass(cls):
        cls.disk = SmallDisk(1024)
        cls.addClassCleanup(cls.disk.close)
        cls.stack_options = {"policy": {"store": {
            "memory": None,
            "sqlite": str(cls.disk.directory / "policy.db")}}}
        super().setUpClass()

    def connack(self):
        """The code for a new client, whose token is to be stored."""
        client = self.client()
        key = Ed25519Key()
        try:
            return client.ace_connect(
                self.token("a/# pub", key=key, padding="x" * 3000), key).code
        finally:
            client.tls.close()

    def test_nothing_is_let_in_or_changed_and_all_goes_on_afterwards(self):
        live = self.connected("a/# pub")
        self.sluicectl("public-topic", "put", "before/#", "--permissions",
                       "pub")
        self.disk.fill()
        counted = self.metric("sluice_connects_total",
                              reason="policy_unavailable")
        refused = 0
        for _ in range(30):
            code = self.connack()
            self.assertIn(code, (0, 0x88))
            refused += code == 0x88
        # SQLite may find room in pages that it has; it runs out of them.
        self.assertGreater(refused, 10)
        self.assertEqual(self.metric("sluice_connects_total",
                                     reason="policy_unavailable"),
                         counted + refused)
        done = self.stack.sluicectl("revoke", "subject", "somebody")
        self.assertEqual(done.returncode, 1, done.stdout)
        # Who is in stays in, and is judged as before.
        self.assertLess(live.publish("a/x").code, 0x80)
        self.assert_code(live.publish("b/x"), 0x87)

        self.disk.free()
        self.assertEqual(self.connack(), 0)
        self.sluicectl("revoke", "subject", "somebody")
        anonymous, connack = self.anonymous()
        self.assert_code(connack, 0)
        anonymous.send(wire.publish("before/x", b"", 1))
        self.assertLess(anonymous.expect("PUBACK").code, 0x80)

        # What was acknowledged has survived, and so has the file.
        self.stack.policy.stop()
        self.stack.start_policy()
        self.assertIn("somebody", self.sluicectl("revocation", "list"))
        self.assertIn("before/#", self.sluicectl("public-topic", "list"))
        eventually(self.watching, "the policy service is watched again")
        self.assertEqual(self.connack(), 0)
