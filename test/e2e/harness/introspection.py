"""Authorization servers that are asked about opaque tokens, over HTTPS."""

import base64
import http.server
import json
import pathlib
import ssl
import urllib.parse
import urllib.request

from . import secrets_book
from .https import HttpsServer
from .ports import free_port
from .process import Process
from .tokens import AuthorizationServer, scope

_SERVER = pathlib.Path(__file__).resolve().parents[1] / "as/server.mjs"


class OidcProvider(Process):
    """oidc-provider, with the certificate of the stack in `directory`."""

    secret = "alice-secret-0123456789"
    introspector_secret = "rs-secret-0123456789:/+"

    def __init__(self, directory, port=0, jwks=None):
        """`jwks`: private JWKs with which it signs JWTs."""
        self.port = port or free_port()
        self._ca_file = directory / "ca.crt"
        config = directory / "as.json"
        config.write_text(json.dumps({
            "issuer": AuthorizationServer.issuer,
            "audience": AuthorizationServer.audience,
            "certificate": str(directory / "server.crt"),
            "private_key": str(directory / "server.key"),
            "clients": {"alice": self.secret},
            "introspector": {"id": "rs", "secret": self.introspector_secret},
            "jwks": jwks,
            "port": self.port,
        }), encoding="utf-8")
        secrets_book.remember(self.secret.encode(), "client secret")
        super().__init__(["node", _SERVER, config], directory / "as.log")
        self.wait_for(r'^\{"listening":')

    def _post(self, path, **form):
        """As the client `alice`."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}",
            urllib.parse.urlencode(form).encode())
        credentials = base64.b64encode(f"alice:{self.secret}".encode())
        request.add_header("Authorization", "Basic " + credentials.decode())
        context = ssl.create_default_context(cafile=str(self._ca_file))
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.read()

    def token(self, key, *permissions, ttl=300, jwt=""):
        """A token for `key`, as bytes: opaque, or signed with algorithm `jwt`.
        """
        answer = json.loads(self._post(
            "/token", grant_type="client_credentials", ttl=ttl, jwt=jwt,
            aif=scope(*permissions),
            req_cnf=json.dumps({"jwk": key.public_jwk()})))
        return secrets_book.remember(answer["access_token"].encode(),
                                     "access token")

    def revoke(self, token):
        self._post("/token/revocation", token=token.decode())


class FakeAuthorizationServer:
    """Answers with `status` and the bytes `body`; keeps what it was asked.

    `body` may also be a function of the question.
    """

    def __init__(self, directory, client_ca=None):
        """`client_ca`: whose certificates questioners must show, a file."""
        self.status = 200
        self.body = b""
        self.questions = []  # (headers, body)
        fake = self

        class Handler(http.server.BaseHTTPRequestHandler):

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                question = self.rfile.read(length)
                fake.questions.append((self.headers, question))
                body = fake.body(question) if callable(fake.body) else fake.body
                self.send_response(fake.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        server = HttpsServer(Handler, directory, client_ca)
        self.port = server.server_port
        self.stop = server.stop
