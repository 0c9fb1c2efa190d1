"""Reads what packets are made of, apart from Sluice's own code."""

import e2e_path  # noqa: F401
from harness import wire

_TEXT, _PAIR, _NUMBER = "text", "pair", "varint"
# MQTT 5.0 table 2-4: how long a property's value is, or how it says that.
_VALUES = {
    0x01: 1, 0x02: 4, 0x03: _TEXT, 0x08: _TEXT, 0x09: _TEXT, 0x0B: _NUMBER,
    0x11: 4, 0x12: _TEXT, 0x13: 2, 0x15: _TEXT, 0x16: _TEXT, 0x17: 1, 0x18: 4,
    0x19: 1, 0x1A: _TEXT, 0x1C: _TEXT, 0x1F: _TEXT, 0x21: 2, 0x22: 2, 0x23: 2,
    0x24: 1, 0x25: 1, 0x26: _PAIR, 0x27: 4, 0x28: 1, 0x29: 1, 0x2A: 1}


class Unreadable(Exception):
    """These bytes are not what they should be."""


class BytesReader:

    def __init__(self, data):
        self.rest = data

    def take(self, size):
        if size > len(self.rest):
            raise Unreadable
        out, self.rest = self.rest[:size], self.rest[size:]
        return out

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def varint(self):
        value = 0
        for i in range(4):
            byte = self.number(1)
            value |= (byte & 127) << 7 * i
            if byte < 128:
                return value
        raise Unreadable

    def string(self):
        return self.take(self.number(2))

    def text(self):
        try:
            return self.string().decode()
        except UnicodeDecodeError:
            raise Unreadable from None

    def properties(self, version):
        """Each as its identifier, value and bytes."""
        if version != wire.V5:
            return []
        inner = BytesReader(self.take(self.varint()))
        out = []
        while inner.rest:
            before = inner.rest
            identifier = inner.number(1)
            kind = _VALUES.get(identifier)
            if kind is None:
                raise Unreadable
            if kind == _TEXT:
                value = inner.string()
            elif kind == _PAIR:
                value = inner.string(), inner.string()
            elif kind == _NUMBER:
                value = inner.varint()
            else:
                value = inner.number(kind)
            out.append((identifier, value,
                        before[:len(before) - len(inner.rest)]))
        return out


def written(properties, version):
    """The list of what properties() gives, as bytes."""
    if version != wire.V5:
        return b""
    data = b"".join(raw for _, _, raw in properties)
    return wire.varint(len(data)) + data


def value_of(properties, wanted):
    """That of the last property that has this identifier, or None."""
    found = [value for identifier, value, _ in properties
             if identifier == wanted]
    return found[-1] if found else None


def frame(data):
    """The first packet's bytes before its body, its body, how many of it are
    missing, and what stands behind it; None where that cannot be told yet."""
    reader = BytesReader(data)
    try:
        reader.take(1)
        length = reader.varint()
    except Unreadable:
        return None
    body = reader.rest[:length]
    head = data[:len(data) - len(reader.rest)]
    return head, body, length - len(body), reader.rest[length:]
