"""What operators do with sluicectl. test_revocation has what becomes of
clients that are connected."""

import json
import signal
import subprocess

from harness.process import eventually
from harness.stack import Stack, StackTestCase
from harness.tokens import Ed25519Key


class ManagementTestCase(StackTestCase):

    def sluicectl_json(self, *arguments):
        return json.loads(self.sluicectl("--output", "json", *arguments))

    def assert_fails(self, message, *arguments):
        done = self.stack.sluicectl(*arguments)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn(message, done.stderr)

    def connack(self, token, key):
        return self.client().ace_connect(token, key)


class RevocationCommandsTest(ManagementTestCase):

    # covers: ACE-EXP-4
    def test_revoked_token_is_refused_until_the_revocation_is_deleted(self):
        key = Ed25519Key()
        token = self.token("a/# pub", key=key, subject="bob", jti="bobs-token")
        self.assert_code(self.connack(token, key), 0)
        revoked = self.sluicectl_json("revoke", "token", "bobs-token",
                                      "--reason", "lost device")
        self.assert_code(self.connack(token, key), 0x87)
        other = self.token("a/# pub", key=key, subject="bob")
        self.assert_code(self.connack(other, key), 0)
        listed = self.sluicectl_json("revocation", "list")["revocations"]
        self.assertIn(revoked, listed)
        self.assertIn("bobs-token", self.sluicectl("revocation", "list"))
        self.sluicectl("revocation", "delete", revoked["name"])
        self.assert_code(self.connack(token, key), 0)
        self.assert_fails("NOT_FOUND", "revocation", "delete", revoked["name"])

    # covers: ACE-EXP-4
    def test_revoked_subject_and_key_are_refused(self):
        key = Ed25519Key()
        carol = self.token("a/# pub", key=key, subject="carol")
        dave = self.token("a/# pub", key=key, subject="dave")
        self.sluicectl("revoke", "subject", "carol")
        self.assert_code(self.connack(carol, key), 0x87)
        self.assert_code(self.connack(dave, key), 0)
        sessions = self.sluicectl_json("session", "list", "--subject", "dave")
        thumbprint = sessions.get("sessions", [{}])[0].get("keyIds", [""])[0]
        self.assertEqual(len(thumbprint), 43, sessions)
        self.sluicectl("revoke", "key", "--", thumbprint)
        self.assert_code(self.connack(dave, key), 0x87)

    # covers: ACE-EXP-4
    def test_token_in_a_file_is_revoked(self):
        key = Ed25519Key()
        token = self.token("a/# pub", key=key, subject="erin")
        file = self.stack.directory / "erin.jwt"
        file.write_bytes(token + b"\n")
        revoked = self.sluicectl_json("revoke", "token", "--token-file", file)
        self.assertEqual(revoked["issuer"],
                         self.stack.authorization_server.issuer)
        self.assert_code(self.connack(token, key), 0x87)

    # covers: ACE-EXP-4
    def test_revoking_again_lengthens_and_never_shortens(self):
        key = Ed25519Key()
        token = self.token("a/# pub", key=key, subject="frank")
        self.sluicectl("revoke", "subject", "frank", "--expires-in", "3s")
        done = self.stack.sluicectl("revoke", "subject", "frank")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("stands for good now", done.stderr)
        self.sluicectl("revoke", "subject", "frank", "--expires-in", "1s")
        revoked, = (r for r in self.sluicectl_json("revocation", "list")
                    ["revocations"] if r.get("subject") == "frank")
        self.assertNotIn("expireTime", revoked)
        self.assert_code(self.connack(token, key), 0x87)

    def test_mistakes_are_told_by_field(self):
        self.assert_fails("revocation.target: expected", "revoke", "subject",
                          4097 * "x")
        self.assert_fails("name: expected", "session", "disconnect", "me")


class SessionCommandsTest(ManagementTestCase):

    def test_sessions_are_listed_and_disconnected(self):
        client = self.connected("a/# pub", client_id="frank-1")
        listed = self.sluicectl_json("session", "list", "--client-id",
                                     "frank-1")["sessions"]
        self.assertEqual(len(listed), 1)
        session = listed[0]
        self.assertEqual(session["subject"], "alice")
        self.assertEqual(session["protocolVersion"], "5.0")
        self.assertIn("frank-1", self.sluicectl("session", "list"))
        self.sluicectl("session", "disconnect", session["name"])
        client.expect_disconnect(0x98)
        self.assert_fails("NOT_FOUND", "session", "disconnect",
                          session["name"])


    def test_what_clients_call_themselves_steers_no_terminal(self):
        # Mosquitto refuses controls itself, but not these.
        self.connected("a/# pub", client_id="evil\u202e\u2069")
        self.assertIn("evil??", self.sluicectl("session", "list"))
        self.assertIn("evil\\u202e\\u2069",
                      self.sluicectl("--output", "json", "session", "list"))
        self.assert_fails("no?31m", "issuer", "delete", "no\u009b31m")


class FrozenProxyTest(ManagementTestCase):

    def test_sessions_of_the_others_are_listed_and_the_proxy_is_named(self):
        self.connected("a/# pub", client_id="on-frozen")
        frozen = self.stack.proxy
        name = self.sluicectl_json("session", "list")["sessions"][0][
            "name"].split("/")[1]
        self.stack.start_proxy()
        self.connected("a/# pub", client_id="on-live")
        eventually(lambda: "on-live" in self.sluicectl("session", "list"),
                   "both proxies watch")
        frozen.send_signal(signal.SIGSTOP)
        self.addCleanup(frozen.send_signal, signal.SIGCONT)
        done = self.stack.sluicectl("session", "list")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("on-live", done.stdout)
        self.assertNotIn("on-frozen", done.stdout)
        self.assertIn(name, done.stderr)


class DecisionCommandsTest(ManagementTestCase):

    def test_decisions_are_told_as_they_are_made(self):
        client = self.connected("a/# pub", client_id="gina-1")
        with self.stack.sluicectl_started(
                "--output", "json", "decisions", "watch", "--client-id",
                "gina-1", "--result", "denied", "--count", "1") as watching:
            # Until the proxy has been asked, it tells nothing.
            def told():
                self.assert_code(client.publish("b/x"), 0x87)
                return watching.poll() is not None
            eventually(told, "a decision")
            told = json.loads(watching.stdout.read())
        decision = told["decision"]
        self.assertEqual(decision["topic"], "b/x")
        self.assertEqual(decision["action"], "ACTION_PUBLISH")
        self.assertEqual(decision["subject"], "alice")
        self.assertEqual(decision["reasonCode"], 0x87)
        session = self.sluicectl_json("session", "list", "--client-id",
                                      "gina-1")["sessions"][0]["name"]
        self.assertEqual(session, f"proxies/{told['proxy']}/sessions/"
                         + decision["sessionId"])


class RuleCommandsTest(ManagementTestCase):

    def rule(self, name, text):
        path = self.stack.directory / name
        path.write_text(text)
        return path

    def test_rules_are_written_listed_and_deleted(self):
        path = self.rule("rule.yaml", """
publish: true
topic_filters: ["devices/#"]
except_topic_filters: ["devices/${client_id}/#"]
deny: {}
""")
        self.sluicectl("rule", "put", "own", "--file", path)
        listed = self.sluicectl_json("rule", "list")["rules"]
        self.assertEqual([rule["name"] for rule in listed], ["rules/own"])
        self.sluicectl("rule", "put", "own", "--mode", "shadow")
        self.assertIn("shadow", self.sluicectl("rule", "list"))
        self.sluicectl("rule", "delete", "own")
        self.assert_fails("NOT_FOUND", "rule", "get", "own")

    def test_rules_are_said_by_options_and_edited_as_json(self):
        self.sluicectl("rule", "put", "rate", "--publish", "--topic", "a/#",
                       "--max-publishes-per-second", "10", "--mode", "shadow")
        rule = self.sluicectl_json("rule", "get", "rate")
        rule["limits"]["maxPublishesPerSecond"] = 20
        path = self.rule("rate.json", json.dumps(rule))
        changed = self.sluicectl_json("rule", "put", "rate", "--file", path)
        self.assertEqual(changed["limits"], rule["limits"])
        self.assertEqual(changed["mode"], "MODE_SHADOW")
        self.assert_fails("ABORTED", "rule", "put", "rate", "--file", path)
        self.sluicectl("rule", "delete", "rate")

    def test_mistakes_are_told_by_file_line_and_field(self):
        path = self.rule("bad.yaml", "publish: true\nlimits: {max_qos: high}\n")
        self.assert_fails("bad.yaml:2: limits.max_qos: ", "rule", "put", "r",
                          "--file", path)
        path = self.rule("bad.yaml", "publish: true\nlimits: {max_qos: 3}\n")
        self.assert_fails("rule.limits.max_qos: expected 0, 1 or 2", "rule",
                          "put", "r", "--file", path)


class PublicTopicCommandsTest(ManagementTestCase):

    # covers: ACE-SCP-6
    def test_connected_clients_get_and_lose_a_public_topic(self):
        anonymous, _ = self.anonymous()
        client = self.connected("a/# pub")
        for connected in (anonymous, client):
            self.assert_code(connected.publish("news/x"), 0x87)
        self.sluicectl("public-topic", "put", "news/#", "--permissions",
                       "pub,sub")
        for connected in (anonymous, client):
            eventually(lambda: connected.publish("news/x").code in (0, 0x10),
                       "the topic is public")
        self.assertIn("news/#", self.sluicectl("public-topic", "list"))
        self.sluicectl("public-topic", "delete", "news/#")
        for connected in (anonymous, client):
            eventually(lambda: connected.publish("news/x").code == 0x87,
                       "the topic is public no more")
        self.assert_code(client.publish("a/x"), 0x10)

    # covers: ACE-SCP-6
    def test_a_topic_that_policy_yaml_declares_stands_for_a_managed_one(self):
        anonymous, _ = self.anonymous()
        self.sluicectl("public-topic", "put", "notes/#", "--permissions",
                       "pub,sub")
        eventually(lambda: anonymous.publish("notes/x").code in (0, 0x10),
                   "the topic is public")
        self.stack.change_policy({"public_topics": [
            {"filter": "public/#", "permissions": ["pub", "sub"]},
            {"filter": "notes/#", "permissions": ["sub"]}]})
        self.stack.policy.send_signal(signal.SIGHUP)
        eventually(lambda: anonymous.publish("notes/x").code == 0x87,
                   "what is declared holds")
        self.assertEqual(self.anonymous()[0].subscribe("notes/x"), [1])

        self.stack.change_policy({"public_topics": [
            {"filter": "public/#", "permissions": ["pub", "sub"]}]})
        self.stack.policy.send_signal(signal.SIGHUP)
        eventually(lambda: anonymous.publish("notes/x").code in (0, 0x10),
                   "the managed one holds again")
        self.sluicectl("public-topic", "delete", "notes/#")

    def test_what_policy_yaml_declares_can_only_be_changed_there(self):
        listed = self.sluicectl_json("public-topic", "list")["publicTopics"]
        declared = [topic for topic in listed if topic.get("readOnly")]
        self.assertEqual([topic["topicFilter"] for topic in declared],
                         ["public/#"])
        self.assert_fails("FAILED_PRECONDITION", "public-topic", "delete",
                          "public/#")


class RolesTest(ManagementTestCase):
    """Client certificates say who may do what."""

    @classmethod
    def setUpClass(cls):
        cls.key = Ed25519Key()
        cls.stack = Stack(
            "RolesTest", mode="mtls", prepare=cls._make_certificates,
            policy={"access": {"proxies": ["proxy"], "operators": ["admin"]}})
        cls.addClassCleanup(cls.stack.stop)

    @staticmethod
    def _make_certificates(directory):
        for name in ("admin", "guest"):
            subprocess.run(
                f"openssl req -new -newkey ec -pkeyopt "
                f"ec_paramgen_curve:P-256 -nodes -subj /CN={name} "
                f"-keyout {name}.key | openssl x509 -req -days 1 -CA ca.crt "
                f"-CAkey ca.key -CAcreateserial -out {name}.crt",
                shell=True, cwd=directory, check=True, capture_output=True)

    def as_who(self, who, *arguments):
        files = self.stack.directory
        return self.stack.sluicectl(
            *arguments, "--ca", files / "ca.crt", "--certificate",
            files / f"{who}.crt", "--key", files / f"{who}.key")

    def test_only_operators_manage(self):
        self.assertEqual(self.as_who("admin", "revocation", "list").returncode,
                         0)
        done = self.as_who("proxy", "revocation", "list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("PERMISSION_DENIED", done.stderr)
        self.assertIn("access.operators", done.stderr)

    def test_a_certificate_of_no_role_gets_no_connection(self):
        done = self.as_who("guest", "revocation", "list")
        self.assertEqual(done.returncode, 1)
        self.assertIn("UNAVAILABLE", done.stderr)
        self.stack.policy.wait_for(
            '"connection_refused","caller":"guest","detail":"access')

    def test_a_reload_without_client_ca_leaves_the_roles_until_a_restart(self):
        self.stack.change_policy({"tls": {"client_ca": None}, "access": None})
        self.stack.policy.send_signal(signal.SIGHUP)
        self.stack.policy.wait_for("reload_incomplete.*tls.client_ca, access")
        self.stack.policy.wait_for("reloaded")
        self.assertEqual(self.as_who("admin", "revocation", "list").returncode,
                         0)
        self.assertEqual(self.as_who("guest", "revocation", "list").returncode,
                         1)

    # covers: ACE-EXP-4
    def test_proxies_are_served_and_told(self):
        client = self.connected("a/# pub")
        done = self.as_who("admin", "revoke", "subject", "alice")
        self.assertEqual(done.returncode, 0, done.stderr)
        client.expect_disconnect(0x98)
        self.assert_code(
            self.client().ace_connect(self.token("a/# pub"), self.key), 0x87)
