"""What may be wrong, or only unusual, about one packet; with those of strings
and properties."""

import property_mutations  # noqa: F401
import string_mutations  # noqa: F401
from mutation import IN_ORDER, mutation
from packets import Raw, lying, padded


@mutation(each=range(12))
def nothing(rng, packet, value):
    """For what both must read."""
    del rng, packet, value
    return IN_ORDER


# Lengths.

@mutation(each=(1, 2, 4))
def padded_length(rng, packet, value):
    packet.encode_length = padded(value)
    return f"remaining length in {value} bytes more"


@mutation(each=(-2, -1, 1, 2, 7))
def wrong_length(rng, packet, value):
    packet.encode_length = lying(value)
    return f"remaining length {value:+}"


@mutation
def endless_length(rng, packet):
    packet.encode_length = lambda length: b"\xff\xff\xff\xff\x7f"
    return "remaining length in 5 bytes"


@mutation(each=(1, 2, 3))
def cut_off(rng, packet, value):
    if not packet.parts:
        return None
    packet.cut = value
    return f"body cut by {value}"


@mutation(each=(b"\0", b"\0\0", b"t", b"\xc0\0", b"\x30\5\0\3u/x"))
def tail(rng, packet, value):
    packet.tail = value
    return f"{len(value)} bytes behind the body"


# Header.

@mutation(each=range(16))
def flags(rng, packet, value):
    if packet.flags == value:
        return None
    packet.flags = value
    return f"flags {value:04b}"


@mutation(each=("", "CONNECT", "CONNACK", "SUBACK", "UNSUBACK", "PINGRESP",
                "AUTH", "PUBREC", "PINGREQ", "DISCONNECT"))
def another_type(rng, packet, value):
    if packet.name == value:
        return None
    packet.name = value
    return f"as a {value or 'packet of type 0'}"


# Numbers.

@mutation(each=(0, 1, 255, 256, 65535))
def packet_id(rng, packet, value):
    found = packet.of_role("packet_id")
    if not found:
        return None
    found[0].data = value.to_bytes(2, "big")
    return f"packet identifier {value}"


@mutation(each=[*range(0, 64, 3), 0x40, 0x80, 0xC1, 0x2C, 0x30, 0xFF])
def options(rng, packet, value):
    found = packet.of_role("options")
    if not found:
        return None
    rng.choice(found).data = bytes([value])
    return f"subscription options {value:08b}"


@mutation(each=(0, 1, 0x10, 0x80, 0x92, 0xFF))
def code(rng, packet, value):
    found = packet.of_role("code")
    if not found:
        return None
    found[0].data = bytes([value])
    return f"reason code 0x{value:02x}"


# CONNECT.

@mutation(each=((b"MQIsdp", 3), (b"MQTT", 3), (b"MQTT", 6), (b"MQTT", 0),
                (b"MQTT", 4), (b"MQTT", 5), (b"MQTT", 0x83), (b"MQTT", 0x84),
                (b"MQTT", 0x85), (b"MQIsdp", 4), (b"MQIsdp", 5), (b"mqtt", 4),
                (b"MQTT\0", 5), (b"", 4)))
def protocol(rng, packet, value):
    names, levels = packet.of_role("name"), packet.of_role("level")
    if not names or (names[0].data, levels[0].data[0]) == value:
        return None
    names[0].data, levels[0].data = value[0], bytes([value[1]])
    return f"protocol {value[0].decode()!r} {value[1]}"


@mutation(each=[*range(0, 256, 5), 1, 2, 4, 8, 0x0E, 0x1E, 0x22, 0x3A, 0x42,
                0x82, 0xC2, 0xC0, 0x46])
def connect_flags(rng, packet, value):
    found = packet.of_role("flags")
    if not found or found[0].data[0] == value:
        return None
    found[0].data = bytes([value])
    return f"CONNECT flags {value:08b}"


@mutation(each=(0, 1, 65535))
def keep_alive(rng, packet, value):
    found = packet.of_role("keep_alive")
    if not found:
        return None
    found[0].data = value.to_bytes(2, "big")
    return f"keep alive {value}"


@mutation(each=("", "x" * 23, "x" * 400, "a/b#+", "watch me"))
def client_id(rng, packet, value):
    found = packet.of_role("id")
    if not found:
        return None
    found[0].data = value.encode()
    return f"client identifier of {len(value)} bytes"


# Parts.

@mutation
def part_twice(rng, packet):
    if not packet.parts:
        return None
    place = rng.randrange(len(packet.parts))
    packet.parts.insert(place, packet.parts[place])
    return "a part twice"


@mutation
def part_missing(rng, packet):
    if not packet.parts:
        return None
    packet.parts.pop(rng.randrange(len(packet.parts)))
    return "a part missing"


@mutation
def parts_swapped(rng, packet):
    if len(packet.parts) < 2:
        return None
    place = rng.randrange(len(packet.parts) - 1)
    packet.parts[place:place + 2] = packet.parts[place + 1], packet.parts[place]
    return "parts swapped"


def _rewrite(packet, data):
    packet.parts = [Raw("other", data)]
    packet.tail, packet.cut = b"", 0


def _body(packet):
    return b"".join(part.render() for part in packet.parts)


@mutation(each=range(12))
def bytes_changed(rng, packet, value):
    data = bytearray(_body(packet))
    if not data:
        return None
    for _ in range(1 + value % 3):
        data[rng.randrange(len(data))] = rng.choice(
            [0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)])
    _rewrite(packet, bytes(data))
    return "bytes changed"


@mutation(each=range(6))
def bytes_moved(rng, packet, value):
    data = _body(packet)
    if not data:
        return None
    start, end = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    at = rng.randrange(len(data) + 1)
    _rewrite(packet, data[:at] + data[start:end] + data[at:]
             if value % 2 else data[:start] + data[end:])
    return "bytes doubled" if value % 2 else "bytes missing"
