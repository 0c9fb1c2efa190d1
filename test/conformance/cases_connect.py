"""Answers to CONNECT, and what becomes of it (ACE-CON)."""

import json
import struct

from cases_challenge import challenged
from harness import wire
from harness.tokens import Ed25519Key, b64
from suite import case, eventually


def hint_of(connack):
    return json.loads(dict(connack.properties["user_property"])["ace_as_hint"])


# ACE-CON-1

@case("ACE-CON-1", outcome="accepted", each={"v5": wire.V5, "v3": wire.V311})
def good_connect_is_let_in(t, version):
    """a good token, of each version."""
    if version == wire.V5:
        t.connected("a/# pub").ping()
    else:
        t.connected_v311("a/# pub").ping()


@case("ACE-CON-1", outcome="refused", each={"v5": wire.V5, "v3": wire.V311})
def refusal_is_followed_by_the_end(t, version):
    """a wrong proof, of each version."""
    if version == wire.V5:
        t.assert_refused(*t.connack(t.token("a pub"), Ed25519Key()))
    else:
        client = t.client(wire.V311)
        t.assert_refused(client, client.v311_connect(
            t.token("a pub"), Ed25519Key(), client_id=t.name), 0x05)


@case("ACE-CON-1", outcome="refused", each={
    "one byte": lambda token: b"\0", "length only": lambda token: b"\0\5",
    "length too long": lambda token: struct.pack("!H", len(token) + 1) + token,
    "length of 65535": lambda token: b"\xff\xff" + token,
    "token cut short": lambda token: wire.binary(token[:-10]),
    "proof without a token": lambda token: b"\0\0" + bytes(64),
    "no length": lambda token: token,
    "nothing but zeros": lambda token: bytes(100)})
def malformed_authentication_data_is_refused(t, make):
    """Authentication Data."""
    client, answer = t.raw_connect(make(t.token("a/# pub")))
    if answer.type == "AUTH":  # to be refused after the challenge
        client.answer_challenge(answer, t.key)
        answer = client.receive()
    t.assert_refused(client, answer)


# ACE-CON-2

def _with_revoked_token(t):
    revoked = t.stack.sluicectl("revoke", "token", "told-of-the-as")
    t.assertEqual(revoked.returncode, 0, revoked.stderr)
    return t.connack(t.token("a pub", jti="told-of-the-as"))


@case("ACE-CON-2", outcome="accepted", stack="hint", each={
    "a bad token": lambda t: t.connack(b"bad"),
    "an expired token": lambda t: t.connack(t.token("a pub", life=-1)),
    "a revoked token": _with_revoked_token,
    "no token": lambda t: t.raw_connect(None),
    "no token and an empty Authentication Data": lambda t: t.raw_connect(b""),
    "no token, and Request Problem Information 0": lambda t: t.raw_connect(
        None, props={"request_problem_information": 0})})
def authorization_server_is_told(t, make):
    """the hint, for."""
    client, connack = make(t)
    t.assert_code(connack, 0x87)
    t.assertEqual(hint_of(connack), {
        **{name: value for name, value in hint_of(connack).items()
           if name not in ("AS", "audience", "scope")},
        "AS": "https://as.example/token", "audience": "mqtt-broker-1",
        "scope": "a/#"})
    client.expect_closed()


@case("ACE-CON-2", outcome="refused")
def no_hint_without_configuration(t):
    """no hint where no AS is configured."""
    client, connack = t.connack(b"bad")
    t.assert_refused(client, connack)
    t.assertNotIn("user_property", connack.properties)


def _with_empty_answer(t):
    client, _ = challenged(t)
    client.send(wire.auth(0x18, b""))
    return client, client.expect("CONNACK")


@case("ACE-CON-2", outcome="refused", stack="hint", each={
    "another method": (lambda t: t.raw_connect(None, method="x"), 0x8C),
    "another version": (lambda t: t.anonymous(wire.V311, username="ace",
                                              password=b"x"), 0x05),
    "a wrong proof": (lambda t: t.connack(t.token("a pub"), Ed25519Key()),
                      0x87),
    "an empty answer to the challenge": (_with_empty_answer, 0x87),
    "a User Name beside the method": (
        lambda t: t.connack(t.token("a pub"), username="u"), 0x87)})
def no_hint_for_other_refusals(t, value):
    """no hint for."""
    make, code = value
    client, connack = make(t)
    t.assert_refused(client, connack, code)
    t.assertNotIn("user_property", connack.properties)


# ACE-CON-3 (see also cases_scope.py)

@case("ACE-CON-3", "EDGE-13", outcome="accepted")
def will_passes_unchanged(t):
    """a Will with all that it can have."""
    will = ("a/gone", b"\0bye", 2, True, {
        "will_delay": 5, "payload_format": 0, "message_expiry": 60,
        "content_type": "text", "response_topic": "a/r",
        "correlation_data": b"\1\2", "user_property": [("k", "v"), ("k", "")]})
    client, connack = t.connack(t.token("a/# pub"), will=will)
    t.assert_code(connack, 0)
    t.assertEqual(t.broker_side().data, wire.connect(
        client_id=t.name, will=will))
    client.ping()


@case("ACE-CON-3", outcome="refused")
def will_to_authz_info_is_refused(t):
    """a Will that would bring a token to the broker."""
    t.assert_refused(*t.connack(
        t.token("# pub"), will=("authz-info", t.token("a pub"))))


@case("ACE-CON-3", outcome="refused", each={"v5": (wire.V5, 0x87),
                                            "v3": (wire.V311, 0x05)})
def will_of_an_anonymous_client_is_refused(t, value):
    """a Will on what is not public."""
    version, code = value
    t.assert_refused(*t.anonymous(version, will=("a/gone", b"bye")), code)


# ACE-CON-4

@case("ACE-CON-4", outcome="accepted", each={"v5": wire.V5, "v3": wire.V311})
def session_present_passes_through(t, version):
    """Session Present, and a CONNECT that wants the session."""
    props = {"session_expiry": 100} if version == wire.V5 else {}
    t.script(CONNECT=wire.connack(
        0, {"receive_maximum": 7}, session_present=True, version=version))
    if version == wire.V5:
        client, connack = t.connack(t.token("a/# pub"), clean=False,
                                    props=props)
    else:
        client = t.client(wire.V311)
        connack = client.v311_connect(t.token("a/# pub"), t.key, clean=False,
                                      client_id=t.name)
    t.assert_code(connack, 0)
    t.assertTrue(connack.session_present)
    t.assertEqual(t.broker_side().data, wire.connect(
        version, t.name, props, clean=False))
    client.ping()


@case("ACE-CON-4", outcome="refused", each={
    "without a token": lambda t: t.raw_connect(None, clean=False),
    "without a proof": lambda t: t.connack(t.token("a pub"), Ed25519Key(),
                                           clean=False)})
def resuming_client_is_refused(t, make):
    """a session."""
    t.assert_refused(*make(t))


@case("ACE-CON-4", "ACE-OUT-1", outcome="refused")
def queued_message_is_judged_on_delivery(t):
    """a message that was queued for a wider scope."""
    t.script(CONNECT=wire.connack(0, {}, session_present=True) +
             wire.publish("b/queued", b"secret", 1, 9))
    client = t.connected("a/# sub", clean=False)
    client.expect_disconnect(0x87)


# ACE-CON-5 (see also ACE-POP-5)

@case("ACE-CON-5", outcome="refused", slow=True)
def stored_token_that_ran_out_is_refused(t):
    """a challenge by a stored token that has run out."""
    client = t.connected("a/# pub", life=2.5, client_id=f"{t.name}-x")
    client.expect_disconnect(0x87)
    client, connack = t.raw_connect(None, client_id=f"{t.name}-x")
    t.assert_code(connack, 0x87)
    client.expect_closed()


# ACE-CON-6

@case("ACE-CON-6", "EDGE-13", outcome="accepted", each={
    "exporter": "exporter", "challenge": "challenge"})
def forwarded_connect_is_ordinary(t, pop):
    """CONNECT byte for byte, but for the method and its data."""
    props = {"session_expiry": 7, "receive_maximum": 5,
             "maximum_packet_size": 9000, "topic_alias_maximum": 3,
             "request_response_information": 1,
             "request_problem_information": 1,
             "user_property": [("a", "b"), ("a", "c")]}
    token = t.token("a/# pub")
    client, connack = t.connack(token, pop=pop, props=props, keep_alive=33,
                                clean=False)
    t.assert_code(connack, 0)
    client.ping()
    data = t.broker_side().data
    t.assertEqual(data, wire.connect(
        client_id=t.name, props=props, keep_alive=33, clean=False) +
        wire.pingreq())


@case("ACE-CON-6", "ACE-V3-1", outcome="accepted")
def forwarded_v3_connect_is_ordinary(t):
    """a v3 CONNECT byte for byte, but for User Name and Password."""
    client = t.connected_v311("a/# pub", keep_alive=44,
                              will=("a/x", b"w", 1, True))
    client.ping()
    t.assertEqual(t.broker_side().data, wire.connect(
        wire.V311, t.name, keep_alive=44, will=("a/x", b"w", 1, True)) +
        wire.pingreq())


@case("ACE-CON-6", outcome="accepted", each={"v5": wire.V5, "v3": wire.V311})
def credentials_of_an_anonymous_client_are_dropped(t, version):
    """User Name and Password of a client without a token."""
    client, connack = t.anonymous(version, username="admin", password=b"root")
    t.assert_code(connack, 0)
    t.assertEqual(t.broker_side().data, wire.connect(version, t.name))
    client.ping()


@case("ACE-CON-6", "ACE-V3-1", outcome="accepted", stack="credentials", each={
    "v5": "method", "v3": "v3", "v5 by User Name": "user name"})
def configured_credentials_are_put_in(t, how):
    """upstream credentials."""
    version = wire.V311 if how == "v3" else wire.V5
    client = t.client(version)
    token = t.token("a/# pub")
    if how == "method":
        connack = client.ace_connect(token, t.key, client_id=t.name)
    elif how == "v3":
        connack = client.v311_connect(token, t.key, client_id=t.name)
    else:
        client.send(wire.connect(
            client_id=t.name, username="ace" + b64(token),
            password=client.exporter_proof(t.key)))
        connack = client.expect("CONNACK")
    t.assert_code(connack, 0)
    t.assertEqual(t.broker_side().data, wire.connect(
        version, t.name, username=f"https://as.example|alice|{t.name}",
        password=b"upstream-pass"))


@case("ACE-CON-6", outcome="refused")
def refused_connect_leaves_no_trace(t):
    """tokens that are not let in never reach the broker."""
    for token, key in ((t.token("a pub", life=-1), t.key),
                       (t.token("a pub"), Ed25519Key()), (b"x", t.key)):
        t.assert_refused(*t.connack(token, key))
    everything = b"".join(c.data for c in list(t.stack.broker.connections))
    t.assertNotIn(b"eyJ", everything)  # as every JWT begins


@case("ACE-CON-6", "ACE-CON-1", outcome="refused")
def refusal_by_the_broker_passes_through(t):
    """a CONNACK with which the broker refuses, byte for byte."""
    refusal = wire.connack(0x97, {"reason_string": "full"})
    t.script(CONNECT=refusal)
    client, connack = t.connack(t.token("a/# pub"))
    t.assertEqual(connack.raw, refusal)
    client.expect_closed()
    eventually(lambda: t.broker_side().closed, "closed")
