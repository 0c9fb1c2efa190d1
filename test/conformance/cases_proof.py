"""Proof of possession (ACE-POP-1 to 3, 7 to 9)."""

import hmac
import os

from OpenSSL import SSL
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from cases_challenge import challenged
from harness import secrets_book, wire
from harness.tokens import Ed25519Key, Es256Key, HmacKey, unb64
from suite import case

# SSL_OP_NO_EXTENDED_MASTER_SECRET of OpenSSL 3.
NO_EMS = 1

KEYS = {key.alg: key for key in (Ed25519Key, Es256Key, HmacKey)}


def with_proof(t, proof, key=None, **tls):
    """CONNECTs; `proof` makes it of the client and the key."""
    key = key or t.key
    client = t.client(**tls)
    data = wire.binary(t.token("a/# pub", key=key)) + proof(client, key)
    client.send(wire.connect(client_id=t.name, props={
        "authentication_method": "ace", "authentication_data": data}))
    return client, client.expect("CONNACK")


# ACE-POP-1

@case("ACE-POP-1", outcome="accepted", each={
    f"{alg} by {pop}": (key, pop) for alg, key in KEYS.items()
    for pop in ("exporter", "challenge")})
def every_algorithm_is_let_in(t, value):
    """each algorithm."""
    kind, pop = value
    key = kind()
    t.assert_let_in(*t.connack(t.token("a/# pub", key=key), key, pop))


@case("ACE-POP-1", outcome="refused", each={
    f"{theirs} for {ours}": (KEYS[ours], KEYS[theirs])
    for ours in KEYS for theirs in KEYS})
def proof_by_another_key_is_refused(t, value):
    """a proof by another key."""
    ours, theirs = value
    t.assert_refused(*t.connack(t.token("a/# pub", key=ours()), theirs()))


def _mac(client, key, *members):
    """By somebody who knows the public key only."""
    jwk = key.public_jwk()
    public = b"".join(unb64(jwk[member]) for member in members)
    return hmac.new(public, client.tls.exporter(), "sha256").digest()


def _der(client, key):
    return key._key.sign(client.tls.exporter(), ec.ECDSA(hashes.SHA256()))


@case("ACE-POP-1", outcome="refused", each={
    "ECDSA in DER": (Es256Key, _der),
    "MAC cut to 16 bytes": (HmacKey, lambda c, k: c.exporter_proof(k)[:16]),
    "MAC with a byte more": (HmacKey, lambda c, k: c.exporter_proof(k) + b"0"),
    "ECDSA of zeros": (Es256Key, lambda c, k: bytes(64)),
    "ECDSA with a byte less": (
        Es256Key, lambda c, k: c.exporter_proof(k)[:63]),
    "Ed25519 of zeros": (Ed25519Key, lambda c, k: bytes(64)),
    "one byte": (Ed25519Key, lambda c, k: b"x"),
    "very long": (Ed25519Key, lambda c, k: bytes(20000)),
    "HMAC with an Ed25519 key": (Ed25519Key, lambda c, k: _mac(c, k, "x")),
    "HMAC with a P-256 key": (Es256Key, lambda c, k: _mac(c, k, "x", "y"))})
def ill_formed_proof_is_refused(t, value):
    """a proof."""
    kind, proof = value
    t.assert_refused(*with_proof(t, proof, kind()))


# ACE-POP-2

def _exported(*args):
    return lambda client, key: secrets_book.remember(
        key.sign(client.tls.exporter(*args)), "exporter proof")


LABEL = b"EXPORTER-ACE-MQTT-Sign-Challenge"


@case("ACE-POP-2", outcome="accepted", each={
    f"TLS {name}": (version, context)
    for name, version, context in (
        ("1.3", SSL.TLS1_3_VERSION, b""),
        ("1.2, empty context", SSL.TLS1_2_VERSION, b""),
        ("1.2, no context", SSL.TLS1_2_VERSION, None))})
def exporter_is_let_in(t, value):
    """the exporter's value, signed."""
    version, context = value
    client, connack = with_proof(t, _exported(LABEL, 32, context),
                                 max_version=version)
    t.assert_let_in(client, connack)
    t.assertEqual(client.tls.version(), {
        SSL.TLS1_2_VERSION: "TLSv1.2"}.get(version, "TLSv1.3"))


@case("ACE-POP-2", outcome="refused", each={
    "label": _exported(b"EXPORTER-ACE-Sign-Challenge", 32, b""),
    "no label of ours": _exported(b"EXPORTER-Channel-Binding", 32, b""),
    "64 bytes": _exported(LABEL, 64, b""),
    "16 bytes": _exported(LABEL, 16, b""),
    "context": _exported(LABEL, 32, b"context"),
    "nothing exported": lambda client, key: key.sign(b""),
    "zeros": lambda client, key: key.sign(bytes(32))})
def other_content_is_refused(t, proof):
    """another content than RFC 9431's."""
    t.assert_refused(*with_proof(t, proof))


@case("ACE-POP-2", outcome="refused")
def proof_of_another_connection_is_refused(t):
    """a proof from another TLS session."""
    other = t.client()
    t.assert_refused(*with_proof(
        t, lambda client, key: other.exporter_proof(key)))


# ACE-POP-3

def resumed(t, version):
    """A TLS connection that resumes one by which a client was let in."""
    first = t.client(max_version=version)
    t.assert_code(first.ace_connect(
        t.token("a/# pub"), t.key, client_id=f"{t.name}-first"), 0)
    first.ping()  # TLS 1.3: the ticket has come by now
    client = t.client(session=first.tls.session(), max_version=version)
    t.assertTrue(client.tls.resumed())
    return client


TLS_VERSIONS = {"TLS 1.2": SSL.TLS1_2_VERSION, "TLS 1.3": SSL.TLS1_3_VERSION}


@case("ACE-POP-3", outcome="accepted", each=TLS_VERSIONS)
def challenge_on_a_resumed_session_is_let_in(t, version):
    """the challenge, in a resumed TLS session."""
    client = resumed(t, version)
    t.assert_let_in(client, client.ace_connect(
        t.token("a/# pub"), t.key, "challenge", client_id=t.name))


@case("ACE-POP-3", outcome="refused", each=TLS_VERSIONS)
def exporter_on_a_resumed_session_is_refused(t, version):
    """the exporter, in a resumed TLS session."""
    client = resumed(t, version)
    connack = client.ace_connect(t.token("a/# pub"), t.key,
                                 client_id=f"{t.name}-again")
    t.assert_code(connack, 0x87)
    client.expect_closed()


@case("ACE-POP-3", "ACE-EXP-3", outcome="refused")
def exporter_for_reauthentication_is_refused(t):
    """the exporter, for re-authentication."""
    client = t.connected("a/# pub")
    client.send(wire.auth(0x19, wire.binary(t.token("a/# pub")) +
                          client.exporter_proof(t.key)))
    client.expect_disconnect(0x87)


# ACE-POP-7

@case("ACE-POP-7", outcome="accepted")
def method_alone_is_let_in(t):
    """method ace without User Name and Password."""
    t.assert_let_in(*t.connack(t.token("a/# pub")))


@case("ACE-POP-7", outcome="refused", each={
    "User Name": {"username": "u"}, "Password": {"password": b"p"},
    "both": {"username": "u", "password": b"p"},
    "both empty": {"username": "", "password": b""}})
def user_name_beside_the_method_is_refused(t, fields):
    """beside method ace."""
    for pop in ("exporter", "challenge"):
        client, connack = t.connack(t.token("a/# pub"), pop=pop, **fields)
        t.assert_refused(client, connack)


# ACE-POP-8

@case("ACE-POP-8", outcome="accepted", each={
    "exporter": "exporter", "challenge": "challenge"})
def connack_repeats_the_method(t, pop):
    """CONNACK with the method."""
    client, connack = t.connack(t.token("a/# pub"), pop=pop)
    t.assert_let_in(client, connack)
    t.assertEqual(connack.properties["authentication_method"], "ace")
    t.assertNotIn("authentication_data", connack.properties)


@case("ACE-POP-8", "ACE-EXP-3", outcome="accepted")
def auth_repeats_the_method(t):
    """each AUTH with the method."""
    client = t.connected("a/# pub")
    client.send(wire.auth(0x19, wire.binary(t.token("a/# pub"))))
    challenge = client.expect("AUTH")
    t.assertEqual(challenge.properties["authentication_method"], "ace")
    client.answer_challenge(challenge, t.key)
    done = client.expect("AUTH")
    t.assertEqual((done.code, done.properties["authentication_method"]),
                  (0, "ace"))


@case("ACE-POP-8", outcome="accepted")
def connack_of_an_anonymous_client_has_no_method(t):
    """no method where the client named none."""
    _, connack = t.anonymous()
    t.assert_code(connack, 0)
    t.assertNotIn("authentication_method", connack.properties)


@case("ACE-POP-8", outcome="refused", each={"another": "acf", "none": None})
def auth_with_another_method_is_refused(t, method):
    """the method of an answer to the challenge."""
    client, nonce = challenged(t)
    mine = os.urandom(8)
    client.send(wire.auth(0x18, mine + t.key.sign(nonce + mine), method))
    t.assertGreaterEqual(client.receive().code, 0x80)
    client.expect_closed()
    t.assert_unseen()


# ACE-POP-9

@case("ACE-POP-9", outcome="accepted")
def extended_master_secret_in_tls_1_2(t):
    """TLS 1.2 with Extended Master Secret."""
    client, connack = t.connack(t.token("a/# pub"), tls={
        "max_version": SSL.TLS1_2_VERSION})
    t.assert_let_in(client, connack)
    t.assertEqual(client.tls.alpn(), b"mqtt")


@case("ACE-POP-9", outcome="accepted", each={
    "mqtt": ((b"mqtt",), b"mqtt"), "none": ((), b""),
    "mqtt after another": ((b"http/1.1", b"mqtt"), b"mqtt")})
def alpn_is_honoured(t, value):
    """ALPN."""
    offered, agreed = value
    client, connack = t.connack(t.token("a/# pub"), tls={"alpn": offered})
    t.assert_let_in(client, connack)
    t.assertEqual(client.tls.alpn(), agreed)


@case("ACE-POP-9", outcome="accepted", each={
    "a name": b"localhost", "none": None})
def server_name_is_honoured(t, name):
    """SNI."""
    t.assert_let_in(*t.connack(t.token("a/# pub"), tls={"server_name": name}))


@case("ACE-POP-9", outcome="refused")
def tls_1_2_without_extended_master_secret_is_refused(t):
    """TLS 1.2 without Extended Master Secret."""
    with t.assertRaises((SSL.Error, EOFError, ConnectionError)):
        t.client(max_version=SSL.TLS1_2_VERSION, options=NO_EMS)


@case("ACE-POP-9", outcome="refused")
def another_protocol_in_alpn_is_refused(t):
    """ALPN without mqtt (RFC 7301 section 3.2)."""
    with t.assertRaises((SSL.Error, EOFError, ConnectionError)):
        t.client(alpn=(b"http/1.1",))


@case("ACE-POP-9", outcome="refused")
def tls_1_1_is_refused(t):
    """TLS 1.1."""
    with t.assertRaises(SSL.Error) as raised:
        t.client(max_version=SSL.TLS1_1_VERSION,
                 ciphers=b"DEFAULT:@SECLEVEL=0")
    t.assertIn("alert protocol version", str(raised.exception))


