"""Authorization servers that publish their keys over HTTPS (RFC 7517)."""

import http.server
import json
import pathlib
import subprocess
import threading

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

from . import secrets_book
from .https import HttpsServer
from .tokens import unb64

_KEYS = pathlib.Path(__file__).resolve().parents[1] / "as/keys.mjs"


class IssuerKey:
    """A key of jose's that signs tokens."""

    def __init__(self, jwk):
        self.jwk = jwk
        self.alg = jwk["alg"]
        self.header = {"alg": self.alg, "kid": jwk["kid"]}
        d = secrets_book.remember(unb64(jwk["d"]), "issuer's private key")
        self._key = (ed25519.Ed25519PrivateKey.from_private_bytes(d)
                     if self.alg == "EdDSA" else
                     ec.derive_private_key(int.from_bytes(d, "big"),
                                           ec.SECP256R1()))

    def public_jwk(self):
        return {k: v for k, v in self.jwk.items() if k != "d"}

    def sign(self, content):
        if self.alg == "EdDSA":
            return self._key.sign(content)
        r, s = utils.decode_dss_signature(
            self._key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def make_jwks(**algorithms):
    """Private JWKs by `kid`: make_jwks(a="EdDSA", b="ES256")."""
    output = subprocess.run(
        ["node", _KEYS, *(f"{kid}={alg}" for kid, alg in algorithms.items())],
        check=True, capture_output=True).stdout
    return json.loads(output)


class JwksServer:
    """Publishes `keys`, or the bytes `body` where it is set. What is posted, as
    to introspection, it does not answer."""

    def __init__(self, directory, *keys, port=0):
        self._directory = directory
        self.port = port
        self.keys = keys
        self.body = None
        self.reads = 0
        self.ending = threading.Event()
        self._server = None

    def start(self):
        """At any port at first, then at the same again."""
        publisher = self

        class Handler(http.server.BaseHTTPRequestHandler):

            def do_GET(self):
                publisher.reads += 1
                body = publisher.body
                if body is None:
                    body = json.dumps({"keys": [
                        key.public_jwk() for key in publisher.keys]}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/jwk-set+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                publisher.ending.wait()

            def log_message(self, *_):
                pass

        self.ending.clear()
        self._server = HttpsServer(Handler, self._directory, port=self.port)
        self.port = self._server.server_port
        return self

    def stop(self):
        self.ending.set()
        if self._server:
            self._server.stop()
            self._server = None
