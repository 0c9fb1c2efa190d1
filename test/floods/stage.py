"""What is attacked: a proxy between good clients, a policy service whose calls
are counted, and a Mosquitto."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

from calls import CallCounter
from harness import usage
from harness.client import Client
from harness.process import Process, eventually
from harness.stack import PROXY, Stack
from harness.tokens import Ed25519Key

LOAD = pathlib.Path(PROXY).parents[1] / "test/bench/load/mqtt_load"
RATE = 500  # good messages a second
DENIALS = 20  # of an address in a second; what an attacker exceeds for sure
CLIENTS = 5  # publishers, and as many subscribers


class WatchedStack(Stack):
    """The policy service is reached through `calls`; the proxy may have
    `files` descriptors."""

    def __init__(self, name, calls, files=None, **options):
        self._calls = calls
        self._files = files
        super().__init__(name, **options)

    def start_policy(self):
        super().start_policy()
        self._calls.target = self.policy_address

    def start_proxy(self):
        limit = (["/usr/bin/prlimit", f"--nofile={self._files}:{self._files}"]
                 if self._files else [])
        process = Process([*limit, PROXY, "--config",
                           self.directory / "proxy.yaml"],
                          self.directory / "proxy.log")
        self._processes.append(process)
        self.proxy, ready = process, process.ready()
        self.address = ready["listeners"]["mqtts"]
        self.admin_address = ready["admin"]


def start_load(address, seconds, warmup=0.5, *options):
    """Good clients, at a rate that does not wait for anybody."""
    host, _, port = address.rpartition(":")
    load = subprocess.Popen(
        [LOAD, "--mode", "pubsub", "--host", host, "--port", port, "--tls",
         "--mqtt", "5", "--topic", "good", "--rate", str(RATE), "--publishers",
         str(CLIENTS), "--subscribers", str(CLIENTS), "--warmup", str(warmup),
         "--duration", str(seconds), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # They stand for other machines, too, which have time for them. It takes a
    # privilege; without it they may be late, which is measured.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(load.pid, os.SCHED_RR, os.sched_param(1))
    return load


def _pin(process, processor):
    """A program, with the threads that it has and is going to make."""
    for thread in os.listdir(f"/proc/{process.pid}/task"):
        os.sched_setaffinity(int(thread), {processor})


def p99(load):
    """Waits for the load's end: 99th percentiles of the latency, and of how
    late messages were sent, in milliseconds."""
    out, err = load.communicate(timeout=60)
    if load.returncode != 0:
        raise AssertionError(f"the good clients: {err.strip()}")
    result = json.loads(out)
    if result["missing"]:
        raise AssertionError(f"{result['missing']} good messages are lost")
    return (result["latency_us"]["p99"] / 1000,
            result["send_lag_us"]["p99"] / 1000)


def calm_p99(stage, seconds):
    """The 99th percentile of the latency without an attack of `seconds`."""
    return p99(stage.start_load(max(1.5, seconds / 2)))[0]


def begin_load(stage, seconds):
    """start_load(), and its clients are there when this returns."""
    load = stage.start_load(seconds)
    time.sleep(0.4)
    return load


class Stage:
    """Starts on construction; stop() ends all. `files` is the proxy's limit of
    descriptors. `apart`: the proxy has the one of two processors, broker and
    policy service have the other; else the kernel moves them about."""

    def __init__(self, name, files=None, apart=False):
        self.calls = CallCounter()
        self.stack = WatchedStack(name, self.calls, files, proxy={
            "log": {"level": "info", "audit": "audit.log"},
            # Of two cores the broker takes the other one.
            "workers": 1,
            "limits": {"denials_per_second": DENIALS},
            "policy": {"address": self.calls.address}},
            # A line for each filter would cost it more than the filter.
            broker_options=("log_type none", "log_type information"))
        self.key = Ed25519Key()
        self.address = self.stack.address
        self.ca_file = self.stack.ca_file
        directory = self.stack.directory
        (directory / "good.jwk").write_text(
            json.dumps(self.key.private_jwk()), encoding="ascii")
        (directory / "good.token").write_bytes(self.token("good/# pub sub"))
        self._audit_log = open(directory / "audit.log", encoding="utf-8")
        eventually(self._ready, "the proxy is ready")
        if apart:
            first, *rest = sorted(os.sched_getaffinity(0))
            _pin(self.stack.proxy, first)
            for program in (self.stack.broker, self.stack.policy):
                _pin(program, rest[0] if rest else first)

    def _ready(self):
        return self.stack.metrics().get("sluice_policy_watch_connected") == 1

    def token(self, *permissions, **claims):
        return self.stack.authorization_server.token(
            self.key, *permissions, life=3600, **claims)

    def let_in(self, client, *permissions):
        """Connects `client` with a good token; its CONNACK."""
        return client.ace_connect(self.token(*permissions), self.key)

    def start_load(self, seconds, warmup=0.5):
        directory = self.stack.directory
        return start_load(self.address, seconds, warmup,
                          "--ace", "--token", directory / "good.token",
                          "--key", directory / "good.jwk")

    def good_client(self, timeout=10):
        """One more comes; how long it takes to be let in."""
        start = time.monotonic()
        client = Client(self.address, self.ca_file, timeout=timeout)
        connack = self.let_in(client, "good/# pub sub")
        client.tls.close()
        if connack.code != 0:
            raise AssertionError(f"a good client gets {connack}")
        return time.monotonic() - start

    def resident(self):
        """Of the proxy's memory, in MiB."""
        return usage.resident_bytes(self.stack.proxy.pid) / 2**20

    def files(self):
        """The descriptors that the proxy has open."""
        return usage.descriptors(self.stack.proxy.pid)

    def audit_lines(self):
        """Those that are new since the last call."""
        return self._audit_log.read().splitlines()

    def stop(self):
        self._audit_log.close()
        self.stack.stop()
        self.calls.stop()
