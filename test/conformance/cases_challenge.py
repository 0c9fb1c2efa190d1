"""Proof by challenge, also with a stored token (ACE-POP-4 to 6)."""

import os

from harness.certificates import self_signed
from harness import wire
from harness.tokens import Ed25519Key
from suite import case


def challenged(t, key=None, **fields):
    """A client that was asked for a proof, and the nonce."""
    token = t.token("a/# pub", key=key)
    client, answer = t.raw_connect(wire.binary(token), **fields)
    t.assertEqual((answer.type, answer.code), ("AUTH", 0x18), answer)
    return client, answer.properties["authentication_data"]


# ACE-POP-4

@case("ACE-POP-4", outcome="accepted")
def challenge_comes_before_connack(t):
    """AUTH 0x18 with 8 fresh bytes; nothing reaches the broker till then."""
    client, nonce = challenged(t)
    t.assert_unseen()
    _, another = challenged(t, client_id=f"{t.name}-2")
    t.assertEqual((len(nonce), len(another)), (8, 8))
    t.assertNotEqual(nonce, another)
    mine = os.urandom(8)
    client.send(wire.auth(0x18, mine + t.key.sign(nonce + mine)))
    t.assert_let_in(client, client.expect("CONNACK"))


@case("ACE-POP-4", outcome="refused", each={
    "nonces the other way": lambda k, rs, c: c + k.sign(c + rs),
    "RS nonce alone": lambda k, rs, c: c + k.sign(rs),
    "client nonce alone": lambda k, rs, c: c + k.sign(c),
    "another client nonce": lambda k, rs, c: c + k.sign(rs + bytes(8)),
    "another RS nonce": lambda k, rs, c: c + k.sign(bytes(8) + c),
    "client nonce of 7 bytes": lambda k, rs, c: c[:7] + k.sign(rs + c[:7]),
    "client nonce of 9 bytes": lambda k, rs, c: c + b"9" + k.sign(
        rs + c + b"9"),
    "client nonce and no proof": lambda k, rs, c: c,
    "7 bytes": lambda k, rs, c: c[:7], "empty": lambda k, rs, c: b"",
    "no data": lambda k, rs, c: None,
    "another key": lambda k, rs, c: c + Ed25519Key().sign(rs + c)})
def wrong_answer_to_the_challenge_is_refused(t, make):
    """an answer."""
    client, nonce = challenged(t)
    client.send(wire.auth(0x18, make(t.key, nonce, os.urandom(8))))
    t.assert_refused(client, client.expect("CONNACK"))


@case("ACE-POP-4", outcome="refused")
def answer_to_another_challenge_is_refused(t):
    """the answer to another connection's challenge."""
    client, nonce = challenged(t)
    mine = os.urandom(8)
    answer = wire.auth(0x18, mine + t.key.sign(nonce + mine))
    other, _ = challenged(t, client_id=f"{t.name}-2")
    other.send(answer)
    t.assert_refused(other, other.expect("CONNACK"))
    client.send(answer)
    t.assert_code(client.expect("CONNACK"), 0)


@case("ACE-POP-4", outcome="refused", each={
    "expired": {"life": -1}, "of another audience": {"aud": "x"}})
def token_is_validated_after_the_challenge(t, claims):
    """a bad token with a good answer."""
    client, answer = t.raw_connect(
        wire.binary(t.token("a/# pub", **claims)))
    t.assertEqual((answer.type, answer.code), ("AUTH", 0x18), answer)
    client.answer_challenge(answer, t.key)
    t.assert_refused(client, client.expect("CONNACK"))


# ACE-POP-5

@case("ACE-POP-5", "ACE-CON-5", outcome="accepted", each={
    "property absent": None, "empty": b"", "token length 0": b"\0\0"})
def stored_token_is_challenged(t, data):
    """no token in the data, and one is stored for the Client Identifier."""
    t.connected("a/# pub").send(wire.disconnect())
    t.assert_broker_closed("DISCONNECT")
    t.stack.broker.connections.remove(t.broker_side())
    client, answer = t.raw_connect(data)
    t.assertEqual((answer.type, answer.code), ("AUTH", 0x18), answer)
    client.answer_challenge(answer, t.key)
    t.assert_let_in(client, client.expect("CONNACK"))


@case("ACE-POP-5", "ACE-AUTH-4", outcome="accepted", stack="certificates")
def stored_token_of_the_certificate_is_challenged(t):
    """no token in the data, and one is stored for the TLS client key."""
    t.post(t.token("a/# pub"))
    client = t.client(certificate=self_signed(t.key))
    client.send(wire.connect(client_id=t.name, props={
        "authentication_method": "ace"}))
    client.answer_challenge(client.expect("AUTH"), t.key)
    t.assert_let_in(client, client.expect("CONNACK"))


@case("ACE-POP-5", outcome="refused", each={
    "property absent": None, "empty": b"", "token length 0": b"\0\0"})
def nothing_stored_is_refused(t, data):
    """no token in the data, and none is stored."""
    t.assert_refused(*t.raw_connect(data))


@case("ACE-POP-5", outcome="refused")
def stored_token_without_its_key_is_refused(t):
    """the stored token's Client Identifier in the hands of another."""
    t.connected("a/# pub", client_id=f"{t.name}-mine")
    client, answer = t.raw_connect(None, client_id=f"{t.name}-mine")
    client.answer_challenge(answer, Ed25519Key())
    t.assert_code(client.expect("CONNACK"), 0x87)
    client.expect_closed()


@case("ACE-POP-5", "ACE-AZI-2", outcome="refused")
def posted_token_is_nobodys_yet(t):
    """a token that was deposited, but never proven."""
    client, _ = t.anonymous(client_id=f"{t.name}-post")
    t.assert_code(client.publish("authz-info", t.token("a/# pub")), 0)
    client, connack = t.raw_connect(None, client_id=f"{t.name}-post")
    t.assert_code(connack, 0x87)
    client.expect_closed()


# ACE-POP-6

@case("ACE-POP-6", outcome="accepted")
def disconnect_before_connack_is_allowed(t):
    """DISCONNECT in place of an answer ends it without a word."""
    client, _ = challenged(t)
    client.send(wire.disconnect())
    client.expect_closed()
    t.assert_unseen()


@case("ACE-POP-6", outcome="refused", each={
    "PUBLISH": wire.publish("a/b"), "PUBLISH to authz-info":
    wire.publish("authz-info", b"x", 1), "SUBSCRIBE": wire.subscribe(["a/b"]),
    "PINGREQ": wire.pingreq(), "CONNECT": wire.connect(client_id="again"),
    "UNSUBSCRIBE": wire.unsubscribe(["a"]), "PUBACK": wire.ack("PUBACK", 1),
    "AUTH 0x19": wire.auth(0x19, b"12345678"),
    "AUTH 0x00": wire.auth(0x00)})
def anything_else_before_connack_closes(t, packet):
    """in place of an answer."""
    client, _ = challenged(t)
    client.send(packet)
    t.assert_refused(client, client.receive(), 0x82)


@case("ACE-POP-6", outcome="refused")
def packets_along_with_connect_close(t):
    """PUBLISH in one write with a CONNECT by method ace."""
    client = t.client()
    data = wire.binary(t.token("a/# pub")) + client.exporter_proof(t.key)
    client.send(wire.connect(client_id=t.name, props={
        "authentication_method": "ace", "authentication_data": data}),
        wire.publish("a/b", b"eager"))
    t.assert_refused(client, client.receive(), 0x82)


@case("ACE-POP-6", outcome="refused", stack="short", slow=True)
def silence_is_cut_at_the_timeout(t):
    """a client that never answers."""
    client, _ = challenged(t)
    t.assert_refused(client, client.receive(5))
