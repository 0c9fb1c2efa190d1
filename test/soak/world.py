"""The programs of the soak, and all that they rest on."""

import json
import pathlib

from harness import admin
from harness.broker import Mosquitto
from harness.client import Client
from harness.process import eventually
from harness.stack import Stack, run_directory
from harness.tokens import Ed25519Key

_PROXY = {
    "policy": {"timeout": "20s"},
    "ace": {"authentication_timeout": "60s"},
    "limits": {"handshake_timeout": "60s", "connect_timeout": "60s"},
    "log": {"level": "info", "audit": "audit.log", "audit_sample": 1}}


class World:
    """Starts all on construction; stop() ends it."""

    def __init__(self):
        self.broker = Mosquitto(pathlib.Path(run_directory()),
                                options=["max_queued_messages 0"])
        self.stack = Stack("soak", broker=self.broker, proxy=_PROXY)
        eventually(lambda: admin.metric(
            self.stack.admin_address, "sluice_policy_watch_connected"),
                   "the proxy watches the policy service")
        self.programs = {"proxy": self.stack.proxy,
                         "policy service": self.stack.policy}

    def visit(self):
        """A client comes and goes: what is made once is there."""
        client = Client(self.stack.address, self.stack.ca_file)
        key = Ed25519Key()
        token = self.stack.authorization_server.token(key, "x pub")
        assert client.ace_connect(token, key).code == 0
        client.tls.close()

    # What operators do.

    def sluicectl(self, *arguments):
        done = self.stack.sluicectl(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sluicectl_json(self, *arguments):
        return json.loads(self.sluicectl("--output", "json", *arguments))

    def _put_rule(self, name, rule):
        file = self.stack.directory / "rule.yaml"
        file.write_text(rule, encoding="utf-8")
        self.sluicectl("rule", "put", name, "--file", file)

    def change_rules(self, turn):
        if turn % 2:
            self.sluicectl("rule", "delete", "soak")
        else:
            self._put_rule("soak", "publish: true\ntopic_filters: "
                           "[\"nobody/#\"]\ndeny: {}\n")

    def stop(self):
        self.stack.stop()
        self.broker.stop()
