"""What is rewritten, and how (EDGE-13 to EDGE-16)."""

from harness import wire
from suite import case


# EDGE-13 (see also cases_connect.py and cases_subscribe.py)

@case("EDGE-13", "ACE-POP-8", outcome="accepted")
def connack_gets_the_method_and_nothing_else(t):
    """CONNACK with all that it can have."""
    props = {"session_expiry": 9, "receive_maximum": 3, "maximum_qos": 1,
             "retain_available": 0, "maximum_packet_size": 70000,
             "assigned_client_identifier": "given", "topic_alias_maximum": 4,
             "reason_string": "fine", "user_property": [("a", "b")],
             "wildcard_available": 1, "subscription_identifier_available": 0,
             "shared_available": 0, "server_keep_alive": 10,
             "response_information": "r/", "server_reference": "s"}
    t.script(CONNECT=wire.connack(0, props, True))
    client, connack = t.connack(t.token("a/# pub"))
    t.assertEqual(connack.properties, {**props,
                                       "authentication_method": "ace"})
    t.assertTrue(connack.session_present)
    t.assertEqual(len(connack.raw), len(wire.connack(0, {
        **props, "authentication_method": "ace"}, True)))
    client.ping()


@case("EDGE-13", outcome="accepted")
def connack_of_an_anonymous_client_is_untouched(t):
    """CONNACK where no method was used, byte for byte."""
    answer = wire.connack(0, {"receive_maximum": 9, "user_property": [
        ("k", "v")]})
    t.script(CONNECT=answer)
    _, connack = t.anonymous()
    t.assertEqual(connack.raw, answer)


@case("EDGE-13", "ACE-PUB-4", outcome="accepted", each={
    f"{size} bytes": size for size in (
        110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120, 16360, 16365,
        16367, 16368, 16369, 16370, 16371, 16372, 16373, 16374)})
def lengths_grow_across_a_boundary(t, size):
    """RETAIN whose lengths grow, Content Type of."""
    client = t.connected("a/# pub")
    text = "x" * size
    t.assert_code(client.publish("a/x", b"p", retain=True, props={
        "content_type": text}), 0)
    packet = t.broker_packets("PUBLISH")[0]
    expiry = packet.properties["message_expiry"]
    t.assertEqual(packet.raw, wire.publish("a/x", b"p", 1, 7, True, props={
        "content_type": text, "message_expiry": expiry}))


@case("EDGE-13", "ACE-CON-6", outcome="accepted", each={
    f"{size} bytes": size for size in (5, 100, 120, 128, 16300, 16383)})
def lengths_shrink_across_a_boundary(t, size):
    """CONNECT without its credential, user property of."""
    props = {"user_property": [("k", "v" * size)]}
    client, connack = t.connack(t.token("a/# pub"), props=props)
    t.assert_code(connack, 0)
    client.ping()
    t.assertEqual(t.broker_side().data, wire.connect(
        client_id=t.name, props=props) + wire.pingreq())


@case("EDGE-13", outcome="accepted", each={
    f"{count} filters": count for count in (1, 14, 15, 16, 1800)})
def subscribe_shrinks(t, count):
    """SUBSCRIBE from which every other filter is taken."""
    client = t.connected("a/# sub")
    pairs = [(f"{'ab'[n % 2]}/{n:05}", 1) for n in range(2 * count)]
    t.assertEqual(client.subscribe(*pairs, packet_id=9),
                  [1, 0x87] * count)
    t.assertEqual(t.broker_packets("SUBSCRIBE")[0].raw,
                  wire.subscribe(pairs[::2], 9))


@case("EDGE-13", outcome="refused")
def refusing_connack_is_untouched(t):
    """a CONNACK that refuses gets no method."""
    refusal = wire.connack(0x89)
    t.script(CONNECT=refusal)
    client, connack = t.connack(t.token("a/# pub"))
    t.assertEqual(connack.raw, refusal)
    client.expect_closed()


# EDGE-14

CONNACK_SIZE = len(wire.connack(0, {"reason_string": "x" * 50,
                                    "authentication_method": "ace"}))


def with_maximum(t, size):
    t.script(CONNECT=wire.connack(0, {"reason_string": "x" * 50}))
    return t.connack(t.token("a/# pub"), props={"maximum_packet_size": size})


@case("EDGE-14", outcome="accepted")
def connack_that_just_fits(t):
    """a CONNACK of just the client's Maximum Packet Size."""
    client, connack = with_maximum(t, CONNACK_SIZE)
    t.assert_code(connack, 0)
    t.assertEqual(len(connack.raw), CONNACK_SIZE)
    client.ping()


@case("EDGE-14", outcome="refused")
def connack_that_grew_too_large(t):
    """a CONNACK that has grown beyond the client's Maximum Packet Size."""
    client, connack = with_maximum(t, CONNACK_SIZE - 1)
    t.assert_code(connack, 0x95)
    client.expect_closed()


def retained(t, limit):
    t.script(CONNECT=wire.connack(0, {"maximum_packet_size": limit}))
    client = t.connected("a/# pub")
    client.send(wire.publish("a/x", b"p" * 60, 1, 5, True))
    return client


GROWN = len(wire.publish("a/x", b"p" * 60, 1, 5, True,
                         props={"message_expiry": 1}))


@case("EDGE-14", outcome="accepted")
def publish_that_just_fits(t):
    """a PUBLISH of just the broker's Maximum Packet Size."""
    client = retained(t, GROWN)
    t.assert_code(client.expect("PUBACK"), 0)
    t.assertEqual(len(t.broker_packets("PUBLISH")[0].raw), GROWN)


@case("EDGE-14", outcome="refused")
def publish_that_grew_too_large(t):
    """a PUBLISH that has grown beyond the broker's Maximum Packet Size."""
    client = retained(t, GROWN - 1)
    answer = client.receive()
    t.assertIn((answer.type, answer.code), (
        ("PUBACK", 0x95), ("DISCONNECT", 0x95)))
    t.assertNotIn("PUBLISH", [p.type for p in t.broker_side().packets])


# EDGE-15

@case("EDGE-15", outcome="accepted", stack="audited", each={"0": 0, "1": 1})
def acks_hold_no_problem_information(t, wanted):
    """denials, with Request Problem Information."""
    client = t.connected("a/# pub sub", props={
        "request_problem_information": wanted})
    t.assertEqual(t.broker_side().packets[0].properties, {
        "request_problem_information": wanted})
    for packet in (wire.publish("b", b"", 1, 1), wire.publish("b", b"", 2, 2),
                   wire.ack("PUBREL", 2), wire.subscribe(["b"], 3),
                   wire.auth(0x19, wire.binary(t.token("a/# pub")))):
        client.send(packet)
        answer = client.receive()
        if wanted == 0:
            t.assertFalse(set(answer.properties) &
                          {"reason_string", "user_property"}, answer)
        elif answer.type in ("PUBACK", "PUBREC", "SUBACK"):
            t.assertIn("reason_string", answer.properties)


@case("EDGE-15", "ACE-CON-2", outcome="accepted", stack="hint")
def connack_still_holds_the_hint(t):
    """CONNACK with its User Property, with Request Problem Information 0."""
    _, connack = t.connack(b"bad", props={"request_problem_information": 0})
    t.assertIn("ace_as_hint", dict(connack.properties["user_property"]))


# EDGE-16

@case("EDGE-16", outcome="accepted")
def auth_of_the_client_stays_here(t):
    """AUTH between client and proxy, of which the broker sees nothing."""
    client = t.connected("a/# pub", pop="challenge")
    client.send(wire.auth(0x19, wire.binary(t.token("a/# pub"))))
    client.answer_challenge(client.expect("AUTH"), t.key)
    t.assert_code(client.expect("AUTH"), 0)
    t.assert_no_more_at_broker(client)


@case("EDGE-16", outcome="refused", each={
    "AUTH 0x18": wire.auth(0x18, bytes(8)), "AUTH 0x00": wire.auth(0),
    "AUTH without a body": b"\xf0\0"})
def auth_of_the_broker_ends_the_client(t, packet):
    """from the broker, to a connected client."""
    client = t.connected("a/# sub")
    t.broker_side().send(packet)
    client.expect_disconnect(0x82)
    t.assert_broker_closed()


@case("EDGE-16", outcome="refused")
def auth_of_the_broker_in_place_of_connack(t):
    """AUTH from the broker in place of CONNACK."""
    t.script(CONNECT=wire.auth(0x18, bytes(8)))
    client, connack = t.connack(t.token("a/# sub"))
    t.assertGreaterEqual(connack.code, 0x80)
    client.expect_closed()


@case("EDGE-16", outcome="refused", each={
    "CONNECT": wire.connect(), "second CONNACK": wire.connack(),
    "SUBSCRIBE": wire.subscribe(["a"]), "PINGREQ": wire.pingreq(),
    "type 0": b"\0\0"})
def packet_of_a_client_from_the_broker(t, packet):
    """from the broker, though only clients may send it."""
    client = t.connected("a/# sub")
    t.broker_side().send(packet)
    t.assertGreaterEqual(client.expect("DISCONNECT").code, 0x80)
    client.expect_closed()
