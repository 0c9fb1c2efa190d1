"""Tokens by the topic authz-info (ACE-AZI)."""

import json

from harness import cwt, wire
from harness.cbor import cbor
from harness.tokens import Ed25519Key, b64
from suite import case


@case("ACE-AZI-1", "ACE-AZI-2", outcome="accepted", each={
    "QoS 1": 1, "QoS 2": 2, "QoS 0": 0})
def token_is_taken(t, qos):
    """a valid token; the broker does not see it."""
    client, _ = t.anonymous()
    token = t.token("a/# pub")
    if qos:
        t.assert_code(client.publish("authz-info", token, qos, 5), 0)
    else:
        client.send(wire.publish("authz-info", token))
    if qos == 2:
        client.send(wire.ack("PUBREL", 5))
        done = client.expect("PUBCOMP")
        t.assertEqual((done.packet_id, done.code), (5, 0))
    t.assert_no_more_at_broker(client)


@case("ACE-AZI-1", outcome="accepted", stack="other name")
def token_is_taken_at_another_name(t):
    """a topic with another name; authz-info is then a topic like others."""
    client = t.connected("# pub")
    t.assert_code(client.publish("tokens/in", t.token("a pub")), 0)
    t.assert_code(client.publish("authz-info", b"no token"), 0)
    t.assertEqual(t.broker_packets("PUBLISH")[0].topic, "authz-info")


@case("ACE-AZI-1", outcome="accepted", stack="closed")
def authz_info_turned_off_is_a_topic(t):
    """authz-info, where it is off."""
    client = t.connected("authz-info pub")
    t.assert_code(client.publish("authz-info", b"x"), 0)
    t.broker_packets("PUBLISH")


@case("ACE-AZI-1", outcome="accepted")
def token_is_taken_from_a_client_with_a_token(t):
    """a token from a client that has one, by topic alias and with RETAIN."""
    client = t.connected("a/# pub")
    for topic in ("authz-info", ""):
        t.assert_code(client.publish(
            topic, t.token("a pub"), retain=True,
            props={"topic_alias": 2}), 0)
    t.assert_no_more_at_broker(client)


@case("ACE-AZI-1", "ACE-AZI-2", outcome="accepted")
def token_of_a_v3_client_is_taken(t):
    """valid tokens of a v3 client."""
    client, _ = t.anonymous(wire.V311)
    for qos in (1, 2):
        client.publish("authz-info", t.token("a pub"), qos, qos)
    client.send(wire.ack("PUBREL", 2))
    client.expect("PUBCOMP")
    t.assert_no_more_at_broker(client)


def parts(t, **changes):
    """The parts of a good JWT, some of them others."""
    names = ("header", "payload", "signature")
    good = dict(zip(names, t.token("a pub").split(b".")))
    return b".".join({**good, **changes}.values())


def jwe(*others, header=None):
    header = header or {"alg": "dir", "enc": "A256GCM"}
    return ".".join([b64(json.dumps(header).encode()), *others]).encode()


def cwt_of(t, payload):
    """A CWT whose payload is no claims."""
    key = t.stack.authorization_server.key
    return cbor(cwt.sign(payload, key, b"as-1"))


INVALID = {
    "expired": lambda t: t.token("a pub", life=-1),
    "of another audience": lambda t: t.token("a pub", aud="x"),
    "without cnf": lambda t: t.token("a pub", cnf=None),
    "with a wrong signature": lambda t: parts(
        t, signature=b64(bytes(64)).encode()),
    "without a signature": lambda t: parts(t, signature=b""),
    "with alg none": lambda t: parts(t, header=b64(b'{"alg":"none"}').encode()),
    "a JWE that does not decrypt": lambda t: jwe(
        "", b64(bytes(12)), b64(b"x" * 40), b64(bytes(16)))}
UNPARSABLE = {
    "empty": lambda t: b"", "text": lambda t: b"hello",
    "bytes": lambda t: bytes(range(255, 200, -1)),
    "JSON": lambda t: b'{"access_token":"x"}',
    "a JWT without alg": lambda t: parts(t, header=b64(b"{}").encode()),
    "a JWT with a payload that is not base64url": lambda t: parts(
        t, payload=b"!!"),
    "a JWT with a payload that is not JSON": lambda t: parts(
        t, payload=b64(b"hello").encode()),
    "a JWT with an array as its payload": lambda t: parts(
        t, payload=b64(b"[]").encode()),
    "a JWT with a signature that is not base64url": lambda t: parts(
        t, signature=b"!!"),
    "a JWT with a line's end": lambda t: t.token("a pub") + b"\n",
    "a JWE of nothing": lambda t: jwe("", "", "", ""),
    "a JWE that is not base64url": lambda t: jwe("", "!", "!", "!"),
    "a JWE without enc": lambda t: jwe(
        "", b64(bytes(12)), b64(b"x" * 40), b64(bytes(16)),
        header={"alg": "dir"}),
    "a CWT that is cut": lambda t: cwt_of(t, cbor({}))[:-1],
    "a CWT with a payload that is not CBOR": lambda t: cwt_of(t, b"\xff"),
    "a CWT with a number as its payload": lambda t: cwt_of(t, cbor(7)),
    "CBOR of another kind": lambda t: cbor([1, 2, 3, 4])}
BAD = {**{name: (make, 0x87) for name, make in INVALID.items()},
       **{name: (make, 0x99) for name, make in UNPARSABLE.items()}}


@case("ACE-AZI-1", "ACE-AZI-2", outcome="refused", each=BAD)
def bad_token_is_answered(t, value):
    """a bad token with QoS 1 and 2; the connection stays."""
    make, code = value
    client, _ = t.anonymous()
    t.assert_code(client.publish("authz-info", make(t), 1, 3), code)
    t.assert_code(client.publish("authz-info", make(t), 2, 4), code)
    t.assert_no_more_at_broker(client)


@case("ACE-AZI-2", outcome="refused", each=BAD)
def bad_token_with_qos_0_disconnects(t, value):
    """a bad token with QoS 0."""
    make, code = value
    client, _ = t.anonymous()
    client.send(wire.publish("authz-info", make(t)))
    client.expect_disconnect(code)
    t.assert_broker_closed()


@case("ACE-AZI-2", outcome="refused", each={
    f"{name}, QoS {qos}": (make, qos) for name, (make, _) in BAD.items()
    for qos in (0, 1, 2)})
def bad_token_of_a_v3_client_closes(t, value):
    """a bad token of a v3 client."""
    make, qos = value
    client, _ = t.anonymous(wire.V311)
    client.send(wire.publish("authz-info", make(t), qos, version=wire.V311))
    client.expect_closed()
    t.assert_broker_closed()


@case("ACE-AZI-3", outcome="accepted")
def many_tokens_are_taken(t):
    """fifty tokens in a row, where no rate is set."""
    client, _ = t.anonymous()
    for number in range(50):
        token = t.token("a pub", key=Ed25519Key())
        t.assert_code(client.publish("authz-info", token, 1, number + 1), 0)


@case("ACE-AZI-3", outcome="refused", stack="flood guard")
def flood_is_refused(t):
    """more tokens a second than the rate, over several connections."""
    token, codes = t.token("a pub"), []
    for part in range(3):
        client, _ = t.anonymous(client_id=f"{t.name}-{part}")
        codes += [client.publish("authz-info", token, 1, n).code
                  for n in range(1, 5)]
    t.assertEqual(codes[0], 0)
    t.assertEqual(set(codes), {0, 0x97})
    t.assertGreaterEqual(codes.count(0x97), 6)
    client, _ = t.anonymous(wire.V311, client_id=f"{t.name}-v3")
    client.send(*[wire.publish("authz-info", token, 1, n, version=wire.V311)
                  for n in range(1, 8)])
    while True:
        try:
            t.assertEqual(client.receive().type, "PUBACK")
        except EOFError:
            return
