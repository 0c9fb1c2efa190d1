"""What is judged, and who answers (EDGE-7 to EDGE-12)."""

from cases_publish import by_alias, reauthenticate
from harness import wire
from suite import case, eventually

ALIAS_INVALID = 0x94


# EDGE-7

@case("EDGE-7", outcome="accepted")
def largest_alias_is_taken(t):
    """the largest alias of each side."""
    t.script(CONNECT=wire.connack(0, {"topic_alias_maximum": 200}))
    client = t.connected("a/# pub sub", props={"topic_alias_maximum": 2})
    t.assertEqual(by_alias(client, "a/x", 200), 0)
    t.assertEqual(by_alias(client, "", 200), 0)
    packet = wire.publish("a/y", props={"topic_alias": 2})
    t.broker_side().send(packet)
    t.assertEqual(client.expect("PUBLISH").raw, packet)


@case("EDGE-7", outcome="accepted")
def no_more_aliases_are_offered_than_are_kept(t):
    """256 aliases of the longest topics, where both sides offer 65535."""
    t.script(CONNECT=wire.connack(0, {"topic_alias_maximum": 65535}))
    client, connack = t.connack(t.token("a/# pub sub"),
                                props={"topic_alias_maximum": 65535})
    t.assertEqual(connack.properties["topic_alias_maximum"], 256)
    for alias in (*range(1, 257), 1):
        topic = f"a/{alias}/".ljust(65535, "x")
        t.assertEqual(by_alias(client, topic, alias), 0)
        packet = wire.publish(topic, props={"topic_alias": alias})
        t.broker_side().send(packet)
        t.assertEqual(client.expect("PUBLISH").raw, packet)


@case("EDGE-7", outcome="refused", each={
    "0": (0, 5), "over the maximum": (6, 5), "where none is offered": (1, 0),
    "0 with a denied topic": (0, 5), "over what is kept": (257, 65535)})
def bad_alias_of_the_client(t, value):
    """a client's alias."""
    alias, maximum = value
    t.script(CONNECT=wire.connack(0, {"topic_alias_maximum": maximum}))
    client = t.connected("a/# pub")
    client.send(wire.publish("a/x", b"", 1, props={"topic_alias": alias}))
    client.expect_disconnect(ALIAS_INVALID)
    t.assert_broker_closed()


@case("EDGE-7", outcome="refused")
def unknown_alias_of_the_client(t):
    """an alias that stands for nothing yet."""
    client = t.connected("a/# pub")
    client.send(wire.publish("", b"", 1, props={"topic_alias": 3}))
    answer = client.expect("DISCONNECT")
    t.assertIn(answer.code, (0x82, ALIAS_INVALID))
    client.expect_closed()
    t.assert_broker_closed()


@case("EDGE-7", outcome="refused")
def empty_topic_without_an_alias(t):
    """no topic and no alias."""
    client = t.connected("# pub")
    client.send(wire.publish("", b"", 1))
    t.assertGreaterEqual(client.expect("DISCONNECT").code, 0x80)
    client.expect_closed()
    t.assert_broker_closed()


@case("EDGE-7", outcome="refused", each={
    "0": (0, 5), "over the maximum": (6, 5), "where none is offered": (1, 0)})
def bad_alias_of_the_broker(t, value):
    """a broker's alias."""
    alias, maximum = value
    client = t.connected("a/# sub", props={"topic_alias_maximum": maximum})
    t.broker_side().send(wire.publish("a/x", props={"topic_alias": alias}))
    client.expect_disconnect(ALIAS_INVALID)
    t.assert_broker_closed()


# EDGE-8

@case("EDGE-8", outcome="accepted", each={"v5": wire.V5, "v3": wire.V311})
def several_subscribes_in_flight(t, version):
    """partly denied SUBSCRIBEs, answered in another order."""
    v5 = version == wire.V5
    t.script(SUBSCRIBE=b"")
    client = (t.connected if v5 else t.connected_v311)("a/# sub")
    client.send(*(wire.subscribe(["b", (f"a/{n}", n % 3), "c"], n, version)
                  for n in range(1, 5)),
                wire.subscribe(["a/9"], 9, version))
    packets = t.broker_packets(*["SUBSCRIBE"] * 5)
    t.assertEqual([(p.packet_id, p.filters) for p in packets], [
        *((n, [(f"a/{n}", n % 3)]) for n in range(1, 5)), (9, [("a/9", 1)])])
    denied = 0x87 if v5 else 0x80
    for number, code in ((3, 0), (9, 1), (1, 0x80), (4, 1), (2, 2)):
        t.broker_side().send(wire.suback(number, [code], {}, version))
        expected = [code] if number == 9 else [denied, code, denied]
        t.assertEqual(client.expect("SUBACK").raw,
                      wire.suback(number, expected, {}, version))


@case("EDGE-8", outcome="refused", each={"v5": wire.V5, "v3": wire.V311})
def wholly_denied_subscribe_stays_here(t, version):
    """every filter denied: nothing is forwarded."""
    v5 = version == wire.V5
    client = (t.connected if v5 else t.connected_v311)("a/# sub")
    client.send(*(wire.subscribe(["b", "c"], n, version) for n in (1, 2, 3)))
    denied = 0x87 if v5 else 0x80
    t.assertEqual([client.expect("SUBACK").raw for _ in range(3)], [
        wire.suback(n, [denied] * 2, {}, version) for n in (1, 2, 3)])
    t.assert_no_more_at_broker(client)


@case("EDGE-8", outcome="refused", each={
    "too few codes": lambda p: wire.suback(p.packet_id, [0]),
    "too many codes": lambda p: wire.suback(p.packet_id, [0, 0, 0])})
def suback_that_does_not_fit(t, answer):
    """a broker's SUBACK that does not fit the rest: the client is ended."""
    t.script(SUBSCRIBE=answer)
    client = t.connected("a/# sub")
    client.send(wire.subscribe(["a/1", "b", "a/2"]))
    t.assertGreaterEqual(client.expect("DISCONNECT").code, 0x80)
    client.expect_closed()


# EDGE-9

@case("EDGE-9", outcome="accepted")
def pubrel_of_the_broker_passes(t):
    """PUBREL for what the broker has, and for authz-info."""
    client = t.connected("a/# pub")
    t.assert_code(client.publish("a/x", b"", 2, 5), 0)
    t.assert_code(client.publish("authz-info", t.token("a pub"), 2, 6), 0)
    client.send(wire.ack("PUBREL", 6), wire.ack("PUBREL", 5))
    t.assertEqual(sorted(client.expect("PUBCOMP").packet_id for _ in "12"),
                  [5, 6])
    t.assertEqual(t.broker_packets("PUBLISH", "PUBREL")[1].packet_id, 5)


@case("EDGE-9", outcome="accepted")
def identifier_of_a_denied_publish_is_free(t):
    """an allowed PUBLISH with the identifier of a denied one."""
    client = t.connected("a/# pub")
    t.assert_code(client.publish("b/x", b"", 2, 5), 0x87)
    t.assert_code(client.publish("a/x", b"", 2, 5), 0)
    client.send(wire.ack("PUBREL", 5))
    t.assert_code(client.expect("PUBCOMP"), 0)
    t.broker_packets("PUBLISH", "PUBREL")


@case("EDGE-9", outcome="refused")
def pubrel_of_a_denied_publish_is_answered_here(t):
    """PUBREL for a denied PUBLISH."""
    client = t.connected("a/# pub")
    t.assert_code(client.publish("b/x", b"", 2, 5), 0x87)
    client.send(wire.ack("PUBREL", 5))
    done = client.expect("PUBCOMP")
    t.assertEqual(done.packet_id, 5)
    t.assertIn(done.code, (0, 0x92))
    t.assert_no_more_at_broker(client)


@case("EDGE-9", outcome="refused", each={"QoS 1": 1, "QoS 2": 2})
def resend_is_judged_again(t, qos):
    """a resend of what was allowed, after the scope has changed."""
    t.script(PUBLISH=b"")
    client = t.connected("a/# pub")
    client.send(wire.publish("a/x", b"", qos, 5))
    t.broker_packets("PUBLISH")
    reauthenticate(t, client, "b/# pub")
    t.assert_code(client.publish("a/x", b"", qos, 5, dup=True), 0x87)
    t.assert_no_more_at_broker(client, "PUBLISH")


# EDGE-10

@case("EDGE-10", outcome="accepted")
def window_of_the_broker_stays_free(t):
    """denied packets beside as many as the broker's Receive Maximum."""
    t.script(CONNECT=wire.connack(0, {"receive_maximum": 2}), PUBLISH=b"")
    client, connack = t.connack(t.token("a/# pub"))
    t.assertEqual(connack.properties["receive_maximum"], 2)
    client.send(wire.publish("a/1", b"", 1, 1))
    for number in range(10, 30):
        t.assert_code(client.publish("b/x", b"", 1 + number % 2, number), 0x87)
    client.send(wire.publish("a/2", b"", 2, 2))
    t.assert_no_more_at_broker(client, "PUBLISH", "PUBLISH")
    broker = t.broker_side()
    broker.send(wire.ack("PUBACK", 1) + wire.ack("PUBREC", 2))
    t.assertEqual([client.receive().raw for _ in "12"],
                  [wire.ack("PUBACK", 1), wire.ack("PUBREC", 2)])


@case("EDGE-10", outcome="refused")
def local_answers_free_the_clients_window(t):
    """more denied PUBLISHes than the window, each answered here."""
    t.script(CONNECT=wire.connack(0, {"receive_maximum": 1}))
    client = t.connected("a/# pub")
    for number in range(1, 20):
        t.assert_code(client.publish("b/x", b"", 2, number), 0x87)
    t.assert_no_more_at_broker(client)


# EDGE-11

SUBSCRIBED = {
    "a/#": (["a", "a/", "a//b", "a/$x"], ["b", "aa", "$SYS/a"]),
    "#": (["/", "a", "a/b/"], ["$SYS/x"]), "+/b": (["/b", "a/b"], ["$SYS/b"]),
    "a/+": (["a/", "a/b"], ["a/b/", "a"]), "a": (["a"], ["a/", "/a", "A"]),
    "$SYS/#": (["$SYS/x", "$SYS"], ["SYS/x"]), "+": (["a"], ["/", "$SYS"])}


@case("EDGE-11", outcome="accepted", each={
    name: (name, topics) for name, (topics, _) in SUBSCRIBED.items()})
def matching_delivery_passes(t, value):
    """delivery of what matches."""
    granted, topics = value
    client = t.connected(f"{granted} sub")
    packets = [wire.publish(topic, b"m") for topic in topics]
    t.broker_side().send(b"".join(packets))
    t.assertEqual([client.receive().raw for _ in packets], packets)


@case("EDGE-11", outcome="refused", each={
    f"{topic} by {name}": (name, topic)
    for name, (_, topics) in SUBSCRIBED.items() for topic in topics})
def other_delivery_disconnects(t, value):
    """delivery of what does not match."""
    granted, topic = value
    client = t.connected(f"{granted} sub")
    t.broker_side().send(wire.publish(topic, b"m"))
    client.expect_disconnect(0x87)


# EDGE-12

@case("EDGE-12", outcome="accepted")
def narrower_scope_unsubscribes(t):
    """what the new scope no longer covers is unsubscribed at the broker."""
    client = t.connected("a/# sub", "b/# sub")
    client.subscribe("a/1", "b/1", "a/+", "$share/g/b/2")
    reauthenticate(t, client, "a/# sub", "a/# pub")
    subscribed, unsubscribed = t.broker_packets("SUBSCRIBE", "UNSUBSCRIBE")
    t.assertEqual(len(subscribed.filters), 4)
    t.assertEqual(sorted(f for f, in unsubscribed.filters),
                  ["$share/g/b/2", "b/1"])
    client.ping()  # and no UNSUBACK before it
    t.broker_side().send(wire.publish("a/1", b"still"))
    t.assertEqual(client.expect("PUBLISH").payload, b"still")


@case("EDGE-12", "ACE-OUT-1", outcome="refused")
def delivery_outside_the_narrower_scope(t):
    """delivery that the new scope no longer covers."""
    client = t.connected("a/# sub", "b/# sub")
    client.subscribe("a/1", "b/1")
    t.broker_side().send(wire.publish("b/1", b"before"))
    client.expect("PUBLISH")
    reauthenticate(t, client, "a/# sub")
    t.broker_side().send(wire.publish("b/1", b"after"))
    client.expect_disconnect(0x87)
    eventually(lambda: t.broker_side().closed, "closed")
