"""PUBLISH in both directions (ACE-PUB, ACE-OUT)."""

import time

from harness import wire
from suite import case, eventually

QOS = {f"QoS {qos}": qos for qos in (0, 1, 2)}


# ACE-PUB-1

@case("ACE-PUB-1", outcome="accepted", each=QOS)
def allowed_publish_passes_byte_for_byte(t, qos):
    """PUBLISH within the scope."""
    client = t.connected("a/# pub")
    packet = wire.publish("a/x", b"\0payload", qos, 77, dup=qos == 2, props={
        "user_property": [("k", "v")], "content_type": "x",
        "message_expiry": 9})
    client.send(packet)
    if qos:
        t.assert_code(client.expect(("PUBACK", "PUBREC")[qos - 1]), 0)
    if qos == 2:
        client.send(wire.ack("PUBREL", 77))
        client.expect("PUBCOMP")
    client.ping()
    kinds = ["PUBLISH"] + ["PUBREL"] * (qos == 2) + ["PINGREQ"]
    t.assertEqual(t.broker_packets(*kinds)[0].raw, packet)


@case("ACE-PUB-1", outcome="refused", each={"QoS 1": 1, "QoS 2": 2})
def denied_publish_is_answered(t, qos):
    """PUBLISH outside the scope; the connection stays."""
    client = t.connected("a/# pub")
    t.assert_code(client.publish("b/x", b"secret", qos), 0x87)
    t.assert_code(client.publish("a/x", b"fine", qos, 8), 0)
    t.assertEqual(t.broker_packets("PUBLISH")[0].topic, "a/x")
    t.assertNotIn(b"secret", t.broker_side().data)


@case("ACE-PUB-1", "EDGE-17", outcome="refused")
def denied_publish_qos_0_disconnects(t):
    """PUBLISH with QoS 0 outside the scope."""
    client = t.connected("a/# pub")
    client.send(wire.publish("a/x"), wire.publish("b/x"), wire.publish("a/y"))
    client.expect_disconnect(0x87)
    t.assertEqual(t.assert_broker_closed("PUBLISH")[0].topic, "a/x")


@case("ACE-PUB-1", "ACE-SUB-1", outcome="refused", stack="hidden")
def hidden_topics_get_0x80(t):
    """hide_topics."""
    client = t.connected("a/# pub")
    t.assert_code(client.publish("b/x"), 0x80)
    t.assert_code(client.publish("b/x", qos=2), 0x80)
    t.assertEqual(client.subscribe("b/x", "public/x"), [0x80, 1])
    client.send(wire.publish("b/x"))
    client.expect_disconnect(0x80)


# ACE-PUB-2

@case("ACE-PUB-2", outcome="accepted", each=QOS)
def allowed_publish_of_v3_passes_byte_for_byte(t, qos):
    """PUBLISH of v3 within the scope."""
    client = t.connected_v311("a/# pub")
    packet = wire.publish("a/x", b"x", qos, 5, True, version=wire.V311)
    client.send(packet)
    if qos:
        client.expect(("PUBACK", "PUBREC")[qos - 1])
    client.ping()
    t.assertEqual(t.broker_packets("PUBLISH", "PINGREQ")[0].raw, packet)


@case("ACE-PUB-2", outcome="refused", each=QOS)
def denied_publish_of_v3_closes(t, qos):
    """PUBLISH of v3 outside the scope."""
    client = t.connected_v311("a/# pub")
    client.send(wire.publish("b/x", b"x", qos, version=wire.V311))
    client.expect_closed()
    t.assert_broker_closed()


# ACE-PUB-3

def by_alias(client, topic, alias=1, qos=1, **props):
    return client.publish(topic, qos=qos, props={
        "topic_alias": alias, **props}).code


@case("ACE-PUB-3", outcome="accepted")
def alias_is_judged_by_its_topic(t):
    """PUBLISH by an alias of an allowed topic passes byte for byte."""
    client = t.connected("a/# pub")
    t.assertEqual(by_alias(client, "a/x"), 0)
    t.assertEqual(by_alias(client, ""), 0)
    t.assertEqual(by_alias(client, "a/y"), 0)  # set anew
    t.assertEqual(by_alias(client, "", 1, 2), 0)
    raws = [p.raw for p in t.broker_packets(*["PUBLISH"] * 4)]
    alias = {"props": {"topic_alias": 1}}
    t.assertEqual(raws, [
        wire.publish("a/x", qos=1, packet_id=7, **alias),
        wire.publish("", qos=1, packet_id=7, **alias),
        wire.publish("a/y", qos=1, packet_id=7, **alias),
        wire.publish("", qos=2, packet_id=7, **alias)])


@case("ACE-PUB-3", outcome="accepted")
def alias_from_a_denied_publish_is_made_known(t):
    """an alias born in a denied PUBLISH, and then of an allowed topic."""
    client = t.connected("a/# pub", "c pub")
    t.assertEqual(by_alias(client, "b/x"), 0x87)
    t.assertEqual(by_alias(client, "c"), 0)
    t.assertEqual(by_alias(client, ""), 0)
    topics = [p.topic for p in t.broker_packets("PUBLISH", "PUBLISH")]
    t.assertEqual(topics[0], "c")
    t.assertIn(topics[1], ("", "c"))


def reauthenticate(t, client, *permissions, key=None, **claims):
    key = key or t.key
    client.send(wire.auth(0x19, wire.binary(
        t.token(*permissions, key=key, **claims))))
    client.answer_challenge(client.expect("AUTH"), key)
    t.assert_code(client.expect("AUTH"), 0)


@case("ACE-PUB-3", "ACE-EXP-3", outcome="accepted")
def alias_from_a_denied_publish_carries_the_topic(t):
    """an alias born in a denied PUBLISH, whose topic is allowed later."""
    client = t.connected("a/# pub")
    t.assertEqual(by_alias(client, "b/x"), 0x87)
    reauthenticate(t, client, "b/# pub")
    t.assertEqual(by_alias(client, ""), 0)
    t.assertEqual(t.broker_packets("PUBLISH")[0].topic, "b/x")


@case("ACE-PUB-3", outcome="refused")
def alias_of_a_denied_topic_is_denied(t):
    """PUBLISH by an alias of a denied topic."""
    client = t.connected("a/# pub")
    t.assertEqual(by_alias(client, "a/x"), 0)
    t.assertEqual(by_alias(client, "b/x"), 0x87)
    t.assertEqual(by_alias(client, ""), 0x87)
    t.assertEqual(by_alias(client, "", 1, 2), 0x87)
    t.assert_no_more_at_broker(client, "PUBLISH")
    t.assertNotIn(b"b/x", t.broker_side().data)


@case("ACE-PUB-3", "ACE-OUT-1", outcome="refused")
def alias_of_the_broker_is_resolved(t):
    """delivery by an alias for a topic that is no longer allowed."""
    client = t.connected("a/# sub", props={"topic_alias_maximum": 3})
    broker = t.broker_side()
    alias = {"props": {"topic_alias": 3}}
    broker.send(wire.publish("a/x", b"1", **alias) +
                wire.publish("", b"2", **alias))
    t.assertEqual([client.expect("PUBLISH").payload for _ in "12"],
                  [b"1", b"2"])
    reauthenticate(t, client, "c/# sub")
    broker.send(wire.publish("", b"3", **alias))
    client.expect_disconnect(0x87)


# ACE-PUB-4

def retained(t, life, props):
    client = t.connected("a/# pub", life=life)
    t.assert_code(client.publish("a/x", b"r", retain=True, props=props), 0)
    packet = t.broker_packets("PUBLISH")[0]
    t.assertTrue(packet.retain)
    return packet.properties


@case("ACE-PUB-4", outcome="accepted")
def expiry_is_added(t):
    """RETAIN without an expiry gets the token's."""
    expiry = retained(t, 300, {})["message_expiry"]
    t.assertTrue(290 <= expiry <= 300, expiry)


@case("ACE-PUB-4", outcome="accepted")
def longer_expiry_is_cut(t):
    """RETAIN with an expiry beyond the token's."""
    properties = retained(t, 300, {"message_expiry": 100000,
                                   "content_type": "x"})
    t.assertTrue(290 <= properties["message_expiry"] <= 300)
    t.assertEqual(properties["content_type"], "x")


@case("ACE-PUB-4", outcome="accepted")
def shorter_expiry_is_kept(t):
    """RETAIN with an expiry within the token's, and PUBLISH without RETAIN."""
    t.assertEqual(retained(t, 300, {"message_expiry": 20}),
                  {"message_expiry": 20})
    client = t.connected("a/# pub", client_id=f"{t.name}-2")
    client.publish("a/x", props={"message_expiry": 100000})
    t.assertEqual(t.broker_packets("PUBLISH", client_id=f"{t.name}-2")[0]
                  .properties, {"message_expiry": 100000})


@case("ACE-PUB-4", "ACE-EXP-2", outcome="refused", stack="grace", slow=True)
def nothing_is_retained_after_expiry(t):
    """RETAIN after the token has run out."""
    client = t.connected("a/# pub", life=2)
    time.sleep(2.1)
    t.assert_code(client.publish("a/x", b"r", retain=True), 0x87)
    t.assert_code(client.publish("a/x", b"", 2, retain=True), 0x87)
    t.broker_packets()


# ACE-OUT-1

@case("ACE-OUT-1", outcome="accepted", each={"v5": wire.V5, "v3": wire.V311})
def delivery_passes_byte_for_byte(t, version):
    """delivery within the scope."""
    v5 = version == wire.V5
    client = (t.connected if v5 else t.connected_v311)("a/# sub")
    props = {"subscription_identifier": 5, "user_property": [("a", "b")]}
    packets = [wire.publish("a/x", b"m", qos, 8 + qos, qos == 1, qos == 2,
                            version, props if v5 else None)
               for qos in (0, 1, 2)]
    t.broker_side().send(b"".join(packets))
    t.assertEqual([client.receive().raw for _ in packets], packets)
    client.send(wire.ack("PUBACK", 9), wire.ack("PUBREC", 10))
    t.broker_packets("PUBACK", "PUBREC")


@case("ACE-OUT-1", outcome="refused", each={
    "QoS 0": ("b/x", 0), "QoS 1": ("b/x", 1), "QoS 2": ("b/x", 2),
    "`pub` only": ("c/x", 1)})
def delivery_outside_the_scope_disconnects(t, value):
    """delivery outside the scope."""
    topic, qos = value
    client = t.connected("a/# sub", "c/# pub")
    t.broker_side().send(wire.publish("a/1", b"mine") +
                         wire.publish(topic, b"not mine", qos, 4) +
                         wire.publish("a/2", b"too late"))
    t.assertEqual(client.expect("PUBLISH").payload, b"mine")
    client.expect_disconnect(0x87)
    t.assert_broker_closed()


@case("ACE-OUT-1", outcome="refused")
def delivery_outside_the_scope_closes_v3(t):
    """delivery of v3 outside the scope."""
    client = t.connected_v311("a/# sub")
    t.broker_side().send(wire.publish("b/x", b"x", version=wire.V311))
    client.expect_closed()
    t.assert_broker_closed()


@case("ACE-OUT-1", "ACE-EXP-2", outcome="refused", stack="grace", slow=True)
def delivery_after_expiry_disconnects(t):
    """delivery after the token has run out."""
    client = t.connected("a/# sub", "a/# pub", life=2)
    eventually(lambda: client.publish("a/x").code == 0x87, "expired")
    t.broker_side().send(wire.publish("a/x", b"late"))
    client.expect_disconnect(0x87)
