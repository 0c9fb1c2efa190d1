#!/usr/bin/python3
"""How long a revocation takes: from the gRPC call to the client's DISCONNECT.

Thousands of clients with tokens are connected through one proxy, over TLS, and
stay idle. Some have tokens of their own; these are revoked one after the other,
and each time the clock runs from before CreateRevocation is called until the
client has read DISCONNECT 0x98 and the end of the connection. What the call
itself takes, until its answer, is told beside that.

  memory   one policy service, which keeps all in memory
  etcd     revoked at one policy service, while the proxy watches another; both
           share an etcd

Prints a table, and a line of JSON a mode. Builds nothing: it needs the programs
and //test/bench/load:mqtt_load.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.request

import grpc

import machine

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import wire  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.etcd import Etcd  # noqa: E402
from harness.process import eventually  # noqa: E402
from harness.stack import SLUICECTL, Stack, run_directory  # noqa: E402
from harness.tokens import Ed25519Key  # noqa: E402

LOAD = SLUICECTL.parents[1] / "test/bench/load/mqtt_load"
METHOD = "/sluice.admin.v1.RevocationService/CreateRevocation"
PROXY = {"log": {"level": "warning"}}
IDLE_SECONDS = 3600
# mqtt_load gives all of its connections half a minute.
BATCH = 2000


def metric(stack, name):
    with urllib.request.urlopen(
            f"http://{stack.admin_address}/metrics") as response:
        for line in response.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rpartition(" ")[2])
    raise AssertionError(f"no {name}")


class Bystanders:
    """Clients that are connected, share a token, and are never revoked."""

    def __init__(self, stack, count):
        key = Ed25519Key()
        self._token = stack.directory / "bystander.token"
        self._token.write_bytes(stack.authorization_server.token(
            key, "a/# pub", life=IDLE_SECONDS, subject="bystander"))
        self._key = stack.directory / "bystander.jwk"
        self._key.write_text(json.dumps(key.private_jwk()), encoding="utf-8")
        self._stack = stack
        self._processes = []
        try:
            for first in range(0, count, BATCH):
                self._start(min(BATCH, count - first))
        except BaseException:
            self.stop()
            raise

    def _start(self, count):
        before = metric(self._stack, "sluice_connections")
        host, _, port = self._stack.address.rpartition(":")
        process = subprocess.Popen(
            [LOAD, "--mode", "idle", "--connections", str(count), "--tls",
             "--tls-version", "1.3", "--mqtt", "5", "--keep-alive", "0",
             "--ace", "--token", self._token, "--key", self._key, "--host",
             host, "--port", port, "--duration", str(IDLE_SECONDS)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self._processes.append(process)

        def connected():
            assert process.poll() is None, "mqtt_load ended"
            return metric(self._stack,
                          "sluice_connections") >= before + count

        eventually(connected, "all are connected", timeout=60)

    def stop(self):
        for process in self._processes:
            process.kill()
            process.wait()


def connect(stack, number):
    """A client with a token and a subject of its own."""
    client = Client(stack.address, stack.ca_file, wire.V5, timeout=30)
    key = Ed25519Key()
    token = stack.authorization_server.token(
        key, "a/# pub", life=IDLE_SECONDS, subject=f"client-{number}")
    connack = client.ace_connect(token, key, client_id=f"client-{number}",
                                 keep_alive=0)
    assert connack.code == 0, connack
    return client


def revocation_of(subject):
    """CreateRevocationRequest.revocation.subject."""
    field = subject.encode()
    revocation = b"\x2a" + bytes([len(field)]) + field
    return b"\x0a" + bytes([len(revocation)]) + revocation


def measure(address, clients, pause):
    """Milliseconds until the client is out, and until the call is answered."""
    ended, answered = [], []
    with grpc.insecure_channel(address) as channel:
        create = channel.unary_unary(METHOD)
        grpc.channel_ready_future(channel).result(10)
        create(revocation_of("nobody"), timeout=10)
        for number, client in enumerate(clients):
            request = revocation_of(f"client-{number}")
            time.sleep(pause)
            begun = time.perf_counter()
            call = create.future(request, timeout=10)
            call.add_done_callback(
                lambda _, begun=begun: answered.append(
                    time.perf_counter() - begun))
            client.expect_disconnect(0x98)
            ended.append(time.perf_counter() - begun)
            client.tls.close()
            call.result()
    return ended, answered


def percentile(values, part):
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def summary(values):
    return {"p50": round(percentile(values, 0.50), 2),
            "p99": round(percentile(values, 0.99), 2),
            "max": round(1000 * max(values), 2)}


class Setting:
    """What a mode needs, running: `watched` is the stack that clients use,
    `revoked_at` where operators revoke."""

    def __init__(self, mode, ended):
        policy = {}
        if mode == "etcd":
            directory = run_directory() / "etcd"
            directory.mkdir()
            etcd = Etcd(directory)
            ended.callback(etcd.stop)
            policy = {"store": {"memory": None, "etcd": {
                "endpoints": [etcd.address], "prefix": "/bench"}}}
        self.watched = Stack(f"revocation-{mode}", proxy=PROXY, policy=policy)
        ended.callback(self.watched.stop)
        other = self.watched
        if mode == "etcd":
            other = Stack("revocation-other", proxy=PROXY, policy=policy)
            ended.callback(other.stop)
        self.revoked_at = other.policy_address


def run(mode, sessions, revoked, pause):
    with contextlib.ExitStack() as ended:
        setting = Setting(mode, ended)
        stack = setting.watched
        bystanders = Bystanders(stack, sessions - revoked)
        ended.callback(bystanders.stop)
        clients = [connect(stack, number) for number in range(revoked)]
        live = metric(stack, "sluice_connections")
        machine.wait_until_idle(15)
        load = os.getloadavg()[0]
        until_ended, until_answered = measure(setting.revoked_at, clients,
                                              pause)
        # These, and no others.
        eventually(lambda: metric(stack, "sluice_connections") ==
                   live - revoked, "all others are connected")
    return {"mode": mode, "sessions": int(live), "revoked": revoked,
            "disconnected_ms": summary(until_ended),
            "answered_ms": summary(until_answered),
            "load_average": round(load, 2)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("memory", "etcd"), action="append")
    parser.add_argument("--sessions", type=int, default=machine.most_clients(),
                        help="all clients; the proxy needs two descriptors "
                        "for each (ulimit -n)")
    parser.add_argument("--revoked", type=int, default=200)
    parser.add_argument("--pause", type=float, default=0.02,
                        help="seconds between two revocations")
    arguments = parser.parse_args()
    try:
        results = [run(mode, arguments.sessions, arguments.revoked,
                       arguments.pause)
                   for mode in arguments.mode or ("memory", "etcd")]
    finally:
        shutil.rmtree(run_directory(), ignore_errors=True)
    print("mode     sessions  revoked   p50 ms   p99 ms   max ms")
    for result in results:
        times = result["disconnected_ms"]
        print(f"{result['mode']:8} {result['sessions']:8} "
              f"{result['revoked']:8} {times['p50']:8} {times['p99']:8} "
              f"{times['max']:8}")
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
