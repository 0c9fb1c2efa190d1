"""The configurations that cases run on; each is started when first wanted."""

import json
import pathlib
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from harness import secrets_book  # noqa: E402
from harness import rabbitmq  # noqa: E402
from harness.introspection import FakeAuthorizationServer  # noqa: E402
from harness.stack import Stack, keys_directory, merge  # noqa: E402
from harness.tokens import (  # noqa: E402
    AuthorizationServer, Ed25519Key, Es256Key, HmacKey, RsaKey)

INTROSPECTION_SECRET = "rs-secret:/+9431"
MAX_PACKET_SIZE = 4096

# Issuers beside AuthorizationServer.issuer: of each, keys by name.
OTHER_ISSUERS = {
    "https://many.example": {
        "ed-1": Ed25519Key("ed-1"), "ed-2": Ed25519Key("ed-2"),
        "es-1": Es256Key("es-1"), "hs-1": HmacKey("hs-1"),
        "hs-2": HmacKey("hs-2"), "rs-1": RsaKey("RS256", "rs-1"),
        "ps-1": RsaKey("PS256", "ps-1")},
    # A key of each kind, without a name.
    "https://plain.example": {
        "ed": Ed25519Key(), "es": Es256Key(), "hs": HmacKey()},
    # Keys that say what they are for.
    "https://bound.example": {
        "sig": Ed25519Key("sig"), "enc": Ed25519Key("enc"),
        "alg": RsaKey("PS256", "alg")},
}
_KEY_MEMBERS = {"sig": {"use": "sig", "alg": "EdDSA"}, "enc": {"use": "enc"},
                "alg": {"alg": "PS256"}}


def _jwk(name, key):
    jwk = key.private_jwk() if isinstance(key, HmacKey) else key.public_jwk()
    return {**jwk, **_KEY_MEMBERS.get(name, {})}


def _write_other_issuers(directory):
    for number, keys in enumerate(OTHER_ISSUERS.values()):
        (directory / f"other-{number}.json").write_text(json.dumps(
            {"keys": [_jwk(name, key) for name, key in keys.items()]}),
            encoding="utf-8")


_OWN_ISSUER = {"issuer": AuthorizationServer.issuer,
               "jwks_file": "as-keys.json"}
_ISSUERS = [_OWN_ISSUER] + [
    {"issuer": issuer, "jwks_file": f"other-{number}.json"}
    for number, issuer in enumerate(OTHER_ISSUERS)]

_LISTENER = {"name": "mqtts", "address": "127.0.0.1:0",
             "tls": {"certificate": "server.crt", "private_key": "server.key"}}

_NO_FLOOD_GUARD = {"limits": {"authz_info_per_second": 0}}


def _listener(**changes):
    return {"listeners": [merge(_LISTENER, changes)]}


def _introspected(**introspection):
    """A stack with an authorization server whose answers a case chooses."""

    def options():
        server = FakeAuthorizationServer(keys_directory())

        def prepare(directory):
            (directory / "rs-secret").write_text(INTROSPECTION_SECRET)
            secrets_book.remember(INTROSPECTION_SECRET.encode(),
                                  "introspection secret")

        return {
            "server": server, "prepare": prepare, "broker": "recording",
            "policy": {"issuers": [{**_OWN_ISSUER, "introspection": {
                "url": f"https://127.0.0.1:{server.port}/introspect",
                "client_id": "rs", "client_secret_file": "rs-secret",
                "ca": "ca.crt", "cache_ttl": "1s", **introspection}}]}}

    return options


_draft01 = {
    "broker": "recording",
    "proxy": {**_NO_FLOOD_GUARD,
              "ace": {"as_hint": {"as": "https://as.example/token"}}},
    "policy": {"issuers": [{**_OWN_ISSUER, "profile": "draft-01"}]}}

# Options of harness.stack.Stack, or a function that makes them.
STACKS = {
    "main": {"broker": "recording", "prepare": _write_other_issuers,
             "proxy": _NO_FLOOD_GUARD, "policy": {"issuers": _ISSUERS}},
    "mosquitto": {"proxy": _NO_FLOOD_GUARD},
    "rabbitmq": lambda: {
        "broker": _rabbitmq_node(), "proxy": {**_NO_FLOOD_GUARD, "upstream": {
            "username": rabbitmq.USERNAME, "password": rabbitmq.PASSWORD,
            "refused_topic_characters": ".*"}}},
    # CONNECT
    "closed": {"broker": "recording", "policy": {"public_topics": None},
               "proxy": {"ace": {"authz_info_topic": ""}}},
    "authz-info only": {"broker": "recording",
                        "policy": {"public_topics": None}},
    "hint": {"broker": "recording", "proxy": {"ace": {"as_hint": {
        "as": "https://as.example/token", "audience": "mqtt-broker-1",
        "scope": "a/#"}}}},
    "skew": {"broker": "recording", "policy": {"clock_skew": "30s"}},
    "default skew": {"broker": "recording", "policy": {"clock_skew": None}},
    "short": {"broker": "recording", "proxy": {
        "ace": {"authentication_timeout": "700ms"},
        "limits": {"connect_timeout": "700ms"}}},
    "credentials": {"broker": "recording", "proxy": {
        "ace": {"v5_username_token": True},
        "upstream": {"username": "${issuer}|${subject}|${client_id}",
                     "password": "upstream-pass"}}},
    "certificates": {"broker": "recording", "proxy": {
        **_NO_FLOOD_GUARD,
        **_listener(tls={"client_certificate": "request"})}},
    "v5 only": {"broker": "recording", "proxy": _listener(protocols=["v5"])},
    "v3 only": {"broker": "recording",
                "proxy": _listener(protocols=["v3.1.1"])},
    "bound": {"broker": "recording",
              "proxy": {"ace": {"client_id": "bound"}}},
    # Judging
    "hidden": {"broker": "recording", "proxy": {"ace": {"hide_topics": True}}},
    "audited": {"broker": "recording",
                "proxy": {"log": {"audit": "audit.log"}}},
    "grace": {"broker": "recording", "proxy": {"ace": {
        "reauthentication_grace": "60s"}}},
    "flood guard": {"broker": "recording", "proxy": {"limits": {
        "authz_info_per_second": 3}}},
    "other name": {"broker": "recording", "proxy": {
        **_NO_FLOOD_GUARD, "ace": {"authz_info_topic": "tokens/in"}}},
    "small packets": {"broker": "recording", "proxy": {"limits": {
        "max_packet_size": MAX_PACKET_SIZE}}},
    # Tokens
    "form": _introspected(),
    "long cache": _introspected(cache_ttl="60s"),
    "ace+json": _introspected(format="ace+json", client_auth="post"),
    "ace+cbor": _introspected(format="ace+cbor"),
    "draft-01": _draft01,
    "draft-01 certificates": merge(_draft01, {"proxy": _listener(
        tls={"client_certificate": "request"})}),
}

_lock = threading.Lock()
_locks = {}
_running = {}
_node = []


def _rabbitmq_node():
    """The node, started by start_rabbitmq(), when it takes connections."""
    _node[0].wait_until_ready()
    return _node[0]


def start_rabbitmq():
    """Starts the node, which takes seconds; returns at once."""
    _node.append(rabbitmq.RabbitMq())


def start(name, options):
    """A stack of `options`; the caller stops it."""
    options = dict(options)
    server = options.pop("server", None)
    stack = Stack(name, **options)
    stack.server = server
    return stack


def get(name):
    """The running stack `name`, or None for the name None."""
    if name is None:
        return None
    with _lock:
        lock = _locks.setdefault(name, threading.Lock())
    with lock:
        if name not in _running:
            options = STACKS[name]
            _running[name] = start(name.replace(" ", "-"),
                                   options() if callable(options) else options)
        return _running[name]


def stop_all():
    for stack in _running.values():
        stack.stop()
        if stack.server:
            stack.server.stop()
    for node in _node:
        node.stop()
