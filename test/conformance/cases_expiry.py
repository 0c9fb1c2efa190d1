"""Expiry and re-authentication (ACE-EXP)."""

import time

from cases_publish import reauthenticate
from harness import wire
from harness.certificates import self_signed
from harness.tokens import Ed25519Key, b64
from suite import case, eventually


def expired(t, *permissions, v311=False, **fields):
    """A client, within the grace, whose token has just run out."""
    connect = t.connected_v311 if v311 else t.connected
    client = connect(*permissions, life=2, **fields)
    time.sleep(2.05)
    return client


# ACE-EXP-1

@case("ACE-EXP-1", outcome="accepted", slow=True)
def unexpired_token_is_honoured(t):
    """every packet while the token lives."""
    client = t.connected("a/# pub sub", life=20)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        t.assert_code(client.publish("a/x"), 0)
        t.assertEqual(client.subscribe("a/x"), [1])
        client.ping()
        t.broker_side().send(wire.publish("a/x", b"d"))
        client.expect("PUBLISH")
        time.sleep(0.2)


@case("ACE-EXP-1", "ACE-EXP-2", outcome="refused", slow=True, each={
    "v5": wire.V5, "v3": wire.V311})
def timer_ends_a_silent_client(t, version):
    """a silent client, when its token runs out."""
    start = time.time()
    if version == wire.V5:
        t.connected("a/# pub", life=2).expect_disconnect(0x87)
    else:
        t.connected_v311("a/# pub", life=2).expect_closed()
    t.assertTrue(0.9 < time.time() - start < 2.5, time.time() - start)
    t.assert_broker_closed()


# ACE-EXP-2

@case("ACE-EXP-2", outcome="accepted", stack="grace", slow=True)
def acks_within_the_grace_let_the_client_go_on(t):
    """an expired client is told, authenticates anew, and goes on."""
    client = expired(t, "a/# pub")
    t.assert_code(client.publish("a/x"), 0x87)
    t.assert_code(client.publish("a/x", qos=2, packet_id=8), 0x87)
    reauthenticate(t, client, "a/# pub")
    t.assert_code(client.publish("a/x", packet_id=9), 0)
    client.ping()
    t.broker_packets("PUBLISH", "PINGREQ")


@case("ACE-EXP-1", "ACE-EXP-2", outcome="refused", stack="grace", slow=True)
def expired_subscribe_is_answered(t):
    """SUBSCRIBE after the token has run out."""
    client = expired(t, "a/# sub")
    t.assertEqual(client.subscribe("a/x", "a/y"), [0x87, 0x87])
    t.broker_packets()


@case("ACE-EXP-1", "ACE-EXP-2", "ACE-SUB-1", outcome="refused", stack="grace",
      slow=True)
def expired_v3_subscribe_is_answered(t):
    """v3 SUBSCRIBE after the token has run out; the connection stays."""
    client = expired(t, "a/# sub", v311=True)
    for _ in range(2):
        t.assertEqual(client.subscribe("a/x", "a/y"), [0x80, 0x80])
    t.broker_packets()


@case("ACE-EXP-1", "ACE-EXP-2", outcome="refused", stack="grace", slow=True,
      each={"PUBLISH QoS 0": wire.publish("a/x"), "PINGREQ": wire.pingreq()})
def expired_packet_disconnects(t, packet):
    """after the token has run out."""
    client = expired(t, "a/# pub sub")
    client.send(packet)
    client.expect_disconnect(0x87)
    t.assert_broker_closed()


@case("ACE-EXP-2", "ACE-PUB-2", outcome="refused", stack="grace", slow=True,
      each={f"PUBLISH QoS {qos}": wire.publish("a/x", qos=qos,
                                               version=wire.V311)
            for qos in (0, 1, 2)})
def expired_v3_packet_closes(t, packet):
    """v3 after the token has run out."""
    client = expired(t, "a/# pub", v311=True)
    client.send(packet)
    client.expect_closed()
    t.assert_broker_closed()


# ACE-EXP-3

@case("ACE-EXP-3", outcome="accepted", each={
    "the same key": {}, "another key": {"key": Ed25519Key()}})
def new_scope_applies_from_the_next_packet(t, fields):
    """a new token with."""
    client = t.connected("a/# pub")
    reauthenticate(t, client, "b/# pub", **fields)
    t.assert_code(client.publish("b/x"), 0)
    t.assert_code(client.publish("a/x"), 0x87)
    t.assertEqual(t.broker_packets("PUBLISH")[0].topic, "b/x")


@case("ACE-EXP-3", outcome="accepted")
def other_traffic_goes_on(t):
    """traffic during the exchange, judged by the old grant."""
    client = t.connected("a/# pub sub")
    client.send(wire.auth(0x19, wire.binary(t.token("b/# pub sub"))))
    challenge = client.expect("AUTH")
    t.assert_code(client.publish("a/x"), 0)
    t.assert_code(client.publish("b/x"), 0x87)
    t.assertEqual(client.subscribe("b/x", "a/y"), [0x87, 1])
    t.broker_side().send(wire.publish("a/y", b"d"))
    client.expect("PUBLISH")
    client.ping()
    client.answer_challenge(challenge, t.key)
    t.assert_code(client.expect("AUTH"), 0)
    t.assert_code(client.publish("b/x"), 0)


@case("ACE-EXP-3", outcome="accepted", slow=True)
def new_expiry_counts(t):
    """a longer token keeps the client beyond the first one's end."""
    client = t.connected("a/# pub", life=2)
    reauthenticate(t, client, "a/# pub", life=60)
    time.sleep(2.2)
    client.ping()


@case("ACE-EXP-3", outcome="refused", slow=True)
def shorter_new_expiry_counts(t):
    """a shorter token ends the client sooner."""
    client = t.connected("a/# pub", life=300)
    reauthenticate(t, client, "a/# pub", life=2)
    client.expect_disconnect(0x87, timeout=4)


@case("ACE-EXP-3", outcome="refused", each={
    "another subject": {"subject": "mallory"}, "no subject": {"sub": None},
    "expired": {"life": -1}, "another audience": {"aud": "x"},
    "a bad scope": {"scope": "?"}, "no cnf": {"cnf": None}})
def bad_new_token_disconnects(t, claims):
    """a new token."""
    client = t.connected("a/# pub")
    client.send(wire.auth(0x19, wire.binary(t.token("a/# pub", **claims))))
    answer = client.receive()
    if answer.type == "AUTH":
        client.answer_challenge(answer, t.key)
        answer = client.receive()
    t.assertEqual((answer.type, answer.code), ("DISCONNECT", 0x87), answer)
    client.expect_closed()
    t.assert_broker_closed()


@case("ACE-EXP-3", outcome="refused", each={
    "wrong proof": lambda c, t: c.answer_challenge(
        c.expect("AUTH"), Ed25519Key()),
    "no data": lambda c, t: c.expect("AUTH") and c.send(wire.auth(0x18)),
    "a short nonce": lambda c, t: c.expect("AUTH") and c.send(
        wire.auth(0x18, b"1234"))})
def wrong_answer_disconnects(t, answer):
    """an answer to the challenge."""
    client = t.connected("a/# pub")
    client.send(wire.auth(0x19, wire.binary(t.token("b/# pub"))))
    answer(client, t)
    client.expect_disconnect(0x87)


@case("ACE-EXP-3", outcome="refused", each={
    "garbage": wire.binary(b"garbage"), "length too long": b"\xff\xffx"})
def garbage_in_reauthentication_disconnects(t, data):
    """Authentication Data of AUTH 0x19."""
    client = t.connected("a/# pub")
    client.send(wire.auth(0x19, data))
    answer = client.receive()
    if answer.type == "AUTH":
        client.answer_challenge(answer, t.key)
        answer = client.receive()
    t.assertEqual((answer.type, answer.code), ("DISCONNECT", 0x87), answer)
    client.expect_closed()


@case("ACE-EXP-3", outcome="refused")
def client_without_ace_may_not_reauthenticate(t):
    """AUTH 0x19 of an anonymous client."""
    client, _ = t.anonymous()
    client.send(wire.auth(0x19, wire.binary(t.token("a/# pub"))))
    client.expect_disconnect(0x82)
    eventually(lambda: t.broker_side().closed, "closed")


def refused_reauthentication(t, client):
    """AUTH 0x19 of a client that did not name the method in CONNECT."""
    client.send(wire.auth(0x19, wire.binary(t.token("b/# pub"))))
    client.expect_disconnect(0x82)
    t.assert_broker_closed()


@case("ACE-EXP-3", "ACE-POP-8", outcome="refused", stack="certificates")
def client_known_to_tls_may_not_reauthenticate(t):
    """AUTH 0x19 of a client that TLS has authenticated."""
    t.post(t.token("a/# pub"))
    client = t.client(certificate=self_signed(t.key))
    client.send(wire.connect(client_id=t.name))
    connack = client.expect("CONNACK")
    t.assert_code(connack, 0)
    t.assertNotIn("authentication_method", connack.properties)
    refused_reauthentication(t, client)


@case("ACE-EXP-3", "ACE-POP-8", outcome="refused", stack="credentials")
def client_with_its_token_as_user_name_may_not_reauthenticate(t):
    """AUTH 0x19 of a v5 client with its token in the User Name."""
    client = t.client()
    client.send(wire.connect(
        client_id=t.name, username="ace" + b64(t.token("a/# pub")),
        password=client.exporter_proof(t.key)))
    connack = client.expect("CONNACK")
    t.assert_code(connack, 0)
    t.assertNotIn("authentication_method", connack.properties)
    refused_reauthentication(t, client)


@case("ACE-EXP-3", outcome="refused", each={
    "another method": wire.auth(0x19, b"\0\1x", "other"),
    "AUTH 0x18 out of turn": wire.auth(0x18, bytes(72)),
    "AUTH 0x00": wire.auth(0)})
def auth_out_of_turn_disconnects(t, packet):
    """AUTH."""
    client = t.connected("a/# pub")
    client.send(packet)
    client.expect_disconnect(0x82)
