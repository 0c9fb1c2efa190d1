#!/usr/bin/python3
"""Measures how fast Sluice is, beside its peers, and holds it against goals.

Runs the workloads of compare.py for HAProxy, nginx, stunnel, Mosquitto's own
TLS (and with an access control list) and Sluice, and then the comparisons of
Sluice with itself of pairs.py. Prints their tables, and one of the goals; writes
an SVG plot. `bash test/setup.sh bench` installs the peers; compare.py says what
to build.

"Reached" or "stretch" is in the last column where a goal was. Where the loops
share two cores with the load and the broker, two loops cannot show twice the
throughput of one. Therefore they are given a fiftieth of a core each, by the
kernel's deadline scheduling (as root), so that all others wait for them as where
there are cores enough. What is told beside that is how many messages two loops
that share the cores would pass in the CPU time of two cores, to what one passes
in that of one.
"""

import argparse
import datetime
import json
import os
import pathlib
import resource
import signal
import sys
import tempfile

import compare
import goals
import machine
import pairs
import plot
import servers

# What takes long, and says little more when it is repeated.
FEW = {"W5": 1, "W6": 1}
# stunnel's, and Mosquitto's own TLS, are there for comparison, not as goals.
FEW_CASES = {"stunnel": 1, "mosquitto-tls": 2, "mosquitto-tls-acl": 2}


def parse():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reps", type=int, default=5, metavar="N",
                        help="repetitions (5)")
    parser.add_argument("--only", metavar="NAME,...", default="",
                        help="of " + ", ".join([*compare.WORKLOADS,
                                                *pairs.PAIRS]))
    parser.add_argument("--quick", action="store_true",
                        help="one repetition of one second")
    parser.add_argument("--impatient", action="store_true",
                        help="neither wait for a quiet machine nor repeat a run"
                        " in which others used much of it")
    parser.add_argument("--duration", type=float, default=2, metavar="S",
                        help="measured seconds a run, after 0.5 (2)")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE",
                        help="write every run there")
    parser.add_argument("--svg", type=pathlib.Path, metavar="FILE",
                        help="write the plot there")
    parser.add_argument("--from", dest="source", type=pathlib.Path,
                        metavar="FILE", help="measure nothing: take the runs "
                        "that --json wrote")
    parser.add_argument("--bazel-bin", type=pathlib.Path, metavar="DIR",
                        default=compare.ROOT / "bazel-bin")
    options = parser.parse_args()
    known = [*compare.WORKLOADS, *pairs.PAIRS]
    options.only = compare.chosen(options.only or ",".join(known), known,
                                  "--only", parser)
    if options.quick:
        options.reps, options.duration = 1, 1
    options.bazel_bin = options.bazel_bin.resolve()
    return options


def installed(bazel_bin):
    cases = []
    for case_name in compare.DEFAULT_CASES.split(","):
        why = servers.missing(case_name, bazel_bin)
        if not why:
            cases.append(case_name)
        elif case_name.startswith("sluice"):
            sys.exit(f"{why}: {compare.BUILD_COMMAND}")
        else:
            print(f"without {case_name}: {why}")
    return cases


def measure(bench, cases, options):
    """Every run, as it ends."""
    for rep in range(options.reps):
        for name in options.only:
            if name in pairs.PAIRS:
                yield from ({"rep": rep, **run}
                            for run in pairs.run(bench, name))
                continue
            for case_name in cases:
                most = min(FEW.get(name, options.reps),
                           FEW_CASES.get(case_name, options.reps))
                if rep < most and compare.applies(case_name, name):
                    yield {"rep": rep, **bench.run(case_name, name)}


def measured(options):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.umask(0o077)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    cases = installed(options.bazel_bin)
    record = {"machine": machine.describe(),
              "date": f"{datetime.datetime.now():%Y-%m-%d %H:%M}", "runs": []}
    with tempfile.TemporaryDirectory(prefix="sluice-speed-") as name:
        bench = compare.Bench(pathlib.Path(name), options.bazel_bin,
                              options.duration, not options.impatient)
        bench.prepare(cases)
        for run in measure(bench, cases, options):
            record["runs"].append(run)
            what = " ".join([run["work"], run.get("pair", ""),
                             run.get("variant", "")]).strip()
            print(f"{run['rep'] + 1}/{options.reps} {what} {run['case']}"
                  f"{' FAILED' if 'error' in run else ''}", flush=True)
            if options.json:
                options.json.write_text(json.dumps(record, indent=1),
                                        encoding="utf-8")
    return record


def main():
    options = parse()
    try:
        record = (json.loads(options.source.read_text(encoding="utf-8"))
                  if options.source else measured(options))
    except servers.StartError as error:
        sys.exit(f"speed.py: {error}")
    runs = record["runs"]
    good = compare.report([run for run in runs if "pair" not in run],
                          list(compare.WORKLOADS))
    for run in runs:
        if "pair" in run and "error" in run:
            good = False
            print(f"\n{run['pair']} {run['variant']}: {run['error']}")
    description = record["machine"]
    caption = (f"{description['cpu']}, {description['cores']} cores, Linux "
               f"{description['kernel']}, {record['date']}")
    print(f"\nGoals  {caption}")
    compare.print_table(goals.lines(goals.rows(runs)))
    if options.svg:
        options.svg.write_text(plot.svg(runs, caption), encoding="utf-8")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
