"""Tokens: their envelope, and the key in them (ACE-TOK-1, 2 and 4)."""

import json

from harness import cwt, secrets_book
from harness.cbor import Tagged, cbor
from harness.tokens import Ed25519Key, Es256Key, HmacKey, b64, sign_jwt, unb64
from stacks import OTHER_ISSUERS
from suite import case

MANY, PLAIN, BOUND = OTHER_ISSUERS


def jwt_of(bench, issuer, name, header=None, **claims):
    """A token of one of OTHER_ISSUERS, signed with its key `name`."""
    signer = OTHER_ISSUERS[issuer][name]
    contents = bench.stack.authorization_server.claims(
        bench.key, "a/# pub", iss=issuer, **claims)
    return sign_jwt(contents, signer, {"alg": signer.alg, **(
        {"kid": name} if header is None else header)})


def cwt_claims(bench, key=None, **overrides):
    return cwt.claims(
        key or bench.key, "a/# pub",
        encryption_key=bench.stack.authorization_server.encryption_key,
        **overrides)


def signed_cwt(bench, key=None, **overrides):
    server = bench.stack.authorization_server
    return cwt.sign(cwt_claims(bench, key, **overrides), server.key, b"as-1")


# ACE-TOK-1

@case("ACE-TOK-1", outcome="accepted")
def jwt_is_let_in(t):
    """a JWT."""
    t.assert_let_in(*t.connack(t.token("a/# pub")))


@case("ACE-TOK-1", outcome="accepted", each={"tagged": True, "untagged": False})
def cwt_is_let_in(t, tagged):
    """a CWT in COSE_Sign1."""
    t.assert_let_in(*t.connack(cwt.encode(signed_cwt(t), tagged)))


@case("ACE-TOK-1", outcome="accepted")
def maced_cwt_is_let_in(t):
    """a CWT in COSE_Mac0."""
    message = cwt.sign(cwt_claims(t, c1=MANY), OTHER_ISSUERS[MANY]["hs-1"],
                       b"hs-1")
    t.assert_let_in(*t.connack(cwt.encode(message)))


@case("ACE-TOK-1", outcome="accepted")
def nested_cwt_is_let_in(t):
    """a signed CWT inside a COSE_Encrypt0 for the broker."""
    message = cwt.encrypt0(t.stack.authorization_server.encryption_key,
                           cbor(signed_cwt(t)), b"rs-1")
    t.assert_let_in(*t.connack(
        cwt.encode(Tagged(cwt.ENCRYPT0, message))))


@case("ACE-TOK-1", "ACE-CON-1", outcome="refused", each={
    "text": b"not-a-token", "bytes": bytes(range(200, 230)),
    "two parts of a JWT": b"eyJhbGciOiJFZERTQSJ9.e30",
    "an empty CBOR array": b"\x80", "tag 61 around nothing": b"\xd8\x3d"})
def garbage_is_refused(t, token):
    """what is no token."""
    t.assert_refused(*t.connack(token))


@case("ACE-TOK-1", outcome="refused")
def truncated_cwt_is_refused(t):
    """a CWT cut short."""
    t.assert_refused(*t.connack(cwt.encode(signed_cwt(t))[:-1]))


# ACE-TOK-2

@case("ACE-TOK-2", outcome="accepted", each={
    name: name for name in ("ed-1", "es-1", "hs-1", "rs-1", "ps-1")})
def allowed_algorithm_is_let_in(t, name):
    """a JWT signed with the key it names."""
    header = {"kid": name} if name != "ps-1" else {"kid": name, "typ": "JWT"}
    t.assert_let_in(*t.connack(jwt_of(t, MANY, name, header)))


@case("ACE-TOK-2", outcome="accepted")
def signed_and_encrypted_jwt_is_let_in(t):
    """a JWS inside a JWE for the broker."""
    token = t.stack.authorization_server.encryption_key.encrypt(
        t.token("a/# pub"), cty="JWT")
    t.assert_let_in(*t.connack(secrets_book.remember(token.encode(), "JWE")))


@case("ACE-TOK-2", outcome="refused")
def unsigned_jwt_is_refused(t):
    """alg none."""
    claims = t.token("a/# pub").split(b".")[1]
    for alg in ("none", "None", "NONE"):
        header = b64(json.dumps({"alg": alg}).encode()).encode()
        for signature in (b"", b"AAAA"):
            client, connack = t.connack(b".".join((header, claims, signature)))
            t.assert_refused(client, connack)


@case("ACE-TOK-2", outcome="refused")
def public_key_as_secret_is_refused(t):
    """HS256 with the issuer's public key as the secret."""
    server = t.stack.authorization_server

    confused = HmacKey()
    confused.secret = unb64(server.key.public_jwk()["x"])
    token = sign_jwt(server.claims(t.key, "a/# pub"), confused,
                     {"alg": "HS256", "kid": "as-1"})
    t.assert_refused(*t.connack(token))


@case("ACE-TOK-2", outcome="refused", each={
    "ES256 with an Ed25519 key": ("ed-1", "ES256"),
    "EdDSA with a P-256 key": ("es-1", "EdDSA"),
    "HS512 with a key of HS256": ("hs-1", "HS512"),
    "RS256 under the name of HS256": ("rs-1", "HS256")})
def another_algorithm_is_refused(t, value):
    """an alg that the key is not for."""
    name, alg = value
    t.assert_refused(*t.connack(
        jwt_of(t, MANY, name, {"alg": alg, "kid": name})))


@case("ACE-TOK-2", outcome="refused", each={
    "unknown": {"crit": ["x"], "x": 1}, "empty": {"crit": []},
    "not there": {"crit": ["exp"]},
    "unencoded payload": {"crit": ["b64"], "b64": False}})
def critical_header_is_refused(t, members):
    """a crit header: the parameter is."""
    server = t.stack.authorization_server
    t.assert_refused(*t.connack(sign_jwt(
        server.claims(t.key, "a/# pub"), server.key,
        {"alg": "EdDSA", "kid": "as-1", **members})))


@case("ACE-TOK-2", outcome="refused")
def unknown_key_is_refused(t):
    """a kid that the issuer does not have."""
    t.assert_refused(*t.connack(jwt_of(t, MANY, "ed-1", {"kid": "ed-9"})))


@case("ACE-TOK-2", outcome="refused", each={
    "of the issuer": lambda t: t.token("a/# pub"),
    "of a CWT": lambda t: cwt.encode(signed_cwt(t))})
def changed_signature_is_refused(t, make):
    """a changed signature."""
    token = bytearray(make(t))
    token[-5] ^= 4
    t.assert_refused(*t.connack(bytes(token)))


@case("ACE-TOK-2", outcome="refused", each={
    "JWT": lambda t, key: sign_jwt(
        t.stack.authorization_server.claims(t.key, "a/# pub"), key,
        {"alg": "EdDSA", "kid": "as-1"}),
    "CWT": lambda t, key: cwt.encode(
        cwt.sign(cwt_claims(t), key, b"as-1"))})
def forged_token_is_refused(t, make):
    """a key of somebody else under the issuer's name."""
    t.assert_refused(*t.connack(make(t, Ed25519Key())))


@case("ACE-TOK-2", outcome="refused")
def key_of_another_issuer_is_refused(t):
    """a token that names one configured issuer, signed by another."""
    server = t.stack.authorization_server
    t.assert_refused(*t.connack(sign_jwt(
        server.claims(t.key, "a/# pub", iss=MANY), server.key,
        {"alg": "EdDSA", "kid": "as-1"})))


@case("ACE-TOK-2", outcome="refused")
def unprotected_algorithm_is_refused(t):
    """a COSE_Sign1 whose alg anybody could have changed."""
    server = t.stack.authorization_server
    payload = cbor(cwt_claims(t))
    signature = server.key.sign(cbor(["Signature1", b"", b"", payload]))
    t.assert_refused(*t.connack(cwt.encode(Tagged(
        cwt.SIGN1, [b"", {1: -8, 4: b"as-1"}, payload, signature]))))


@case("ACE-TOK-2", outcome="refused")
def encryption_key_of_a_jwk_set_is_refused(t):
    """a signature by a key that is for encryption (use: enc)."""
    t.assert_refused(*t.connack(jwt_of(t, BOUND, "enc")))


# ACE-TOK-4

@case("ACE-TOK-4", "ACE-POP-1", outcome="accepted", each={
    "jwk of Ed25519": Ed25519Key(), "jwk of P-256": Es256Key(),
    "jwe": HmacKey()})
def confirmation_key_is_let_in(t, key):
    """each kind of key in a JWT."""
    t.assert_let_in(*t.connack(t.token("a/# pub", key=key), key))


@case("ACE-TOK-4", "ACE-POP-1", outcome="accepted", each={
    "COSE_Key of Ed25519": Ed25519Key(), "COSE_Key of P-256": Es256Key(),
    "Encrypted_COSE_Key": HmacKey()})
def confirmation_key_of_a_cwt_is_let_in(t, key):
    """each kind of key in a CWT."""
    t.assert_let_in(*t.connack(cwt.encode(signed_cwt(t, key)), key))


@case("ACE-TOK-4", outcome="accepted")
def symmetric_key_in_an_encrypted_token_is_let_in(t):
    """a symmetric key inside a JWS inside a JWE."""
    key = HmacKey()
    server = t.stack.authorization_server
    token = server.encryption_key.encrypt(t.token(
        "a/# pub", key=key, cnf={"jwk": key.private_jwk()}), cty="JWT")
    t.assert_let_in(*t.connack(
        secrets_book.remember(token.encode(), "JWE"), key))


@case("ACE-TOK-4", outcome="accepted", each={
    "use": {"use": "sig"}, "alg": {"alg": "EdDSA"},
    "both": {"use": "sig", "alg": "EdDSA"}, "kid": {"kid": "mine"}})
def members_of_the_jwk_that_fit_are_let_in(t, members):
    """optional members of cnf's JWK."""
    t.assert_let_in(*t.connack(t.token(
        "a/# pub", cnf={"jwk": {**t.key.public_jwk(), **members}})))


@case("ACE-TOK-4", outcome="accepted", each={
    name: name for name in ("ed", "es", "hs")})
def only_key_needs_no_name(t, name):
    """no kid, and one key for the alg."""
    t.assert_let_in(*t.connack(jwt_of(t, PLAIN, name, {})))


@case("ACE-TOK-4", outcome="refused", each={"EdDSA": "ed-1", "HS256": "hs-1"})
def one_of_several_keys_needs_a_name(t, name):
    """no kid, and several keys for the alg."""
    t.assert_refused(*t.connack(jwt_of(t, MANY, name, {})))


@case("ACE-TOK-4", outcome="refused", each={
    "missing": None, "empty": {}, "text": "key", "unknown kind": {"x": 1},
    "empty jwk": {"jwk": {}}, "unknown kid": {"kid": "nobody"},
    "jwe that is none": {"jwe": "a.b.c.d.e"}})
def bad_confirmation_is_refused(t, cnf):
    """cnf."""
    t.assert_refused(*t.connack(t.token("a/# pub", cnf=cnf)))


@case("ACE-TOK-4", outcome="refused")
def symmetric_key_in_clear_is_refused(t):
    """a symmetric key in a merely signed JWT."""
    key = HmacKey()
    t.assert_refused(*t.connack(t.token(
        "a/# pub", cnf={"jwk": key.private_jwk()}), key))


@case("ACE-TOK-4", outcome="refused")
def symmetric_key_in_clear_in_a_cwt_is_refused(t):
    """a symmetric key in a merely signed CWT."""
    key = HmacKey()
    t.assert_refused(*t.connack(cwt.encode(signed_cwt(
        t, key, c8={1: cwt.cose_key(key)})), key))


@case("ACE-TOK-4", outcome="refused", each={
    "use": {"use": "enc"}, "alg": {"alg": "ES256"},
    "another curve": {"crv": "X25519"}})
def members_of_the_jwk_that_do_not_fit_are_refused(t, members):
    """optional members of cnf's JWK."""
    t.assert_refused(*t.connack(t.token(
        "a/# pub", cnf={"jwk": {**t.key.public_jwk(), **members}})))
