"""Compares how the bytes of a case were read in three places."""

import collections
import itertools
import os
import typing

import e2e_path  # noqa: F401
from answers import wrong_answers
from harness import wire
from leniency import broker_may_refuse
from mutation import IN_ORDER
from scopes import TOKEN_TOPIC
from wanted_bytes import Unsubscribe, agreeing

READ_BY_BOTH = "read by both"
_DISCONNECT = wire.disconnect()
_CUT = "\u2026"  # where the audit log shortens a topic

# The kinds of reading that the bytes of a client must give in order.
_OF_PACKETS = ("publish", "filter", "removed", "ack", "ping", "disconnect",
               "subscribe", "unsubscribe")


class Delivery(typing.NamedTuple):
    """What a subscriber was given; `properties` but for the expiry."""

    topic: str
    payload: bytes
    retain: bool
    expires: bool
    properties: str


class Seen(typing.NamedTuple):
    """What one Mosquitto did with a case."""

    readings: list
    deliveries: list  # as another client was given them

    def topics(self, kind):
        return [reading[1] for reading in self.readings if reading[0] == kind]

    def of(self, *kinds):
        return [r for r in self.readings if r[0] in kinds]

    def packets(self):
        return self.of(*_OF_PACKETS)


class Played(typing.NamedTuple):
    """A case, and what came of it."""

    case: typing.Any
    reference: typing.Any
    direct: Seen    # how Mosquitto read the client's bytes
    behind: Seen    # how another read what the proxy made of them
    sent: bytes     # that: from the proxy to the broker
    answered: bytes  # from the broker to the proxy
    answers: list   # packets that the client was sent
    decided: list   # by the proxy: action, result and topic

    def decisions(self, *actions):
        return [tuple(decision) for decision in self.decided
                if decision[0] in actions]

    def allowed(self, action):
        return [topic for _, result, topic in self.decisions(action)
                if result == "allowed"]

    def is_complete(self):
        """All that is to get to the broker was sent to it."""
        return agreeing(self.sent, self.reference.sent) == (
            len(self.sent), True)


def _is(shown, topic):
    return (shown == topic or
            shown.endswith(_CUT) and topic.startswith(shown[:-1]))


def _differ(shown, topics):
    return len(shown) != len(topics) or not all(map(_is, shown, topics))


def _without_repeats(readings):
    """Mosquitto has two lines for an acknowledgement that it does not wait
    for."""
    return [reading for reading, same in itertools.groupby(readings)
            for _ in ([0] if reading[0] == "ack" else same)]


def _connects(seen):
    """CONNECT and Will; a name that the broker made up is as good as none."""
    out = []
    for reading in seen.of("connect", "will"):
        if reading[0] == "connect" and reading[1].startswith("auto-"):
            reading = (reading[0], "", *reading[2:])
        out.append(reading)
    return out


def findings(played):
    """What is wrong, in words."""
    return [*_of_bytes(played), *_of_decisions(played), *_of_readings(played),
            *_of_deliveries(played), *wrong_answers(played)]


def _is_to_pass(played):
    """Whether all of it must get to the broker.

    A message that the broker has sent before it is told of a new scope may be
    outside that, and then ends the connection.
    """
    return played.case.kind.endswith(IN_ORDER) and not (
        played.case.renewals and _denied_deliveries(played))


def _is_withdrawn(played):
    """Whether the broker was sent the CONNECT and, in its place, a DISCONNECT:
    a client that names an Authentication Method has to wait for CONNACK, and
    this one sent something before."""
    accepted = any(packet.type == "CONNACK" and packet.code == 0
                   for packet in played.answers)
    return played.case.credential in ("exporter", "challenge") and (
        not accepted and
        played.sent == b"".join(played.reference.sent[:1]) + _DISCONNECT)


def _denied_deliveries(played):
    return [topic for _, result, topic in played.decisions("deliver")
            if result == "denied"]


def _of_bytes(played):
    sent, wanted = played.sent, played.reference.sent
    good, _ = agreeing(sent, wanted)
    if good < len(sent) and not _is_withdrawn(played):
        yield (f"the broker was sent {sent.hex()}, and from byte {good}, "
               f"{sent[good:good + 40]}, that is not {wanted}")
    if _is_to_pass(played) and not played.is_complete():
        yield f"nothing is wrong, and the broker was sent {sent.hex()} only"


def _judged(played):
    """The decisions on what a client sends, with those that follow from a new
    scope where and as the reference has them."""
    out = played.decisions("publish", "subscribe")
    for place, names in played.reference.reconsidered:
        wanted = [("subscribe", "denied", name) for name in names]
        for i in range(place, len(out)):
            end = i + len(names)
            if sorted(out[i:end]) == wanted:
                out = out[:place] + wanted + out[place:i] + out[end:]
                break
    return out


def _of_decisions(played):
    decided = _judged(played)
    wanted = played.reference.decided
    differ = any(ours[:2] != theirs[:2] or not _is(ours[2], theirs[2])
                 for ours, theirs in zip(decided, wanted))
    if differ or len(decided) > len(wanted) or (
            _is_to_pass(played) and len(decided) < len(wanted)):
        yield f"the proxy decided {decided}, and was to decide {wanted}"
    faults = played.behind.topics("fault")
    excused = any(broker_may_refuse(played, fault) for fault in faults)
    for action, kind in (("publish", "publish"), ("subscribe", "filter")):
        read = played.behind.topics(kind)
        judged = played.allowed(action)
        # The broker has stopped to read, and the proxy did not know.
        if _differ(judged[:len(read)] if excused else judged, read):
            yield (f"the proxy allowed {action} {judged}, "
                   f"and the broker read {read}")
    judged = [topic for _, _, topic in played.decisions("deliver")]
    if _differ(judged, played.behind.topics("sent")[:len(judged)]):
        yield (f"the broker sent {played.behind.topics('sent')}, "
               f"and the proxy judged {judged}")
    if not played.case.renewals and _denied_deliveries(played):
        yield (f"the broker sends {_denied_deliveries(played)}, and all that "
               "was subscribed to was allowed")
    if faults and not excused:
        yield f"the broker refuses what the proxy let pass: {faults}"


def _of_readings(played):
    """What was read behind the proxy is what was without it, but for what was
    denied, or a beginning of that. Where the other Mosquitto refused something
    that did not get to the broker, and ended the connection, more may come."""
    behind, direct = played.behind, played.direct
    if _connects(behind) and _connects(behind) != _connects(direct):
        yield (f"CONNECT is {_connects(behind)} behind the proxy, "
               f"{_connects(direct)} without it")
    try:
        kept, left = _kept(played)
    except ValueError as difference:
        yield str(difference)
        return
    if _is_withdrawn(played):
        return
    read = _without_own(_without_repeats(behind.packets()), kept,
                        played.reference)
    if read[:len(kept)] != kept[:len(read)]:
        yield f"behind the proxy is read {read}, without it {kept}"
    elif len(read) > len(kept) and not (
            direct.of("fault") and _stopped_at_withheld(played, left)):
        yield (f"behind the proxy is read {read[len(kept):]}, and nothing "
               "without it")


def _kept(played):
    """Of what Mosquitto read without the proxy, what was to get to the one
    behind it by what the proxy decided; and what it decided of the rest.

    ValueError: it decided about something else.
    """
    judged = _judged(played)
    for place, names in reversed(played.reference.reconsidered):
        del judged[place:place + len(names)]
    left = collections.deque(judged)
    kept = []
    denied = set()  # identifiers of QoS 2
    for reading in played.direct.packets():
        kind, *rest = reading
        if reading[:2] == ("publish", TOKEN_TOPIC):
            continue
        if kind in ("publish", "filter"):
            if not left:
                break  # the proxy has ended the connection
            _, result, topic = left.popleft()
            if not _is(topic, rest[0]):
                raise ValueError(f"the proxy judged {topic} where Mosquitto "
                                 f"read {reading}")
            qos_2 = kind == "publish" and rest[2] == "2"
            if result == "denied":
                if qos_2:
                    denied.add(rest[4])
                continue
            if qos_2:
                denied.discard(rest[4])
        elif kind == "ack" and rest[0] == "PUBREL" and rest[1] in denied:
            denied.discard(rest[1])
            continue
        kept.append(reading)
    return _without_repeats(kept), list(left)


def _without_own(read, kept, reference):
    """Without what the proxy unsubscribed from by itself, where it is not of
    what was to be read."""
    for part in reference.sent:
        if not isinstance(part, Unsubscribe):
            continue
        own = sorted(("removed", name) for name in part.filters)
        same = len(os.path.commonprefix([read, kept]))
        for place in range(max(0, same - len(own)), same + 1):
            if sorted(read[place:place + len(own)]) == own:
                read = read[:place] + read[place + len(own):]
                break
    return read


def _stopped_at_withheld(played, left):
    """Whether what Mosquitto refused was denied, or ended at the proxy.

    Of a filter it says that it reads it before it looks at it, and so of an
    acknowledgement: which it waits for depends on what was subscribed to.
    """
    judged = _judged(played)
    last = judged[:len(judged) - len(left)][-1:]
    read = [reading[0] for reading in played.direct.packets()[-1:]]
    return (played.reference.took_token or
            any(result == "denied" for _, result, _ in left[:1]) or
            read == ["filter"] and last[0][1] == "denied" or
            read == ["ack"] and played.reference.withheld)


def _of_deliveries(played):
    case, behind = played.case, played.behind
    wills = {reading[-1] for reading in behind.of("will")}
    delivered = [d for d in behind.deliveries if d.topic not in wills]
    scopes = [case.scope, *(renewal.scope for renewal in case.renewals)]
    for what in behind.deliveries:
        if not any(scope.may_publish(what.topic) for scope in scopes):
            yield f"outside the scope was delivered {what}"
    allowed = played.allowed("publish")
    for what in delivered:
        for place, topic in enumerate(allowed):
            if _is(topic, what.topic):
                del allowed[place]
                break
        else:
            yield f"without having been allowed was delivered {what}"
    if played.reference.withheld and (played.direct.of("fault") or
                                      played.reference.freed):
        return  # Mosquitto was not to read the same
    extra = collections.Counter(_comparable(case, delivered))
    extra.subtract(_comparable(case, played.direct.deliveries))
    for what in (+extra).elements():
        yield f"only behind the proxy was delivered {what}"


def _comparable(case, deliveries):
    """What a token's holder leaves is kept for as long as the token is good."""
    return [what._replace(expires=what.expires and not (
        case.credential and what.retain)) for what in deliveries]


def outcome(played):
    """How the case went, in a word or two."""
    direct, behind = played.direct, played.behind
    denied = any(result == "denied" for _, result, _ in played.decided)
    if behind.of("fault"):
        return "left to the broker"
    if direct.of("fault") or not direct.of("connect"):
        return ("denied" if denied else "refused by both"
                if not played.reference.took_token else "taken by the proxy")
    if behind.packets() == direct.packets():
        return READ_BY_BOTH
    return "denied" if denied else "refused by the proxy"
