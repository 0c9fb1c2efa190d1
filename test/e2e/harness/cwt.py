"""CWTs and COSE keys (RFC 8392, RFC 9052), made apart from Sluice's own code."""

import os
import time

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import secrets_book
from .cbor import Tagged, cbor
from .tokens import AuthorizationServer, HmacKey, unb64

SIGN1, MAC0, ENCRYPT0, CWT = 18, 17, 16, 61
A256GCM = 3
_ALGORITHMS = {"EdDSA": -8, "ES256": -7, "HS256": 5}


def cose_key(key, **members):
    """The COSE_Key of `key`: public, or of an HmacKey the secret itself."""
    if isinstance(key, HmacKey):
        return {1: 4, -1: key.secret, **members}
    jwk = key.public_jwk()
    if jwk["kty"] == "OKP":
        return {1: 1, -1: 6, -2: unb64(jwk["x"]), **members}
    return {1: 2, -1: 1, -2: unb64(jwk["x"]), -3: unb64(jwk["y"]),
            **members}


def encrypt0(key, plaintext, kid=None):
    """A COSE_Encrypt0, untagged, of `plaintext` with an HmacKey's secret."""
    protected, iv = cbor({1: A256GCM}), os.urandom(12)
    sealed = AESGCM(key.secret).encrypt(
        iv, plaintext, cbor(["Encrypt0", protected, b""]))
    return [protected, {5: iv, **({4: kid} if kid else {})}, sealed]


def confirmation(key, encryption_key):
    """The claim `cnf` for `key`; a symmetric one is encrypted."""
    if isinstance(key, HmacKey):
        return {2: encrypt0(encryption_key, cbor(cose_key(key)), b"rs-1")}
    return {1: cose_key(key)}


def claims(key, *permissions, life=300, subject="alice", encryption_key=None,
           **overrides):
    """Claims by number; `overrides` are named like `c4=...`, None takes out."""
    now = int(time.time())
    out = {1: AuthorizationServer.issuer, 2: subject,
           3: AuthorizationServer.audience, 4: now + life, 6: now,
           7: os.urandom(8), 8: confirmation(key, encryption_key),
           9: scope(*permissions),
           **{int(name[1:]): value for name, value in overrides.items()}}
    return {name: value for name, value in out.items() if value is not None}


def scope(*permissions):
    """`scope("a/# pub sub")` as an array, as RFC 9431 wants it in a CWT."""
    return [[item.split(" ")[0], item.split(" ")[1:]] for item in permissions]


def sign(contents, key, kid=None, alg=None):
    """COSE_Sign1 of the map `contents`, or of these bytes; COSE_Mac0 if `key` is
    symmetric."""
    mac = isinstance(key, HmacKey)
    protected = cbor({1: alg or _ALGORITHMS[key.alg]})
    payload = contents if isinstance(contents, bytes) else cbor(contents)
    to_sign = cbor(["MAC0" if mac else "Signature1", protected, b"", payload])
    message = [protected, {4: kid} if kid else {}, payload, key.sign(to_sign)]
    return Tagged(MAC0 if mac else SIGN1, message)


def encode(message, tagged=True):
    """The token: with tag 61 or, not `tagged`, without any tag."""
    token = cbor(Tagged(CWT, message) if tagged else message.value)
    return secrets_book.remember(token, "CWT")
