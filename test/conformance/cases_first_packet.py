"""CONNECT: first, once, and with what flags (EDGE-5 and EDGE-6)."""

from cases_reading import MALFORMED, PROTOCOL_ERROR, assert_cut
from harness import wire
from suite import case


# EDGE-5

def connect_as(t, name, level, version=wire.V5):
    client = t.client(version)
    body = wire.text(name) + bytes([level, 2, 0, 60])
    if level & 0x7F >= 5:
        body += b"\0"
    client.send(wire.packet("CONNECT", body + wire.text(t.name)))
    return client


@case("EDGE-5", outcome="accepted", each={"3.1.1": 4, "5.0": 5})
def known_version_is_let_in(t, level):
    """MQTT."""
    client = connect_as(t, "MQTT", level, level)
    t.assert_code(client.expect("CONNACK"), 0)


@case("EDGE-5", outcome="refused", each={
    "level 6": ("MQTT", 6, wire.V5, 0x84),
    "level 0": ("MQTT", 0, wire.V311, 1),
    "level 3": ("MQTT", 3, wire.V311, 1), "level 0x84 (a bridge)": (
        "MQTT", 0x84, wire.V311, 1),
    "MQTT 3.1": ("MQIsdp", 3, wire.V311, 1),
    "HTTP": ("HTTP", 5, wire.V5, 0x84), "HTTP at 4": ("HTTP", 4, wire.V311, 1),
    "small letters": ("mqtt", 4, wire.V311, 1),
    "no name": ("", 5, wire.V5, 0x84)})
def unknown_version_is_refused(t, value):
    """version or protocol name."""
    name, level, version, code = value
    client = connect_as(t, name, level, version)
    t.assert_refused(client, client.expect("CONNACK"), code)


@case("EDGE-5", outcome="refused", each={"v5": wire.V5, "v3": wire.V311})
def second_connect_is_refused(t, version):
    """a second CONNECT."""
    v5 = version == wire.V5
    client = (t.connected if v5 else t.connected_v311)("a/# pub")
    client.send(wire.connect(version, t.name))
    if v5:
        client.expect_disconnect(PROTOCOL_ERROR)
    else:
        client.expect_closed()
    t.assert_broker_closed()


@case("EDGE-5", outcome="refused", each={
    "PUBLISH": wire.publish("public/x"), "PINGREQ": wire.pingreq(),
    "AUTH": wire.auth(0x18, b"x"), "DISCONNECT": wire.disconnect(),
    "SUBSCRIBE": wire.subscribe(["public/x"]),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n", "zeros": bytes(50)})
def other_first_packet_is_refused(t, data):
    """first."""
    client = t.client()
    client.send(data, wire.connect(client_id=t.name))
    while True:
        try:
            t.assertNotEqual(client.receive().type, "CONNACK")
        except EOFError:
            break
    t.assert_unseen()


@case("EDGE-5", outcome="refused", each={
    name: wire.packet(name, body) for name, body in (
        ("CONNACK", b"\0\0\0"), ("SUBACK", b"\0\1\0\0"), ("PINGRESP", b""),
        ("UNSUBACK", b"\0\1\0\0"))})
def packet_of_a_server_is_refused(t, data):
    """from a client."""
    client = t.connected("a/# pub")
    client.send(data)
    assert_cut(t, client, PROTOCOL_ERROR)


# EDGE-6

def connect_flags(t, flags, version, tail=b""):
    client = t.client(version)
    client.send(wire.packet(
        "CONNECT", wire.text("MQTT") + bytes([version, flags, 0, 60]) +
        (b"\0" if version == wire.V5 else b"") + wire.text(t.name) + tail))
    return client


WILL = {wire.V5: b"\0" + wire.text("public/w") + wire.text("x"),
        wire.V311: wire.text("public/w") + wire.text("x")}


@case("EDGE-6", outcome="accepted", each={
    "Will QoS 2 and Retain": (0x36, wire.V5, WILL[wire.V5]),
    "the same in v3": (0x36, wire.V311, WILL[wire.V311]),
    "v5: Password without User Name": (0x42, wire.V5, wire.text("secret"))})
def good_flags_are_let_in(t, value):
    """flags."""
    flags, version, tail = value
    client = connect_flags(t, flags, version, tail)
    t.assert_code(client.expect("CONNACK"), 0)
    t.assertEqual(t.broker_side().packets[0].connect_flags, flags & 0x3F)


@case("EDGE-6", outcome="refused", each={
    f"{name}, v{version if version == 5 else 3}": (flags, version, tail)
    for version in (wire.V5, wire.V311) for name, flags, tail in (
        ("reserved bit", 0x03, b""), ("Will QoS without a Will", 0x0A, b""),
        ("Will Retain without a Will", 0x22, b""),
        ("Will QoS 3", 0x1E, WILL[version]), ("Will missing", 0x06, b""),
        ("User Name missing", 0x82, b""),
        ("something behind the end", 0x02, b"x"))})
def bad_flags_are_refused(t, value):
    """flags."""
    flags, version, tail = value
    client = connect_flags(t, flags, version, tail)
    if version == wire.V5:
        t.assert_refused(client, client.expect("CONNACK"), MALFORMED)
    else:
        client.expect_closed()
        t.assert_unseen()


@case("EDGE-6", outcome="refused")
def v3_password_without_user_name_is_refused(t):
    """v3: Password without User Name."""
    connect_flags(t, 0x42, wire.V311, wire.text("x")).expect_closed()
    t.assert_unseen()
