"""What may be wrong, or only unusual, about a list of properties."""

from mutation import mutation
from packets import Text, encoded, lying, padded
from string_mutations import CHARACTERS


def _a_property_list(rng, packet):
    lists = packet.of_role("properties")
    return rng.choice(lists) if lists else None


@mutation(each=(1, 2, 3, 4))
def padded_property_length(rng, packet, value):
    found = _a_property_list(rng, packet)
    if not found:
        return None
    found.encode_length = padded(value)
    return f"property length in {value} bytes more"


@mutation(each=(-3, -1, 1, 2, 5))
def wrong_property_length(rng, packet, value):
    found = _a_property_list(rng, packet)
    if not found:
        return None
    found.encode_length = lying(value)
    return f"property length {value:+}"


@mutation
def no_property_length(rng, packet):
    found = _a_property_list(rng, packet)
    if not found:
        return None
    packet.parts.remove(found)
    return "no property length"


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
