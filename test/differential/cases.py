"""Connections to be read twice: a CONNECT, what follows, and how it is split.

Of each one packet is changed by a mutation, or a move makes some of it; what
surrounds that is in order, so that a reader that loses its place reads
something else from there on. Half of the clients have a token.
"""

import dataclasses
import random
import typing

import e2e_path  # noqa: F401
import moves  # noqa: F401
import mutations  # noqa: F401
import packets
import scopes
from harness import wire
from move import MOVES
from mutation import IN_ORDER, MUTATIONS
from reference import Reference
from sequence import RenewalBegins, RenewalEnds, Sequence


class Renewal(typing.NamedTuple):
    """A new token that a live client shows: in `rest`, where it sends the
    token, where it proves it, and where it waits until it has another scope."""

    begin: int
    end: int
    until: int
    scope: scopes.Scope


@dataclasses.dataclass
class Case:
    number: int
    version: int
    kind: str      # what is odd about it
    connect: packets.Packet  # without a credential
    first: bytes   # before CONNECT
    rest: bytes
    cuts: list     # places in `rest` where a write ends
    in_order: bool  # the CONNECT was not changed: it is to be answered
    credential: str  # exporter, challenge, user name; or "": has no token
    scope: scopes.Scope  # of the token, or what all may
    renewals: list

    def pieces(self, start=0, end=None):
        """What is written of rest[start:end], write by write."""
        end = len(self.rest) if end is None else end
        places = [start, *(c for c in self.cuts if start < c < end), end]
        return [self.rest[a:b] for a, b in zip(places, places[1:]) if a < b]

    def early(self):
        """Whether all comes with the CONNECT, before its answer. Who has sent
        an Authentication Method has to wait for that."""
        if self.credential in ("exporter", "challenge"):
            return self.number % 40 == 0 and not self.renewals and (
                not self.kind.endswith(IN_ORDER))
        return self.number % 3 == 0

    def reference(self):
        """Reference of it, which has taken all."""
        out = Reference(self.version, self.credential, self.scope)
        if self.first:
            out.ended = True
        out.connect(self.connect.render())
        place = 0
        for renewal in self.renewals:
            out.take(self.rest[place:renewal.begin])
            out.renew_begins()
            out.take(self.rest[renewal.begin:renewal.end])
            out.renew_ends(renewal.scope, renewal.until > renewal.end)
            place = renewal.end
        out.take(self.rest[place:])
        return out


def _mutate(rng, mutation, sequence):
    """Changes one packet of the list `sequence`, which CONNECT leads.

    Returns its place and what it is called, or None when none can be changed.
    """
    begin = max([0, *(i for i, packet in enumerate(sequence)
                      if isinstance(packet, RenewalEnds))]) + 1
    places = list(range(begin, len(sequence) - 1))
    rng.shuffle(places)
    places.insert(0 if rng.random() < 0.3 else len(places), 0)
    for place in places:
        name = sequence[place].name
        fault = mutation(rng, sequence[place])
        if fault is not None:
            return place, f"{name}: {fault}"
    return None


def can_carry(connect, version):
    """Whether a credential may be put into a CONNECT, which has been changed,
    without it being another one otherwise."""
    flags = connect.of_role("flags")
    if not flags or connect.name != "CONNECT":
        return False
    if version == wire.V5:
        return bool(connect.of_role("properties"))
    return not flags[0].data[0] & 0xC0 and not connect.cut and (
        not connect.tail)


def _change(number):
    """Of three cases two have a mutation, and one a move: what that is, and
    whether it is a move."""
    turn, place = divmod(number, 3)
    if place == 2:
        return MOVES[turn % len(MOVES)], True
    return MUTATIONS[(2 * turn + place) % len(MUTATIONS)], False


def _draw(rng, number):
    """Everything about a case but how it is written; None: not this time."""
    change, is_move = _change(number)
    version = rng.choice([wire.V5, wire.V5, wire.V311])
    credential = ""
    if rng.random() < 0.5:
        credential = ("user name" if version == wire.V311 else
                      rng.choice(["exporter", "exporter", "challenge"]))
    own = f"s/{number}"
    scope = scopes.choose(rng, own) if credential else scopes.PUBLIC
    made = Sequence(rng, version, number, credential, scope)
    connect = made.connect()
    sequence = [connect, *made.packets()]
    found = (change(made, sequence) if is_move else
             _mutate(rng, change, sequence))
    if not found:
        return None
    if is_move:
        kind, cuts = found
        changed = sequence[0] is not connect or "CONNECT: " in kind
    else:
        kind, cuts, changed = found[1], [], found[0] == 0
    if credential and changed and not can_carry(connect, version):
        return None
    return (version, kind, credential, scope, connect, sequence, cuts, changed)


def generate(seed, first, count):
    """Cases `first` to `first + count - 1`; each is the same in every run of
    that seed."""
    for number in range(first, first + count):
        rng = random.Random(f"{seed}/{number}")
        while not (drawn := _draw(rng, number)):
            pass
        yield _written(rng, number, *drawn)


def _written(rng, number, version, kind, credential, scope, connect, sequence,
             odd_cuts, changed):
    place = sequence.index(connect)
    data = [packet.render() if isinstance(packet, packets.Packet) else b""
            for packet in sequence]
    starts = [sum(map(len, data[place + 1:i])) for i in range(len(data))]
    rest = b"".join(data[place + 1:])
    begins = [start for packet, start in zip(sequence, starts)
              if isinstance(packet, RenewalBegins)]
    ends = [(start, start + packet.early, packet.scope)
            for packet, start in zip(sequence, starts)
            if isinstance(packet, RenewalEnds)]
    if rng.random() < 0.1:
        cuts = list(range(1, len(rest)))[:200]
    else:
        cuts = rng.sample(range(1, len(rest)), rng.randint(0, 3))
    cuts += [starts[i] + at for i, at in odd_cuts]
    return Case(number, version, kind, connect, b"".join(data[:place]), rest,
                sorted({cut for cut in cuts if 0 < cut < len(rest)}),
                not changed and not place, credential, scope,
                [Renewal(begin, *end) for begin, end in zip(begins, ends)])
