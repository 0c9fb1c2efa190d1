"""What a proxy is to send to a broker, where that is not known to the byte, and
whether it does."""

import dataclasses
import os

import e2e_path  # noqa: F401
from bytes_reader import BytesReader, Unreadable, frame
from harness import wire

# Seconds that a token is good for, and by which less may be left of them.
LIFE = 600
LATE = 60


@dataclasses.dataclass
class Expiring:
    """Bytes around a message's expiry, which is what is left of the token."""

    before: bytes
    after: bytes


@dataclasses.dataclass
class Unsubscribe:
    """The proxy's own, of these filters in any order; if `floats`, here or
    behind any packet that follows."""

    filters: list
    floats: bool

    def agreeing(self, data):
        """How many of the bytes at the beginning of `data` are that."""
        found = frame(data)
        if found is None or found[0][0] != 0xA2:
            return 0
        head, body, missing, _ = found
        reader = BytesReader(body)
        try:
            reader.number(2)
            ours = [] if reader.properties(wire.V5) else sorted(self.filters)
            while reader.rest and not missing:
                ours.remove(reader.text())
        except (Unreadable, ValueError):
            return 0
        return 0 if ours or missing else len(head) + len(body)


def agreeing(data, sent):
    """How many of the bytes `data` of a proxy keep to `sent`, a list of bytes,
    Expiring and Unsubscribe, and whether all of that is there."""
    for part in sent:
        if isinstance(part, Unsubscribe) and part.floats:
            return _agreeing_somewhere(data, sent, part)
    place = 0
    for part in sent:
        if place == len(data):
            return place, False
        if isinstance(part, Unsubscribe):
            count = part.agreeing(data[place:])
            if not count:
                return place, False
            place += count
            continue
        pieces = [part] if isinstance(part, bytes) else [
            part.before, None, part.after]
        for piece in pieces:
            got = data[place:place + (4 if piece is None else len(piece))]
            if piece is not None and piece != got:
                return place + len(os.path.commonprefix([piece, got])), False
            if piece is None and not (
                    LIFE - LATE <= int.from_bytes(got, "big") <= LIFE):
                return place + (len(got) if len(got) < 4 else 0), False
            place += len(got)
    return place, True


def _agreeing_somewhere(data, sent, floating):
    """agreeing() with that part where it agrees most."""
    start = [part is floating for part in sent].index(True)
    settled = dataclasses.replace(floating, floats=False)
    behind = sent[start + 1:]
    return max(agreeing(data, sent[:start] + behind[:i] + [settled] +
                        behind[i:]) for i in range(len(behind) + 1))
