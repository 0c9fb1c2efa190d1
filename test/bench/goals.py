"""What Sluice is to reach beside its peers, and what it does: a table's rows.

A figure is to be no more than `reach`, and better still `stretch`. Costs are
medians of the repetitions; a ratio is of medians of one run, and the best peer
is the better of HAProxy and nginx in it. What compares Sluice with itself is the
median of what each pair of runs says, or each group, which are next to each
other in time.
"""

import dataclasses
import statistics
import typing

import compare

PEERS = ("haproxy", "nginx")
MEGABYTE = 1 << 20


@dataclasses.dataclass
class Row:
    """`figure` says what was measured; `value` is held against the goals, if
    there are any, and is None without a measurement.
    """

    name: str
    figure: str
    value: typing.Optional[float]
    reach: typing.Optional[float]
    stretch: typing.Optional[float]
    unit: str = "x"
    at_least: bool = False  # more is better

    def meets(self, goal):
        if goal is None or self.value is None:
            return False
        return self.value >= goal if self.at_least else self.value <= goal

    def verdict(self):
        if self.value is None:
            return "not measured"
        if self.reach is None:
            return "-"
        if self.meets(self.stretch):
            return "stretch"
        return "reached" if self.meets(self.reach) else "missed"


def median(runs, value, **members):
    """The median of value(run) over the good runs with these members."""
    values = [value(run) for run in runs if "error" not in run and
              all(run.get(name) == wanted for name, wanted in members.items())]
    return statistics.median(values) if values else None


def cost_of(runs, case_name, work, **members):
    workload = compare.WORKLOADS[work]
    return median(runs, lambda run: compare.cost(run, workload, "proxy",
                                                 "policy"),
                  case=case_name, work=work, pair=members.get("pair"),
                  variant=members.get("variant"))


def latency_of(runs, case_name, quantile):
    return median(runs, lambda run: run["latency_us"][quantile],
                  case=case_name, work="W3", pair=None)


def _against(name, ours, peers, goals, digits=1, unit="us"):
    """A row of a ratio to the best of the peers; `peers`: name to figure."""
    known = {peer: figure for peer, figure in peers.items() if figure}
    if ours is None or not known:
        return Row(name, "-", None, *goals)
    best = min(known, key=known.get)
    return Row(name, f"{ours:,.{digits}f} {unit}; {best} "
               f"{known[best]:,.{digits}f}", ours / known[best], *goals)


def idle_many(runs):
    """How many "many" idle connections were, where these runs were made."""
    counts = [run["connections"] for run in runs
              if run["work"] == "W6" and "error" not in run]
    return f"{max(counts, default=compare.IDLE_MANY):,}"


def _pairs(runs, name, value):
    """The mean of value(run) of A's runs and of B's, in each repetition in which
    there are good ones of both."""
    by_rep = {}
    for run in runs:
        if run.get("pair") == name and "error" not in run:
            by_rep.setdefault(run["rep"], {}).setdefault(
                run["variant"], []).append(value(run))
    return [(statistics.mean(each["A"]), statistics.mean(each["B"]))
            for each in by_rep.values() if len(each) == 2]


def _proxy_cost(run):
    return compare.cost(run, compare.WORKLOADS[run["work"]], "proxy")


def _rate(run):
    return run["messages_per_second"]


def _kept(pairs):
    return statistics.median(b / a for a, b in pairs) if pairs else None


def _pair_row(name, pairs, goals, text, value, **options):
    if not pairs:
        return Row(name, "-", None, *goals, **options)
    return Row(name, text.format(*map(statistics.median, zip(*pairs))),
               statistics.median(value(a, b) for a, b in pairs), *goals,
               **options)


def _kept_row(name, runs, pair, peer, peers_pair, reach=0.95):
    """How much throughput is kept, to how much a peer keeps."""
    ours, peers = (_kept(_pairs(runs, each, _rate))
                   for each in (pair, peers_pair))
    return Row(name, f"{ours:.2f}; {peer} {peers:.2f}" if ours and peers
               else "-", ours / peers if ours and peers else None, reach, None,
               at_least=True)


def _matrix_rows(runs):
    def peers(work):
        return {peer: cost_of(runs, peer, work) for peer in PEERS}

    yield _against("QoS 0, 64 B: CPU a message", cost_of(runs, "sluice", "W1"),
                   peers("W1"), (0.7, 0.5))
    yield _against("QoS 1, 256 B: CPU a message",
                   cost_of(runs, "sluice", "W2"), peers("W2"), (0.8, 0.6))
    for quantile in ("p50", "p99"):
        yield _against(f"1,000 messages a second: {quantile}",
                       latency_of(runs, "sluice", quantile),
                       {peer: latency_of(runs, peer, quantile)
                        for peer in PEERS}, (1.0, 0.999), 0)
    for case_name, token in (("sluice", "a known token"),
                             ("sluice-new-tokens", "a new token")):
        yield _against(f"new connection with {token}: CPU",
                       cost_of(runs, case_name, "W4"),
                       {"haproxy": cost_of(runs, "haproxy", "W4")}, (1.3, 1.0),
                       0)
    for work, count in (("W5", "2,000"), ("W6", idle_many(runs))):
        ours = median(runs, lambda run: compare.cost(
            run, compare.WORKLOADS["W5"], "proxy"), case="sluice", work=work)
        peer = cost_of(runs, "haproxy", work)
        yield Row(f"memory of {count} idle connections, each",
                  "haproxy " + (f"{peer / 1024:.1f} KiB" if peer else "-"),
                  ours and ours / 1024, 12, 8, "KiB")


def _pair_rows(runs):
    yield _pair_row(f"{idle_many(runs)} idle connections beside: throughput",
                    _pairs(runs, "idle", _rate), (0.95, None),
                    "{0:,.0f} a second without, {1:,.0f} with",
                    lambda a, b: b / a, at_least=True)
    # The broker has them, too, and looks at each now and then.
    yield _kept_row("the same, to what is kept with a peer", runs, "idle",
                    "haproxy", "idle-haproxy")
    yield _kept_row("the same, to what is kept without a proxy", runs, "idle",
                    "the broker alone", "idle-plain", reach=None)
    yield _pair_row("the same, to a proxy and broker beside, without any",
                    _pairs(runs, "idle-apart", _rate), (0.95, None),
                    "{0:,.0f} a second without, {1:,.0f} with",
                    lambda a, b: b / a, at_least=True)
    yield _pair_row("grant of 10,000 filters, to 10: CPU a message",
                    _pairs(runs, "filters", _proxy_cost), (1.2, 1.0),
                    "{0:.1f} us, {1:.1f} us", lambda a, b: b / a)
    yield _pair_row("two event loops, a fiftieth of a core each: throughput",
                    _pairs(runs, "loops-rationed", _rate), (1.8, 1.95),
                    "{0:,.0f} a second with one, {1:,.0f} with two",
                    lambda a, b: b / a, at_least=True)
    yield _pair_row("the same, sharing two cores with load and broker:"
                    " messages a CPU second",
                    _pairs(runs, "loops", _proxy_cost), (None, None),
                    "{0:.1f} us with one, {1:.1f} us with two",
                    lambda a, b: 2 * a / b, at_least=True)
    yield _pair_row("a stopped subscriber, 1,000/s: lost by others",
                    _pairs(runs, "slow", lambda run: 100 * run["missing"] /
                          run["sent"]), (5, None),
                    "{0:.2f}% beside one that reads", lambda a, b: b, unit="%")
    # The broker is busy with such a subscriber, too, whoever stands before it.
    yield _kept_row("the same, saturated: throughput others keep", runs,
                    "slow-saturated", "haproxy", "slow-haproxy")
    yield _pair_row("the same: the proxy's memory grows",
                    _pairs(runs, "slow-saturated",
                          lambda run: run["peak_bytes"]["proxy"] / MEGABYTE),
                    (2, None), "{0:.1f} MiB at most without, {1:.1f} with",
                    lambda a, b: b - a, unit="MiB")


def rows(runs):
    return [*_matrix_rows(runs), *_pair_rows(runs)]


def lines(all_rows):
    """The table, as lists of cells."""
    table = [["", "measured", "figure", "reach", "stretch", ""]]
    for row in all_rows:
        def said(value, row=row):
            return "-" if value is None else f"{value:.4g} {row.unit}"
        figure = "-" if row.value is None else f"{row.value:.2f} {row.unit}"
        table.append([row.name, row.figure, figure, said(row.reach),
                      said(None if row.stretch == 0.999 else row.stretch),
                      row.verdict()])
    return table
