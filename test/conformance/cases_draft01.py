"""draft-ietf-ace-mqtt-tls-profile-01 (ACE-D01)."""

import base64
import os

from cases_connect import hint_of
from cases_token import cwt_claims
from harness import cwt, secrets_book, wire
from harness.certificates import self_signed
from harness.tokens import (AuthorizationServer, Ed25519Key, Es256Key,
                            HmacKey, b64, scope)
from suite import case

SCOPE = "publish_a/# subscribe_c/+ publish_d"
KEYS = {key.alg: key for key in (Ed25519Key, Es256Key, HmacKey)}


def draft_token(t, key=None, **claims):
    return t.token(key=key, **{"scope": SCOPE, **claims})


def proof(key, content):
    return secrets_book.remember(key.sign(content), "draft-01 proof")


def over_nonce(t, token, key=None, nonce=None, **fields):
    nonce = nonce or os.urandom(8)
    return t.raw_connect(
        wire.binary(token) + wire.binary(nonce) + proof(key or t.key, nonce),
        **fields)


def over_payload(t, token, key=None, payload=None, **fields):
    content = wire.text(t.name) if payload is None else payload
    return t.raw_connect(wire.binary(token) + b"\0\0" +
                         proof(key or t.key, content), **fields)


# ACE-D01-1

@case("ACE-D01-1", outcome="accepted", stack="draft-01")
def strings_are_let_in(t):
    """publish_ and subscribe_ with filters."""
    client, connack = over_nonce(t, draft_token(t))
    t.assert_let_in(client, connack, "a/b", "b")
    t.assert_code(client.publish("d"), 0)
    t.assertEqual(client.subscribe("c/x", "c/#", "a/b"), [1, 0x87, 0x87])


@case("ACE-D01-1", outcome="refused", stack="draft-01", each={
    "RFC 9431's": scope("a/# pub"), "another word": "write_a",
    "no filter": "publish_", "a bad filter": "publish_a/#/b",
    "one bad": "publish_a nothing", "capitals": "PUBLISH_a"})
def other_scopes_are_refused(t, value):
    """a scope."""
    t.assert_refused(*over_nonce(t, draft_token(t, scope=value)))


# ACE-D01-2

@case("ACE-D01-2", outcome="accepted", stack="draft-01", each={
    f"{way.__name__}, {alg}": (way, key)
    for way in (over_nonce, over_payload) for alg, key in KEYS.items()})
def proof_over_a_field_is_let_in(t, value):
    """proof."""
    way, kind = value
    key = kind()
    t.assert_let_in(*way(t, draft_token(t, key), key))


@case("ACE-D01-2", outcome="accepted", stack="draft-01")
def proof_over_the_payload_with_a_will(t):
    """proof over Client Identifier, Will Properties, Topic and Payload."""
    will = ("a/gone", b"bye", 1, False, {"will_delay": 3})
    payload = (wire.text(t.name) + wire.properties({"will_delay": 3}) +
               wire.text("a/gone") + wire.binary(b"bye"))
    t.assert_let_in(*over_payload(t, draft_token(t), payload=payload,
                                  will=will))


@case("ACE-D01-2", outcome="refused", stack="draft-01", each={
    "over another Client Identifier": lambda t, token: over_payload(
        t, token, payload=wire.text("other")),
    "without the length prefix": lambda t, token: over_payload(
        t, token, payload=t.name.encode()),
    "without the Will": lambda t, token: over_payload(
        t, token, will=("a/gone", b"bye")),
    "over nothing": lambda t, token: over_payload(t, token, payload=b""),
    "over the payload by another key": lambda t, token: over_payload(
        t, token, Ed25519Key()),
    "over a nonce by another key": lambda t, token: over_nonce(
        t, token, Ed25519Key()),
    "over another nonce": lambda t, token: t.raw_connect(
        wire.binary(token) + wire.binary(b"12345678") +
        proof(t.key, b"87654321")),
    "nonce cut short": lambda t, token: t.raw_connect(
        wire.binary(token) + b"\0\x50abc"),
    "nonce without a proof": lambda t, token: t.raw_connect(
        wire.binary(token) + wire.binary(b"12345678"))})
def wrong_proof_is_refused(t, make):
    """proof."""
    t.assert_refused(*make(t, draft_token(t)))


@case("ACE-D01-2", outcome="refused", stack="draft-01", each={
    way.__name__: way for way in (over_nonce, over_payload)})
def replayed_proof_is_refused(t, way):
    """the same token and proof again."""
    fields = {"nonce": os.urandom(8)} if way is over_nonce else {}
    token = draft_token(t)
    t.assert_let_in(*way(t, token, **fields))
    client, connack = way(t, token, **fields)
    t.assert_code(connack, 0x87)
    client.expect_closed()


@case("ACE-D01-2", outcome="accepted", stack="draft-01")
def new_token_without_jti_is_another_one(t):
    """the same proof with a new token, neither with jti."""
    for life in (200, 300):
        client, connack = over_payload(t, draft_token(t, jti=None, life=life))
        t.assert_code(connack, 0)
        client.send(wire.disconnect())


@case("ACE-D01-2", outcome="refused", stack="draft-01")
def replay_without_jti_is_refused(t):
    """the same proof with the same token, without jti."""
    token = draft_token(t, jti=None)
    t.assert_let_in(*over_payload(t, token))
    client, connack = over_payload(t, token)
    t.assert_code(connack, 0x87)
    client.expect_closed()


# ACE-D01-3

def challenged(t, answer):
    client, challenge = t.raw_connect(wire.binary(draft_token(t)))
    t.assertEqual((challenge.type, challenge.code), ("AUTH", 0x18))
    nonce = challenge.properties["authentication_data"]
    client.send(wire.auth(0x18, answer(nonce)))
    return client, client.expect("CONNACK")


@case("ACE-D01-3", outcome="accepted", stack="draft-01")
def challenge_is_signed_alone(t):
    """proof over the RS challenge."""
    t.assert_let_in(*challenged(t, lambda nonce: proof(t.key, nonce)))


@case("ACE-D01-3", outcome="refused", stack="draft-01", each={
    "with a client nonce": lambda t: lambda nonce: (
        bytes(8) + proof(t.key, nonce + bytes(8))),
    "another key": lambda t: lambda nonce: Ed25519Key().sign(nonce),
    "another nonce": lambda t: lambda nonce: proof(t.key, bytes(8))})
def other_answers_are_refused(t, make):
    """an answer to the challenge."""
    t.assert_refused(*challenged(t, make(t)))


# ACE-D01-4

def v311(t, username, password, certificate=None, **fields):
    client = t.client(wire.V311, certificate=certificate)
    client.send(wire.connect(wire.V311, t.name, username=username,
                             password=password, **fields))
    return client, client.expect("CONNACK")


@case("ACE-D01-4", outcome="accepted", stack="draft-01", each={
    "no Will": None, "a Will": ("a/gone", b"bye", 1, True)})
def v3_token_as_user_name_is_let_in(t, will):
    """a JWT as the User Name."""
    payload = wire.text(t.name)
    if will:
        payload += wire.text(will[0]) + wire.binary(will[1])
    client, connack = v311(t, draft_token(t).decode(), proof(t.key, payload),
                           will=will)
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("c/x", "b"), [1, 0x80])
    t.assertEqual(t.broker_side().packets[0].raw,
                  wire.connect(wire.V311, t.name, will=will))


@case("ACE-D01-4", outcome="accepted", stack="draft-01", each={
    "base64url": lambda data: b64(data),
    "base64": lambda data: base64.b64encode(data).decode()})
def v3_cwt_as_user_name_is_let_in(t, encode):
    """a CWT as the User Name."""
    server = t.stack.authorization_server
    token = cwt.encode(cwt.sign(cwt_claims(t, c9=SCOPE), server.key, b"as-1"))
    client, connack = v311(t, encode(token),
                           proof(t.key, wire.text(t.name)))
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("c/x", "b"), [1, 0x80])


@case("ACE-D01-4", outcome="refused", stack="draft-01", each={
    "another key": lambda t: (draft_token(t).decode(),
                              Ed25519Key().sign(wire.text(t.name))),
    "another content": lambda t: (draft_token(t).decode(),
                                  proof(t.key, wire.text("other"))),
    "no proof": lambda t: (draft_token(t).decode(), b""),
    "RFC 9431's prefix": lambda t: (
        "ace" + b64(draft_token(t)), proof(t.key, wire.text(t.name))),
    "no token": lambda t: ("joe", b"secret")})
def v3_user_name_is_refused(t, make):
    """User Name and Password."""
    t.assert_refused(*v311(t, *make(t)), code=0x05)


def known_v311(t, username, password):
    """The same from a client whose certificate selects a stored token."""
    key = Ed25519Key()
    t.post(draft_token(t, key, scope="publish_k/# subscribe_k/#"))
    return v311(t, username, password, certificate=self_signed(key))


@case("ACE-AUTH-4", "ACE-D01-4", outcome="accepted",
      stack="draft-01 certificates")
def v3_user_name_overrides_the_certificate(t):
    """a token as the User Name beside a known certificate."""
    client, connack = known_v311(t, draft_token(t).decode(),
                                 proof(t.key, wire.text(t.name)))
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("c/x", "k/x"), [1, 0x80])


@case("ACE-AUTH-4", "ACE-D01-4", outcome="refused",
      stack="draft-01 certificates", each={
          "no token": lambda t: ("joe", b"secret"),
          "an expired token": lambda t: (
              draft_token(t, life=-1).decode(),
              proof(t.key, wire.text(t.name))),
          "another key": lambda t: (
              draft_token(t).decode(),
              Ed25519Key().sign(wire.text(t.name)))})
def bad_v3_user_name_is_refused_in_spite_of_the_certificate(t, make):
    """User Name and Password beside a known certificate."""
    client, connack = known_v311(t, *make(t))
    t.assert_code(connack, 0x05)
    client.expect_closed()


# ACE-D01-5

@case("ACE-D01-5", outcome="accepted", stack="draft-01", each={
    "no Session Expiry": {}, "Session Expiry 0": {
        "props": {"session_expiry": 0}}})
def short_session_is_let_in(t, fields):
    """Clean Start and."""
    t.assert_let_in(*over_nonce(t, draft_token(t), **fields))


@case("ACE-D01-5", outcome="refused", stack="draft-01", each={
    "Clean Start 0": {"clean": False},
    "Session Expiry": {"props": {"session_expiry": 1}},
    "both": {"clean": False, "props": {"session_expiry": 9}}})
def long_session_is_refused(t, fields):
    """a session that outlives its connection."""
    t.assert_refused(*over_nonce(t, draft_token(t), **fields))
    client, answer = t.raw_connect(wire.binary(draft_token(t)), **fields)
    if answer.type == "AUTH":
        nonce = answer.properties["authentication_data"]
        client.send(wire.auth(0x18, proof(t.key, nonce)))
        answer = client.receive()
    t.assert_refused(client, answer)


@case("ACE-D01-5", outcome="refused", stack="draft-01")
def long_session_of_v3_is_refused(t):
    """Clean Session 0."""
    t.assert_refused(*v311(t, draft_token(t).decode(), proof(
        t.key, wire.text(t.name)), clean=False), code=0x05)


# ACE-D01-6

@case("ACE-D01-6", outcome="accepted", stack="draft-01", each={
    "empty": b"", "absent": None, "token length 0": b"\0\0"})
def authorization_server_is_told(t, data):
    """AS discovery by Authentication Data."""
    client, connack = t.raw_connect(data)
    t.assert_refused(client, connack)
    t.assertEqual(hint_of(connack)["AS"], "https://as.example/token")


@case("ACE-D01-6", outcome="accepted", stack="draft-01", each={
    "empty": b"", "absent": None, "token length 0": b"\0\0"})
def authorization_server_is_told_who_was_here(t, data):
    """AS discovery by a client whose earlier token is stored, data."""
    client, connack = over_nonce(t, draft_token(t))
    t.assert_code(connack, 0)
    client.send(wire.disconnect())
    client, connack = t.raw_connect(data)
    t.assertEqual(connack.type, "CONNACK", connack)
    t.assert_code(connack, 0x87)
    t.assertEqual(hint_of(connack)["AS"], "https://as.example/token")
    client.expect_closed()


@case("ACE-D01-6", outcome="refused", stack="draft-01")
def discovery_is_no_way_in(t):
    """a client goes on after AS discovery."""
    client, _ = t.raw_connect(b"")
    client.expect_closed()


# ACE-D01-7

@case("ACE-D01-7", outcome="accepted", stack="draft-01")
def switch_is_the_issuers_profile(t):
    """an issuer with profile draft-01; the log warns of it at start."""
    t.assert_let_in(*over_nonce(t, draft_token(t)))
    log = (t.stack.directory / "policy.log").read_text()
    warnings = [line for line in log.splitlines()
                if "draft-01" in line and "warning" in line]
    t.assertEqual(len(warnings), 1, log)
    t.assertIn(AuthorizationServer.issuer, warnings[0])


@case("ACE-D01-7", outcome="refused", each={
    "nonce": lambda t, token: over_nonce(t, token),
    "payload": lambda t, token: over_payload(t, token)})
def weaker_proof_is_refused_by_default(t, make):
    """an issuer of RFC 9431, proof over."""
    t.assert_refused(*make(t, t.token("a/# pub")))


@case("ACE-D01-7", outcome="refused", stack="closed")
def weaker_v3_proof_is_refused_by_default(t):
    """an issuer of RFC 9431, token as the User Name."""
    t.assert_refused(*v311(t, t.token("a/# pub").decode(), proof(
        t.key, wire.text(t.name))), code=0x05)


@case("ACE-D01-7", outcome="refused", stack="draft-01", each={
    "exporter": "exporter", "challenge": "challenge"})
def stronger_proof_is_refused_too(t, pop):
    """an issuer of draft-01, proof of RFC 9431."""
    t.assert_refused(*t.connack(draft_token(t), pop=pop))
