#!/usr/bin/python3
"""Compares Sluice with proxies that only terminate TLS, before one broker.

Each run starts a Mosquitto and one proxy afresh, on loopback, and lets
mqtt_load put a workload on it, with MQTT 5 and, but for the case "plain", TLS
with one cipher for all. The repetitions are the outermost loop, so that what
else happens on the machine falls on all cases alike. Prints medians, and the
best of the repetitions in brackets. Builds nothing.

  W1  QoS 0, 64 bytes, 10 publishers and 10 subscribers, as fast as it goes
  W2  QoS 1, 256 bytes, the same
  W3  QoS 0, 64 bytes, 1,000 messages a second: latency
  W4  connections: TLS 1.3 in full, then MQTT until CONNACK, 32 at a time
  W5  2,000 idle TLS 1.3 connections: resident memory
  W6  10,000, or what the limit of descriptors allows: two for each

Sluice's clients authenticate with a signed token, which is one for all, and a
proof of possession over the TLS exporter. In W4 there are two more:
sluice-new-tokens, where no two connections have one token, and sluice-anonymous,
without any, for the like-for-like figure. The cost of Sluice is that of the
proxy and of the policy service together.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import pathlib
import resource
import signal
import statistics
import subprocess
import sys
import tempfile

import machine
import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD_COMMAND = ("bazel build //test/bench/load:mqtt_load //proxy:sluice-proxy"
                 " //policy:sluice-policy //policy:sluicectl")
ROLES = ("proxy", "policy", "broker")
REFERENCE = "haproxy"
DEFAULT_CASES = ("haproxy,nginx,stunnel,mosquitto-tls,mosquitto-tls-acl,sluice,"
                 "sluice-new-tokens,sluice-anonymous")
IDLE_WAIT_SECONDS = 8
# A run in which others took more, in cores, is repeated once.
FOREIGN_LIMIT = 0.3


@dataclasses.dataclass
class Workload:
    """`cost` and `rate` are keys of mqtt_load's result; "" for no rate."""

    title: str
    flags: str
    cost: str = "cpu_us_per_message"
    rate: str = "messages_per_second"
    latency: bool = False


IDLE_MANY = machine.most_clients()
WORKLOADS = {
    "W1": Workload("QoS 0, 64 bytes, saturated; cost: CPU us a message",
                   "--qos 0 --size 64"),
    "W2": Workload("QoS 1, 256 bytes, saturated; cost: CPU us a message",
                   "--qos 1 --size 256"),
    "W3": Workload("QoS 0, 64 bytes, 1,000/s; cost: CPU us a message",
                   "--qos 0 --size 64 --rate 1000", latency=True),
    "W4": Workload("TLS 1.3 connections; cost: CPU us a connection",
                   "--mode connect --connections 32 --tls-version 1.3",
                   "cpu_us_per_connection", "connections_per_second",
                   latency=True),
    "W5": Workload("2,000 idle TLS 1.3 connections; cost: bytes a connection",
                   "--mode idle --connections 2000 --tls-version 1.3"
                   " --keep-alive 600",
                   "resident_bytes_per_connection", ""),
    "W6": Workload(f"{IDLE_MANY:,} idle TLS 1.3 connections; cost: bytes a"
                   " connection",
                   f"--mode idle --connections {IDLE_MANY} --tls-version 1.3"
                   " --keep-alive 600",
                   "resident_bytes_per_connection", ""),
}


def applies(case_name, work):
    if case_name == "stunnel" and work == "W6":
        return False  # a thread a connection
    return work == "W4" or case_name not in ("sluice-anonymous",
                                             "sluice-new-tokens")


class Bench:
    """Runs workloads in a directory of its own."""

    def __init__(self, directory, bazel_bin, seconds, patient=True):
        self._patient = patient  # else noisy runs are not repeated
        self._directory = directory
        self.bazel_bin = bazel_bin
        self._seconds = seconds

    def prepare(self, case_names):
        servers.make_certificates(self._directory)
        if any(name.startswith("sluice") for name in case_names):
            servers.make_token(self.bazel_bin / "policy/sluicectl",
                               self._directory)

    def run(self, case_name, work, beside=contextlib.nullcontext, flags="",
            **stack):
        """One run, or the quieter of two, as run_on()'s. `beside`, of a running
        Stack, is a context manager to run it in; `stack` goes to Stack().
        """
        def once():
            with self.stack(case_name, **stack) as running, beside(running):
                return self.run_on(running, work, flags)
        result = once()
        if self._patient and result["foreign_cores"] > FOREIGN_LIMIT:
            result = min(result, once(), key=lambda run: run["foreign_cores"])
        return result

    def stack(self, case_name, **options):
        """A Stack of the case, to run on; `options` are Stack()'s."""
        return servers.Stack(servers.CASES[case_name], self._directory,
                             self.bazel_bin, **options)

    def run_on(self, stack, work, flags=""):
        """One run on a running Stack; a dictionary."""
        if self._patient:
            machine.wait_until_idle(IDLE_WAIT_SECONDS)
        pids = stack.pids
        foreign = machine.ForeignLoad(list(pids.values()))
        done = subprocess.run(self.load(stack, work) + flags.split(),
                              text=True, stdin=subprocess.DEVNULL, check=False,
                              capture_output=True)
        run = {"case": stack.case.name, "work": work,
               "foreign_cores": foreign.cores(),
               "peak_bytes": {role: machine.peak_bytes(pid)
                              for role, pid in pids.items()}}
        if done.returncode != 0:
            return {**run,
                    "error": (done.stderr + stack.log()[-2000:]).strip()}
        run.update(json.loads(done.stdout))
        if run.get("messages") == 0:
            return {**run, "error": "no message arrived"}
        by_pid = {process["pid"]: process for process in run["processes"]}
        run["processes"] = {role: by_pid[pid] for role, pid in pids.items()}
        return run

    def load(self, stack, work, warmup=0.5):
        """The command that puts the workload on a running stack."""
        argv = self.client(stack, WORKLOADS[work].flags)
        argv += ["--warmup", str(warmup), "--duration", str(self._seconds)]
        for pid in stack.pids.values():
            argv += ["--pid", str(pid)]
        return argv

    def client(self, stack, flags):
        """mqtt_load with `flags`, as the stack wants its clients to be."""
        argv = [str(self.bazel_bin / "test/bench/load/mqtt_load"),
                "--port", str(stack.port), "--mqtt", "5",
                "--topic", servers.TOPIC, *flags.split()]
        if stack.case.tls:
            argv += ["--tls", "--cafile", str(self._directory / "ca.crt")]
        elif "--tls-version" in argv:
            at = argv.index("--tls-version")
            del argv[at:at + 2]
        if stack.case.authenticated:
            argv += ["--ace", "--pop", "exporter",
                     "--token", str(self._directory / "token"),
                     "--key", str(self._directory / "client.json")]
        if stack.case.new_tokens:
            argv += ["--issuer-key", str(self._directory / "as.json")]
        return argv


def cost(run, workload, *roles):
    """What the processes in these roles cost together; None without them."""
    costs = [run["processes"][role][workload.cost] for role in roles
             if role in run["processes"]]
    return sum(costs) if costs else None


def summary(runs, value, best):
    """The median of value(run), and the best one; None when there is none."""
    values = [value(run) for run in runs]
    if not values or None in values:
        return None
    return statistics.median(values), best(values)


def cell(pair, digits):
    if pair is None:
        return "-"
    return f"{pair[0]:,.{digits}f} ({pair[1]:,.{digits}f})"


def table(work, runs):
    """The results of one workload, one line a case, as lists of cells."""
    workload = WORKLOADS[work]
    digits = 0 if work in ("W4", "W5", "W6") else 1
    by_case = {}
    for run in runs:
        if run["work"] == work and "error" not in run:
            by_case.setdefault(run["case"], []).append(run)

    def whole(case_runs):
        return summary(case_runs,
                       lambda run: cost(run, workload, "proxy", "policy"), min)

    reference = whole(by_case.get(REFERENCE, []))
    header = ["case", *ROLES, f"to {REFERENCE}"]
    header += ["a second"] if workload.rate else []
    header += ["p50 us", "p99 us"] if workload.latency else []
    header += ["noisy"]
    lines = [header]
    for case_name, case_runs in by_case.items():
        line = [case_name]
        for role in ROLES:
            line.append(cell(summary(
                case_runs, lambda run, r=role: cost(run, workload, r), min),
                digits))
        ours = whole(case_runs)
        ratio = None
        if ours and reference:
            ratio = (ours[0] / reference[0], ours[1] / reference[1])
        line.append(cell(ratio, 2))
        if workload.rate:
            line.append(cell(summary(
                case_runs, lambda run: run[workload.rate], max), 0))
        for quantile in ("p50", "p99") if workload.latency else ():
            line.append(cell(summary(
                case_runs, lambda run, q=quantile: run["latency_us"][q], min),
                0))
        noisy = sum(run["foreign_cores"] > FOREIGN_LIMIT for run in case_runs)
        line.append(f"{noisy} of {len(case_runs)}")
        lines.append(line)
    return lines


def print_table(lines):
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  " + "  ".join(
            text.ljust(width) if i == 0 else text.rjust(width)
            for i, (text, width) in enumerate(zip(line, widths))).rstrip())


def report(runs, works):
    print(f"\nMedians (best). \"to {REFERENCE}\": proxy and policy together,"
          f" divided by {REFERENCE}'s.\n\"noisy\": runs in which other"
          f" processes used more than {FOREIGN_LIMIT} cores.")
    for work in works:
        print(f"\n{work}  {WORKLOADS[work].title}")
        print_table(table(work, runs))
    lost = [run for run in runs if run.get("missing")]
    for run in lost:
        print(f"\n{run['case']} {run['work']}: {run['missing']} messages never"
              " arrived")
    failed = [run for run in runs if "error" in run]
    for run in failed:
        print(f"\n{run['case']} {run['work']} failed:\n{run['error']}")
    return not lost and not failed


def chosen(text, known, flag, parser):
    names = text.split(",")
    for name in names:
        if name not in known:
            parser.error(f"{flag}: {name} is none of {', '.join(known)}")
    return names


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=3, metavar="N",
                        help="repetitions (3)")
    parser.add_argument("--work", default=",".join(WORKLOADS), metavar="W1,...",
                        help="workloads (all)")
    parser.add_argument("--cases", default="", metavar="NAME,...",
                        help=f"of {', '.join(servers.CASES)}"
                             f" ({DEFAULT_CASES}, as far as installed)")
    parser.add_argument("--duration", type=float, default=2.5, metavar="S",
                        help="measured seconds a run, after 0.5 (2.5)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write every run there")
    parser.add_argument("--bazel-bin", type=pathlib.Path, metavar="DIR",
                        default=ROOT / "bazel-bin")
    options = parser.parse_args()
    options.work = chosen(options.work, WORKLOADS, "--work", parser)
    options.bazel_bin = options.bazel_bin.resolve()
    explicit = bool(options.cases)
    options.cases = chosen(options.cases or DEFAULT_CASES, servers.CASES,
                           "--cases", parser)
    if not (options.bazel_bin / "test/bench/load/mqtt_load").exists():
        sys.exit(f"mqtt_load is not built: {BUILD_COMMAND}")
    for case_name in list(options.cases):
        why = servers.missing(case_name, options.bazel_bin)
        if not why:
            continue
        if explicit or case_name.startswith("sluice"):
            sys.exit(f"{case_name}: {why}" + (
                f": {BUILD_COMMAND}" if case_name.startswith("sluice") else ""))
        print(f"without {case_name}: {why}")
        options.cases.remove(case_name)
    return options


def measure(options):
    runs = []
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        directory = pathlib.Path(name)
        bench = Bench(directory, options.bazel_bin, options.duration)
        bench.prepare(options.cases)
        for rep in range(options.reps):
            for work in options.work:
                for case_name in options.cases:
                    if not applies(case_name, work):
                        continue
                    run = {"rep": rep, **bench.run(case_name, work)}
                    runs.append(run)
                    print(f"{rep + 1}/{options.reps} {work} {case_name}"
                          f"{' FAILED' if 'error' in run else ''}", flush=True)
    return runs


def main():
    options = parse()
    # Two descriptors a connection in the proxies.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.umask(0o077)
    # So that the servers are ended then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        runs = measure(options)
    except servers.StartError as error:
        sys.exit(f"compare.py: {error}")
    if options.json:
        options.json.write_text(
            json.dumps({"machine": machine.describe(), "runs": runs}, indent=1),
            encoding="utf-8")
    sys.exit(0 if report(runs, options.work) else 1)


if __name__ == "__main__":
    main()
