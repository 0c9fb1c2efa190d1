#!/usr/bin/python3
"""Mixed clients against one proxy, one policy service and Mosquitto, for as long
as it takes to see what adds up.

usage: run.py [--minutes N]      30 without it

Clients connect, publish, subscribe, authenticate anew, run out of time, are
revoked and denied; meanwhile rules change, the issuer's keys are rotated, and
the proxy's certificate is renewed. Memory must stay flat, no line of a log be an
error, and all counters add up at the end. `N passed, N failed` is the last line.
"""

import argparse
import collections
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from clients import KINDS, WAIT  # noqa: E402
from harness import admin, usage  # noqa: E402
from harness.broker import Mosquitto  # noqa: E402
from harness.client import Client  # noqa: E402
from harness.process import eventually  # noqa: E402
from harness.stack import Stack, run_directory  # noqa: E402
from harness.tokens import Ed25519Key  # noqa: E402
from harness.traffic import Pair  # noqa: E402

# What a process may have grown by at the end, by the straight line through what
# was seen after the warm-up.
MAX_GROWTH_BYTES = 4 << 20
SPARE_DESCRIPTORS = 4
ROTATION = 12  # seconds; a token is good for one to two of these
RULES = 5
CERTIFICATES = 9


class Log:
    """The lines that a program has written, counted by event."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self._rest = b""
        self.events = collections.Counter()
        self.errors = []

    def read(self):
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        for line in lines:
            if not line.startswith(b"{"):
                self.errors.append(line.decode(errors="replace"))
                continue
            entry = json.loads(line)
            self.events[entry.get("event") or entry.get("message")] += 1
            if entry["level"] == "error":
                self.errors.append(line.decode())
        return self.events


class Operator(threading.Thread):
    """Does something every few seconds."""

    def __init__(self, seconds, action):
        super().__init__(daemon=True)
        self.id = action.__name__
        self.rounds, self.fault = 0, None
        self._seconds, self._action = seconds, action
        self._ending = threading.Event()

    def run(self):
        while not self._ending.wait(self._seconds):
            try:
                self._action(self.rounds)
                self.rounds += 1
            except Exception:  # whatever it is, it is reported
                self.fault = f"{self.id}: {traceback.format_exc()}"
                return

    def stop(self):
        self._ending.set()
        self.join(2 * WAIT)


def straight_line(points):
    """The slope of the regression through (x, y)."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    square = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / square


class Soak:

    def __init__(self, seconds):
        self.seconds = seconds
        self.broker = Mosquitto(
            pathlib.Path(run_directory()),
            options=["max_queued_messages 0"])
        self.stack = Stack("soak", broker=self.broker, proxy={
            "policy": {"timeout": "20s"},
            "ace": {"authentication_timeout": "60s"},
            "limits": {"handshake_timeout": "60s", "connect_timeout": "60s"},
            "log": {"level": "info", "audit": "audit.log",
                    "audit_sample": 1}})
        eventually(lambda: admin.metric(
            self.stack.admin_address, "sluice_policy_watch_connected"),
                   "the proxy watches the policy service")
        self.programs = {"proxy": self.stack.proxy,
                         "policy service": self.stack.policy}
        self.logs = {name: Log(program.log)
                     for name, program in self.programs.items()}
        self._visit()  # what is made once is there
        self.descriptors = self._descriptors()
        self.samples = {name: [] for name in self.programs}
        self.workers = [kind(self, number) for kind, count in KINDS
                        for number in range(count)]
        self.operators = [Operator(RULES, self.change_rules),
                          Operator(ROTATION, self.rotate_keys),
                          Operator(CERTIFICATES, self.renew_certificate)]
        self.pairs = []

    def _descriptors(self):
        return {name: usage.descriptors(program.pid)
                for name, program in self.programs.items()}

    def _visit(self):
        client = Client(self.stack.address, self.stack.ca_file)
        key = Ed25519Key()
        token = self.stack.authorization_server.token(key, "x pub")
        assert client.ace_connect(token, key).code == 0
        client.tls.close()

    def sluicectl(self, *arguments):
        done = self.stack.sluicectl(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sluicectl_json(self, *arguments):
        return json.loads(self.sluicectl("--output", "json", *arguments))

    # What operators do.

    def change_rules(self, turn):
        if turn % 2:
            self.sluicectl("rule", "delete", "soak")
            return
        rule = self.stack.directory / "rule.yaml"
        rule.write_text("publish: true\ntopic_filters: [\"nobody/#\"]\n"
                        "deny: {}\n", encoding="utf-8")
        self.sluicectl("rule", "put", "soak", "--file", rule)

    def rotate_keys(self, turn):
        issuer = self.stack.authorization_server
        new = Ed25519Key(f"as-{turn + 2}")
        (self.stack.directory / "as-keys.json").write_text(json.dumps(
            {"keys": [issuer.key.public_jwk(), new.public_jwk()]}),
            encoding="utf-8")
        self._reload("policy service")
        issuer.key = new

    def renew_certificate(self, _):
        subprocess.run(
            "openssl req -new -key server.key -subj /CN=renewed |"
            " openssl x509 -req -days 1 -CA ca.crt -CAkey ca.key"
            " -CAcreateserial -out renewed.crt && mv renewed.crt server.crt",
            shell=True, cwd=self.stack.directory, check=True,
            capture_output=True)
        self._reload("proxy")

    def _reload(self, name):
        log = self.logs[name]
        before = log.events["reloaded"]
        self.programs[name].send_signal(signal.SIGHUP)
        eventually(lambda: log.events["reloaded"] > before,
                   f"the {name} reloads", WAIT)

    # The run.

    def run(self):
        address = self.stack.address
        issuer = self.stack.authorization_server
        for number in range(2):
            key = Ed25519Key()
            self.pairs.append(Pair(
                f"soak-{number}", lambda: address, self.stack.ca_file,
                lambda topic, key=key: issuer.token(
                    key, f"{topic} pub sub", subject="pair", life=3600),
                key, rate=40, payload=b"x" * 200))
        begin = time.monotonic()
        for thread in (*self.workers, *self.operators):
            thread.start()
        while time.monotonic() - begin < self.seconds:
            time.sleep(0.2)
            now = time.monotonic() - begin
            for name, program in self.programs.items():
                assert program.running(), f"the {name} has ended"
                self.samples[name].append(
                    (now, usage.resident_bytes(program.pid)))
                self.logs[name].read()
            faults = [thread.fault for thread in
                      (*self.workers, *self.operators) if thread.fault]
            assert not faults, faults[0]
            for pair in self.pairs:
                pair.check()

    def wind_down(self):
        """All clients leave, in order."""
        reader = threading.Thread(target=self._keep_reading, daemon=True)
        self._reading = True
        reader.start()
        for thread in (*self.operators, *self.workers):
            thread.stop()
        for pair in self.pairs:
            pair.publisher.paused = True
            eventually(pair.publisher.drained, "all is acknowledged", WAIT)
            eventually(lambda p=pair: not p.lost(), "all has arrived", WAIT)
            pair.stop()
        eventually(lambda: not admin.metric(
            self.stack.admin_address, "sluice_connections"),
                   "all clients have gone", WAIT)
        self._reading = False
        reader.join()
        for log in self.logs.values():
            log.read()

    def _keep_reading(self):
        while self._reading:
            for log in self.logs.values():
                log.read()
            time.sleep(0.2)


class Checks:
    """What must be so at the end."""

    def __init__(self, soak):
        self.soak = soak
        self.metrics = admin.metrics(soak.stack.admin_address)

    def total(self, name, **labels):
        """The sum of a metric's values where it has these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return int(sum(value for key, value in self.metrics.items()
                       if key.partition("{")[0] == name and
                       all(label in key for label in wanted)))

    def everybody_came_round(self):
        for thread in (*self.soak.workers, *self.soak.operators):
            print(f"  {thread.id}: {thread.rounds} rounds")
            assert thread.rounds, thread.id
        for pair in self.soak.pairs:
            print(f"  pair: {len(pair.publisher.acknowledged)} messages, "
                  f"{pair.publisher.connects} + {pair.subscriber.connects} "
                  f"connections")

    def memory_is_flat(self):
        # Of a minute less than half is left, of half an hour nearly all.
        warm_up = max(0.1 * self.soak.seconds, min(45, 0.6 * self.soak.seconds))
        for name, samples in self.soak.samples.items():
            with open(run_directory() / f"{name.split()[0]}-memory.csv", "w",
                      encoding="ascii") as file:
                file.writelines(f"{x:.1f},{y}\n" for x, y in samples)
            points = [(x, y) for x, y in samples if x >= warm_up]
            growth = straight_line(points) * (points[-1][0] - points[0][0])
            print(f"  {name}: {samples[0][1] >> 10} KiB at the start, "
                  f"{points[0][1] >> 10} KiB after {warm_up:.0f} s, "
                  f"{points[-1][1] >> 10} KiB at the end; the line through "
                  f"them grows by {growth / 1024:.0f} KiB")
            assert growth < MAX_GROWTH_BYTES, (name, growth)

    def no_log_has_an_error(self):
        for name, log in self.soak.logs.items():
            assert not log.errors, (name, log.errors[:3])
            print(f"  {name}: {dict(log.events)}")

    def no_message_is_lost_and_none_of_qos_2_comes_twice(self):
        for pair in self.soak.pairs:
            assert len(pair.publisher.acknowledged) == pair.publisher.sent
            assert not pair.publisher.denied
            assert not pair.lost() and not pair.doubled(), pair.doubled()

    def every_connect_has_one_end(self):
        accepted = self.total("sluice_connects_total", result="accepted")
        refused = self.total("sluice_connects_total", result="refused")
        errors = self.total("sluice_connects_total", result="error")
        connects = self.total("sluice_packets_total", type="connect",
                              direction="from_client")
        left = self.total("sluice_connects_total", result="abandoned")
        assert accepted + refused + errors + left == connects, (
            accepted, refused, errors, left, connects)
        assert errors == 0, errors
        # What clients counted; and the one of the beginning.
        assert accepted == 1 + sum(w.accepted for w in self.soak.workers) + sum(
            peer.connects for pair in self.soak.pairs
            for peer in (pair.publisher, pair.subscriber)), accepted
        events = self.soak.logs["proxy"].events
        assert events["client_connected"] == accepted, events
        assert events["client_closed"] == accepted + left, events
        assert events["client_refused"] == refused, events

    def every_message_was_judged_once(self):
        from_clients = self.total("sluice_packets_total", type="publish",
                                  direction="from_client")
        decided = self.total("sluice_decisions_total", action="publish")
        assert from_clients == decided, (from_clients, decided)
        from_broker = self.total("sluice_packets_total", type="publish",
                                 direction="from_broker")
        delivered = self.total("sluice_decisions_total", action="deliver")
        assert from_broker == delivered, (from_broker, delivered)

    def the_broker_has_what_was_allowed(self):
        allowed = self.total("sluice_decisions_total", action="publish",
                             result="allowed")
        with open(self.soak.broker.log, encoding="utf-8") as file:
            received = sum("Received PUBLISH from" in line for line in file)
        print(f"  {allowed} allowed, {received} received by the broker")
        assert received == allowed, (allowed, received)

    def every_decision_is_in_the_audit_log(self):
        lines = collections.Counter()
        with open(self.soak.stack.directory / "audit.log",
                  encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                lines[entry["action"], entry["result"]] += 1
        dropped = self.total("sluice_audit_dropped_total")
        counted = collections.Counter()
        for name, value in self.metrics.items():
            if name.startswith("sluice_decisions_total{") and value:
                labels = dict(part.split("=") for part in
                              name[name.index("{") + 1:-1].split(","))
                counted[labels["action"].strip('"'),
                        labels["result"].strip('"')] = int(value)
        print(f"  {sum(counted.values())} decisions, {dropped} lines dropped")
        if dropped == 0:
            assert lines == counted, (lines, counted)
        assert sum(lines.values()) + dropped == sum(counted.values())

    def nothing_is_left_open(self):
        assert self.metrics["sluice_connections"] == 0
        sessions = self.soak.sluicectl_json("session", "list")
        assert not sessions.get("sessions"), sessions
        # gRPC may have made a few for itself, and keeps what sluicectl has used
        # for a moment.
        for name, program in self.soak.programs.items():
            before = self.soak.descriptors[name]
            eventually(lambda: usage.descriptors(program.pid) <=
                       before + SPARE_DESCRIPTORS,
                       f"the descriptors of the {name} are closed", 20)
            print(f"  {name}: {before} descriptors at the start, "
                  f"{usage.descriptors(program.pid)} now")


def checks_of(soak):
    checks = Checks(soak)
    for name, check in vars(Checks).items():
        if name not in ("__init__", "total") and callable(check):
            yield name, getattr(checks, name)


def attempt(name, step):
    """Runs it, and says how it went."""
    start = time.monotonic()
    try:
        step()
    except Exception:  # whatever it is, the run ends with a report
        print(f"FAIL {name}", flush=True)
        print("  " + traceback.format_exc().rstrip().replace("\n", "\n  "),
              flush=True)
        return False
    print(f"PASS {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    seconds = 60 * parser.parse_args().minutes
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    soak = Soak(seconds)
    outcomes = []
    try:
        outcomes.append(attempt("clients_come_and_go", soak.run))
        outcomes.append(attempt("clients_leave", soak.wind_down))
        outcomes += [attempt(*check) for check in checks_of(soak)]
    finally:
        soak.stack.stop()
        soak.broker.stop()
    failed = outcomes.count(False)
    if failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{outcomes.count(True)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
