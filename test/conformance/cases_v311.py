"""MQTT 3.1.1 (ACE-V3)."""

from harness import wire
from harness.tokens import Ed25519Key, Es256Key, HmacKey, b64
from suite import case


def by_user_name(t, username, password, version=wire.V311):
    client = t.client(version)
    client.send(wire.connect(version, t.name, username=username,
                             password=password(client)))
    return client, client.expect("CONNACK")


def proven(t, key=None):
    return lambda client: client.exporter_proof(key or t.key)


@case("ACE-V3-1", "ACE-POP-1", outcome="accepted", each={
    key.alg: key for key in (Ed25519Key, Es256Key, HmacKey)})
def token_in_the_user_name_is_let_in(t, kind):
    """`ace` and the token, proof in the Password."""
    key = kind()
    client, connack = by_user_name(
        t, "ace" + b64(t.token("a/# pub sub", key=key)), proven(t, key))
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("a/x", "b"), [1, 0x80])
    client.publish("a/x")


@case("ACE-V3-1", outcome="refused", each={
    "wrong key": lambda t, token: (
        "ace" + b64(token), proven(t, Ed25519Key())),
    "empty Password": lambda t, token: ("ace" + b64(token), lambda c: b""),
    "no Password": lambda t, token: ("ace" + b64(token), lambda c: None),
    "expired": lambda t, token: (
        "ace" + b64(t.token("a pub", life=-1)), proven(t)),
    "padding": lambda t, token: ("ace" + b64(token) + "=", proven(t)),
    "not base64": lambda t, token: ("ace!!!", proven(t)),
    "the token itself": lambda t, token: ("ace" + token.decode(), proven(t)),
    "no token": lambda t, token: ("ace", proven(t))})
def bad_user_name_is_refused(t, make):
    """User Name and Password."""
    t.assert_refused(*by_user_name(t, *make(t, t.token("a/# pub"))),
                     code=0x05)


@case("ACE-V3-1", outcome="accepted", stack="credentials")
def v5_user_name_is_let_in_where_allowed(t):
    """v5 with a token in the User Name, where that is on."""
    client, connack = by_user_name(t, "ace" + b64(t.token("a/# pub")),
                                   proven(t), wire.V5)
    t.assert_let_in(client, connack)


@case("ACE-V3-1", outcome="refused", stack="closed")
def v5_user_name_is_refused_by_default(t):
    """v5 with a token in the User Name, where that is off."""
    t.assert_refused(*by_user_name(t, "ace" + b64(t.token("a/# pub")),
                                   proven(t), wire.V5))


@case("ACE-V3-2", outcome="accepted")
def v3_without_a_token_may_do_what_is_public(t):
    """no token, and there are public topics."""
    client, connack = t.anonymous(wire.V311)
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("public/x", "a"), [1, 0x80])


@case("ACE-V3-2", outcome="refused", stack="closed", each={
    "nothing": {}, "somebody": {"username": "joe", "password": b"secret"},
    "`ace` alone": {"username": "ace", "password": b"x"}})
def v3_without_a_token_is_refused(t, fields):
    """no token, and nothing is public."""
    t.assert_refused(*t.anonymous(wire.V311, **fields), code=0x05)


@case("ACE-V3-3", outcome="accepted", stack="v3 only")
def v3_is_let_in_where_only_v3_is_taken(t):
    """v3 at a listener for v3."""
    t.connected_v311("a/# pub").ping()


@case("ACE-V3-3", outcome="accepted", stack="v5 only")
def v5_is_let_in_where_only_v5_is_taken(t):
    """v5 at a listener for v5."""
    t.connected("a/# pub").ping()


@case("ACE-V3-3", outcome="refused", stack="v5 only")
def v3_is_refused_where_only_v5_is_taken(t):
    """v3 at a listener for v5, with a good token."""
    client = t.client(wire.V311)
    t.assert_refused(client, client.v311_connect(
        t.token("a/# pub"), t.key, client_id=t.name), 0x01)


@case("ACE-V3-3", outcome="refused", stack="v3 only")
def v5_is_refused_where_only_v3_is_taken(t):
    """v5 at a listener for v3."""
    t.assert_refused(*t.connack(t.token("a/# pub")), 0x84)
