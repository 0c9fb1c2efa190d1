"""Who authenticates where: TLS, MQTT, both or neither (ACE-AUTH)."""

from OpenSSL import SSL

from harness import wire
from harness.certificates import self_signed, thumbprint
from harness.tokens import Ed25519Key, Es256Key
from suite import case


def known(t, key, version=wire.V5, certificate=None, **tls):
    """A client without a credential but its certificate; and its CONNACK."""
    client = t.client(version, certificate=certificate or self_signed(key),
                      **tls)
    client.send(wire.connect(version, client_id=t.name))
    return client, client.expect("CONNACK")


# ACE-AUTH-1

@case("ACE-AUTH-1", outcome="accepted", each={"v5": wire.V5, "v3": wire.V311})
def anonymous_client_may_do_what_is_public(t, version):
    """public topics and authz-info."""
    client, connack = t.anonymous(version)
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("public/x"), [1])
    t.assert_code(client.publish("public/x"), 0)
    t.assert_code(client.publish("authz-info", t.token("a pub")), 0)
    t.broker_packets("SUBSCRIBE", "PUBLISH")


@case("ACE-AUTH-1", outcome="accepted", stack="authz-info only",
      each={"v5": wire.V5, "v3": wire.V311})
def anonymous_client_may_deposit_a_token(t, version):
    """no public topics, but authz-info."""
    client, connack = t.anonymous(version)
    t.assert_code(connack, 0)
    t.assert_code(client.publish("authz-info", t.token("a pub")), 0)


@case("ACE-AUTH-1", outcome="refused")
def anonymous_client_may_do_nothing_else(t):
    """what is not public."""
    client, _ = t.anonymous()
    t.assert_code(client.publish("a/b"), 0x87)
    t.assertEqual(client.subscribe("a/b"), [0x87])
    client.send(wire.publish("a/b"))
    client.expect_disconnect(0x87)


@case("ACE-AUTH-1", "ACE-V3-2", outcome="refused", stack="closed", each={
    "v5": (wire.V5, 0x87), "v3": (wire.V311, 0x05)})
def anonymous_client_is_refused_at_connect(t, value):
    """CONNECT where there are neither public topics nor authz-info."""
    version, code = value
    t.assert_refused(*t.anonymous(version), code)


@case("ACE-AUTH-1", outcome="refused", stack="closed")
def anonymous_client_is_refused_in_spite_of_a_password(t):
    """User Name and Password, which stand for nothing."""
    t.assert_refused(*t.anonymous(username="admin", password=b"admin"))


# ACE-AUTH-2

@case("ACE-AUTH-2", outcome="accepted", each={
    f"{pop}, {version}": (pop, version)
    for pop in ("exporter", "challenge")
    for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)})
def token_in_connect_is_let_in(t, value):
    """anonymous TLS and method ace."""
    pop, version = value
    t.assert_let_in(*t.connack(t.token("a/# pub"), pop=pop,
                               tls={"max_version": version}))


@case("ACE-AUTH-2", outcome="refused", each={
    "exporter": "exporter", "challenge": "challenge"})
def token_without_its_key_is_refused(t, pop):
    """a token in the hands of another."""
    t.assert_refused(*t.connack(t.token("a/# pub"), Ed25519Key(), pop))


# ACE-AUTH-3

@case("ACE-AUTH-3", outcome="accepted", stack="certificates", each={
    f"{key.__name__} {version}": (key, version)
    for key in (Ed25519Key, Es256Key)
    for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)})
def certificate_selects_the_stored_token(t, value):
    """a self-signed certificate with the key of a stored token."""
    kind, version = value
    key = kind()
    t.post(t.token("a/# pub", key=key))
    t.assert_let_in(*known(t, key, max_version=version))


@case("ACE-AUTH-3", "ACE-V3-2", outcome="accepted", stack="certificates")
def certificate_of_a_v3_client(t):
    """the same with v3."""
    t.post(t.token("a/# sub", key=t.key))
    client, connack = known(t, t.key, wire.V311)
    t.assert_code(connack, 0)
    t.assertEqual(client.subscribe("a/b", "b"), [1, 0x80])


@case("ACE-AUTH-3", "ACE-TOK-4", outcome="accepted", stack="certificates")
def certificate_named_by_x5t(t):
    """a token bound to the certificate itself."""
    certificate = self_signed(t.key)
    t.post(t.token("a/# pub", cnf={"x5t#S256": thumbprint(certificate[0])}))
    t.assert_let_in(*known(t, t.key, certificate=certificate))


@case("ACE-AUTH-3", outcome="refused", stack="certificates")
def certificate_of_another_key_is_a_stranger(t):
    """the scope of another key's token."""
    t.post(t.token("a/# pub"))
    client, _ = known(t, Ed25519Key())
    t.assert_code(client.publish("a/b"), 0x87)


@case("ACE-AUTH-3", outcome="refused", stack="certificates")
def another_certificate_of_the_key_is_a_stranger(t):
    """a token bound to another certificate of the same key."""
    leaf, _ = self_signed(t.key)
    t.post(t.token("a/# pub", cnf={"x5t#S256": thumbprint(leaf)}))
    client, _ = known(t, t.key)
    t.assert_code(client.publish("a/b"), 0x87)


@case("ACE-AUTH-3", "ACE-EXP-2", outcome="refused", stack="certificates",
      slow=True)
def certificate_of_an_expired_token(t):
    """a stored token that runs out, and after that."""
    t.post(t.token("a/# pub", life=2))
    client, _ = known(t, t.key)
    client.expect_disconnect(0x87)
    client, _ = known(t, t.key)
    t.assert_code(client.publish("a/b"), 0x87)


@case("ACE-AUTH-3", outcome="refused")
def certificate_that_nobody_asked_for(t):
    """a certificate at a listener that wants none."""
    t.post(t.token("a/# pub"))
    client, _ = known(t, t.key)
    t.assert_code(client.publish("a/b"), 0x87)


# ACE-AUTH-4

@case("ACE-AUTH-4", outcome="accepted", stack="certificates")
def token_in_connect_overrides_the_certificate(t):
    """a token in CONNECT beside a known certificate."""
    key = Ed25519Key()
    t.post(t.token("c/# pub", key=key))
    t.assert_let_in(*t.connack(t.token("a/# pub"), tls={
        "certificate": self_signed(key)}), "a/b", "c/x")


@case("ACE-AUTH-4", outcome="refused", stack="certificates", each={
    "expired": lambda t: (t.token("a/# pub", life=-1), t.key),
    "without its key": lambda t: (t.token("a/# pub"), Ed25519Key()),
    "garbage": lambda t: (b"garbage", t.key)})
def bad_token_is_refused_in_spite_of_the_certificate(t, make):
    """a bad token beside a known certificate."""
    key = Ed25519Key()
    t.post(t.token("c/# pub", key=key))
    token, proof_key = make(t)
    client, connack = t.connack(token, proof_key, client_id=f"{t.name}-x",
                                tls={"certificate": self_signed(key)})
    t.assert_code(connack, 0x87)
    client.expect_closed()


# ACE-AUTH-5

@case("ACE-AUTH-5", outcome="accepted")
def method_ace_is_taken(t):
    """method ace."""
    t.assert_let_in(*t.connack(t.token("a/# pub")))


@case("ACE-AUTH-5", outcome="refused", each={
    name or "empty": name for name in
    ("SCRAM-SHA-1", "ACE", "ace ", "ac", "ace2", "")})
def another_method_is_refused(t, method):
    """method."""
    client, connack = t.raw_connect(
        wire.binary(t.token("a/# pub")), method=method)
    t.assert_refused(client, connack, 0x8C)
    t.assertNotIn("user_property", connack.properties)
