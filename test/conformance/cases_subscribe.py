"""SUBSCRIBE (ACE-SUB)."""

from harness import wire
from suite import case, eventually


@case("ACE-SUB-1", "EDGE-8", outcome="accepted")
def allowed_filters_are_forwarded(t):
    """options and subscription identifier are kept, codes come in order."""
    filters = [("a/1", 0b101110), ("b/1", 2), ("a/2", 0), ("a/3", 0b010101)]
    props = {"subscription_identifier": 268435455, "user_property": [("a", "")]}
    t.script(SUBSCRIBE=lambda p: wire.suback(
        p.packet_id, [2, 0x80, 1], {"reason_string": "r"}))
    client = t.connected("a/# sub")
    client.send(wire.subscribe(filters, 600, props=props))
    suback = client.expect("SUBACK")
    t.assertEqual(t.broker_packets("SUBSCRIBE")[0].raw, wire.subscribe(
        [filters[0], *filters[2:]], 600, props=props))
    t.assertEqual(suback.raw, wire.suback(
        600, [2, 0x87, 0x80, 1], {"reason_string": "r"}))


@case("ACE-SUB-1", "EDGE-13", outcome="accepted", each={
    "v5": wire.V5, "v3": wire.V311})
def allowed_subscribe_passes_byte_for_byte(t, version):
    """SUBSCRIBE of allowed filters only."""
    v5 = version == wire.V5
    client = (t.connected if v5 else t.connected_v311)("a/# sub")
    packet = wire.subscribe([("a/1", 0), ("a/+", 2)], 7, version, {
        "subscription_identifier": 1} if v5 else None)
    client.send(packet)
    t.assertEqual(client.expect("SUBACK").codes, [0, 2])
    t.assertEqual(t.broker_packets("SUBSCRIBE")[0].raw, packet)
    packet = wire.unsubscribe(["a/1", "b"], 8, version)
    client.send(packet)
    client.expect("UNSUBACK")
    t.assertEqual(t.broker_packets("SUBSCRIBE", "UNSUBSCRIBE")[1].raw, packet)


@case("ACE-SUB-1", outcome="refused", each={"v5": wire.V5, "v3": wire.V311})
def denied_filters_are_answered(t, version):
    """one SUBACK for all, denied ones in their place."""
    v5 = version == wire.V5
    denied = 0x87 if v5 else 0x80
    client = (t.connected if v5 else t.connected_v311)("a/# sub")
    t.assertEqual(client.subscribe("b", ("a/x", 2), "c", ("a/y", 0)),
                  [denied, 2, denied, 0])
    t.assertEqual(client.subscribe("#", "b/#"), [denied] * 2)
    t.assert_no_more_at_broker(client, "SUBSCRIBE")


@case("ACE-SUB-2", outcome="accepted")
def neighbours_of_authz_info_are_ordinary(t):
    """filters that only look like authz-info."""
    client = t.connected("authz-info/# sub", "authz sub")
    t.assertEqual(client.subscribe("authz-info/x", "authz"), [1, 1])


@case("ACE-SUB-2", outcome="accepted", stack="other name")
def another_name_frees_authz_info(t):
    """authz-info, where the topic has another name."""
    client = t.connected("# sub")
    t.assertEqual(client.subscribe("authz-info", "tokens/in"), [1, 0x87])


@case("ACE-SUB-2", outcome="refused", each={
    "v5": wire.V5, "v3": wire.V311})
def authz_info_cannot_be_subscribed_to(t, version):
    """authz-info, in spite of the scope."""
    v5 = version == wire.V5
    client = (t.connected if v5 else t.connected_v311)(
        "# sub", "authz-info sub")
    t.assertEqual(client.subscribe("authz-info", "$share/g/authz-info", "x"),
                  [0x87 if v5 else 0x80] * 2 + [1])
    eventually(lambda: len(t.broker_side().packets) > 1, "SUBSCRIBE")
    t.assertNotIn(b"authz-info", t.broker_side().data)
