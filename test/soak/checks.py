"""What must be so at the end of a soak."""

import collections
import json

from harness import admin, usage
from harness.process import eventually
from harness.stack import run_directory

# What a process may have grown by at the end, by the straight line through what
# was seen after the warm-up.
MAX_GROWTH_BYTES = 4 << 20
SPARE_DESCRIPTORS = 4


def straight_line(points):
    """The slope of the regression through (x, y)."""
    n = len(points)
    mean_x = sum(x for x, _ in points) / n
    mean_y = sum(y for _, y in points) / n
    square = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / square


class Checks:
    """What must be so at the end."""

    def __init__(self, soak):
        self.soak = soak
        stack = soak.world.stack
        self.metrics = {**admin.metrics(stack.admin_address),
                        **stack.policy_metrics()}
        self.told = sum((worker.counts for worker in soak.workers),
                        collections.Counter())
        self.told["accepted"] += 1 + sum(  # one of the beginning
            peer.connects for pair in soak.pairs
            for peer in (pair.publisher, pair.subscriber))

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
        assert errors == self.told["undecided"], errors
        assert self.total("sluice_sessions_ended_total") == accepted
        events = self.soak.logs["proxy"].events
        assert events["client_connected"] == accepted, events
        assert events["client_closed"] == accepted + left, events
        assert events["client_refused"] == refused + errors, events

    def every_handshake_is_of_a_connect(self):
        made = self.total("sluice_tls_handshake_duration_seconds_count")
        failed = self.total("sluice_tls_handshakes_failed_total")
        connects = self.total("sluice_packets_total", type="connect",
                              direction="from_client")
        print(f"  {made} made, {failed} failed")
        assert made == connects, (made, connects)
        assert failed == self.told["no handshake"], (failed, self.told)
        assert self.soak.logs["proxy"].events["handshake_failed"] == failed

    def clients_were_told_what_was_counted(self):
        counted = {
            "accepted": self.total("sluice_connects_total", result="accepted"),
            "refused": self.total("sluice_connects_total", result="refused"),
            "denied": self.total("sluice_decisions_total", action="publish",
                                 result="denied"),
            "stored": self.total("sluice_decisions_total",
                                 action="store_token", result="allowed"),
            "not stored": self.total("sluice_decisions_total",
                                     action="store_token", result="denied")}
        print(f"  {counted}")
        for name, value in counted.items():
            assert self.told[name] == value, (name, self.told[name], value)

    def the_policy_service_was_asked_what_the_proxy_asked(self):
        asked = self.total("sluice_policy_request_duration_seconds_count")
        answered = self.total("sluice_policy_decisions_total")
        print(f"  asked {asked} times, answered {answered}")
        assert asked == answered, (asked, answered)
        errors = self.total("sluice_policy_decisions_total", result="error")
        in_vain = self.total("sluice_decisions_total", action="recheck",
                             result="error")
        assert errors == self.told["undecided"] + in_vain, (errors, in_vain)
        checks = self.total("sluice_policy_decisions_total", kind="check")
        checker = len(self.soak.world.checker.asked)
        print(f"  {checks} times about topics, the checker {checker} times")
        # A message that waits when the policy changes is asked about again; of
        # a client there are two such questions at most. Where the first is still
        # on its way, the checker is not asked once more.
        changes = sum(thread.rounds for thread in self.soak.operators)
        told = self.told["checked"]
        assert told <= checker <= checks <= told + 2 * changes, (
            told, checker, checks, changes)
        answers = self.total("sluice_policy_http_requests_total",
                             purpose="introspection", result="answered")
        failures = self.total("sluice_policy_http_requests_total",
                              purpose="introspection", result="failed")
        questions = self.soak.world.references.asked.total()
        print(f"  the server of references {questions} times, {failures} not "
              f"answered in time")
        assert answers <= questions <= answers + failures, (answers, questions)
        assert self.told["undecided"] <= failures

    def no_more_is_stored_than_clients_left(self):
        world = self.soak.world
        stored = len(world.sluicectl_json("token", "list")["tokens"])
        # Of the workers, the two pairs, and the client of the beginning.
        keys = sum(worker.keys for worker in self.soak.workers) + 3
        entries = world.stored_entries()
        print(f"  {stored} tokens of {keys} keys; {entries}")
        assert stored <= keys, (stored, keys)
        if entries:
            assert entries["tokens"] <= keys, entries
            # Which are kept for an hour.
            assert entries["used_proofs"] == self.told["proofs"] or \
                self.soak.seconds > 3600, self.told

    def every_message_was_judged_once(self):
        from_clients = self.total("sluice_packets_total", type="publish",
                                  direction="from_client")
        decided = self.total("sluice_decisions_total", action="publish")
        posted = self.total("sluice_decisions_total", action="store_token")
        assert from_clients == decided + posted, (
            from_clients, decided, posted)
        from_broker = self.total("sluice_packets_total", type="publish",
                                 direction="from_broker")
        delivered = self.total("sluice_decisions_total", action="deliver")
        assert from_broker == delivered, (from_broker, delivered)

    def the_broker_has_what_was_allowed(self):
        allowed = self.total("sluice_decisions_total", action="publish",
                             result="allowed")
        with open(self.soak.world.broker.log, encoding="utf-8") as file:
            received = sum("Received PUBLISH from" in line for line in file)
        print(f"  {allowed} allowed, {received} received by the broker")
        assert received == allowed, (allowed, received)

    def every_decision_is_in_the_audit_log(self):
        lines = collections.Counter()
        with open(self.soak.world.stack.directory / "audit.log",
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
        sessions = self.soak.world.sluicectl_json("session", "list")
        assert not sessions.get("sessions"), sessions
        # gRPC may have made a few for itself, and keeps what sluicectl has used
        # for a moment.
        for name, program in self.soak.world.programs.items():
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
