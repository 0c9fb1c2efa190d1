#!/usr/bin/python3
"""A fleet: two proxies, two policy services that share an etcd, a Mosquitto and
fifty MQTT.js clients. What operators do and what breaks, one thing after the
other, and what each client saw of it.

usage: run.py

One line a step, what went wrong below it, and `N passed, N failed` at the end.
A step that fails ends the run: the others follow from it. The directory with
logs and configurations is kept then.
"""

import contextlib
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import command_line, wire  # noqa: E402
from harness.broker import Mosquitto  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.etcd import Etcd  # noqa: E402
from harness.ports import free_port  # noqa: E402
from harness.process import eventually  # noqa: E402
from harness.stack import (POLICY, PROXY, SLUICECTL, Stack,  # noqa: E402
                           run_directory)
from harness.tokens import Ed25519Key  # noqa: E402

CLIENTS = 50
V311 = range(40, 50)  # the others speak MQTT 5.0
PATIENCE = 30  # seconds for what takes several reconnections


class Devices:
    """The MQTT.js clients: what they report, and what they are told."""

    def __init__(self, directory, config):
        path = directory / "clients.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        self._log = open(directory / "clients.log", "wb")
        self._process = subprocess.Popen(
            ["node", pathlib.Path(__file__).with_name("clients.mjs"), path],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log,
            text=True)
        self._changed = threading.Condition()
        self._events = []
        self._report = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self._process.stdout:
            message = json.loads(line)
            with self._changed:
                if "report" in message:
                    self._report = message["report"]
                else:
                    self._events.append(message)
                self._changed.notify_all()

    def _tell(self, **command):
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def give_token(self, client, token):
        self._tell(op="token", id=client, token=token)

    def report(self):
        """What each client has seen so far, by its identifier."""
        with self._changed:
            self._report = None
            self._tell(op="report")
            if not self._changed.wait_for(lambda: self._report, PATIENCE):
                raise AssertionError("the clients do not report")
            return self._report

    def mark(self):
        """Now, for events_since()."""
        with self._changed:
            return len(self._events)

    def events_since(self, mark):
        with self._changed:
            return self._events[mark:]

    def stop(self):
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class Fleet:
    """All of it; stop() ends it."""

    def __init__(self):
        self.directory = pathlib.Path(
            tempfile.mkdtemp(prefix="fleet-", dir=run_directory()))
        self._ended = contextlib.ExitStack()
        self.etcd = Etcd(self.directory)
        self._ended.callback(self.etcd.stop)
        self.broker = Mosquitto(self.directory, options=[
            "persistence true", f"persistence_location {self.directory}/",
            "max_queued_messages 0"])
        self._ended.callback(self.broker.stop)
        self.stacks = []
        for name in ("first", "second"):
            self.stacks.append(self._start_stack(name))
            self._ended.callback(self.stacks[-1].stop)
        self.issuer = self.stacks[0].authorization_server
        self.keys = [Ed25519Key() for _ in range(CLIENTS)]
        self.devices = Devices(self.directory, {
            "ca": str(self.stacks[0].ca_file),
            "urls": [f"mqtts://{stack.address}" for stack in self.stacks],
            "clients": [self._client(number) for number in range(CLIENTS)]})
        self._ended.callback(self.devices.stop)

    def _start_stack(self, name):
        def prepare(directory):
            if self.stacks:  # one authorization server for both
                self.stacks[0].authorization_server.write_keys(directory)

        return Stack(
            name, broker=self.broker, prepare=prepare,
            policy={"store": {"memory": None, "etcd": {
                "endpoints": [self.etcd.address], "prefix": "/fleet"}}},
            # A proxy that comes back does so at its address.
            proxy={"policy": {"timeout": "1s"}, "listeners": [{
                "name": "mqtts", "address": f"127.0.0.1:{free_port()}",
                "tls": {"certificate": "server.crt",
                        "private_key": "server.key"}}]})

    def token(self, number):
        """Client N publishes to fleet/N/data, and hears the next one."""
        after = (number + 1) % CLIENTS
        return self.issuer.token(
            self.keys[number], f"fleet/{number}/data pub",
            f"fleet/{after}/data sub", life=3600,
            subject=f"device-{number}").decode()

    def _client(self, number):
        return {
            "id": str(number), "version": 4 if number in V311 else 5,
            "url": number % 2, "token": self.token(number),
            "key": self.keys[number].private_jwk(),
            "publish": f"fleet/{number}/data",
            "subscribe": f"fleet/{(number + 1) % CLIENTS}/data"}

    def sluicectl(self, number, *arguments):
        """What sluicectl prints for a policy service; it must not fail."""
        done = self.stacks[number].sluicectl(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def connack(self, number):
        """The code with which a new client is answered by a proxy."""
        stack = self.stacks[number]
        client = Client(stack.address, stack.ca_file, wire.V5)
        with contextlib.closing(client.tls):
            key = Ed25519Key()
            token = self.issuer.token(key, "x pub", subject="new")
            return client.ace_connect(token, key).code

    def write_issuer_keys(self, *keys):
        """The policy services trust these from now on."""
        for stack in self.stacks:
            (stack.directory / "as-keys.json").write_text(json.dumps(
                {"keys": [key.public_jwk() for key in keys]}),
                encoding="utf-8")
            stack.policy.send_signal(signal.SIGHUP)

    def stop(self):
        self._ended.close()


def only(events, kind):
    """The clients that had such an event, with its codes."""
    found = {}
    for event in events:
        if event["event"] == kind:
            found.setdefault(int(event["id"]), []).append(event.get("code"))
    return found


class Steps:
    """In this order. Each leaves all clients connected and busy."""

    def __init__(self, fleet):
        self.fleet = fleet
        self.devices = fleet.devices

    def settle(self, but=()):
        """All clients but these are connected, and hear from each other."""
        before = self.devices.report()

        def busy():
            report = self.devices.report()
            return all(
                report[client]["connected"] and
                len(report[client]["acknowledged"]) >=
                len(before[client]["acknowledged"]) + 3 and
                (int(client) + 1) % CLIENTS in but or
                len(report[client]["received"]) >=
                len(before[client]["received"]) + 3
                for client in report if int(client) not in but)

        eventually(busy, "all clients exchange messages", PATIENCE)

    def assert_undisturbed(self, mark, but=()):
        """No client but these lost its connection since then."""
        events = self.devices.events_since(mark)
        lost = {**only(events, "disconnected"), **only(events, "closed")}
        strangers = {client: codes for client, codes in lost.items()
                     if client not in but}
        assert not strangers, strangers

    def clients_of_both_versions_exchange_messages(self):
        self.settle()
        report = self.devices.report()
        # From here on everybody has subscribed, and nothing may get lost.
        self.first = {client: max(seen["acknowledged"])
                      for client, seen in report.items()}
        assert {client["proxy"] for client in report.values()} == {0, 1}
        sessions = json.loads(self.fleet.sluicectl(
            0, "--output", "json", "session", "list"))["sessions"]
        # A policy service knows the clients of the proxies that watch it.
        assert len(sessions) == CLIENTS / 2, len(sessions)

    def a_rule_keeps_every_client_to_its_own_topic(self):
        mark = self.devices.mark()
        rule = self.fleet.directory / "own.yaml"
        rule.write_text("publish: true\ntopic_filters: [\"fleet/#\"]\n"
                        "except_topic_filters: [\"fleet/${client_id}/data\"]\n"
                        "deny: {}\n", encoding="utf-8")
        self.fleet.sluicectl(1, "rule", "put", "own", "--file", rule)
        self.settle()
        self.assert_undisturbed(mark)
        assert not any(client["denied"]
                       for client in self.devices.report().values())

    def a_rule_narrows_two_clients_and_no_others(self):
        mark = self.devices.mark()
        narrowed = (6, 7)  # at different proxies
        rule = self.fleet.directory / "narrow.yaml"
        rule.write_text("match: {subjects: [device-6, device-7]}\n"
                        "publish: true\ndeny: {}\n", encoding="utf-8")
        self.fleet.sluicectl(0, "rule", "put", "narrow", "--file", rule)

        def denied():
            report = self.devices.report()
            return all(report[str(n)]["denied"] >= 3 for n in narrowed)

        eventually(denied, "publications are denied", PATIENCE)
        self.fleet.sluicectl(1, "rule", "delete", "narrow")
        self.settle()
        self.assert_undisturbed(mark)
        report = self.devices.report()
        others = {client for client in report if report[client]["denied"]}
        assert others == {"6", "7"}, others

    def revoked_subjects_are_disconnected_and_kept_out(self):
        mark = self.devices.mark()
        revoked = (3, 10, 25, 36, 44)
        for number in revoked:
            self.fleet.sluicectl(number % 2, "revoke", "subject",
                                 f"device-{number}")

        def kept_out():
            refused = only(self.devices.events_since(mark), "refused")
            return all(len(refused.get(n, ())) >= 2 for n in revoked)

        eventually(kept_out, "the revoked clients are refused", PATIENCE)
        events = self.devices.events_since(mark)
        disconnected = only(events, "disconnected")
        assert disconnected == {n: [0x98] for n in revoked if n not in V311}, \
            disconnected
        assert only(events, "closed") == {44: [None]}
        for number, codes in only(events, "refused").items():
            assert set(codes) == {5 if number in V311 else 0x87}, codes
        self.settle(but=revoked)
        self.assert_undisturbed(mark, but=revoked)
        revocations = json.loads(self.fleet.sluicectl(
            0, "--output", "json", "revocation", "list"))["revocations"]
        for revocation in revocations:
            self.fleet.sluicectl(1, "revocation", "delete", revocation["name"])
        self.settle()

    def issuer_keys_are_rotated(self):
        mark = self.devices.mark()
        old = self.fleet.issuer.key
        new = Ed25519Key("as-2")
        self.fleet.write_issuer_keys(old, new)
        self.settle()
        self.assert_undisturbed(mark)
        self.fleet.issuer.key = new
        keep_old = (8, 9, 45)
        self.fleet.write_issuer_keys(new)

        # The tokens that the old key has signed are good no more.
        def all_cut():
            events = self.devices.events_since(mark)
            lost = {**only(events, "disconnected"), **only(events, "closed")}
            return len(lost) == CLIENTS

        eventually(all_cut, "every client has lost its grant", PATIENCE)
        for number in range(CLIENTS):
            if number not in keep_old:
                self.devices.give_token(str(number), self.fleet.token(number))
        self.settle(but=keep_old)
        report = self.devices.report()
        assert not any(report[str(n)]["connected"] for n in keep_old)
        for number in keep_old:
            self.devices.give_token(str(number), self.fleet.token(number))
        self.settle()

    def a_proxy_is_killed(self):
        mark = self.devices.mark()
        first = self.fleet.stacks[0]
        mine = {int(client) for client, seen in self.devices.report().items()
                if seen["proxy"] == 0}
        first.proxy.stop(signal.SIGKILL)
        self.settle()
        self.assert_undisturbed(mark, but=mine)
        report = self.devices.report()
        assert {seen["proxy"] for seen in report.values()} == {1}
        first.start_proxy()
        eventually(lambda: self.fleet.connack(0) == 0,
                   "the proxy that came back lets clients in", PATIENCE)

    def clients_spread_again(self):
        """For the steps to come: those of the second proxy are sent away."""
        sessions = json.loads(self.fleet.sluicectl(
            1, "--output", "json", "session", "list"))["sessions"]
        for session in sessions[::2]:
            self.fleet.sluicectl(1, "session", "disconnect", session["name"])
        self.settle()
        report = self.devices.report()
        assert {seen["proxy"] for seen in report.values()} == {0, 1}

    def a_policy_service_is_killed(self):
        mark = self.devices.mark()
        first, second = self.fleet.stacks
        first.policy.stop(signal.SIGKILL)
        self.settle()
        self.assert_undisturbed(mark)
        assert self.fleet.connack(0) == 0x88
        assert self.fleet.connack(1) == 0
        # What is revoked meanwhile is not missed, and happens once.
        victim = next(int(client) for client, seen
                      in self.devices.report().items()
                      if seen["proxy"] == 0 and int(client) not in V311)
        name = json.loads(self.fleet.sluicectl(
            1, "--output", "json", "revoke", "subject",
            f"device-{victim}"))["name"]
        assert victim not in only(self.devices.events_since(mark),
                                  "disconnected")
        first.start_policy()
        eventually(lambda: victim in only(self.devices.events_since(mark),
                                          "disconnected"),
                   "the revocation arrives", PATIENCE)
        self.settle(but=(victim,))
        self.assert_undisturbed(mark, but=(victim,))
        disconnected = only(self.devices.events_since(mark), "disconnected")
        assert disconnected == {victim: [0x98]}, disconnected
        self.fleet.sluicectl(0, "revocation", "delete", name)
        self.settle()

    def etcd_is_killed(self):
        mark = self.devices.mark()
        self.fleet.etcd.stop(signal.SIGKILL)
        self.settle()
        self.assert_undisturbed(mark)
        # Nothing can be changed, and whoever tries is told.
        done = self.fleet.stacks[0].sluicectl("revoke", "subject", "x")
        assert done.returncode == 1 and "UNAVAILABLE" in done.stderr, done
        self.fleet.etcd.start()

        def revoked():
            return self.fleet.stacks[0].sluicectl(
                "revoke", "subject", "device-20").returncode == 0

        eventually(revoked, "etcd is used again", PATIENCE)
        eventually(lambda: 20 in only(self.devices.events_since(mark),
                                      "disconnected"),
                   "the revocation arrives at the other service", PATIENCE)
        self.settle(but=(20,))
        self.assert_undisturbed(mark, but=(20,))

    def no_acknowledged_message_was_lost(self):
        """So far: only the broker itself loses what it has acknowledged."""
        report = self.devices.report()
        acknowledged = {client: {number for number in seen["acknowledged"]
                                 if number > self.first[client]}
                        for client, seen in report.items()}
        # 20 is kept out since the last step, and hears nothing.
        acknowledged.pop("21")
        missing = {}

        def all_received():
            missing.clear()
            for client, seen in self.devices.report().items():
                after = str((int(client) + 1) % CLIENTS)
                missed = acknowledged.get(after, set()) - set(seen["received"])
                if missed:
                    missing[after] = sorted(missed)
            return not missing

        try:
            eventually(all_received, "all has been received", PATIENCE)
        except AssertionError:
            raise AssertionError(f"lost, by publisher: {missing}") from None

    def the_broker_is_killed(self):
        mark = self.devices.mark()
        self.fleet.broker.stop(signal.SIGKILL)

        def all_cut():
            events = self.devices.events_since(mark)
            lost = {**only(events, "disconnected"), **only(events, "closed")}
            return len(lost) >= CLIENTS - 1

        eventually(all_cut, "every client learns of it", PATIENCE)
        self.fleet.broker.start()
        self.settle(but=(20,))

    def nothing_has_crashed(self):
        for stack in self.fleet.stacks:
            assert stack.proxy.running() and stack.policy.running()
        assert self.fleet.broker.running() and self.fleet.etcd.running()


def steps_of(steps):
    for name, step in vars(Steps).items():
        if name not in ("__init__", "settle", "assert_undisturbed") and \
                callable(step):
            yield name, getattr(steps, name)


def main():
    # Its steps follow from each other: none can be chosen.
    command_line.check(command_line.words(__doc__), lambda word: False)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    missing = [str(p) for p in (PROXY, POLICY, SLUICECTL) if not p.exists()]
    if missing:
        sys.exit(f"not built: {' '.join(missing)}")
    passed = failed = 0
    fleet = Fleet()
    try:
        for name, step in steps_of(Steps(fleet)):
            start = time.monotonic()
            try:
                step()
                passed += 1
                print(f"PASS {name} ({time.monotonic() - start:.1f} s)",
                      flush=True)
            except Exception:  # whatever it is, the run ends with a report
                failed += 1
                print(f"FAIL {name}", flush=True)
                print("  " + traceback.format_exc().rstrip().replace(
                    "\n", "\n  "), flush=True)
                break
    finally:
        fleet.stop()
    if failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
