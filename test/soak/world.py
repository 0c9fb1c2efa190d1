"""The programs of the soak, and all that they rest on."""

import base64
import collections
import contextlib
import json
import pathlib
import sqlite3
import threading
import time
import urllib.parse

from harness import admin, secrets_book
from harness.broker import Mosquitto
from harness.checker import Checker
from harness.client import Client
from harness.etcd import Etcd
from harness.introspection import FakeAuthorizationServer, OidcProvider
from harness.process import eventually
from harness.stack import Stack, keys_directory, run_directory
from harness.tokens import (AuthorizationServer, Ed25519Key, HmacKey, scope,
                            sign_jwt)

AUTHZ_INFO = "authz-info"
MAC_ISSUER = "https://mac.example"
_DRAFT_ISSUER = "https://draft.example"

_PROXY = {
    "listeners": [{
        "name": "mqtts", "address": "127.0.0.1:0",
        "tls": {"certificate": "server.crt", "private_key": "server.key",
                "client_certificate": "request", "psk": True}}],
    "policy": {"timeout": "20s"},
    "ace": {"authentication_timeout": "60s", "authz_info_topic": AUTHZ_INFO},
    "limits": {"handshake_timeout": "60s", "connect_timeout": "60s",
               "authz_info_per_second": 0},
    "log": {"level": "info", "audit": "audit.log", "audit_sample": 1}}

_CHECKED = """
publish: true
subscribe: true
topic_filters: ["checked/#"]
external_check: {checker: soak}
"""


def identity_of(kid):
    """What names a pre-shared key in the TLS handshake."""
    return json.dumps({"cnf": {"jwk": {"kty": "oct", "kid": kid}}})


class ReferenceServer:
    """An authorization server that is asked about references; counts how often
    about each."""

    def __init__(self):
        self.asked = collections.Counter()
        self._meanings = {}
        self._lock = threading.Lock()
        self._server = FakeAuthorizationServer(keys_directory())
        self._server.body = self._answer
        self.url = f"https://127.0.0.1:{self._server.port}/introspect"
        self.stop = self._server.stop

    def activate(self, token, key, *permissions, life, subject):
        meaning = {
            "active": True, "aud": AuthorizationServer.audience,
            "sub": subject, "exp": int(time.time() + life),
            "cnf": {"jwk": key.public_jwk()}, "scope": scope(*permissions)}
        with self._lock:
            self._meanings[token] = meaning

    def revoke(self, token):
        with self._lock:
            del self._meanings[token]

    def _answer(self, question):
        token = urllib.parse.unquote_to_bytes(
            question.removeprefix(b"token=").replace(b"+", b" "))
        with self._lock:
            self.asked[token] += 1
            meaning = self._meanings.get(token, {"active": False})
        return json.dumps(meaning).encode()


class World:
    """Starts all on construction, with a store that is memory, sqlite or etcd;
    stop() ends it."""

    def __init__(self, store):
        directory = pathlib.Path(run_directory())
        self.draft_key = Ed25519Key("draft-1")
        self.mac_key = HmacKey("mac-1")
        self.broker = Mosquitto(directory, options=["max_queued_messages 0"])
        self.references = ReferenceServer()
        self.etcd = Etcd(directory) if store == "etcd" else None
        self.stack = Stack("soak", broker=self.broker, prepare=self._prepare,
                           proxy=_PROXY, policy=self._policy(store))
        eventually(lambda: admin.metric(
            self.stack.admin_address, "sluice_policy_watch_connected"),
                   "the proxy watches the policy service")
        self.programs = {"proxy": self.stack.proxy,
                         "policy service": self.stack.policy}
        self._put_rule("checked", _CHECKED)

    def _prepare(self, directory):
        self.checker = Checker(directory)
        for name, key in (("draft", self.draft_key.public_jwk()),
                          ("mac", self.mac_key.private_jwk())):
            (directory / f"{name}-keys.json").write_text(
                json.dumps({"keys": [key]}), encoding="utf-8")
        secret = OidcProvider.introspector_secret
        (directory / "rs-secret").write_text(secret, encoding="utf-8")
        secrets_book.remember(secret.encode(), "introspection secret")

    def _policy(self, store):
        stores = {"memory": {"memory": {}},
                  "sqlite": {"memory": None, "sqlite": "policy.db"},
                  "etcd": {"memory": None, "etcd": self.etcd and {
                      "endpoints": [self.etcd.address], "prefix": "/soak"}}}
        return {
            "issuers": [
                {"issuer": AuthorizationServer.issuer,
                 "jwks_file": "as-keys.json"},
                {"issuer": MAC_ISSUER, "jwks_file": "mac-keys.json"},
                {"issuer": _DRAFT_ISSUER, "profile": "draft-01",
                 "jwks_file": "draft-keys.json"},
                {"issuer": "https://references.example", "introspection": {
                    "url": self.references.url, "client_id": "rs",
                    "client_secret_file": "rs-secret", "ca": "ca.crt",
                    "cache_ttl": "1s"}}],
            # Each question reaches the checker, so that they can be counted.
            "checkers": [{"name": "soak", "address": "unix:checker.sock",
                          "timeout": "20s", "healthy_ttl": "0s"}],
            "store": stores[store]}

    def draft_token(self, key, **claims):
        return sign_jwt(self.stack.authorization_server.claims(
            key, iss=_DRAFT_ISSUER, **claims), self.draft_key,
                        {"alg": self.draft_key.alg, "kid": "draft-1"})

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

    def stored_entries(self):
        """How much the store holds, by kind; None of one in memory."""
        if self.etcd:
            ends = [base64.b64encode(key).decode() for key in
                    (b"/soak/", b"/soak0")]
            found = self.etcd.call("kv/range", key=ends[0], range_end=ends[1],
                                   keys_only=True)["kvs"]
            return collections.Counter(
                base64.b64decode(entry["key"])[6:].split(b"/")[0].decode()
                for entry in found)
        file = self.stack.directory / "policy.db"
        if not file.exists():
            return None
        with contextlib.closing(sqlite3.connect(file)) as database:
            return dict(database.execute("SELECT name, entries FROM usage"))

    def stop(self):
        self.stack.stop()
        self.broker.stop()
        self.references.stop()
        self.checker.stop()
        if self.etcd:
            self.etcd.stop()
