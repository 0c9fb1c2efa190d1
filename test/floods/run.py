#!/usr/bin/python3
"""Floods and slow peers, against the programs in bazel-bin, and what good
clients notice of them.

run.py [--seconds N] [--apart] [WORD]...   only the attacks whose name contains a
                                           word; --apart: of two processors the
                                           proxy has one and what is behind it
                                           the other

While an attack goes on for N seconds (3), good clients exchange messages: the
99th percentile of their latency may be three times what it was just before, or
FLOOR, not counting what the machine keeps the good clients themselves waiting
for. What the proxy's memory grows by, and all that it has, are bounded while
an attack goes on and after it (the allocator keeps some), and so is what the
policy service is asked. When the attack has ended, so have its connections,
and their descriptors are back. One line an attack, what went wrong below it, a
table, and `N passed, N failed` at the end.

A latency that is too high is measured once more, with what it is compared to:
the machine may have had something else to do. Nothing else has a second chance.
"""

import argparse
import contextlib
import dataclasses
import functools
import pathlib
import shutil
import signal
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import attacks  # noqa: E402
import stage as stage_module  # noqa: E402
from harness import command_line  # noqa: E402
from harness.process import eventually  # noqa: E402
from harness.stack import POLICY, PROXY, run_directory  # noqa: E402
from stage import DENIALS, Stage  # noqa: E402

MOST_MEMORY = 160  # MiB that the proxy may have, after whatever attacks
RATIO = 3
FLOOR = 10  # ms; less is below what a machine with two cores can tell
# A message passes so many processes, each of which has to wait as long for its
# turn as the good clients had to, by how late they sent.
TURNS = 4
TOKENS = 10  # limits.authz_info_per_second, the default
LET_IN = 10  # seconds in which a good client gets in, whatever goes on


@dataclasses.dataclass
class Case:
    """An attack, and what it must not exceed."""

    name: str
    run: object  # of the module attacks
    memory: int  # MiB that the proxy may grow by
    sources: int = 1  # addresses that the attack comes from
    # Questions to the policy service: of one source in a second; None: each of
    # the attack's clients has a good token and may ask once.
    calls: int = None
    seen: tuple = ()  # what the attacker must have seen, for it to be one
    files: int = None  # descriptors that the proxy may have
    check: object = None  # of (stage, what the attacker saw, seconds)


def _few_lines(stage, seen, seconds):
    lines = sum('"action":"publish","result":"denied"' in line
                for line in stage.audit_lines())
    most = 100 * seen["clients"] * (seconds + 2)
    if not 0 < lines <= most:
        raise AssertionError(f"{lines} lines of the audit log, not {most}")
    if lines >= seen["publications"]:
        raise AssertionError("too few publications to tell")


def _few_places(stage, seen, seconds):
    if seen["opened"] < 10000:
        raise AssertionError("the attack is too small")


CASES = (
    Case("10,000 half-open handshakes",
         functools.partial(attacks.half_open, again=False), 64, 4,
         calls=0, seen=("connected", "closed"), check=_few_places),
    Case("half-open handshakes, again and again", attacks.half_open, 64, 4,
         calls=0, seen=("connected", "closed"), check=_few_places),
    Case("half-open handshakes, few descriptors", attacks.half_open, 64, 4,
         calls=0, seen=("connected", "closed"), files=500),
    Case("a byte a second of the handshake", attacks.drip_handshake, 32,
         calls=0, seen=("opened",)),
    Case("a byte a second of CONNECT", attacks.drip_connect, 32, calls=0,
         seen=("opened",)),
    Case("bad tokens of one address", attacks.bad_tokens, 32,
         calls=DENIALS, seen=("0x87", "kept out")),
    Case("bad tokens of many addresses", attacks.bad_tokens, 32, 16,
         calls=DENIALS, seen=("0x87",)),
    Case("256 MiB announced in CONNECT", attacks.huge_connect, 32, calls=0,
         seen=("cut",)),
    Case("256 MiB announced with a token", attacks.huge_publish, 32,
         seen=("bytes",)),
    Case("unfinished packets without a token", attacks.unfinished_packets, 96, 4,
         calls=None, seen=("kept", "closed")),
    Case("CONNECTs that await a challenge", attacks.awaiting_challenges, 96, 4,
         calls=0, seen=("kept", "closed")),
    Case("answers that nobody reads, without a token", attacks.unread_answers,
         64, 4, calls=None, seen=("kept",)),
    Case("a million properties in CONNECT", attacks.many_properties_connect,
         32, calls=0, seen=("0x95", "0x97")),
    Case("a million properties with a token", attacks.many_properties_publish,
         64, seen=("0x97",)),
    Case("topic aliases", attacks.aliases, 32, seen=("publications", "0x94")),
    Case("subscriptions", attacks.subscriptions, 32,
         seen=("filters", "0x97")),
    Case("tokens on authz-info", attacks.tokens, 32, 4, calls=TOKENS,
         seen=("0x97",)),
    Case("denied publications", attacks.denied_publications, 32,
         seen=("0x87",), check=_few_lines),
    Case("readers that stop reading", attacks.stopped_readers, 32,
         seen=("bytes",)),
)


@dataclasses.dataclass
class Measured:
    """What came of an attack."""

    before: float  # p99, ms
    under: float
    late: float  # p99 of how late good clients sent meanwhile, ms
    let_in: float  # seconds a good client needed
    memory: tuple  # MiB before, at most, and after
    calls: int
    calls_per_second: float
    seen: dict


def _watch(stage, load, most):
    """Until the load ends; the most memory that the proxy has had."""
    while load.poll() is None:
        most = max(most, stage.resident())
        time.sleep(0.05)
    return most


def measure(case, stage, seconds):
    """The good clients' latency without the attack, and with it."""
    before = stage_module.calm_p99(stage, seconds)
    files, resident = stage.files(), stage.resident()
    stage.audit_lines()
    asked = stage.calls.calls
    load = stage_module.begin_load(stage, seconds)
    good = 2 * stage_module.CLIENTS
    started = time.monotonic()
    attack = attacks.Attack(case.run, stage, case.sources)
    try:
        time.sleep(seconds / 2)
        let_in = stage.good_client(LET_IN)
        peak = _watch(stage, load, stage.resident())
        under, late = stage_module.p99(load)
    finally:
        seen = attack.stop()
    lasted = time.monotonic() - started
    calls = stage.calls.calls - asked - good - 1
    eventually(lambda: stage.stack.metrics()["sluice_connections"] == 0,
               "all connections have ended", 20)
    eventually(lambda: stage.files() <= files + 2,
               "the descriptors are back")
    return Measured(before, under, late, let_in,
                    (resident, peak, stage.resident()), calls,
                    calls / lasted, seen), lasted


def judge(case, stage, measured, lasted):
    """What is not as it should be, latency aside."""
    idle, peak, after = measured.memory
    faults = [f"the attacker has not seen {what}: {measured.seen}"
              for what in case.seen if not measured.seen.get(what)]
    for when, value in (("peak", peak), ("after", after)):
        if value > idle + case.memory:
            faults.append(f"{when}: {value:.0f} MiB after {idle:.0f}")
        if value > MOST_MEMORY:
            faults.append(f"{when}: {value:.0f} MiB, not {MOST_MEMORY}")
    if case.calls is not None:
        # Those that are at it together ask before one of them is denied.
        most = case.calls * case.sources * (lasted + 1) + (
            attacks.WORKERS if case.calls else 0)
        if measured.calls > most:
            faults.append(f"{measured.calls} calls, not {most:.0f}")
    metrics = stage.stack.metrics()
    if metrics["sluice_connections_pending"] != 0:
        faults.append("sluice_connections_pending is not 0")
    if case.check:
        try:
            case.check(stage, measured.seen, lasted)
        except AssertionError as error:
            faults.append(str(error))
    return faults


def too_slow(measured):
    limit = max(FLOOR, RATIO * measured.before) + TURNS * measured.late
    if measured.under <= limit:
        return []
    return [f"p99 is {measured.under:.1f} ms, without the attack "
            f"{measured.before:.1f} ms; good clients were {measured.late:.1f} ms "
            "late themselves"]


def run_case(case, stage, seconds):
    """What was measured, and the faults."""
    for attempt in (1, 2):
        measured, lasted = measure(case, stage, seconds)
        faults = judge(case, stage, measured, lasted)
        slow = too_slow(measured)
        if not slow or faults or attempt == 2:
            return measured, faults + slow
        print(f"  once more: {slow[0]}", flush=True)
    raise AssertionError("not reached")


def run_safely(case, stage, seconds, apart):
    """The same, whatever happens; prints what came of it."""
    start = time.monotonic()
    try:
        with contextlib.ExitStack() as own:
            if case.files:
                stage = Stage("few-files", case.files, apart)
                own.callback(stage.stop)
            measured, faults = run_case(case, stage, seconds)
    except Exception:  # the other attacks are made all the same
        measured, faults = None, [traceback.format_exc()]
    print("FAIL" if faults else "PASS",
          f"{case.name} ({time.monotonic() - start:.1f} s)",
          dict(measured.seen) if measured else "", flush=True)
    for fault in faults:
        print("  " + fault.rstrip().replace("\n", "\n  "), flush=True)
    return measured, faults


def print_table(rows):
    print(f"\n{'attack':40} {'p99, ms':>20} {'let in, s':>9} "
          f"{'resident, MiB':>18} {'calls/s':>8}")
    for case, m in rows:
        memory = " / ".join(f"{value:.0f}" for value in m.memory)
        print(f"{case.name:40} {m.before:5.1f} /{m.under:6.1f} /{m.late:5.1f} "
              f"{m.let_in:9.2f} {memory:>18} {m.calls_per_second:8.1f}")
    print("p99: before / under attack / by which good clients were late\n"
          "resident: before / most / after",
          flush=True)


def main():
    # So that what was started is ended when this is cut off.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--apart", action="store_true")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    command_line.check(options.words, lambda word: any(
        word in case.name for case in CASES))
    missing = [str(p) for p in (PROXY, POLICY, stage_module.LOAD)
               if not p.exists()]
    if missing:
        sys.exit(f"not built: {' '.join(missing)}")
    rows = []
    passed = failed = 0
    with contextlib.ExitStack() as stages:
        stage = Stage("floods", apart=options.apart)
        stages.callback(stage.stop)
        for case in CASES:
            if options.words and not any(w in case.name
                                         for w in options.words):
                continue
            measured, faults = run_safely(case, stage, options.seconds,
                                          options.apart)
            rows.append((case, measured))
            passed += not faults
            failed += bool(faults)
    print_table([row for row in rows if row[1]])
    if failed:
        print(f"logs and configurations are in {run_directory()}")
    else:
        shutil.rmtree(run_directory())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
