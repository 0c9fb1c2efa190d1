"""Policy services that share an etcd."""

import base64
import os
import pathlib
import shutil
import signal
import tempfile
import time
import urllib.error
import urllib.request

import grpc

from harness import cwt, secrets_book, wire
from harness.admin import http_status
from harness.cbor import cbor, Tagged
from harness.client import Client
from harness.etcd import Etcd
from harness.process import eventually
from harness.relay import FreezingRelay, RefusingRelay
from harness.stack import (Stack, StackTestCase, keys_directory,
                           run_directory)
from harness.tokens import Ed25519Key

PASSWORD = "correct horse battery staple"


class EtcdTestCase(StackTestCase):
    """Two stacks, whose policy services share one etcd."""

    tls = False
    jwt = False
    proxy = {}

    @classmethod
    def start_etcd(cls):
        directory = pathlib.Path(
            tempfile.mkdtemp(prefix="etcd-", dir=run_directory()))
        shutil.copytree(keys_directory(), directory, dirs_exist_ok=True)
        cls.etcd = Etcd(directory, cls.tls, cls.jwt)
        cls.addClassCleanup(cls.etcd.stop)

    @classmethod
    def store(cls):
        return {"endpoints": [cls.etcd.address], "prefix": "/e2e"}

    @classmethod
    def second_store(cls):
        return cls.store()

    @classmethod
    def setUpClass(cls):
        cls.start_etcd()
        policy = {"store": {"memory": None, "etcd": cls.store()}}

        def prepare(directory):
            secrets_book.remember(PASSWORD.encode(), "etcd's password")
            (directory / "password").write_text(PASSWORD + "\n",
                                                encoding="utf-8")

        cls.stack_options = {"policy": policy, "prepare": prepare,
                             "proxy": cls.proxy}
        super().setUpClass()

        def prepare_second(directory):
            prepare(directory)
            cls.stack.authorization_server.write_keys(directory)

        policy = {"store": {"memory": None, "etcd": cls.second_store()}}
        cls.second = Stack(f"{cls.__name__}2", policy=policy,
                           prepare=prepare_second)
        cls.addClassCleanup(cls.second.stop)

    def empty_connect(self, stack, client_id):
        """CONNECT by method `ace` without a token; client and answer."""
        client = Client(stack.address, stack.ca_file, wire.V5)
        self.addCleanup(client.tls.close)
        client.send(wire.connect(client_id=client_id, props={
            "authentication_method": "ace"}))
        return client, client.receive()

    def assert_let_in(self, stack, client_id, key):
        client, answer = self.empty_connect(stack, client_id)
        self.assertEqual((answer.type, answer.code), ("AUTH", 0x18), answer)
        client.answer_challenge(answer, key)
        self.assert_code(client.expect("CONNACK"), 0)
        return client


class EtcdTest(EtcdTestCase):

    # covers: ACE-CON-5, ACE-POP-5
    def test_token_stored_through_one_service_counts_at_the_other(self):
        key = Ed25519Key()
        self.connected("a/# pub", client_id="moves", key=key)
        checked = self.second.sluicectl(
            "check", "--subject", "alice", "--client-id", "moves",
            "--publish", "a/b")
        self.assertEqual(checked.stdout.split(": ")[0], "yes", checked)
        client = self.assert_let_in(self.second, "moves", key)
        self.assert_code(client.publish("a/b"), 0x10)
        self.assert_code(client.publish("b"), 0x87)

    # covers: ACE-CON-5
    def test_tokens_outlive_a_restart_of_the_service(self):
        key = Ed25519Key()
        self.connected("a/# pub", client_id="stays", key=key)
        self.second.policy.stop()
        self.second.start_policy()

        def let_in():
            client, answer = self.empty_connect(self.second, "stays")
            if answer.code == 0x88:
                return None  # the proxy is connecting to the service
            client.answer_challenge(answer, key)
            return client.expect("CONNACK")

        self.assert_code(eventually(let_in, "the client is let in"), 0)

    def written(self):
        return int(self.etcd.call("maintenance/status")["header"]["revision"])

    # covers: ACE-AZI-3
    def test_one_token_is_written_a_few_times_whatever_comes_with_it(self):
        """What is not signed of a CWT is ever another, and so is the Client
        Identifier."""
        key = Ed25519Key()
        payload = cbor(cwt.claims(key, "a/# pub", subject="padded"))
        protected = cbor({1: -8})
        signature = self.stack.authorization_server.key.sign(
            cbor(["Signature1", protected, b"", payload]))
        before = self.written()
        for i in range(40):
            token = cbor(Tagged(18, [protected, {99: os.urandom(1000)},
                                     payload, signature]))
            client = Client(self.stack.address, self.stack.ca_file, wire.V5)
            name = "one" if i < 20 else f"{i}" + "x" * 10000
            answer = client.ace_connect(token, key, client_id=name)
            client.tls.close()
            self.assert_code(answer, 0)
            if i == 19:
                self.assertEqual(self.written(), before + 1)
        # Eight at once, and one a minute.
        self.assertLessEqual(self.written(), before + 1 + 8 + 2)
        self.assertGreater(self.written(), before + 1)


class LostEtcdTest(EtcdTestCase):

    # covers: ACE-CON-5
    def test_without_etcd_stored_tokens_are_server_unavailable(self):
        key = Ed25519Key()
        self.connected("a/# pub", client_id="waits", key=key)
        self.etcd.stop()
        client, answer = self.empty_connect(self.second, "waits")
        self.assertEqual((answer.type, answer.code), ("CONNACK", 0x88), answer)
        client.expect_closed()


class HealthTest(EtcdTestCase):

    def serves(self, service):
        """What grpc.health.v1 says of it: True for SERVING."""
        with grpc.insecure_channel(self.stack.policy_address) as channel:
            check = channel.unary_unary("/grpc.health.v1.Health/Check")
            # HealthCheckRequest.service; HealthCheckResponse.status 1 or 2.
            request = b"\x0a" + bytes([len(service)]) + service.encode()
            return {b"\x08\x01": True, b"\x08\x02": False}[
                check(request, timeout=5)]

    def http(self, path):
        return http_status(self.stack.policy_admin_address, path)

    def test_service_is_not_serving_while_etcd_is_away(self):
        name = "sluice.policy.v1.PolicyService"
        eventually(lambda: self.http("/readyz") == 200, "etcd has been read")
        self.assertTrue(self.serves(name))
        self.etcd.stop(signal.SIGKILL)
        eventually(lambda: not self.serves(name), "NOT_SERVING")
        self.assertTrue(self.serves(""), "the process lives")
        self.assertEqual(self.http("/readyz"), 503)
        self.assertEqual(self.http("/healthz"), 200)
        metrics = self.stack.policy_metrics()
        self.assertEqual(metrics["sluice_policy_ready"], 0)
        self.assertGreater(metrics["sluice_policy_store_losses_total"], 0)
        self.etcd.start()
        eventually(lambda: self.serves(name), "SERVING")
        eventually(lambda: self.http("/readyz") == 200, "that is told, too")

    def ready(self):
        """Status and text of the proxy's /readyz."""
        try:
            with urllib.request.urlopen(
                    f"http://{self.stack.admin_address}/readyz") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def test_proxy_is_not_ready_while_etcd_is_away(self):
        eventually(lambda: self.ready()[0] == 200, "ready")
        client = self.connected("a/# pub")
        self.etcd.stop(signal.SIGKILL)
        eventually(lambda: self.ready()[0] == 503, "not ready")
        self.assertRegex(self.ready()[1],
                         "^policy service: .*the store is out of reach\n$")
        metrics = self.stack.metrics()
        self.assertEqual(metrics["sluice_ready"], 0)
        # It is there, all the same, and the process lives.
        self.assertEqual(metrics["sluice_policy_watch_connected"], 1)
        self.assertEqual(http_status(self.stack.admin_address, "/healthz"),
                         200)
        self.stack.proxy.wait_for("policy_undecided.*out of reach")
        client.ping()
        # Another one learns it with its first words.
        self.stack.start_proxy()
        self.assertEqual(self.ready()[0], 503)
        self.etcd.start()
        eventually(lambda: self.ready()[0] == 200, "ready again")
        self.stack.proxy.wait_for("policy_decides")


class FullEtcdTest(EtcdTestCase):

    def test_a_full_etcd_serves_what_there_is_and_takes_no_changes(self):
        self.sluicectl("revoke", "subject", "mallory")
        self.etcd.call("maintenance/alarm", action="ACTIVATE", alarm="NOSPACE")
        done = self.stack.sluicectl("revoke", "subject", "eve")
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("RESOURCE_EXHAUSTED", done.stderr)
        self.stack.policy.wait_for("store_write_failed.*space exceeded")
        self.assertEqual(self.stack.policy_metrics()[
            "sluice_policy_store_write_failures_total"], 1)
        self.assertEqual(
            http_status(self.stack.policy_admin_address, "/readyz"), 200)
        # It starts, too, and knows whom to refuse.
        self.stack.policy.stop()
        self.stack.start_policy()
        self.assertIn("mallory", self.sluicectl("revocation", "list"))
        self.etcd.call("maintenance/alarm", action="DEACTIVATE",
                       alarm="NOSPACE")
        self.sluicectl("revoke", "subject", "eve")

    # covers: ACE-TOK-5
    def test_what_is_narrower_counts_while_a_token_cannot_be_stored(self):
        client = self.connected("a/# pub", client_id="narrow")
        self.assertNotEqual(client.publish("public/x").code, 0x87)
        prefix = base64.b64encode(b"/e2e/tokens/").decode()
        end = base64.b64encode(b"/e2e/tokens0").decode()
        self.etcd.call("kv/deleterange", key=prefix, range_end=end)
        self.etcd.call("maintenance/alarm", action="ACTIVATE", alarm="NOSPACE")
        self.stack.change_policy({"public_topics": []})
        self.stack.policy.send_signal(signal.SIGHUP)
        eventually(lambda: client.publish("public/x").code == 0x87, "narrower")
        self.stack.policy.wait_for("token_not_kept.*space exceeded")
        self.assertNotEqual(client.publish("a/b").code, 0x87)
        self.etcd.call("maintenance/alarm", action="DEACTIVATE",
                       alarm="NOSPACE")


class RemadeEtcdTest(EtcdTestCase):

    # covers: ACE-EXP-4
    def test_what_an_etcd_that_was_made_anew_is_told_is_not_acknowledged(self):
        self.sluicectl("revoke", "subject", "mallory")
        self.etcd.start_anew()
        done = self.stack.sluicectl("revoke", "subject", "eve")
        self.assertEqual(done.returncode, 1, done)
        self.stack.policy.wait_for("store_unreachable.*another store")
        # What was revoked stays so.
        token = self.token("a/# pub", sub="mallory")
        client = self.client()
        self.assert_code(client.ace_connect(token, self.key), 0x87)
        # Nothing is waited for at the end.
        begun = time.monotonic()
        self.stack.policy.stop()
        self.assertLess(time.monotonic() - begun, 5)


class BoundClientIdTest(EtcdTestCase):

    proxy = {"ace": {"client_id": "bound"}}

    # covers: EDGE-20
    def test_an_etcd_that_was_made_anew_frees_no_client_identifier(self):
        owner = self.connected("a/# pub", client_id="mine")
        self.assert_code(self.anonymous_connack("mine"), 0x85)
        self.etcd.start_anew()
        # It does not know who owns it; nobody else does because of that.
        eventually(lambda: self.anonymous_connack("mine").code == 0x88,
                   "the service sees that it is another store")
        time.sleep(1.5)  # until it has tried again
        self.assert_code(self.anonymous_connack("mine"), 0x88)
        owner.ping()

    def anonymous_connack(self, client_id):
        return self.anonymous(client_id=client_id)[1]


class UnreadEtcdTest(EtcdTestCase):
    """etcd answers, but what operators manage cannot be read from it."""

    @classmethod
    def store(cls):
        if not hasattr(cls, "relay"):
            cls.relay = RefusingRelay(cls.etcd.address)
            cls.addClassCleanup(cls.relay.stop)
        return {**super().store(), "endpoints": [cls.relay.address]}

    # covers: ACE-EXP-4
    def test_nobody_is_let_in_before_revocations_are_known(self):
        self.sluicectl("revoke", "subject", "mallory")
        live = self.connected("a/# pub")
        self.relay.refused = b"/e2e/resources"
        self.stack.policy.stop()
        self.stack.start_policy()
        for sub in ("mallory", "bob"):
            self.assert_code(self.connack(sub), 0x88)
        live.ping()
        self.relay.refused = None
        eventually(lambda: self.connack("bob").code == 0, "bob is let in")
        self.assert_code(self.connack("mallory"), 0x87)
        live.ping()

    def connack(self, sub):
        return self.client().ace_connect(self.token("a/# pub", sub=sub),
                                         self.key)


class FrozenEtcdTest(EtcdTestCase):

    def test_while_etcd_is_frozen_others_are_served(self):
        self.etcd.send_signal(signal.SIGSTOP)
        self.addCleanup(self.etcd.send_signal, signal.SIGCONT)
        waiting = []
        for i in range(60):
            client = Client(self.stack.address, self.stack.ca_file, wire.V5)
            self.addCleanup(client.tls.close)
            client.send(wire.connect(client_id=f"stored-{i}", props={
                "authentication_method": "ace"}))
            waiting.append(client)
        begun = time.monotonic()
        self.anonymous()
        self.stack.sluicectl("session", "list")
        self.assertLess(time.monotonic() - begun, 2)
        for client in waiting:
            self.assert_code(client.expect("CONNACK"), 0x88)


class RelayedEtcdTestCase(EtcdTestCase):
    """The first service reaches etcd through relays, the second directly."""

    relays = 1
    proxy = {"limits": {"denials_per_second": 0}}

    @classmethod
    def store(cls):
        if "relay_list" not in cls.__dict__:
            cls.relay_list = [FreezingRelay(cls.etcd.address)
                              for _ in range(cls.relays)]
            for relay in cls.relay_list:
                cls.addClassCleanup(relay.stop)
        return {**super().store(),
                "endpoints": [relay.address for relay in cls.relay_list]}

    @classmethod
    def second_store(cls):
        return {**cls.store(), "endpoints": [cls.etcd.address]}

    def code_of(self, token):
        client = Client(self.stack.address, self.stack.ca_file, wire.V5)
        try:
            return client.ace_connect(token, self.key).code
        finally:
            client.tls.close()

    def revoke_elsewhere(self, subject):
        done = self.second.sluicectl("revoke", "subject", subject)
        self.assertEqual(done.returncode, 0, done)


class FrozenMemberTest(RelayedEtcdTestCase):

    relays = 2

    # covers: ACE-EXP-4
    def test_a_frozen_member_that_is_watched_hides_no_revocation_for_long(self):
        token = self.token("a/# pub", sub="mallory")
        self.assertEqual(self.code_of(token), 0)
        self.relay_list[0].freeze()
        self.revoke_elsewhere("mallory")
        revoked = time.monotonic()
        eventually(lambda: self.code_of(token) == 0x87, "0x87")
        # 2 s, and as much for a slow machine.
        self.assertLess(time.monotonic() - revoked, 4)
        self.assertEqual(self.code_of(self.token("a/# pub", sub="bob")), 0)


class EtcdComesBackTest(RelayedEtcdTestCase):

    # covers: ACE-EXP-4
    def test_who_was_revoked_meanwhile_is_never_let_in_again(self):
        for i in range(3):
            token = self.token("a/# pub", sub=f"mallory{i}")
            eventually(lambda: self.code_of(token) == 0, "let in")
            relay = self.relay_list[0]
            relay.cut()
            log = self.stack.directory / "policy.log"
            eventually(lambda: log.read_text(encoding="utf-8").count(
                "store_unreachable") == i + 1, "the store is out of reach")
            self.assertEqual(self.code_of(token), 0x88)
            self.revoke_elsewhere(f"mallory{i}")
            relay.target = self.etcd.address
            while (code := self.code_of(token)) != 0x87:
                self.assertEqual(code, 0x88)


class SecureEtcdTest(EtcdTestCase):

    tls = True

    @classmethod
    def start_etcd(cls):
        super().start_etcd()
        cls.etcd.require_login(PASSWORD)

    @classmethod
    def store(cls):
        return {**super().store(), "tls": {"ca": "ca.crt"},
                "username": "root", "password_file": "password"}

    # covers: ACE-CON-5
    def test_etcd_may_ask_for_tls_and_a_password(self):
        key = Ed25519Key()
        self.connected("a/# pub", client_id="secure", key=key)
        self.assert_let_in(self.second, "secure", key)
        for stack in (self.stack, self.second):
            for log in stack.logs():
                self.assertNotIn(PASSWORD, log.read_text(encoding="utf-8"))


class JwtEtcdTest(SecureEtcdTest):

    jwt = True

    # covers: ACE-CON-5
    def test_a_change_of_etcds_users_makes_no_difference(self):
        self.stack.sluicectl("revoke", "subject", "before")
        self.etcd.call("auth/role/add", name="another")
        self.stack.sluicectl("revoke", "subject", "after")
        self.assertIn("after", self.stack.sluicectl("revocation",
                                                    "list").stdout)
