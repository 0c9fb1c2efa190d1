"""Operators' rules: what the proxy takes away from tokens, also from clients
that are connected."""

import json
import time

from harness import wire
from harness.admin import metric
from harness.process import eventually
from harness.stack import StackTestCase

PASSES = (0x00, 0x10)  # PUBACK, with subscribers or without


class RulesTestCase(StackTestCase):
    stack_options = {"proxy": {"log": {"audit": "audit.log"}}}

    def put(self, name, *options, **fields):
        """Puts a rule until the test ends; new grants have it at once."""
        file = self.stack.directory / f"{name}.yaml"
        file.write_text(json.dumps(fields), "utf-8")  # JSON is YAML
        self.sluicectl("rule", "put", name, "--file", file, *options)
        self.addCleanup(self.stack.sluicectl, "rule", "delete", name)

    def delete(self, name):
        self.sluicectl("rule", "delete", name)

    def rule_denials(self, mode):
        return metric(self.stack.admin_address,
                      f'sluice_rule_denials_total{{mode="{mode}"}}')

    def audit_lines(self, client_id):
        text = (self.stack.directory / "audit.log").read_text("utf-8")
        return [line for line in map(json.loads, text.splitlines())
                if line.get("client_id") == client_id]


class DenyTest(RulesTestCase):

    def test_client_whose_rules_are_too_large_is_denied_and_disconnected(self):
        client_id = "c" * 1024
        client = self.connected("a/# pub", client_id=client_id)
        other = self.connected("a/# pub", client_id="of-a-short-name")
        self.put("large", publish=True, deny={}, topic_filters=[
            f"{i}" + "/${client_id}" * 60 for i in range(60)])
        client.expect_disconnect(0x87)
        client = self.client()
        connack = client.ace_connect(self.token("a/# pub"), self.key,
                                     client_id=client_id)
        self.assert_code(connack, 0x87)
        self.assertIn(other.publish("a/open").code, PASSES)

    def test_publish_is_denied_and_allowed_again_on_a_live_connection(self):
        client = self.connected("a/# pub", client_id="live-publisher")
        self.assertIn(client.publish("a/secret").code, PASSES)
        before = self.rule_denials("enforce")
        self.put("no-secrets", publish=True, topic_filters=["a/secret"],
                 deny={})
        denied = eventually(
            lambda: (answer := client.publish("a/secret")).code == 0x87
            and answer, "the rule is here")
        self.assertIn(client.publish("a/open").code, PASSES)
        line = eventually(
            lambda: [line for line in self.audit_lines("live-publisher")
                     if line["result"] == "denied"], "a line")[0]
        self.assertEqual(line["rule"], "rules/no-secrets")
        self.assertNotIn("mode", line)
        self.assertIn(line["decision_id"],
                      denied.properties["reason_string"])
        self.assertGreater(self.rule_denials("enforce"), before)
        self.delete("no-secrets")
        eventually(lambda: client.publish("a/secret").code in PASSES,
                   "the rule is gone")

    def test_v311_and_qos0_publishers_are_disconnected(self):
        self.put("no-b", publish=True, topic_filters=["b"], deny={})
        client = self.connected_v311("b pub")
        client.send(wire.publish("b", qos=1, version=wire.V311))
        client.expect_closed()
        client = self.connected("b pub")
        client.send(wire.publish("b"))
        client.expect_disconnect(0x87)

    def test_large_message_that_was_begun_before_does_not_come_to_its_end(self):
        reader = self.connected("large/# sub")
        self.assertEqual(reader.subscribe("large/#"), [1])
        writer = self.connected("large/# pub", client_id="large-writer")
        packet = wire.publish("large/valve", b"x" * 100_000, 1)
        writer.send(packet[:-1])
        # The broker has all but that.
        eventually(lambda: metric(
            self.stack.admin_address,
            'sluice_bytes_total{direction="from_client"}') > 99_000,
                   "it has come")
        self.put("no-valve", publish=True, topic_filters=["large/valve"],
                 deny={})
        writer.expect_disconnect(0x87)
        line = eventually(
            lambda: [line for line in self.audit_lines("large-writer")
                     if line["result"] == "denied"], "a line")[0]
        self.assertEqual(line["action"], "recheck")
        self.assertEqual(line["topic"], "large/valve")
        other = self.connected("large/# pub")
        self.assertIn(other.publish("large/open", b"next").code, PASSES)
        self.assertEqual(reader.expect("PUBLISH").payload, b"next")

    def test_subscription_ends_and_may_be_made_again(self):
        for connected, failure in ((self.connected, 0x87),
                                   (self.connected_v311, 0x80)):
            with self.subTest(connected=connected.__name__):
                reader = connected("c/# sub")
                writer = self.connected("c/# pub")
                self.assertEqual(reader.subscribe("c/#"), [1])
                self.assert_code(writer.publish("c/secret", b"1"), 0)
                self.assertEqual(reader.expect("PUBLISH").payload, b"1")
                self.put("no-c", subscribe=True, topic_filters=["c/secret"],
                         deny={})
                eventually(lambda: reader.subscribe("c/+") == [failure],
                           "the rule is here")
                # What overlaps it is denied, and was ended.
                reader.ping()
                self.assert_code(writer.publish("c/open"), 0x10)
                self.assertEqual(
                    reader.subscribe("c/open", "c/secret", "$share/g/c/#"),
                    [1, failure, failure])
                self.delete("no-c")
                eventually(lambda: reader.subscribe("c/#") == [1],
                           "the rule is gone")
                self.assert_code(writer.publish("c/secret", b"2"), 0)
                self.assertEqual(reader.expect("PUBLISH").payload, b"2")
                reader.tls.close()

    def test_delivery_to_a_resumed_session_ends_the_connection(self):
        session = {"client_id": "resumed", "clean": False,
                   "props": {"session_expiry": 60}}
        reader = self.connected("d/# sub", **session)
        self.assertEqual(reader.subscribe("d/#"), [1])
        reader.send(wire.disconnect())
        reader.expect_closed()
        self.put("no-d", subscribe=True, topic_filters=["d/secret"], deny={})
        reader = self.connected("d/# sub", **session)
        writer = self.connected("d/# pub")
        self.assert_code(writer.publish("d/open"), 0)
        self.assertEqual(reader.expect("PUBLISH").topic, "d/open")
        self.assert_code(writer.publish("d/secret"), 0)
        reader.expect_disconnect(0x87)

    def test_device_has_its_own_topics_only(self):
        self.put("own", publish=True, subscribe=True,
                 topic_filters=["devices/#"],
                 except_topic_filters=["devices/${client_id}/#"], deny={})
        for name, other in (("pump-1", "pump-2"), ("pump-2", "pump-1")):
            client = self.connected("# pub sub", client_id=name)
            self.assertIn(client.publish(f"devices/{name}/state").code, PASSES)
            self.assert_code(client.publish(f"devices/{other}/state"), 0x87)
            self.assertEqual(
                client.subscribe(f"devices/{name}/#", f"devices/{other}/#",
                                 "devices/+/state", "#", "plant/#"),
                [1, 0x87, 0x87, 0x87, 1])

    def test_will_is_refused(self):
        self.put("no-e", publish=True, topic_filters=["e"], deny={})
        for topic, code in (("e", 0x87), ("f", 0)):
            connack = self.client().ace_connect(
                self.token("# pub"), self.key, will=(topic, b"gone"))
            self.assert_code(connack, code)


class MatchTest(RulesTestCase):

    def test_rule_is_for_the_clients_that_all_of_its_match_fits(self):
        fits = {"clients": "with_token",
                "issuers": [self.stack.authorization_server.issuer],
                "subjects": ["bob", "alice"], "client_ids": ["pump-*"],
                "client_addresses": ["10.0.0.0/8", "127.0.0.0/8"],
                "protocol_versions": ["5.0"], "listeners": ["mqtts"]}
        matches = [(fits, True), ({"clients": "anonymous"}, False)]
        for field, value in (("issuers", "https://other.example"),
                             ("subjects", "ali"), ("client_ids", "pump"),
                             ("client_addresses", "10.0.0.0/8"),
                             ("protocol_versions", "3.1.1"),
                             ("listeners", "mqtt")):
            matches.append(({**fits, field: [value]}, False))
        for match, denied in matches:
            with self.subTest(match=match):
                self.put("some", publish=True, topic_filters=["m"],
                         match=match, deny={})
                client = self.connected("m pub", client_id="pump-7")
                self.assertIn(client.publish("m").code,
                              (0x87,) if denied else PASSES)
                client.tls.close()

    def test_names_that_are_no_topic_level_gain_nothing(self):
        self.put("own", publish=True, subscribe=True,
                 topic_filters=["devices/#"],
                 except_topic_filters=["devices/${client_id}/#"], deny={})
        self.put("config", publish=True,
                 topic_filters=["config/${client_id}/version"], deny={})
        for name in ("", "+", "#", "a/b"):
            with self.subTest(name=name):
                client = self.connected("# pub sub", client_id=name)
                self.assert_code(client.publish("devices/a/b"), 0x87)
                self.assert_code(client.publish("devices//b"), 0x87)
                self.assertEqual(
                    client.subscribe("devices/#", "devices/+/b", "devices/a/b"),
                    [0x87, 0x87, 0x87])
                self.assert_code(client.publish("config/a/version"), 0x87)
                if name == "a/b":
                    self.assert_code(client.publish("config/a/b/version"),
                                     0x87)
                client.tls.close()


class LimitsTest(RulesTestCase):

    def test_payload_qos_and_retain_of_a_publish(self):
        self.put("limits", publish=True, topic_filters=["a/#"],
                 limits={"max_qos": 1, "no_retain": True,
                         "max_payload_bytes": 10})
        client = self.connected("# pub")
        self.assertIn(client.publish("a/x", b"x" * 10).code, PASSES)
        self.assert_code(client.publish("a/x", b"x" * 11), 0x97)
        self.assert_code(client.publish("a/x", qos=2), 0x87)
        self.assert_code(client.publish("a/x", retain=True), 0x87)
        self.assertIn(client.publish("b", b"x" * 11, qos=2).code, PASSES)
        client.send(wire.publish("a/x", b"x" * 11))
        client.expect_disconnect(0x97)
        client = self.connected_v311("# pub")
        client.send(wire.publish("a/x", b"x" * 11, qos=1, version=wire.V311))
        client.expect_closed()

    def test_suback_tells_the_qos_that_is_left(self):
        self.put("qos", subscribe=True, topic_filters=["b/#"],
                 limits={"max_qos": 1})
        for client in (self.connected("# sub"), self.connected_v311("# sub")):
            self.assertEqual(client.subscribe(("b/x", 2), ("b/y", 0), ("c", 2)),
                             [1, 0, 2])

    def test_wills(self):
        self.put("wills", publish=True, topic_filters=["c/#"],
                 limits={"no_will": True})
        self.put("will-limits", publish=True, topic_filters=["d/#"],
                 limits={"max_qos": 0, "no_retain": True,
                         "max_payload_bytes": 4})
        for will, code in ((("c/x", b"gone"), 0x87),
                           (("e", b"gone"), 0),
                           (("d/x", b"gone", 1), 0x9B),
                           (("d/x", b"gone", 0, True), 0x9A),
                           (("d/x", b"has gone"), 0x95),
                           (("d/x", b"gone"), 0)):
            with self.subTest(will=will):
                self.assert_code(self.client().ace_connect(
                    self.token("# pub"), self.key, will=will), code)
                connack = self.client(wire.V311).v311_connect(
                    self.token("# pub"), self.key, will=will)
                self.assert_code(connack, 5 if code else 0)

    def test_publishes_over_the_rate(self):
        self.put("rate", publish=True, topic_filters=["f/#"],
                 limits={"max_publishes_per_second": 5})
        reader = self.connected("f/# sub")
        self.assertEqual(reader.subscribe("f/#"), [1])
        client = self.connected("f/# pub")
        client.send(*(wire.publish("f/x", b"%d" % i, 1, i + 1)
                      for i in range(20)))
        answers = [client.expect("PUBACK") for _ in range(20)]
        codes = [answer.code for answer in
                 sorted(answers, key=lambda answer: answer.packet_id)]
        self.assertEqual(codes[:5], [0] * 5)
        self.assertEqual(codes[-1], 0x97)
        passed = codes.count(0)
        # At QoS 0 the rest is dropped, and nothing is said.
        client = self.connected("f/# pub")
        client.send(*(wire.publish("f/x", b"q%d" % i) for i in range(20)))
        client.ping()
        received = [reader.expect("PUBLISH").payload
                    for _ in range(passed + 5)]
        self.assertEqual(received[passed:],
                         [b"q%d" % i for i in range(5)])
        eventually(lambda: client.publish("f/x").code == 0,
                   "the rate allows more")

    def test_publishes_over_the_rate_wait_in_v311(self):
        self.put("slow", publish=True, topic_filters=["h/#"],
                 limits={"max_publishes_per_second": 5})
        client = self.connected_v311("h/# pub")
        begun = time.monotonic()
        client.send(*(wire.publish("h/x", b"%d" % i, 1, i, version=wire.V311)
                      for i in range(1, 13)), wire.pingreq())
        for i in range(1, 13):
            self.assertEqual(client.expect("PUBACK").packet_id, i)
        client.expect("PINGRESP")
        # Five at once, and seven at five a second.
        self.assertGreater(time.monotonic() - begun, 1.3)

    def test_limit_comes_to_a_live_connection(self):
        client = self.connected("g pub")
        self.assertIn(client.publish("g", b"x" * 100).code, PASSES)
        self.put("small", publish=True, topic_filters=["g"],
                 limits={"max_payload_bytes": 10})
        eventually(lambda: client.publish("g", b"x" * 100).code == 0x97,
                   "the limit is here")
        self.put("small", publish=True, topic_filters=["g"],
                 limits={"max_payload_bytes": 1000})
        eventually(lambda: client.publish("g", b"x" * 100).code in PASSES,
                   "the limit is higher")

    def test_subscriptions_are_counted(self):
        self.put("two", subscribe=True, topic_filters=["h/#"],
                 limits={"max_subscriptions": 2})
        client = self.connected("# sub")
        self.assertEqual(
            client.subscribe("h/1", "h/1", "other", "h/2", "h/3"),
            [1, 1, 1, 1, 0x97])
        self.assertEqual(client.subscribe("h/2"), [1])
        client.send(wire.unsubscribe(["h/1"], packet_id=3))
        client.expect("UNSUBACK")
        self.assertEqual(client.subscribe("h/3", "h/1"), [1, 0x97])
        client = self.connected_v311("# sub")
        self.assertEqual(client.subscribe("h/1", "h/2", "h/3"), [1, 1, 0x80])


class ShadowTest(RulesTestCase):

    def test_shadow_is_counted_and_recorded_and_changes_nothing(self):
        self.put("later", "--mode", "shadow", publish=True, subscribe=True,
                 topic_filters=["a/#"], deny={})
        self.put("later-small", "--mode", "shadow", publish=True,
                 limits={"max_payload_bytes": 1})
        before = self.rule_denials("shadow")
        reader = self.connected("a/# sub", client_id="shadow-reader")
        self.assertEqual(reader.subscribe("a/#"), [1])
        writer = self.connected("a/# pub", client_id="shadow-writer")
        self.assert_code(writer.publish("a/x", b"more"), 0)
        self.assertEqual(reader.expect("PUBLISH").payload, b"more")
        lines = eventually(self._three_lines, "three lines")
        self.assertEqual(
            [(line["action"], line["result"], line["rule"])
             for line in lines],
            [(action, "denied", "rules/later")
             for action in ("deliver", "publish", "subscribe")])
        self.assertEqual(self.rule_denials("shadow"), before + 3)
        self.assertEqual(self.rule_denials("enforce"), 0)
        self.sluicectl("rule", "put", "later", "--mode", "enforce")
        eventually(lambda: writer.publish("a/x", b"m").code == 0x87,
                   "the rule is enforced")

    def _three_lines(self):
        lines = [line for name in ("shadow-reader", "shadow-writer")
                 for line in self.audit_lines(name)
                 if line.get("mode") == "shadow"]
        return (sorted(lines, key=lambda line: line["action"])
                if len(lines) == 3 else None)
