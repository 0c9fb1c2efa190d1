"""What is read, and what is malformed (EDGE-1 to EDGE-4)."""

import struct

from harness import wire
from stacks import MAX_PACKET_SIZE
from suite import case, eventually

MALFORMED, PROTOCOL_ERROR = 0x81, 0x82


def assert_cut(t, client, *codes):
    """DISCONNECT with one of `codes`, the end, and nothing at the broker."""
    answer = client.expect("DISCONNECT")
    t.assertIn(answer.code, codes, answer)
    client.expect_closed()
    t.assert_broker_closed()


# EDGE-1

@case("EDGE-1", outcome="accepted", each={
    f"{size} bytes": size for size in
    (0, 127, 128, 16383, 16384, 2097151, 2097152)})
def every_length_passes(t, size):
    """PUBLISH with a Remaining Length of."""
    client = t.connected("a/# pub")
    payload = bytes(max(size - len(wire.text("a/x")) - 1, 0))
    packet = wire.publish("a/x", payload)
    client.send(packet)
    client.ping()
    t.assertEqual(t.broker_packets("PUBLISH", "PINGREQ")[0].raw, packet)


@case("EDGE-1", outcome="accepted", stack="small packets")
def largest_packet_passes(t):
    """a packet of just the limit."""
    client = t.connected("a/# pub")
    packet = wire.publish("a/x", bytes(MAX_PACKET_SIZE - 3 - 6))
    t.assertEqual(len(packet), MAX_PACKET_SIZE)
    client.send(packet)
    client.ping()
    t.broker_packets("PUBLISH", "PINGREQ")


@case("EDGE-1", outcome="refused", each={
    "5 bytes": b"\x30\xff\xff\xff\xff\x01", "5 bytes of PINGREQ":
    b"\xc0\x80\x80\x80\x80\x00", "not the shortest": b"\xc0\x80\x00",
    "not the shortest of a PUBLISH":
    b"\x30\x86\x00" + wire.text("a/x") + b"\0",
    "properties in 5 bytes": wire.packet(
        "PUBLISH", wire.text("a/x") + b"\x80\x80\x80\x80\x00"),
    "properties not the shortest": wire.packet(
        "PUBLISH", wire.text("a/x") + b"\x80\x00")})
def bad_variable_byte_integer(t, data):
    """a Variable Byte Integer."""
    client = t.connected("a/# pub")
    client.send(data)
    assert_cut(t, client, MALFORMED)


@case("EDGE-1", outcome="refused", stack="small packets", each={
    "PUBLISH": b"\x30", "SUBSCRIBE": b"\x82", "AUTH": b"\xf0"})
def packet_over_the_limit(t, first):
    """a header alone that announces too much."""
    client = t.connected("a/# pub")
    client.send(first + wire.varint(MAX_PACKET_SIZE - 2))
    assert_cut(t, client, 0x95)


@case("EDGE-1", outcome="refused", stack="small packets")
def connect_over_the_limit(t):
    """a CONNECT that is too long."""
    t.assert_refused(*t.connack(bytes(5000)), 0x95)


# EDGE-2

@case("EDGE-2", outcome="accepted", each={
    "DUP with QoS 1": lambda: wire.publish("a/x", b"", 1, 65535, dup=True),
    "Unicode": lambda: wire.publish("a/\u00e9\u4e2d\U0001f600\ufeff"),
    "control characters": lambda: wire.publish("a/\u0001\u007f"),
    "payload that is no UTF-8": lambda: wire.publish("a/x", b"\xff\0"),
    "65535 bytes of topic": lambda: wire.publish("a/" + "x" * 65533),
    "Retain Handling 2": lambda: wire.subscribe([("a/x", 0b101110)]),
    "PUBACK with identifier 65535": lambda: wire.ack("PUBACK", 65535)})
def unusual_but_well_formed(t, make):
    """what is well-formed."""
    client = t.connected("a/# pub sub")
    client.send(make())
    eventually(lambda: len(t.broker_side().packets) > 1, "at the broker")
    t.assertEqual(t.broker_side().packets[1].raw, make())


def _publish(topic, head=b"", flags=0):
    return wire.packet("PUBLISH", wire.binary(topic) + head + b"\0", flags)


def _subscribe(options, filter_=b"a/x", packet_id=1, flags=2):
    return wire.packet("SUBSCRIBE", struct.pack("!H", packet_id) + b"\0" +
                       wire.binary(filter_) + bytes([options]), flags)


@case("EDGE-2", outcome="refused", each={
    "QoS 3": _publish(b"a/x", b"\0\1", 6),
    "DUP with QoS 0": _publish(b"a/x", flags=8),
    "PUBLISH with identifier 0": _publish(b"a/x", b"\0\0", 2),
    "SUBSCRIBE with identifier 0": _subscribe(0, packet_id=0),
    "UNSUBSCRIBE with identifier 0": wire.unsubscribe(["a/x"], 0),
    "PUBACK with identifier 0": wire.ack("PUBACK", 0),
    "PUBREL with identifier 0": wire.ack("PUBREL", 0),
    "SUBSCRIBE flags": _subscribe(0, flags=0),
    "UNSUBSCRIBE flags": wire.packet("UNSUBSCRIBE", b"\0\1\0\0\1a", 0),
    "PUBREL flags": wire.packet("PUBREL", b"\0\1", 0),
    "PUBACK flags": wire.packet("PUBACK", b"\0\1", 2),
    "PINGREQ flags": b"\xc1\x00", "DISCONNECT flags": b"\xe1\x00",
    "AUTH flags": b"\xf1\x00", "packet type 0": b"\x00\x00",
    "PINGREQ with a body": b"\xc0\x01x",
    "subscription QoS 3": _subscribe(3),
    "reserved options": _subscribe(0x40),
    "other reserved option": _subscribe(0x80),
    "Retain Handling 3": _subscribe(0x30),
    "topic cut off": wire.packet("PUBLISH", b"\0\5a"),
    "not UTF-8": _publish(b"a/\xff"), "overlong UTF-8": _publish(b"a/\xc0\xaf"),
    "surrogate": _publish(b"a/\xed\xa0\x80"),
    "beyond Unicode": _publish(b"a/\xf4\x90\x80\x80"),
    "U+0000": _publish(b"a/\0"), "UTF-8 cut off": _publish(b"a/\xe4\xb8"),
    "filter with U+0000": _subscribe(0, b"a/\0"),
    "filter that is not UTF-8": _subscribe(0, b"a/\xff")})
def malformed_packet(t, data):
    """a malformed packet."""
    client = t.connected("a/# pub sub")
    client.send(data)
    assert_cut(t, client, MALFORMED)


@case("EDGE-2", outcome="refused", each={
    "no filter": wire.packet("SUBSCRIBE", b"\0\1\0", 2),
    "no filter to unsubscribe": wire.packet("UNSUBSCRIBE", b"\0\1\0", 2),
    "No Local on a shared one": _subscribe(4, b"$share/g/a/x")})
def protocol_error_of_subscribe(t, data):
    """what MQTT 5.0 section 3.8.3 calls a protocol error."""
    client = t.connected("a/# sub")
    client.send(data)
    assert_cut(t, client, PROTOCOL_ERROR)


@case("EDGE-2", outcome="refused", each={
    topic: topic for topic in ("a/+", "a/#", "#", "a+", "a/b#")})
def wildcard_in_a_topic_name(t, topic):
    """a wildcard in a topic name."""
    client = t.connected("a/# pub", "# pub")
    client.send(wire.publish(topic, b"", 1))
    assert_cut(t, client, 0x90)


@case("EDGE-2", outcome="refused", each={
    item or "empty": item for item in
    ("a/#/b", "a#", "a/b+", "+a", "", "$share/g", "$share//a/x", "$share/g/",
     "$share/+/a/x")})
def bad_filter(t, item):
    """a bad filter: 0x8F, by SUBACK or by DISCONNECT."""
    client = t.connected("a/# sub", "# sub")
    client.send(wire.subscribe([item]))
    answer = client.receive()
    t.assertIn(0x8F, [answer.code, *answer.codes], answer)
    t.assertNotIn("SUBSCRIBE", [p.type for p in t.broker_side().packets])


@case("EDGE-2", outcome="refused", each={
    "QoS 3": wire.packet("PUBLISH", wire.text("a/x") + b"\0\1", 6),
    "identifier 0": wire.publish("a/x", b"", 1, 0, version=wire.V311),
    "wildcard": wire.publish("a/+", version=wire.V311),
    "Retain Handling in v3": wire.subscribe([("a/x", 0x10)],
                                            version=wire.V311),
    "AUTH in v3": wire.packet("AUTH")})
def malformed_packet_of_v3(t, data):
    """a malformed packet of v3."""
    client = t.connected_v311("a/# pub sub")
    client.send(data)
    client.expect_closed()
    t.assert_broker_closed()


# EDGE-3

ALL_OF_PUBLISH = {
    "payload_format": 1, "message_expiry": 1, "content_type": "text/plain",
    "response_topic": "a/r", "correlation_data": b"\0\xff",
    "user_property": [("", ""), ("k", "v"), ("k", "v")]}


@case("EDGE-3", outcome="accepted")
def every_property_passes(t):
    """all properties, of each packet, byte for byte."""
    client = t.connected("a/# pub sub", props={"session_expiry": 5})
    user = {"user_property": [("a", "b")]}
    packets = [
        wire.publish("a/x", b"text", 1, 5, props=ALL_OF_PUBLISH),
        wire.subscribe(["a/x"], 6, props={
            "subscription_identifier": 1, **user}),
        wire.packet("UNSUBSCRIBE", b"\0\7" + wire.properties(user) +
                    wire.text("a/x"), 2),
        wire.ack("PUBREL", 5, 0x92, {"reason_string": "r", **user}),
        wire.ack("PUBACK", 9, 0x10, {"reason_string": "", **user}),
        wire.ack("PUBREC", 9, 0x83, {}),
        wire.ack("PUBCOMP", 9, 0x92),
        wire.disconnect(0x04, {"session_expiry": 9, "reason_string": "bye",
                               **user})]
    client.send(*packets)
    connection = t.broker_side()
    eventually(lambda: connection.closed, "closed")
    t.assertEqual([p.raw for p in connection.packets[1:]], packets)


def _with_properties(data):
    return wire.packet("PUBLISH", wire.text("a/x") + wire.varint(len(data)) +
                       data)


@case("EDGE-3", outcome="refused", each={
    "unknown": b"\x7f\0", "unknown and large": b"\x80\x01\0",
    "of CONNECT": b"\x11\0\0\0\1", "of CONNACK": b"\x12" + wire.text("x"),
    "Reason String": b"\x1f" + wire.text("x"),
    "twice": b"\x01\0\x01\0", "expiry twice": b"\x02\0\0\0\1" * 2,
    "out of range": b"\x01\2", "cut off": b"\x02\0\0",
    "text cut off": b"\x03\0\5ab", "text not UTF-8": b"\x03\0\1\xff",
    "U+0000 in a user property": b"\x26\0\1\0\0\1a",
    "subscription identifier": b"\x0b\1",
    "Response Topic with a wildcard": b"\x08" + wire.text("a/+")})
def bad_property_of_publish(t, data):
    """a property of PUBLISH."""
    client = t.connected("a/# pub")
    client.send(_with_properties(data))
    assert_cut(t, client, MALFORMED, PROTOCOL_ERROR, *(
        [0x90] if data.startswith(b"\x08") else []))


@case("EDGE-3", outcome="refused", each={
    "subscription identifier 0": b"\x0b\0",
    "subscription identifier twice": b"\x0b\1\x0b\2",
    "topic alias": b"\x23\0\1", "session expiry": b"\x11\0\0\0\1"})
def bad_property_of_subscribe(t, data):
    """a property of SUBSCRIBE."""
    client = t.connected("a/# sub")
    client.send(wire.packet("SUBSCRIBE", b"\0\1" + wire.varint(len(data)) +
                            data + wire.text("a/x") + b"\0", 2))
    assert_cut(t, client, MALFORMED, PROTOCOL_ERROR)


@case("EDGE-3", outcome="refused", each={
    "Receive Maximum 0": {"receive_maximum": 0},
    "Maximum Packet Size 0": {"maximum_packet_size": 0},
    "Request Problem Information 2": {"request_problem_information": 2},
    "of PUBLISH": {"topic_alias": 1}, "of CONNACK": {"maximum_qos": 1},
    "Will Delay": {"will_delay": 1}})
def bad_property_of_connect(t, props):
    """a property of CONNECT."""
    client, answer = t.raw_connect(None, method=None, props=props)
    t.assertEqual(answer.type, "CONNACK")
    t.assertIn(answer.code, (MALFORMED, PROTOCOL_ERROR))
    client.expect_closed()
    t.assert_unseen()


@case("EDGE-3", outcome="refused")
def data_without_a_method(t):
    """Authentication Data without a method."""
    client, answer = t.raw_connect(b"\0\1x", method=None)
    t.assertIn(answer.code, (MALFORMED, PROTOCOL_ERROR))
    client.expect_closed()
    t.assert_unseen()


# EDGE-4

@case("EDGE-4", outcome="accepted")
def byte_at_a_time(t):
    """a session that comes a byte at a time."""
    client = t.client()
    data = wire.binary(t.token("a/# pub sub")) + client.exporter_proof(t.key)
    packets = [
        wire.connect(client_id=t.name, props={
            "authentication_method": "ace", "authentication_data": data}),
        wire.publish("a/x", b"payload", 1, 3, props=ALL_OF_PUBLISH),
        wire.subscribe(["b", "a/#"], 4)]
    kinds = ("CONNACK", "PUBACK", "SUBACK")
    for packet, kind in zip(packets, kinds):
        for byte in packet:
            client.send(bytes([byte]))
        t.assertEqual(client.receive().type, kind)
    t.assertEqual([p.raw for p in t.broker_packets("PUBLISH", "SUBSCRIBE")],
                  [packets[1], wire.subscribe(["a/#"], 4)])


@case("EDGE-4", outcome="accepted")
def thousand_at_once(t):
    """a thousand packets in one write."""
    client = t.connected("a/# pub")
    packets = [wire.publish(f"a/{n}", b"x" * (n % 50), n % 2, n + 1)
               for n in range(1000)]
    client.send(*packets, wire.pingreq())
    while client.receive().type != "PINGRESP":
        pass
    t.assertEqual(t.broker_side().data[-len(b"".join(packets)) - 2:],
                  b"".join(packets) + wire.pingreq())


@case("EDGE-4", outcome="refused")
def denied_in_the_midst_of_many(t):
    """one denied packet among a thousand in one write."""
    client = t.connected("a/# pub")
    packets = [wire.publish(f"a/{n}") for n in range(1000)]
    client.send(*packets[:700], wire.publish("b"), *packets[700:])
    client.expect_disconnect(0x87)
    t.assertEqual([p.raw for p in t.assert_broker_closed(
        *["PUBLISH"] * 700)], packets[:700])


@case("EDGE-4", outcome="refused")
def denied_byte_at_a_time(t):
    """a denied packet that comes a byte at a time, and one that never ends."""
    client = t.connected("a/# pub")
    for byte in wire.publish("b/x", b"secret", 1, 3):
        client.send(bytes([byte]))
    t.assert_code(client.expect("PUBACK"), 0x87)
    client.send(wire.publish("b/x", b"secret")[:-1])
    client.tls.shut_down_writing()
    t.assert_broker_closed()
