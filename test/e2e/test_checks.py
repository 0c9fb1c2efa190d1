"""Rules that ask a checker."""

from harness import wire
from harness.checker import Checker
from harness.process import eventually
from harness.stack import StackTestCase

RULE = """
description: the plant's own database decides
publish: true
subscribe: true
topic_filters: ["checked/#"]
external_check: {checker: plant-db}
"""


class CheckerTestCase(StackTestCase):
    timeout = "500ms"

    @classmethod
    def setUpClass(cls):
        def prepare(directory):
            cls.checker = Checker(directory)
            cls.addClassCleanup(cls.checker.stop)

        cls.stack_options = {"prepare": prepare, "policy": {"checkers": [{
            "name": "plant-db", "address": "unix:checker.sock",
            "timeout": cls.timeout,
            "healthy_ttl": "300ms", "unhealthy_ttl": "300ms"}]}}
        super().setUpClass()
        rule = cls.stack.directory / "rule.yaml"
        rule.write_text(RULE, encoding="utf-8")
        done = cls.stack.sluicectl("rule", "put", "checked", "--file", rule)
        assert done.returncode == 0, done.stderr


class SilentCheckerTest(CheckerTestCase):
    timeout = "60s"

    def test_policy_service_does_not_wait_for_it_at_its_end(self):
        self.checker.answers.clear()
        client = self.connected("# pub")
        client.send(wire.publish("checked/silent", b"", 1, 7))
        eventually(lambda: self.checker.asked, "it is asked")
        self.assertEqual(self.stack.policy.stop(), 0)


class CheckTest(CheckerTestCase):

    def setUp(self):
        self.checker.allowed.clear()
        self.checker.asked.clear()

    def test_publish_passes_when_the_checker_says_so(self):
        self.checker.allowed.add("checked/yes")
        client = self.connected("# pub sub", client_id="asks")
        self.assert_code(client.publish("checked/yes"), 0x10)
        self.assert_code(client.publish("checked/no"), 0x87)
        self.assert_code(client.publish("open"), 0x10)
        self.assertEqual(self.checker.asked, [("publish", "checked/yes"),
                                              ("publish", "checked/no")])
        request = self.checker.requests[-1]
        self.assertEqual((request.subject, request.connection.client_id,
                          request.rule),
                         ("alice", "asks", "rules/checked"))

    def test_answers_count_for_their_time_and_no_longer(self):
        topic = "checked/changes"
        client = self.connected("# pub")
        self.assert_code(client.publish(topic), 0x87)
        self.checker.allowed.add(topic)
        eventually(lambda: client.publish(topic).code == 0x10,
                   "the new answer counts")
        asked = len(self.checker.asked)
        for _ in range(20):
            client.publish(topic)
        self.assertLessEqual(len(self.checker.asked), asked + 3)

    def test_subscriptions_are_checked_and_deliveries_are_not(self):
        self.checker.allowed |= {"checked/s", "checked/sent"}
        reader = self.connected("# sub")
        self.assertEqual(reader.subscribe("checked/s", "checked/t", "open"),
                         [1, 0x87, 1])
        writer = self.connected("# pub")
        self.checker.allowed.add("checked/s")
        self.assert_code(writer.publish("checked/s", b"hello"), 0x00)
        self.assertEqual(reader.expect("PUBLISH").payload, b"hello")
        self.assertEqual(self.checker.asked.count(("subscribe", "checked/s")),
                         1)

    def test_will_is_checked_before_the_client_is_let_in(self):
        client = self.client()
        will = dict(will=("checked/will", b"gone"))
        self.assert_code(client.ace_connect(self.token("# pub"), self.key,
                                            **will), 0x87)
        self.checker.allowed.add("checked/will2")
        will = dict(will=("checked/will2", b"gone"))
        self.assert_code(self.client().ace_connect(
            self.token("# pub"), self.key, **will), 0)

    def test_v311_client_is_closed_on_a_no(self):
        client = self.connected_v311("# pub")
        client.send(wire.publish("checked/no", b"", 1, 7, version=wire.V311))
        client.expect_closed()

    def test_a_checker_that_is_away_denies_until_it_is_back(self):
        topic = "checked/away"
        self.checker.allowed.add(topic)
        client = self.connected("# pub")
        self.checker.stop()
        self.assert_code(client.publish(topic), 0x87)
        self.assert_code(client.publish("open"), 0x10)
        self.checker.start()
        eventually(lambda: client.publish(topic).code == 0x10,
                   "the checker is asked again")
