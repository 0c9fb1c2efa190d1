"""MQTT packets in parts, so that each part can be written wrongly."""

import dataclasses
import typing

import e2e_path  # noqa: F401
from harness import wire


def long_varint(value, size):
    """`value` in `size` bytes, which may be more than it needs."""
    digits = [value >> 7 * i & 127 for i in range(size)]
    return bytes(digit | 0x80 for digit in digits[:-1]) + bytes(digits[-1:])


# Of Packet and Properties: how their lengths are written wrongly.

def lying(by):
    return lambda length: wire.varint(max(length + by, 0))


def padded(by):
    return lambda length: long_varint(
        length, min(len(wire.varint(length)) + by, 5))


@dataclasses.dataclass
class Text:
    """A string or binary data with its length. `role`: topic, filter, text,
    binary, name (of the protocol) or id (Client Identifier)."""

    role: str
    data: bytes
    lengthened: int = 0  # by how much its length lies

    def render(self):
        size = (len(self.data) + self.lengthened) % 65536
        return size.to_bytes(2, "big") + self.data


@dataclasses.dataclass
class Raw:
    """Bytes. `role`: packet_id, options, level, flags, keep_alive, payload,
    code or other."""

    role: str
    data: bytes

    def render(self):
        return self.data


@dataclasses.dataclass
class Properties:
    """Items are bytes, each an identifier and a value."""

    items: list
    encode_length: typing.Callable = wire.varint
    role: str = "properties"

    def render(self):
        data = b"".join(self.items)
        return self.encode_length(len(data)) + data


@dataclasses.dataclass
class Packet:
    name: str
    flags: int
    parts: list
    encode_length: typing.Callable = wire.varint
    tail: bytes = b""  # within the packet, behind its parts
    cut: int = 0       # bytes taken off the end of the body

    def render(self):
        body = b"".join(part.render() for part in self.parts) + self.tail
        if self.cut:
            body = body[:-self.cut]
        return (bytes([wire.TYPES.index(self.name) << 4 | self.flags]) +
                self.encode_length(len(body)) + body)

    def of_role(self, *roles):
        return [part for part in self.parts if part.role in roles]


def encoded(name, value):
    """One property, without a length before it."""
    data = wire.properties({name: value})
    while data[0] & 0x80:
        data = data[1:]
    return data[1:]


def _properties(version, items):
    return [Properties(list(items))] if version == wire.V5 else []


def _packet_id(number):
    return Raw("packet_id", number.to_bytes(2, "big"))


def connect(version, client_id, properties=(), will=None, username=None,
            password=None, keep_alive=60):
    """`will`: topic, payload, QoS, RETAIN and properties."""
    flags = 0x02
    payload = [Text("id", client_id.encode())]
    if will:
        topic, message, qos, retain, items = will
        flags |= 0x04 | qos << 3 | retain << 5
        payload += [*_properties(version, items),
                    Text("topic", topic.encode()), Text("binary", message)]
    if username is not None:
        flags |= 0x80
        payload.append(Text("text", username))
    if password is not None:
        flags |= 0x40
        payload.append(Text("binary", password))
    return Packet("CONNECT", 0, [
        Text("name", b"MQTT"), Raw("level", bytes([version])),
        Raw("flags", bytes([flags])),
        Raw("keep_alive", keep_alive.to_bytes(2, "big")),
        *_properties(version, properties), *payload])


def publish(version, topic, payload=b"", qos=0, packet_id=1, retain=False,
            dup=False, properties=()):
    return Packet("PUBLISH", dup << 3 | qos << 1 | retain, [
        Text("topic", topic.encode()),
        *([_packet_id(packet_id)] if qos else []),
        *_properties(version, properties), Raw("payload", payload)])


def subscribe(version, filters, packet_id, properties=()):
    """`filters`: pairs of a filter and its options."""
    parts = [_packet_id(packet_id), *_properties(version, properties)]
    for name, options in filters:
        parts += [Text("filter", name.encode()),
                  Raw("options", bytes([options]))]
    return Packet("SUBSCRIBE", 2, parts)


def unsubscribe(version, filters, packet_id, properties=()):
    return Packet("UNSUBSCRIBE", 2, [
        _packet_id(packet_id), *_properties(version, properties),
        *(Text("filter", name.encode()) for name in filters)])


def ack(version, name, packet_id, code=None, properties=()):
    parts = [_packet_id(packet_id)]
    if version == wire.V5 and code is not None:
        parts += [Raw("code", bytes([code])), Properties(list(properties))]
    return Packet(name, 2 if name == "PUBREL" else 0, parts)


def disconnect(version, code=None, properties=()):
    parts = []
    if version == wire.V5 and code is not None:
        parts = [Raw("code", bytes([code])), Properties(list(properties))]
    return Packet("DISCONNECT", 0, parts)


def auth(code, properties=()):
    return Packet("AUTH", 0, [Raw("code", bytes([code])),
                              Properties(list(properties))])


def bare(name):
    return Packet(name, 0, [])
