#!/usr/bin/python3
"""What of a flood's latency is the broker's and the machine's: the floods that
can be made on any proxy, on Sluice, on HAProxy, and on another Sluice than the
good clients', with its own broker and policy service, in turn.

peer.py [--seconds N] [--repetitions N]   a table of medians: good clients' 99th
                                          percentile before and under attack
"""

import argparse
import contextlib
import pathlib
import shutil
import signal
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "bench")]

import attacks  # noqa: E402
import servers  # noqa: E402
import stage as stage_module  # noqa: E402
from harness import wire  # noqa: E402
from harness.stack import run_directory  # noqa: E402

ATTACKS = {
    "half-open handshakes": attacks.half_open,
    "topic aliases": attacks.aliases,
    "small publications": attacks.small_publications,
    "subscriptions": attacks.subscriptions,
    "a byte a second of CONNECT": attacks.drip_connect,
}
# Half-open handshakes fill HAProxy up, and nobody else gets in.
LEFT_OUT = {("half-open handshakes", "haproxy")}


class PeerStage:
    """HAProxy before the same broker; it lets everybody in. stop() ends it."""

    def __init__(self, bazel_bin):
        self._directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-peer-"))
        servers.make_certificates(self._directory)
        self.ca_file = self._directory / "ca.crt"
        self._stack = servers.Stack(servers.CASES["haproxy"], self._directory,
                                    bazel_bin)
        self._stack.__enter__()
        self.address = f"127.0.0.1:{self._stack.port}"

    @staticmethod
    def let_in(client, *unused_permissions):
        client.send(wire.connect())
        return client.expect("CONNACK")

    def start_load(self, seconds, warmup=0.5):
        return stage_module.start_load(self.address, seconds, warmup)

    def stop(self):
        self._stack.__exit__()
        shutil.rmtree(self._directory)


class ElsewhereStage:
    """Good clients are with one proxy, and another one is attacked."""

    def __init__(self, good, attacked):
        self.start_load = good.start_load
        self.address = attacked.address
        self.ca_file = attacked.ca_file
        self.let_in = attacked.let_in


def measure(run, stage, seconds):
    """p99 before, under attack, and of how late good clients were meanwhile."""
    before = stage_module.calm_p99(stage, seconds)
    load = stage_module.begin_load(stage, seconds)
    attack = attacks.Attack(run, stage)
    try:
        return before, *stage_module.p99(load)
    finally:
        attack.stop()


def main():
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--repetitions", type=int, default=5)
    options = parser.parse_args()
    print(f"{'attack':30} {'attacked':9} {'p99, ms: before':>16} {'under':>7} "
          f"{'late':>7}")
    with contextlib.ExitStack() as stages:

        def keep(stage):
            stages.callback(stage.stop)
            return stage

        sluice = keep(stage_module.Stage("peer"))
        compared = {
            "sluice": sluice,
            "haproxy": keep(PeerStage(stage_module.LOAD.parents[3])),
            "elsewhere": ElsewhereStage(
                sluice, keep(stage_module.Stage("elsewhere"))),
        }
        for name, run in ATTACKS.items():
            measured = {attacked: [] for attacked in compared
                        if (name, attacked) not in LEFT_OUT}
            for _ in range(options.repetitions):
                for attacked, rows in measured.items():
                    rows.append(measure(run, compared[attacked],
                                        options.seconds))
            for attacked, rows in measured.items():
                before, under, late = map(statistics.median, zip(*rows))
                print(f"{name:30} {attacked:9} {before:16.1f} {under:7.1f} "
                      f"{late:7.1f}", flush=True)
    shutil.rmtree(run_directory())


if __name__ == "__main__":
    main()
