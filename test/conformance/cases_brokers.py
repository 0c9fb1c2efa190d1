"""The profile with real brokers behind: Mosquitto and RabbitMQ.

RabbitMQ speaks MQTT 3.1.1 only, and wants a User Name and a Password, which
are configured as the upstream's.
"""

import functools

from harness import wire
from harness.tokens import Ed25519Key, b64
from suite import case, eventually

BROKERS = ("mosquitto", "rabbitmq")


def case_v3(*ids, **fields):
    """A case with MQTT 3.1.1 for each broker."""

    def register(function):
        for broker in BROKERS:

            @functools.wraps(function)
            def run(bench, *args):
                return function(bench, *args)

            run.__doc__ = f"{broker}, v3: {function.__doc__}"
            case(*ids, stack=broker, **fields)(run)
        return function

    return register


def own(t, topic):
    """A topic that no other case uses: they share the broker."""
    return f"{t.name}/{topic}"


# Both brokers, v3.

@case_v3("ACE-V3-1", "ACE-CON-6", "ACE-OUT-1", outcome="accepted", each={
    "QoS 0": 0, "QoS 1": 1})
def v3_message_gets_through(t, qos):
    """a message, published and delivered, with."""
    reader = t.connected_v311(own(t, "# sub"), client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe((own(t, "+"), qos)), [qos])
    writer = t.connected_v311(own(t, "# pub"))
    if qos:
        writer.publish(own(t, "x"), b"\0\xff", qos)
    else:
        writer.send(wire.publish(own(t, "x"), b"\0\xff", version=wire.V311))
    message = reader.expect("PUBLISH")
    t.assertEqual((message.topic, message.payload, message.qos),
                  (own(t, "x"), b"\0\xff", qos))
    if qos:
        reader.send(wire.ack("PUBACK", message.packet_id))
    reader.ping()


@case_v3("ACE-V3-1", "ACE-PUB-2", outcome="accepted")
def v3_qos_2_is_completed(t):
    """QoS 2 to its end; the subscription gets QoS 2, or 1 where that is all."""
    reader = t.connected_v311(own(t, "# sub"), client_id=f"{t.name}-r")
    granted, = reader.subscribe((own(t, "x"), 2))
    t.assertIn(granted, (1, 2))
    writer = t.connected_v311(own(t, "# pub"))
    writer.send(wire.publish(own(t, "x"), b"two", 2, 5, version=wire.V311))
    answer = writer.receive()
    if answer.type == "PUBREC":
        writer.send(wire.ack("PUBREL", 5))
        answer = writer.expect("PUBCOMP")
    t.assertIn(answer.type, ("PUBACK", "PUBCOMP"))
    t.assertEqual(reader.expect("PUBLISH").payload, b"two")


@case_v3("ACE-V3-1", "ACE-PUB-2", outcome="accepted")
def v3_retained_message_is_kept(t):
    """a retained message for who subscribes later."""
    writer = t.connected_v311(own(t, "# pub"))
    writer.publish(own(t, "x"), b"kept", retain=True)
    reader = t.connected_v311(own(t, "# sub"), client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe(own(t, "x")), [1])
    message = reader.expect("PUBLISH")
    t.assertEqual((message.payload, message.retain), (b"kept", True))


@case_v3("ACE-CON-3", "EDGE-17", outcome="accepted")
def v3_will_is_published(t):
    """the Will of a client that is ended by a denied PUBLISH."""
    reader = t.connected_v311(own(t, "# sub"), client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe(own(t, "will")), [1])
    client = t.connected_v311(own(t, "# pub"), will=(own(t, "will"), b"gone"))
    client.send(wire.publish("elsewhere", version=wire.V311))
    client.expect_closed()
    t.assertEqual(reader.expect("PUBLISH").payload, b"gone")


@case_v3("EDGE-17", outcome="accepted")
def v3_will_is_not_published_after_disconnect(t):
    """no Will after the client's own DISCONNECT."""
    reader = t.connected_v311(own(t, "# sub"), own(t, "# pub"),
                              client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe(own(t, "#")), [1])
    client = t.connected_v311(own(t, "# pub"), will=(own(t, "will"), b"gone"))
    client.send(wire.disconnect())
    client.expect_closed()
    reader.send(wire.publish(own(t, "after"), b"after", version=wire.V311))
    t.assertEqual(reader.expect("PUBLISH").payload, b"after")


@case_v3("ACE-CON-4", outcome="accepted")
def v3_session_is_continued(t):
    """Session Present, and what was queued meanwhile."""
    name = f"{t.name}-r"

    def reader():
        client = t.client(wire.V311)
        return client, client.v311_connect(
            t.token(own(t, "# sub")), t.key, client_id=name, clean=False)

    client, connack = reader()
    t.assert_code(connack, 0)
    t.assertFalse(connack.session_present)
    t.assertEqual(client.subscribe(own(t, "x")), [1])
    client.send(wire.disconnect())
    client.expect_closed()
    t.connected_v311(own(t, "# pub")).publish(own(t, "x"), b"queued")
    client, connack = reader()
    t.assert_code(connack, 0)
    t.assertTrue(connack.session_present)
    t.assertEqual(client.expect("PUBLISH").payload, b"queued")


@case_v3("ACE-CON-4", "ACE-OUT-1", outcome="refused")
def v3_queued_message_is_judged(t):
    """a queued message that the new token does not cover."""
    name = f"{t.name}-r"
    client = t.connected_v311(own(t, "# sub"), client_id=name, clean=False)
    t.assertEqual(client.subscribe(own(t, "x")), [1])
    client.send(wire.disconnect())
    client.expect_closed()
    t.connected_v311(own(t, "# pub")).publish(own(t, "x"), b"queued")
    client = t.connected_v311("other/# sub", client_id=name, clean=False)
    client.expect_closed()


@case_v3("ACE-SUB-1", "EDGE-8", outcome="refused")
def v3_denied_filters_are_answered(t):
    """denied filters among allowed ones; denied topics are not delivered."""
    reader = t.connected_v311(own(t, "a/# sub"), client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe(own(t, "b"), own(t, "a/+"), own(t, "#")),
                  [0x80, 1, 0x80])
    writer = t.connected_v311(own(t, "# pub"))
    writer.publish(own(t, "b"), b"not for you")
    writer.publish(own(t, "a/x"), b"for you")
    t.assertEqual(reader.expect("PUBLISH").payload, b"for you")


@case_v3("ACE-PUB-2", outcome="refused", each={"QoS 0": 0, "QoS 1": 1})
def v3_denied_publish_is_not_delivered(t, qos):
    """a denied PUBLISH reaches no subscriber, with."""
    reader = t.connected_v311(own(t, "# sub"), own(t, "# pub"),
                              client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe(own(t, "#")), [1])
    client = t.connected_v311(own(t, "a pub"))
    client.send(wire.publish(own(t, "b"), b"denied", qos, version=wire.V311))
    client.expect_closed()
    reader.send(wire.publish(own(t, "c"), b"after", version=wire.V311))
    t.assertEqual(reader.expect("PUBLISH").payload, b"after")


@case_v3("ACE-V3-1", "ACE-CON-1", outcome="refused", each={
    "wrong proof": lambda t: ("ace" + b64(t.token("a pub")), Ed25519Key()),
    "expired": lambda t: ("ace" + b64(t.token("a pub", life=-1)), t.key),
    "garbage": lambda t: ("ace!", t.key)})
def v3_bad_token_is_refused(t, make):
    """a CONNECT with."""
    username, key = make(t)
    client = t.client(wire.V311)
    client.send(wire.connect(wire.V311, t.name, username=username,
                             password=client.exporter_proof(key)))
    t.assert_code(client.expect("CONNACK"), 0x05)
    client.expect_closed()


@case("ACE-CON-6", "ACE-V3-2", outcome="accepted", stack="rabbitmq")
def password_of_the_client_is_not_the_brokers(t):
    """RabbitMQ: the upstream's password counts, not the client's."""
    client, connack = t.anonymous(wire.V311, username="nobody",
                                  password=b"wrong")
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("public/x"), [1])


@case("EDGE-18", outcome="refused", stack="rabbitmq")
def broker_of_v3_refuses_v5(t):
    """RabbitMQ: a v5 client, on which the broker closes."""
    client, connack = t.connack(t.token("a pub"))
    t.assert_code(connack, 0x88)
    client.expect_closed()


@case("ACE-SCP-3", outcome="refused", stack="rabbitmq")
def dot_that_the_broker_takes_for_a_slash(t):
    """RabbitMQ: a publish to `x/y.z` with a scope of `x/+`, for which it has
    `x/y/z`."""
    reader = t.connected_v311(own(t, "# sub"), client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe((own(t, "x/y/z"), 1)), [1])
    writer = t.connected_v311(own(t, "x/+ pub"))
    writer.send(wire.publish(own(t, "x/y.z"), b"p", 1, version=wire.V311))
    writer.expect_closed()


# Mosquitto, v5.

@case("ACE-CON-3", "ACE-EXP-2", outcome="accepted", stack="mosquitto",
      slow=True)
def will_is_published_after_expiry(t):
    """Mosquitto: the Will of a client whose token has run out."""
    reader = t.connected(own(t, "# sub"), client_id=f"{t.name}-r")
    t.assertEqual(reader.subscribe(own(t, "will")), [1])
    t.connected(own(t, "# pub"), life=2, will=(own(t, "will"), b"expired"))
    t.assertEqual(reader.expect("PUBLISH").payload, b"expired")


@case("ACE-CON-4", outcome="accepted", stack="mosquitto")
def session_is_continued(t):
    """Mosquitto: a session, continued with another token by challenge."""
    name, session = f"{t.name}-r", {"session_expiry": 60}
    client = t.connected(own(t, "# sub"), client_id=name, props=session)
    t.assertEqual(client.subscribe(own(t, "x")), [1])
    client.send(wire.disconnect())
    client.expect_closed()
    t.connected(own(t, "# pub")).publish(own(t, "x"), b"queued")
    client, connack = t.connack(
        t.token(own(t, "# sub")), pop="challenge", client_id=name,
        clean=False, props=session)
    t.assert_code(connack, 0)
    t.assertTrue(connack.session_present)
    t.assertEqual(client.expect("PUBLISH").payload, b"queued")


@case("ACE-CON-4", "ACE-OUT-1", outcome="refused", stack="mosquitto")
def queued_message_outside_the_new_scope(t):
    """Mosquitto: a queued message that the new token does not cover."""
    name, session = f"{t.name}-r", {"session_expiry": 60}
    client = t.connected(own(t, "# sub"), client_id=name, props=session)
    t.assertEqual(client.subscribe(own(t, "x")), [1])
    client.send(wire.disconnect())
    client.expect_closed()
    t.connected(own(t, "# pub")).publish(own(t, "x"), b"queued")
    client = t.connected("other/# sub", client_id=name, clean=False,
                         props=session)
    client.expect_disconnect(0x87)


@case("ACE-PUB-4", outcome="accepted", stack="mosquitto", slow=True)
def retained_message_goes_with_the_token(t):
    """Mosquitto: a retained message is gone when the token has run out."""
    reader = t.connected(own(t, "# sub"), own(t, "# pub"),
                         client_id=f"{t.name}-r")
    client = t.connected(own(t, "# pub"), life=5)
    t.assertLess(client.publish(own(t, "x"), b"r", retain=True).code, 0x80)
    reader.subscribe(own(t, "x"))
    message = reader.expect("PUBLISH")
    t.assertLessEqual(message.properties["message_expiry"], 5)
    client.expect_disconnect(0x87)

    def gone():
        late = t.connected(own(t, "# sub"), own(t, "# pub"),
                           client_id=f"{t.name}-late")
        late.subscribe((own(t, "x"), 0))
        late.ping()
        late.send(wire.publish(own(t, "x"), b"live"))
        return late.expect("PUBLISH").payload == b"live"

    eventually(gone, "the retained message is gone", 5)


@case("EDGE-12", outcome="accepted", stack="mosquitto")
def narrower_scope_stops_delivery(t):
    """Mosquitto: after a narrower scope, others' messages stay away."""
    client = t.connected(own(t, "a/# sub"), own(t, "b/# sub"))
    client.subscribe(own(t, "a/x"), own(t, "b/x"))
    client.send(wire.auth(0x19, wire.binary(t.token(own(t, "a/# sub")))))
    client.answer_challenge(client.expect("AUTH"), t.key)
    t.assert_code(client.expect("AUTH"), 0)
    client.ping()
    writer = t.connected(own(t, "# pub"), client_id=f"{t.name}-w")
    writer.publish(own(t, "b/x"), b"no more")
    writer.publish(own(t, "a/x"), b"still")
    t.assertEqual(client.expect("PUBLISH").payload, b"still")


@case("ACE-SCP-4", "ACE-OUT-1", outcome="accepted", stack="mosquitto")
def shared_subscription_delivers(t):
    """Mosquitto: a shared subscription within the scope."""
    client = t.connected(own(t, "# sub"), own(t, "# pub"))
    t.assertEqual(client.subscribe(f"$share/g/{own(t, '+')}"), [1])
    client.send(wire.publish(own(t, "x"), b"shared"))
    t.assertEqual(client.expect("PUBLISH").payload, b"shared")
