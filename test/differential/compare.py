"""Compares how the bytes of a case were read in three places."""

import collections
import typing

from leniency import broker_may_refuse
from mutation import IN_ORDER

GRANTED = ("t/", "t")
READ_BY_BOTH = "read by both"
_CUT = "\u2026"  # where the audit log shortens a topic

# The kinds of reading that the bytes of a client must give in order.
_OF_PACKETS = ("publish", "filter", "removed", "ack", "ping", "disconnect",
               "subscribe", "unsubscribe")


class Seen(typing.NamedTuple):
    """What one Mosquitto did with a case."""

    readings: list
    deliveries: list  # (topic, the rest) as another client was given them

    def topics(self, kind):
        return [reading[1] for reading in self.readings if reading[0] == kind]

    def of(self, *kinds):
        return [r for r in self.readings if r[0] in kinds]


def _is(shown, topic):
    return (shown == topic or
            shown.endswith(_CUT) and topic.startswith(shown[:-1]))


def _differ(shown, topics):
    return len(shown) != len(topics) or not all(map(_is, shown, topics))


def _subsequence(inner, outer):
    """What of `inner` is not found in `outer`, in order; None: all is."""
    rest = iter(outer)
    for item in inner:
        if item not in rest:  # takes from `rest` up to and with the item
            return item
    return None


def _connects(seen):
    """CONNECT and Will; a name that the broker made up is as good as none."""
    out = []
    for reading in seen.of("connect", "will"):
        if reading[0] == "connect" and reading[1].startswith("auto-"):
            reading = (reading[0], "", *reading[2:])
        out.append(reading)
    return out


def findings(case, direct, behind, decided):
    """What is wrong, in words.

    `direct`: how Mosquitto read the client's bytes; `behind`: how another read
    what the proxy made of them; `decided`: what the proxy has decided.
    """
    out = []

    def allowed(action):
        return [topic for kind, result, topic in decided
                if kind == action and result == "allowed"]

    faults = behind.topics("fault")
    excused = any(broker_may_refuse(case, fault) for fault in faults)
    for action, kind in (("publish", "publish"), ("subscribe", "filter")):
        read = behind.topics(kind)
        judged = allowed(action)
        # The broker has stopped to read, and the proxy did not know.
        if _differ(judged[:len(read)] if excused else judged, read):
            out.append(f"the proxy allowed {action} {judged}, "
                       f"and the broker read {read}")
    judged = [topic for kind, _, topic in decided if kind == "deliver"]
    if _differ(judged, behind.topics("sent")[:len(judged)]):
        out.append(f"the broker sent {behind.topics('sent')}, "
                   f"and the proxy judged {judged}")
    if _connects(behind) and _connects(behind) != _connects(direct):
        out.append(f"CONNECT is {_connects(behind)} behind the proxy, "
                   f"{_connects(direct)} without it")
    if faults and not excused:
        out.append(f"the broker refuses what the proxy let pass: {faults}")
    if case.kind.endswith(IN_ORDER) and (
            outcome(direct, behind, decided) != READ_BY_BOTH):
        out.append(f"nothing is wrong, and it was not read: {direct.readings}")
    if not _withheld(direct, decided):
        out += _more_than_direct(direct, behind)
    for topic, what in behind.deliveries:
        if topic != GRANTED[1] and not topic.startswith(GRANTED[0]):
            out.append(f"outside the grant was delivered {topic}: {what}")
    return out


def _withheld(direct, decided):
    """Whether what Mosquitto refuses did not get to it because it was denied.
    It ends the connection there, and the proxy does not."""
    return bool(direct.of("fault")) and any(
        result == "denied" for _, result, _ in decided)


def _more_than_direct(direct, behind):
    out = []
    odd = _subsequence(behind.of(*_OF_PACKETS), direct.of(*_OF_PACKETS))
    if odd:
        out.append(f"behind the proxy there is {odd}, which is not read "
                   "without it")
    wills = {reading[-1] for reading in behind.of("will")}
    extra = collections.Counter(behind.deliveries)
    extra.subtract(direct.deliveries)
    for (topic, what), count in extra.items():
        if count > 0 and topic not in wills:
            out.append(f"only behind the proxy was delivered {topic}: {what}")
    return out


def outcome(direct, behind, decided):
    """How the case went, in a word or two."""
    refused = not direct.of("connect") or bool(direct.of("fault"))
    passed = behind.of(*_OF_PACKETS) == direct.of(*_OF_PACKETS)
    if behind.of("fault"):
        return "left to the broker"
    if refused:
        return ("denied" if _withheld(direct, decided) else
                "refused by both")
    if passed:
        return READ_BY_BOTH
    if any(result == "denied" for _, result, _ in decided):
        return "denied"
    return "refused by the proxy"
