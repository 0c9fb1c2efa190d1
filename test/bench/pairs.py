"""Comparisons of Sluice with itself: the same load with one thing changed.

Each is runs A and B that differ in that thing; both are in each repetition, next
to each other and in an order that balances: what happens to the machine
meanwhile falls on both alike.
"""

import contextlib
import os
import random
import signal
import subprocess
import time

import machine
import servers

OPEN_SECONDS = 150
# What an event loop gets of a core, so that it is what all wait for: load and
# broker, with the rest of two cores, could do several times as much.
LOOP_SHARE = 0.02
IDLE_CLIENTS = machine.most_clients() - 20  # with those of the load all
SETTLE_SECONDS = 0.5  # until what has looked whether the proxy is up is gone
# Until what so many connections begin with is over: the time that they had for
# CONNECT (10 s), whose end costs a timer each.
IDLE_SETTLE_SECONDS = 11


@contextlib.contextmanager
def _clients(bench, stack, flags, count, frozen=False):
    """`count` other clients of the stack's, while the context lasts; `frozen`
    ones stop doing anything once they are connected.
    """
    # A proxy has two descriptors for a client.
    role, each = ("proxy", 2) if "proxy" in stack.pids else ("broker", 1)
    pid = stack.pids[role]
    time.sleep(SETTLE_SECONDS)
    descriptors = machine.descriptors(pid) + each * count
    process = subprocess.Popen(
        bench.client(stack, f"{flags} --duration 3600"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + OPEN_SECONDS
        while machine.descriptors(pid) < descriptors:
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


@contextlib.contextmanager
def _idle_clients(bench, stack):
    with _clients(bench, stack, f"--mode idle --connections {IDLE_CLIENTS}"
                  " --tls-version 1.3 --keep-alive 600", IDLE_CLIENTS):
        time.sleep(IDLE_SETTLE_SECONDS)
        yield


def idle(case_name):
    """The saturated load before, beside and after idle clients, on one stack."""
    def runs(bench):
        with bench.stack(case_name) as stack:
            yield "A", bench.run_on(stack, "W1")
            with _idle_clients(bench, stack):
                yield "B", bench.run_on(stack, "W1")
            time.sleep(SETTLE_SECONDS)
            yield "A", bench.run_on(stack, "W1")
    return "W1", case_name, runs


def idle_apart(case_name):
    """The same load on two stacks that are up, one of which has idle clients."""
    def runs(bench):
        with bench.stack(case_name) as without, \
                bench.stack(case_name, name="with-idle") as beside, \
                _idle_clients(bench, beside):
            for letter in "ABBAABBA":
                yield letter, bench.run_on(
                    without if letter == "A" else beside, "W1")
    return "W1", case_name, runs


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


def one_each(work, case_name, a, b):
    """A run each, on stacks of their own; `a` and `b` are what Bench.run() is
    given, made with the bench."""
    def runs(bench):
        for letter, options in random.sample([("A", a), ("B", b)], 2):
            yield letter, bench.run(case_name, work, **options(bench))
    return work, case_name, runs


def stopped_subscriber(case_name):
    """The saturated load alone, and beside a subscriber that stops reading."""
    return one_each("W1", case_name, lambda bench: {},
                    lambda bench: {"beside": subscriber_beside(bench, True)})


# name: (workload, case, runs); runs(bench) yields letters and runs.
PAIRS = {
    "idle": idle("sluice"),
    # The same with a peer, and with no proxy at all: what the broker makes of
    # them.
    "idle-haproxy": idle("haproxy"),
    "idle-plain": idle("plain"),
    # What the proxy and its broker make of them; what the kernel makes of so
    # many sockets falls on both.
    "idle-apart": idle_apart("sluice"),
    "filters": one_each("W1", "sluice-anonymous",
                        lambda bench: {"public": servers.filters(10)},
                        lambda bench: {"public": servers.filters(10000)}),
    "loops": one_each("W1", "sluice",
                      lambda bench: {"workers": 1},
                      lambda bench: {"workers": 2}),
    "loops-rationed": one_each("W1", "sluice", loops(1), loops(2)),
    "slow": one_each("W3", "sluice",
                     lambda bench: {"beside": subscriber_beside(bench, False)},
                     lambda bench: {"beside": subscriber_beside(bench, True)}),
    "slow-saturated": stopped_subscriber("sluice"),
    # The same with a peer: what the broker makes of such a subscriber.
    "slow-haproxy": stopped_subscriber("haproxy"),
}


def run(bench, name):
    """The runs of a pair, as compare.py's, with the members "pair" and
    "variant"."""
    work, case_name, runs = PAIRS[name]
    try:
        for letter, result in runs(bench):
            yield {"pair": name, "variant": letter, **result}
    except servers.StartError as error:
        yield {"pair": name, "variant": "", "case": case_name, "work": work,
               "error": str(error)}
