#!/usr/bin/python3
"""An MQTT 3.1.1 client that authenticates with an ACE token (RFC 9431).

The token travels in the User Name, the proof of possession, made over keying
material of the TLS connection, in the Password. Python's own ssl module has
no exporter, so TLS is pyOpenSSL's. Needs Debian's python3-paho-mqtt,
python3-openssl and python3-cryptography.
"""

import argparse
import base64
import json
import sys
import time

from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from OpenSSL import SSL
import paho.mqtt.client as mqtt

EXPORTER_LABEL = b"EXPORTER-ACE-MQTT-Sign-Challenge"


def _unbase64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def proof_of(key, content):
    """MAC or signature over `content` with the private JWK `key`."""
    if key["kty"] == "oct":
        mac = hmac.HMAC(_unbase64url(key["k"]), hashes.SHA256())
        mac.update(content)
        return mac.finalize()
    secret = _unbase64url(key["d"])
    if key["kty"] == "OKP":
        return ed25519.Ed25519PrivateKey.from_private_bytes(secret).sign(
            content)
    private = ec.derive_private_key(int.from_bytes(secret, "big"),
                                    ec.SECP256R1())
    r, s = utils.decode_dss_signature(
        private.sign(content, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class TlsSocket:
    """What paho asks of an ssl.SSLSocket, on a pyOpenSSL connection."""

    def __init__(self, connection):
        self._connection = connection
        self.fileno = connection.fileno
        self.pending = connection.pending
        self.setblocking = connection.setblocking
        self.close = connection.close

    def recv(self, size):
        try:
            return self._connection.recv(size)
        except SSL.WantReadError:
            raise BlockingIOError from None
        except SSL.ZeroReturnError:
            return b""
        except SSL.Error as error:
            raise ConnectionError(str(error)) from None

    def send(self, data):
        try:
            return self._connection.send(bytes(data))
        except (SSL.WantReadError, SSL.WantWriteError):
            raise BlockingIOError from None
        except SSL.Error as error:
            raise ConnectionError(str(error)) from None


class AceClient(mqtt.Client):
    """A paho client with a token (bytes) and its private JWK, or neither."""

    def __init__(self, ca_file, token=None, key=None, **kwargs):
        super().__init__(protocol=mqtt.MQTTv311, **kwargs)
        self._token = token
        self._key = key
        # pyOpenSSL leaves the server's name unchecked: trust a CA of your own.
        self._tls = SSL.Context(SSL.TLS_CLIENT_METHOD)
        self._tls.load_verify_locations(ca_file)
        self._tls.set_verify(SSL.VERIFY_PEER)
        self._tls.set_alpn_protos([b"mqtt"])

    def _create_socket_connection(self):
        """Connects; each connection has its own proof."""
        raw = super()._create_socket_connection()
        raw.setblocking(True)
        tls = SSL.Connection(self._tls, raw)
        tls.set_connect_state()
        tls.do_handshake()
        if self._token is not None:
            username = base64.urlsafe_b64encode(self._token).rstrip(b"=")
            content = tls.export_keying_material(EXPORTER_LABEL, 32)
            self.username_pw_set("ace" + username.decode(),
                                 proof_of(self._key, content))
        return TlsSocket(tls)


def read_token(path):
    """The bytes of a token. Text, as of a JWT, may have white space around it;
    of a CWT, which begins with no ASCII character, every byte counts."""
    with open(path, "rb") as file:
        token = file.read()
    return token.strip() if token[:1].isascii() else token


def read_key(path):
    """The private JWK in a file."""
    with open(path, encoding="utf-8") as file:
        try:
            key = json.load(file)
        except ValueError:  # PEM, for example
            key = None
    if not isinstance(key, dict) or "kty" not in key:
        raise ValueError(f"--key: {path} is no JWK")
    return key


class Run:
    """Connects, subscribes, publishes, and prints each answer."""

    def __init__(self, args):
        token = key = None
        if args.token:
            token = read_token(args.token)
            key = read_key(args.key)
        self._args = args
        self._left = args.messages
        self._answered = set()
        self._refused = False
        self._connected = False
        self._closed = False
        self._client = AceClient(args.ca, token, key, client_id=args.id)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = lambda _c, _u, mid: self._answered.add(mid)
        self._client.on_message = self._on_message

    def _report(self, what, code):
        print(f"{what} 0x{code:02x}", flush=True)
        self._refused |= code >= (1 if what == "CONNACK" else 0x80)

    def _on_connect(self, _client, _userdata, _flags, code):
        self._report("CONNACK", code)
        self._connected = True

    def _on_subscribe(self, _client, _userdata, mid, codes):
        for code in codes:
            self._report("SUBACK", code)
        self._answered.add(mid)

    def _on_message(self, _client, _userdata, message):
        print(f"PUBLISH {message.topic} {message.payload.decode()}",
              flush=True)
        self._left -= 1

    def _on_disconnect(self, _client, _userdata, code):
        self._closed = True
        if code != mqtt.MQTT_ERR_SUCCESS:
            self._refused = True
            print("closed by the broker", flush=True)

    def _until(self, done):
        """Runs the client until done() is true or the connection has ended."""
        end = time.monotonic() + self._args.timeout
        while not done() and not self._closed:
            if time.monotonic() > end:
                raise TimeoutError("no answer from the broker")
            self._client.loop(0.1)

    def __call__(self):
        args = self._args
        self._client.connect(args.host, args.port)
        self._until(lambda: self._connected)
        for topic in args.subscribe:
            _, mid = self._client.subscribe(topic, args.qos)
            self._until(lambda: mid in self._answered)
        for item in args.publish:
            topic, _, message = item.partition("=")
            mid = self._client.publish(topic, message, args.qos).mid
            self._until(lambda: mid in self._answered)
            if args.qos > 0 and not self._closed:
                print(f"acknowledged {topic}", flush=True)
        self._until(lambda: self._left <= 0)
        if not self._closed:
            self._client.disconnect()
            self._until(lambda: False)
        return 1 if self._refused else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8883)
    parser.add_argument("--ca", required=True, help="PEM file")
    parser.add_argument("--token", help="file with the access token")
    parser.add_argument("--key", help="file with the private JWK")
    parser.add_argument("--id", default="", help="Client Identifier")
    parser.add_argument("--qos", type=int, choices=(0, 1, 2), default=1)
    parser.add_argument("--publish", action="append", default=[],
                        metavar="TOPIC=MESSAGE")
    parser.add_argument("--subscribe", action="append", default=[],
                        metavar="FILTER")
    parser.add_argument("--messages", type=int, default=0,
                        help="wait for so many messages before ending")
    parser.add_argument("--timeout", type=float, default=10,
                        help="seconds to wait for each answer")
    args = parser.parse_args()
    if args.token and not args.key:
        parser.error("--token needs --key")
    return Run(args)()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, SSL.Error, ValueError, KeyError) as error:
        sys.exit(f"ace_client: {error}")
