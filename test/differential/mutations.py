"""What may be wrong, or only unusual, about one packet.

Each function changes a Packet in place and returns what it then is called, or
None when the packet has nothing of the kind.
"""

import functools

import e2e_path  # noqa: F401
from harness import wire
from packets import Raw, Text, encoded, long_varint

MUTATIONS = []

# Of strings: put behind what was there.
CHARACTERS = {
    "overlong UTF-8": b"\xc0\xaf", "overlong of three bytes": b"\xe0\x80\xaf",
    "overlong U+0000": b"\xc0\x80", "surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80", "five-byte UTF-8":
    b"\xf8\x88\x80\x80\x80", "UTF-8 cut off": b"\xe4\xb8",
    "a lone continuation": b"\x80", "byte 0xFF": b"\xff",
    "U+0000": b"\0", "U+0000 in the midst": b"\0x", "U+FFFF": b"\xef\xbf\xbf",
    "U+FDD0": b"\xef\xb7\x90", "U+1FFFE": b"\xf0\x9f\xbf\xbe",
    "a control character": b"\x01", "U+007F": b"\x7f", "U+0085": b"\xc2\x85",
    "U+FEFF": b"\xef\xbb\xbf", "U+10FFFD": b"\xf4\x8f\xbf\xbd",
    "letters beyond ASCII": "\u00e9\u4e2d\U0001f600".encode()}

TOPICS = {
    "an empty topic": "", "`+` in a topic": "t/+/x", "`#` in a topic": "t/#",
    "`+` within a level": "t/a+", "`#` within a level": "t/a#",
    "a topic `#`": "#", "a topic of $share": "$share/g/t/x",
    "a topic of $SYS": "$SYS/x", "an empty level": "t//x",
    "a slash at the end": "t/x/", "a slash at the start": "/t/x",
    "a topic of one slash": "/", "another case": "T/x",
    "the parent of what is granted": "t", "a topic outside the grant": "u/x",
    "many levels": "t" + "/a" * 150}
FILTERS = {
    "an empty filter": "", "`#` amidst a filter": "t/#/x",
    "`#` behind a letter": "t/a#", "`+` behind a letter": "t/a+",
    "`+` before a letter": "t/+a", "all": "#", "all of one level": "+",
    "$share without a filter": "$share/g", "$share with an empty filter":
    "$share/g/", "$share without a name": "$share//t/x",
    "$share with a wildcard as name": "$share/+/t/x",
    "$share with `#` in its name": "$share/g#/t/x",
    "$share twice": "$share/g/$share/h/t/x", "$share alone": "$share",
    "$share and a slash": "$share/", "$share of a granted filter":
    "$share/g/t/#", "$share outside the grant": "$share/g/u/#",
    "$share of a slash": "$share/g//t", "$SHARE": "$SHARE/g/t/x",
    "$queue": "$queue/t/x", "$SYS": "$SYS/#", "a filter outside the grant":
    "u/#", "a filter wider than the grant": "+/x",
    "a filter with a slash at the end": "t/x/", "a filter with empty levels":
    "t//+//#", "a filter of many levels": "t" + "/+" * 150}


def mutation(function=None, *, each=(None,)):
    """Registers a function, once for each value that it is to get."""
    if function is None:
        return functools.partial(mutation, each=each)
    for value in each:
        if value is None:
            MUTATIONS.append(function)
        else:
            MUTATIONS.append(functools.partial(function, value=value))
    return function


def _lying(by):
    return lambda length: wire.varint(max(length + by, 0))


def _padded(by):
    return lambda length: long_varint(
        length, min(len(wire.varint(length)) + by, 5))


IN_ORDER = "in order"


@mutation(each=range(12))
def nothing(rng, packet, value):
    """For what both must read."""
    del rng, packet, value
    return IN_ORDER


# Lengths.

@mutation(each=(1, 2, 4))
def padded_length(rng, packet, value):
    packet.encode_length = _padded(value)
    return f"remaining length in {value} bytes more"


@mutation(each=(-2, -1, 1, 2, 7))
def wrong_length(rng, packet, value):
    packet.encode_length = _lying(value)
    return f"remaining length {value:+}"


@mutation
def endless_length(rng, packet):
    packet.encode_length = lambda length: b"\xff\xff\xff\xff\x7f"
    return "remaining length in 5 bytes"


def _a_property_list(rng, packet):
    lists = packet.of_role("properties")
    return rng.choice(lists) if lists else None


@mutation(each=(1, 2, 3, 4))
def padded_property_length(rng, packet, value):
    found = _a_property_list(rng, packet)
    if not found:
        return None
    found.encode_length = _padded(value)
    return f"property length in {value} bytes more"


@mutation(each=(-3, -1, 1, 2, 5))
def wrong_property_length(rng, packet, value):
    found = _a_property_list(rng, packet)
    if not found:
        return None
    found.encode_length = _lying(value)
    return f"property length {value:+}"


@mutation
def no_property_length(rng, packet):
    found = _a_property_list(rng, packet)
    if not found:
        return None
    packet.parts.remove(found)
    return "no property length"


@mutation(each=(-1, 1, 2, 300))
def wrong_string_length(rng, packet, value):
    found = [part for part in packet.parts if isinstance(part, Text)]
    if not found:
        return None
    rng.choice(found).lengthened = value
    return f"string length {value:+}"


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


# Strings.

@mutation(each=CHARACTERS)
def character(rng, packet, value):
    found = packet.of_role("topic", "filter", "text", "id")
    if not found:
        return None
    rng.choice(found).data += CHARACTERS[value]
    return value


@mutation(each=CHARACTERS)
def character_in_a_property(rng, packet, value):
    lists = packet.of_role("properties")
    if not lists:
        return None
    kind = rng.choice(["reason_string" if packet.name != "PUBLISH" else
                       "content_type", "user_property"])
    text = Text("text", b"x" + CHARACTERS[value]).render()
    item = {"user_property": b"\x26" + text + text,
            "reason_string": b"\x1f" + text,
            "content_type": b"\x03" + text}[kind]
    rng.choice(lists).items.append(item)
    return f"{value} in a property"


@mutation(each=TOPICS)
def topic(rng, packet, value):
    found = packet.of_role("topic")
    if not found:
        return None
    found[0].data = TOPICS[value].encode()
    return value


@mutation(each=FILTERS)
def filter_(rng, packet, value):
    found = packet.of_role("filter")
    if not found:
        return None
    rng.choice(found).data = FILTERS[value].encode()
    return value


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


# Properties.

ODD_PROPERTIES = {
    "topic alias 0": encoded("topic_alias", 0),
    "topic alias 1": encoded("topic_alias", 1),
    "topic alias 10": encoded("topic_alias", 10),
    "topic alias 11": encoded("topic_alias", 11),
    "topic alias 65535": encoded("topic_alias", 65535),
    "topic alias twice": encoded("topic_alias", 1) + encoded("topic_alias", 2),
    "subscription identifier 0": encoded("subscription_identifier", 0),
    "subscription identifier 1": encoded("subscription_identifier", 1),
    "largest subscription identifier":
    encoded("subscription_identifier", 268435455),
    "padded subscription identifier": b"\x0b\x81\0",
    "subscription identifier in 5 bytes": b"\x0b\x81\x80\x80\x80\0",
    "unknown property": b"\x7f\0", "property 0": b"\0",
    "property identifier padded": b"\x81\0\1",
    "user property padded": b"\xa6\0\0\1a\0\1b",
    "large property identifier": b"\x81\1\0",
    "payload format 2": encoded("payload_format", 2),
    "payload format 1": encoded("payload_format", 1),
    "message expiry 0": encoded("message_expiry", 0),
    "response topic with a wildcard": encoded("response_topic", "t/#"),
    "empty response topic": encoded("response_topic", ""),
    "response topic outside the grant": encoded("response_topic", "u/x"),
    "session expiry": encoded("session_expiry", 10),
    "largest session expiry": encoded("session_expiry", 0xFFFFFFFF),
    "receive maximum 0": encoded("receive_maximum", 0),
    "maximum packet size 0": encoded("maximum_packet_size", 0),
    "request problem information 2": encoded("request_problem_information", 2),
    "will delay": encoded("will_delay", 0),
    "authentication method": encoded("authentication_method", "x"),
    "authentication data": encoded("authentication_data", b"x"),
    "server reference": encoded("server_reference", "x"),
    "assigned client identifier": encoded("assigned_client_identifier", "x"),
    "maximum QoS": encoded("maximum_qos", 1),
    "empty user property": b"\x26\0\0\0\0",
    "user property cut off": b"\x26\0\1a\0\5b",
    "many user properties": b"\x26\0\1a\0\1b" * 60}


@mutation(each=ODD_PROPERTIES)
def odd_property(rng, packet, value):
    found = _a_property_list(rng, packet)
    if not found:
        return None
    found.items.insert(rng.randint(0, len(found.items)), ODD_PROPERTIES[value])
    return value


@mutation
def property_twice(rng, packet):
    lists = [part for part in packet.of_role("properties") if part.items]
    if not lists:
        return None
    items = rng.choice(lists).items
    item = rng.choice(items)
    items.insert(rng.randint(0, len(items)), item)
    return "property twice"


@mutation
def properties_in_another_order(rng, packet):
    lists = [part for part in packet.of_role("properties") if part.items[1:]]
    if not lists:
        return None
    rng.shuffle(rng.choice(lists).items)
    return "properties in another order"


@mutation(each=(1, 2, 10, 11))
def alias_without_topic(rng, packet, value):
    if packet.name != "PUBLISH" or not packet.of_role("properties"):
        return None
    packet.parts[0].data = b""
    packet.of_role("properties")[0].items.append(encoded("topic_alias", value))
    return f"alias {value} without a topic"


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


