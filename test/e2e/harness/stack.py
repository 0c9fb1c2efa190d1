"""A broker, a policy service and a proxy that belong together."""

import contextlib
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from . import admin, secrets_book, wire
from .broker import Mosquitto, RecordingBroker
from .client import Client
from .process import Process
from .tokens import AuthorizationServer, Ed25519Key

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
_BIN = pathlib.Path(os.environ.get("SLUICE_BAZEL_BIN",
                                   REPOSITORY / "bazel-bin"))
PROXY = _BIN / "proxy/sluice-proxy"
POLICY = _BIN / "policy/sluice-policy"
SLUICECTL = _BIN / "policy/sluicectl"

# Options of a stack whose listener asks clients for a certificate, and which
# takes as many posted tokens as a test likes.
ASKS_FOR_CERTIFICATES = {"proxy": {
    "listeners": [{
        "name": "mqtts", "address": "127.0.0.1:0",
        "tls": {"certificate": "server.crt", "private_key": "server.key",
                "client_certificate": "request"}}],
    "limits": {"authz_info_per_second": 1000}}}


@functools.lru_cache(maxsize=None)
def run_directory():
    """Holds everything that this run writes."""
    return pathlib.Path(tempfile.mkdtemp(prefix="sluice-e2e-"))


@functools.lru_cache(maxsize=None)
def keys_directory():
    """The keys and certificates of the example configuration."""
    directory = run_directory() / "keys"
    directory.mkdir()
    subprocess.run([REPOSITORY / "examples/config/dev_keys.sh", SLUICECTL,
                    directory], check=True, capture_output=True)
    for file in directory.glob("*.key"):
        secrets_book.remember_private_key(file.read_bytes(), file.name)
    signing_key = json.loads((directory / "as-key.json").read_text())
    secrets_book.remember(signing_key["d"].encode(), "as-key.json")
    return directory


def merge(base, changes):
    """`base` with `changes` put in, table by table; None takes a field out."""
    out = dict(base)
    for name, value in changes.items():
        if value is None:
            out.pop(name, None)
        elif isinstance(value, dict) and isinstance(out.get(name), dict):
            out[name] = merge(out[name], value)
        else:
            out[name] = value
    return out


class Stack:
    """Starts on construction; stop() ends all.

    `proxy` and `policy` change the configuration files; `mode` says how the
    proxy reaches the policy service: tcp, unix, mtls or embedded; `broker` is
    mosquitto (with the lines `broker_options` in its configuration), recording,
    mute, or one that runs already; `prepare` may put files into the directory.
    """

    def __init__(self, name, proxy=None, policy=None, mode="tcp",
                 broker="mosquitto", prepare=None, broker_options=()):
        self.directory = pathlib.Path(
            tempfile.mkdtemp(prefix=f"{name}-", dir=run_directory()))
        shutil.copytree(keys_directory(), self.directory, dirs_exist_ok=True)
        self.authorization_server = AuthorizationServer()
        self.authorization_server.write_keys(self.directory)
        if prepare:
            prepare(self.directory)
        self.mode = mode
        self.policy = None
        self._processes = []
        self.ca_file = self.directory / "ca.crt"
        self._own_broker = isinstance(broker, str)
        if not self._own_broker:
            self.broker = broker
        elif broker == "mosquitto":
            self.broker = Mosquitto(self.directory, options=broker_options)
        else:
            self.broker = RecordingBroker(answers=broker == "recording")
        self._policy_changes = policy or {}
        self._policy_address = (f"unix:{self.directory}/policy.sock"
                                if mode == "unix" else "127.0.0.1:0")
        self._write_policy_config()
        if mode != "embedded":
            self.start_policy()
        self._write_proxy_config(proxy or {})
        self.start_proxy()

    def _address_to_configure(self):
        """A socket file's is relative to the configurations."""
        return ("unix:policy.sock" if self.mode == "unix"
                else self._policy_address)

    def _write(self, file, config):
        # JSON is YAML.
        (self.directory / file).write_text(json.dumps(config, indent=1),
                                           encoding="utf-8")

    def _write_policy_config(self):
        config = {
            "address": self._address_to_configure(),
            "audience": AuthorizationServer.audience,
            "clock_skew": "0s",
            "issuers": [{"issuer": AuthorizationServer.issuer,
                         "jwks_file": "as-keys.json"}],
            "decryption_keys_file": "rs-keys.json",
            "public_topics": [{"filter": "public/#",
                               "permissions": ["pub", "sub"]}],
            "store": {"memory": {}},
            "admin": {"address": "127.0.0.1:0"},
        }
        if self.mode == "mtls":
            config["tls"] = {"certificate": "policy.crt",
                             "private_key": "policy.key",
                             "client_ca": "ca.crt"}
        self._write("policy.yaml", merge(config, self._policy_changes))

    def _write_proxy_config(self, changes):
        policy = {"address": self._address_to_configure()}
        if self.mode == "mtls":
            policy["tls"] = {"ca": "ca.crt", "certificate": "proxy.crt",
                             "private_key": "proxy.key"}
        if self.mode == "embedded":
            policy = {"embedded": "policy.yaml"}
        config = {
            "listeners": [{
                "name": "mqtts", "address": "127.0.0.1:0",
                "tls": {"certificate": "server.crt",
                        "private_key": "server.key"}}],
            "upstream": {"address": self.broker.address},
            "policy": policy,
            "admin": {"address": "127.0.0.1:0"},
            "log": {"level": "debug", "format": "json"},
        }
        self._write("proxy.yaml", merge(config, changes))

    def change_policy(self, changes):
        """Writes policy.yaml anew; the running service is not told."""
        self._policy_changes = merge(self._policy_changes, changes)
        self._write_policy_config()

    def _start(self, program, config, log):
        process = Process([program, "--config", self.directory / config],
                          self.directory / log)
        self._processes.append(process)
        return process, process.ready()

    def start_policy(self):
        """Starts the policy service, again at the address it had before."""
        self.policy, ready = self._start(POLICY, "policy.yaml", "policy.log")
        self.policy_admin_address = ready.get("admin")
        if self.mode != "unix":
            self._policy_address = ready["address"]
            self._write_policy_config()

    def sluicectl(self, *arguments, server=None):
        """Runs sluicectl for the policy service, and returns what came of it.
        """
        return subprocess.run(
            self._sluicectl_command(arguments, server),
            capture_output=True, text=True, check=False, timeout=30)

    @contextlib.contextmanager
    def sluicectl_started(self, *arguments):
        """Starts the same, for commands that go on. What still runs at the end
        is killed."""
        with subprocess.Popen(self._sluicectl_command(arguments),
                              stdout=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def _sluicectl_command(self, arguments, server=None):
        return [str(a) for a in (SLUICECTL, "--server",
                                 server or self.policy_address, *arguments)]

    @property
    def policy_address(self):
        return self._policy_address

    def start_proxy(self):
        self.proxy, ready = self._start(PROXY, "proxy.yaml", "proxy.log")
        self.address = ready["listeners"]["mqtts"]
        self.admin_address = ready["admin"]

    def metrics(self):
        """The proxy's: series to value."""
        return admin.metrics(self.admin_address)

    def policy_metrics(self):
        """The policy service's."""
        return admin.metrics(self.policy_admin_address)

    def stop(self):
        for process in reversed(self._processes):
            process.stop()
        if self._own_broker:
            self.broker.stop()

    def logs(self):
        return sorted(self.directory.glob("p*.log"))


class StackTestCase(unittest.TestCase):
    """Tests that share one stack. Subclasses say which in `stack_options`."""

    stack_options = {}
    longMessage = True

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack(cls.__name__, **cls.stack_options)
        cls.addClassCleanup(cls.stack.stop)
        cls.key = Ed25519Key()

    def sluicectl(self, *arguments):
        """What sluicectl prints for the policy service; it must not fail."""
        done = self.stack.sluicectl(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def token(self, *permissions, key=None, **claims):
        return self.stack.authorization_server.token(
            key or self.key, *permissions, **claims)

    def client(self, version=wire.V5, **tls):
        """A TLS connection that has not sent CONNECT yet."""
        client = Client(self.stack.address, self.stack.ca_file, version, **tls)
        self.addCleanup(client.tls.close)
        return client

    def connected(self, *permissions, pop="exporter", key=None, life=300,
                  **fields):
        """A client that was let in with a token for `permissions`."""
        client = self.client()
        connack = client.ace_connect(
            self.token(*permissions, key=key, life=life), key or self.key, pop,
            **fields)
        self.assertEqual(connack.code, 0, connack)
        return client

    def challenged(self, *more, **fields):
        """A client that was asked for a proof, and the AUTH that asks.

        `more` goes out with the CONNECT, in one write.
        """
        token = self.token("a/# pub")
        client = self.client()
        client.send(wire.connect(props={
            "authentication_method": "ace",
            "authentication_data": wire.binary(token)}, **fields), *more)
        return client, client.expect("AUTH")

    def connected_v311(self, *permissions, life=300, **fields):
        client = self.client(wire.V311)
        connack = client.v311_connect(self.token(*permissions, life=life),
                                      self.key, **fields)
        self.assertEqual(connack.code, 0, connack)
        return client

    def anonymous(self, version=wire.V5, **fields):
        """Connects without a credential; the client and its CONNACK."""
        client = self.client(version)
        client.send(wire.connect(version=version, **fields))
        return client, client.expect("CONNACK")

    def assert_code(self, packet, code):
        self.assertEqual(f"0x{packet.code:02x}", f"0x{code:02x}", packet)
