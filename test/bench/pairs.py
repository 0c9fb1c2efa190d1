"""Comparisons of Sluice with itself: the same load with one thing changed.

Each is two runs, A and B, that differ in that thing; both are in each
repetition, one after the other, in an order that changes: what happens to the
machine meanwhile falls on both alike.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

import machine
import servers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness import usage  # noqa: E402

OPEN_SECONDS = 60
# What an event loop gets of a core, so that it is what all wait for: load and
# broker, with the rest of two cores, could do several times as much.
LOOP_SHARE = 0.02
IDLE_CLIENTS = 9900 - 20  # with those of the load 9,900
SETTLE_SECONDS = 0.5  # until what has looked whether the proxy is up is gone


@contextlib.contextmanager
def _clients(bench, stack, flags, count, frozen=False):
    """`count` other clients of the stack's, while the context lasts; `frozen`
    ones stop doing anything once they are connected.
    """
    # A proxy has two descriptors for a client.
    role, each = ("proxy", 2) if "proxy" in stack.pids else ("broker", 1)
    pid = stack.pids[role]
    time.sleep(SETTLE_SECONDS)
    descriptors = usage.descriptors(pid) + each * count
    process = subprocess.Popen(
        bench.client(stack, f"{flags} --duration 3600"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + OPEN_SECONDS
        while usage.descriptors(pid) < descriptors:
            if process.poll() is not None or time.monotonic() > end:
                raise servers.StartError(
                    f"clients do not connect: {process.stderr.read()}"
                    if process.poll() is not None else "clients are too slow")
            time.sleep(0.1)
        time.sleep(0.5)  # until they have subscribed
        if frozen:
            os.kill(process.pid, signal.SIGSTOP)
        yield
    finally:
        process.kill()
        process.wait()


def idle_beside(bench):
    def beside(stack):
        return _clients(
            bench, stack, f"--mode idle --connections {IDLE_CLIENTS}"
            " --tls-version 1.3 --keep-alive 600", IDLE_CLIENTS)
    return beside


@contextlib.contextmanager
def _rationed_loops(stack):
    try:
        for thread in machine.threads(stack.pids["proxy"], "event_loop"):
            machine.ration(thread, LOOP_SHARE)
    except OSError as error:
        raise servers.StartError(str(error)) from error
    yield


def loops(workers):
    """So many event loops, each with its share of a core. What is under way is
    as much as they take: with a smaller window two loops find less each time
    than one, and do more for each message."""
    return lambda bench: {"workers": workers, "beside": _rationed_loops,
                          "flags": "--window 4000"}


def subscriber_beside(bench, frozen):
    """One more subscriber, which hears everybody, or stops reading."""
    def beside(stack):
        return _clients(
            bench, stack, f"--mode idle --connections 1 --filter"
            f" {servers.TOPIC}/# --keep-alive 600", 1, frozen)
    return beside


def alone_and(beside, case_name):
    """The saturated load alone, and with what `beside`, of a bench, makes."""
    return ("W1", case_name,
            lambda bench: {},
            lambda bench: {"beside": beside(bench)})


def stopped_subscriber(bench):
    return subscriber_beside(bench, True)


# name: (workload, case, options of A, options of B); each of options is what
# Bench.run() is given, made with the bench.
PAIRS = {
    "idle": alone_and(idle_beside, "sluice"),
    # The same with a peer, and with no proxy at all: what the broker makes of
    # them.
    "idle-haproxy": alone_and(idle_beside, "haproxy"),
    "idle-plain": alone_and(idle_beside, "plain"),
    "filters": ("W1", "sluice-anonymous",
                lambda bench: {"public": servers.filters(10)},
                lambda bench: {"public": servers.filters(10000)}),
    "loops": ("W1", "sluice",
              lambda bench: {"workers": 1},
              lambda bench: {"workers": 2}),
    "loops-rationed": ("W1", "sluice", loops(1), loops(2)),
    "slow": ("W3", "sluice",
             lambda bench: {"beside": subscriber_beside(bench, False)},
             lambda bench: {"beside": stopped_subscriber(bench)}),
    "slow-saturated": alone_and(stopped_subscriber, "sluice"),
    # The same with a peer: what the broker makes of such a subscriber.
    "slow-haproxy": alone_and(stopped_subscriber, "haproxy"),
}


def run(bench, name, rep):
    """The runs A and B of a pair, as compare.py's, with the members "pair" and
    "variant".
    """
    work, case_name, *variants = PAIRS[name]
    for letter, options in list(zip("AB", variants))[::-1 if rep % 2 else 1]:
        try:
            result = bench.run(case_name, work, **options(bench))
        except servers.StartError as error:
            result = {"case": case_name, "work": work, "error": str(error)}
        yield {"pair": name, "variant": letter, **result}
