"""The audit log: who was let do what, and why."""

import json
import os
import re
import select
import signal
import stat
import subprocess
import uuid

from harness import secrets_book, wire
from harness.admin import metric
from harness.process import TIMEOUT, eventually
from harness.stack import PROXY, StackTestCase, run_directory
from harness.tokens import AuthorizationServer, Ed25519Key


def lines_of(*files):
    return [json.loads(line) for file in files
            for line in file.read_text(encoding="utf-8").splitlines()]


class AuditTestCase(StackTestCase):
    stack_options = {"proxy": {"log": {"audit": "audit.log",
                                       "audit_sample": 1}}}

    def lines(self, client_id, count):
        """The lines about a client, in order, once there are `count`."""

        def probe():
            found = [line for line in lines_of(
                self.stack.directory / "audit.log")
                if line.get("client_id") == client_id]
            return found if len(found) >= count else None

        found = eventually(probe, f"{count} lines about {client_id}")
        self.assertEqual(len(found), count, found)
        return found

    def assert_line(self, line, **facts):
        self.assertEqual({name: line.get(name) for name in facts}, facts, line)

    def told(self, packet):
        """The ids in a packet's Reason String."""
        text = packet.properties["reason_string"]
        self.assertRegex(text, r"^Sluice decisions? ")
        return re.findall(r"[0-9a-f-]{36}", text)


class AuditTest(AuditTestCase):

    def test_lines_say_who_and_what_and_why(self):
        client = self.connected("a/# pub", client_id="facts")
        self.assertLess(client.publish("a/b").code, 0x80)
        self.assert_code(client.publish("x"), 0x87)
        connect, allowed, denied = self.lines("facts", 3)
        self.assert_line(connect, action="connect", result="allowed",
                         reason_code=0, rule="token", topic=None)
        self.assertGreater(connect["latency_us"], 0)
        self.assert_line(allowed, action="publish", result="allowed",
                         reason_code=0, topic="a/b", rule="a/#",
                         latency_us=None)
        self.assert_line(denied, action="publish", result="denied",
                         reason_code=0x87, topic="x",
                         rule="outside the scope")
        host, port = client.tls.local_address()
        for line in (connect, allowed, denied):
            self.assert_line(
                line, client_address=f"{host}:{port}", subject="alice",
                listener="mqtts", protocol_version="5.0",
                issuer=self.stack.authorization_server.issuer,
                session_id=connect["session_id"], proxy=connect["proxy"])
            self.assertRegex(line["time"],
                             r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$")
            self.assertEqual(uuid.UUID(line["decision_id"]).version, 7)
        ids = [line["decision_id"] for line in (connect, allowed, denied)]
        self.assertEqual(ids, sorted(set(ids)))

    # covers: EDGE-15
    def test_acks_of_denials_tell_the_id(self):
        client = self.connected("a/# pub", client_id="told")
        puback = client.publish("x")
        pubrec = client.publish("x", qos=2)
        client.send(wire.publish("x"))
        disconnect = client.expect("DISCONNECT")
        ids = [line["decision_id"] for line in self.lines("told", 4)[1:]]
        self.assertEqual([self.told(p) for p in (puback, pubrec, disconnect)],
                         [[i] for i in ids])

    # covers: EDGE-15
    def test_clients_without_wish_or_room_are_not_told(self):
        for number, props in enumerate((
                {"request_problem_information": 0},
                {"maximum_packet_size": 58})):
            client = self.connected("a/# pub", client_id=f"untold{number}",
                                    props=props)
            self.assertEqual(client.publish("x").properties, {})
            self.lines(f"untold{number}", 2)

    # covers: ACE-SUB-1
    def test_subscribe_partly_denied(self):
        client = self.connected("a/# sub", client_id="partly")
        client.send(wire.subscribe(["x", "a/b", "y"], 3))
        suback = client.expect("SUBACK")
        self.assertEqual(suback.codes, [0x87, 1, 0x87])
        lines = self.lines("partly", 4)[1:]
        self.assertEqual(
            [(line["topic"], line["result"], line["rule"]) for line in lines],
            [("x", "denied", "outside the scope"), ("a/b", "allowed", "a/#"),
             ("y", "denied", "outside the scope")])
        self.assertEqual(self.told(suback), [lines[0]["decision_id"],
                                             lines[2]["decision_id"]])

    def test_deliveries_name_what_lets_them_through(self):
        reader = self.connected("d/+ sub", client_id="reader")
        self.assertEqual(reader.subscribe("d/+"), [1])
        self.assertLess(self.connected("d/# pub").publish("d/x").code, 0x80)
        reader.expect("PUBLISH")
        self.assert_line(self.lines("reader", 3)[2], action="deliver",
                         result="allowed", topic="d/x", rule="d/+")

    def test_refused_connect(self):
        client = self.client()
        connack = client.ace_connect(self.token("a pub", life=-1), self.key,
                                     client_id="refused")
        self.assert_code(connack, 0x87)
        line, = self.lines("refused", 1)
        self.assert_line(line, action="connect", result="denied",
                         reason_code=0x87, subject="alice", proven=False)
        self.assertTrue(line["rule"])
        self.assertEqual(self.told(connack), [line["decision_id"]])

    def test_refused_connects_say_whose_token_it_was(self):
        self.sluicectl("revoke", "subject", "bob")
        forged = AuthorizationServer()
        cases = {
            "revoked": (self.token("a pub", subject="bob"), self.key, "bob"),
            "stolen": (self.token("a pub", subject="bill"), Ed25519Key(),
                       "bill"),
            # Nobody vouches for what this one says.
            "forged": (forged.token(self.key, "a pub", subject="bob"),
                       self.key, None),
            "reference": (b"bob", self.key, None),
        }
        with self.stack.sluicectl_started(
                "decisions", "watch", "--subject", "bob", "--result", "denied",
                "--count", "1") as watch:
            self.assertIn("TIME", watch.stdout.readline())
            eventually(lambda: self.seen(watch, cases["revoked"]),
                       "the refusal is shown")
        for name, (token, key, subject) in cases.items():
            with self.subTest(name):
                self.assert_code(self.client().ace_connect(
                    token, key, client_id=f"whose-{name}"), 0x87)
                line, = self.lines(f"whose-{name}", 1)
                self.assert_line(
                    line, result="denied", subject=subject,
                    issuer=subject and self.stack.authorization_server.issuer,
                    proven=None if subject is None else False)
                self.assertEqual("token_id" in line, subject is not None)
                log = json.loads(self.stack.proxy.wait_for(
                    rf'^.*client_refused.*"whose-{name}".*$').group(0))
                self.assert_line(log, subject=subject,
                                 proven=None if subject is None else False)

    def seen(self, watch, case):
        """Whether a client that is refused is shown by `decisions watch`."""
        token, key, subject = case
        self.assert_code(self.client().ace_connect(token, key), 0x87)
        ready, _, _ = select.select([watch.stdout], [], [], 0.5)
        if not ready:
            return False
        self.assertIn(f"  {subject} (unproven)  ", watch.stdout.readline())
        return True

    def test_anonymous_client_of_version_3(self):
        client, connack = self.anonymous(wire.V311, client_id="anonymous")
        self.assert_code(connack, 0)
        client.send(wire.publish("public/x", version=wire.V311))
        client.ping()
        connect, publish = self.lines("anonymous", 2)
        self.assert_line(connect, rule="public", protocol_version="3.1.1",
                         subject=None, issuer=None)
        self.assert_line(publish, topic="public/x", rule="public")

    def test_stored_token_and_reauthentication(self):
        client = self.connected("authz-info pub", "a/# pub",
                                client_id="again", pop="challenge")
        token = self.token("a/# pub", "b/# pub")
        self.assert_code(client.publish("authz-info", token), 0)
        client.send(wire.auth(0x19, wire.binary(token)))
        client.answer_challenge(client.expect("AUTH"), self.key)
        self.assert_code(client.expect("AUTH"), 0)
        _, stored, again = self.lines("again", 3)
        self.assert_line(stored, action="store_token", result="allowed",
                         topic="authz-info")
        self.assertGreater(stored["latency_us"], 0)
        self.assert_line(again, action="reauthenticate", result="allowed",
                         rule="token")

    def test_values_of_clients_are_escaped_and_cut(self):
        client_id = 'x"},{"result":"allowed' + "y" * 400
        client = self.connected("a pub", client_id=client_id)
        self.assert_code(client.publish("\u202e" + "t" * 60000), 0x87)
        _, denied = self.lines(client_id[:256] + "…", 2)
        self.assertLess(len(denied["topic"]), 300)

    def test_no_secret_is_in_the_lines(self):
        client = self.client()
        client.ace_connect(self.token("a"), Ed25519Key(), "challenge",
                           client_id="secret")
        self.connected_v311("a/# pub").publish("a/x")
        self.lines("secret", 1)
        found = list(run_directory().glob("*/audit.log*"))
        self.assertTrue(found)
        for file in found:
            self.assertEqual(secrets_book.found_in(file.read_bytes()), [],
                             file)

    def test_file_is_closed_to_others(self):
        mode = (self.stack.directory / "audit.log").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode) & 0o137, 0)


class RotationTest(AuditTestCase):

    def test_no_line_is_lost_when_the_file_is_renamed(self):
        client = self.connected("a/# pub", client_id="writer")
        current = self.stack.directory / "audit.log"
        for number in range(300):
            client.send(wire.publish(f"a/{number}"))
            if number % 100 == 50:
                client.ping()
                os.rename(current, f"{current}.{number}")
                self.stack.proxy.send_signal(signal.SIGHUP)
                eventually(current.exists, "the file is there again")
        client.ping()

        def topics():
            files = [self.stack.directory / f"audit.log{suffix}"
                     for suffix in (".50", ".150", ".250", "")]
            found = [line["topic"] for line in lines_of(*files)
                     if line["action"] == "publish"]
            return found if len(found) >= 300 else None

        self.assertEqual(eventually(topics, "all lines are there"),
                         [f"a/{number}" for number in range(300)])


class StandardOutputTest(StackTestCase):
    # The harness takes both outputs into one file.
    stack_options = {"proxy": {"log": {"audit": "-"}}}

    def test_decisions_go_to_standard_output(self):
        self.connected("a pub", client_id="out").publish("x")
        line = self.stack.proxy.wait_for(
            r'^\{"time":.*"action":"publish","result":"denied".*$').group(0)
        self.assertEqual(json.loads(line)["client_id"], "out")


class FullDiskTest(StackTestCase):
    stack_options = {"proxy": {"log": {"audit": "/dev/full"}}}

    def test_clients_are_served_and_dropped_lines_counted(self):
        client = self.connected("a/# pub")
        for _ in range(5):
            self.assert_code(client.publish("x"), 0x87)
        self.assertLess(client.publish("a/b").code, 0x80)
        eventually(lambda: metric(self.stack.admin_address,
                                  "sluice_audit_dropped_total") >= 6,
                   "connect and denials are counted")
        self.stack.proxy.wait_for("audit_dropped")
        self.assertEqual(self.stack.proxy.output().count("audit_dropped"), 1)


class UnwritableFileTest(StackTestCase):

    def test_start_fails_and_says_why(self):
        config = json.loads((self.stack.directory / "proxy.yaml").read_text())
        config["log"]["audit"] = "none/audit.log"
        file = self.stack.directory / "unwritable.yaml"
        file.write_text(json.dumps(config), encoding="utf-8")
        done = subprocess.run([PROXY, "--config", file], timeout=TIMEOUT,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("log.audit: cannot open", done.stderr)
        self.assertIn("none/audit.log: No such file or directory",
                      done.stderr)
