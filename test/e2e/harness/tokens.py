"""Keys, access tokens and proofs, made apart from Sluice's own code."""

import base64
import json
import os
import time

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import (
    ec, ed25519, padding, rsa, utils)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding, NoEncryption, PrivateFormat, PublicFormat)

from . import secrets_book


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def thumbprint(public_jwk):
    """RFC 7638"""
    required = {name: public_jwk[name] for name in ("crv", "kty", "x", "y")
                if name in public_jwk}
    digest = hashes.Hash(hashes.SHA256())
    digest.update(json.dumps(required, separators=(",", ":"),
                             sort_keys=True).encode())
    return b64(digest.finalize())


class Ed25519Key:
    alg = "EdDSA"

    def __init__(self, kid=None):
        self._key = ed25519.Ed25519PrivateKey.generate()
        self._kid = {"kid": kid} if kid else {}

    def public_jwk(self):
        raw = self._key.public_key().public_bytes(Encoding.Raw,
                                                  PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), **self._kid}

    def private_jwk(self):
        raw = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw,
                                      NoEncryption())
        secrets_book.remember(raw, "Ed25519 private key")
        return {**self.public_jwk(), "d": b64(raw)}

    def sign(self, content):
        return self._key.sign(content)


class Es256Key:
    alg = "ES256"

    def __init__(self, kid=None):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._kid = {"kid": kid} if kid else {}

    def public_jwk(self):
        point = self._key.public_key().public_numbers()
        return {"kty": "EC", "crv": "P-256", **self._kid,
                "x": b64(point.x.to_bytes(32, "big")),
                "y": b64(point.y.to_bytes(32, "big"))}

    def private_jwk(self):
        d = self._key.private_numbers().private_value.to_bytes(32, "big")
        secrets_book.remember(d, "P-256 private key")
        return {**self.public_jwk(), "d": b64(d)}

    def sign(self, content):
        r, s = utils.decode_dss_signature(
            self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class RsaKey:
    """For issuers only: no proof of possession is made with RSA."""

    def __init__(self, alg="RS256", kid=None):
        self.alg = alg
        self._key = rsa.generate_private_key(65537, 2048)
        self._kid = {"kid": kid} if kid else {}

    def public_jwk(self):
        numbers = self._key.public_key().public_numbers()
        return {"kty": "RSA", **self._kid,
                "n": b64(numbers.n.to_bytes(256, "big")),
                "e": b64(numbers.e.to_bytes(3, "big"))}

    def sign(self, content):
        scheme = (padding.PKCS1v15() if self.alg == "RS256" else
                  padding.PSS(padding.MGF1(hashes.SHA256()), 32))
        return self._key.sign(content, scheme, hashes.SHA256())


class HmacKey:
    alg = "HS256"

    def __init__(self, kid=None):
        self.secret = secrets_book.remember(os.urandom(32), "symmetric key")
        self._kid = {"kid": kid} if kid else {}

    def private_jwk(self):
        return {"kty": "oct", "k": b64(self.secret), **self._kid}

    def sign(self, content):
        mac = hmac.HMAC(self.secret, hashes.SHA256())
        mac.update(content)
        return mac.finalize()

    def encrypt(self, plaintext, **header):
        """A compact JWE (RFC 7516) with this key: dir, A256GCM."""
        header = b64(json.dumps({"alg": "dir", "enc": "A256GCM",
                                 **self._kid, **header}).encode())
        iv = os.urandom(12)
        sealed = AESGCM(self.secret).encrypt(iv, plaintext, header.encode())
        return f"{header}..{b64(iv)}.{b64(sealed[:-16])}.{b64(sealed[-16:])}"


def scope(*permissions):
    """`scope("a/# pub sub", "b pub")` as RFC 9431 wants it in a JWT."""
    pairs = [[item.split(" ")[0], item.split(" ")[1:]] for item in permissions]
    return b64(json.dumps(pairs).encode())


def sign_jwt(claims, key, header=None):
    """A compact JWS of `claims`, as bytes."""
    header = {"alg": key.alg, "typ": "JWT"} if header is None else header
    signed = ".".join(b64(json.dumps(part).encode())
                      for part in (header, claims))
    signature = b64(key.sign(signed.encode()))
    secrets_book.remember(signed.split(".")[1].encode(), "token's claims")
    secrets_book.remember(signature.encode(), "token's signature")
    return secrets_book.remember(f"{signed}.{signature}".encode(), "token")


class AuthorizationServer:
    """Issues tokens for one audience.

    `overrides` replace claims, or with None leave them out.
    """

    issuer = "https://as.example"
    audience = "mqtt-broker-1"

    def __init__(self):
        self.key = Ed25519Key("as-1")
        # Shared with the policy service, to encrypt symmetric PoP keys.
        self.encryption_key = HmacKey("rs-1")

    def write_keys(self, directory):
        with open(directory / "as-keys.json", "w", encoding="utf-8") as file:
            json.dump({"keys": [self.key.public_jwk()]}, file)
        with open(directory / "rs-keys.json", "w", encoding="utf-8") as file:
            json.dump({"keys": [self.encryption_key.private_jwk()]}, file)

    def confirmation(self, key):
        if isinstance(key, HmacKey):
            plaintext = json.dumps(key.private_jwk()).encode()
            return {"jwe": self.encryption_key.encrypt(plaintext)}
        return {"jwk": key.public_jwk()}

    def claims(self, key, *permissions, life=300, subject="alice",
               **overrides):
        now = time.time()
        claims = {
            "iss": self.issuer, "aud": self.audience, "sub": subject,
            "iat": int(now), "exp": int(now + life), "jti": os.urandom(8).hex(),
            "cnf": self.confirmation(key), "scope": scope(*permissions),
            **overrides,
        }
        return {k: v for k, v in claims.items() if v is not None}

    def token(self, key, *permissions, **claims):
        signer = self.key  # which another thread may replace
        return sign_jwt(self.claims(key, *permissions, **claims), signer,
                        {"alg": signer.alg,
                         "kid": signer.public_jwk()["kid"]})
