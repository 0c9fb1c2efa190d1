"""A run of the soak: clients, operators, and what is seen of the programs."""

import collections
import json
import signal
import threading
import time

from clients import KINDS
from harness import admin, certificates, usage
from harness.process import eventually
from harness.tokens import Ed25519Key
from harness.traffic import Pair
from repeater import WAIT, Repeater
from world import World

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


class Operator(Repeater):
    """Does something every few seconds."""

    def __init__(self, seconds, action):
        super().__init__(action.__name__)
        self.pause, self._action = seconds, action

    def round(self):
        self._action(self.rounds)


class Soak:

    def __init__(self, seconds, store):
        self.seconds = seconds
        self.world = World(store)
        self.logs = {name: Log(program.log)
                     for name, program in self.world.programs.items()}
        self.world.visit()
        self.descriptors = self._descriptors()
        self.samples = {name: [] for name in self.world.programs}
        self.workers = [kind(self, number) for kind, count in KINDS
                        for number in range(count)]
        self.operators = [Operator(RULES, self.world.change_rules),
                          Operator(ROTATION, self.rotate_keys),
                          Operator(CERTIFICATES, self.renew_certificate)]
        self.pairs = []

    def _descriptors(self):
        return {name: usage.descriptors(program.pid)
                for name, program in self.world.programs.items()}

    # What operators do.

    def rotate_keys(self, turn):
        issuer = self.world.stack.authorization_server
        new = Ed25519Key(f"as-{turn + 2}")
        (self.world.stack.directory / "as-keys.json").write_text(json.dumps(
            {"keys": [issuer.key.public_jwk(), new.public_jwk()]}),
            encoding="utf-8")
        self._reload("policy service")
        issuer.key = new

    def renew_certificate(self, _):
        certificates.renew(self.world.stack.directory)
        self._reload("proxy")

    def _reload(self, name):
        log = self.logs[name]
        before = log.events["reloaded"]
        self.world.programs[name].send_signal(signal.SIGHUP)
        eventually(lambda: log.events["reloaded"] > before,
                   f"the {name} reloads", WAIT)

    # The run.

    def run(self):
        address = self.world.stack.address
        issuer = self.world.stack.authorization_server
        for number in range(2):
            key = Ed25519Key()
            self.pairs.append(Pair(
                f"soak-{number}", lambda: address, self.world.stack.ca_file,
                lambda topic, key=key: issuer.token(
                    key, f"{topic} pub sub", subject="pair", life=3600),
                key, rate=40, payload=b"x" * 200))
        begin = time.monotonic()
        for thread in (*self.workers, *self.operators):
            thread.start()
        while time.monotonic() - begin < self.seconds:
            time.sleep(0.2)
            now = time.monotonic() - begin
            for name, program in self.world.programs.items():
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
            self.world.stack.admin_address, "sluice_connections"),
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


