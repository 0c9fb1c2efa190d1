"""Opaque tokens, which the authorization server is asked about (ACE-TOK-5)."""

import base64
import json
import os
import threading
import time
import urllib.parse

from harness import cwt, secrets_book
from harness.cbor import cbor
from harness.tokens import AuthorizationServer, Ed25519Key, HmacKey, scope
from stacks import INTROSPECTION_SECRET
from suite import case, eventually


class Answers:
    """What the fake authorization server of a stack says about each token."""

    def __init__(self, server):
        self.known = {}
        self.asked = []  # (token, headers, body)
        server.body = lambda question: self._answer(question, server)

    def _answer(self, question, server):
        for token, body in list(self.known.items()):
            if token in question:
                headers = next(headers for headers, asked
                               in reversed(list(server.questions))
                               if asked == question)
                self.asked.append((token, headers, question))
                return body
        in_cbor = question[:1] == b"\xa1"
        return cbor({10: False}) if in_cbor else b'{"active": false}'

    def about(self, token):
        return [entry for entry in self.asked if entry[0] == token]


_lock = threading.Lock()


def answers(t):
    """Those of the case's stack."""
    server = t.stack.server
    with _lock:
        if not hasattr(server, "answers"):
            server.answers = Answers(server)
        return server.answers


def opaque():
    return secrets_book.remember(os.urandom(16).hex().encode(), "reference")


def meaning(key, *permissions, **members):
    """What an active token stands for; None leaves a member out."""
    found = {"active": True, "aud": AuthorizationServer.audience,
             "iss": AuthorizationServer.issuer, "sub": "alice",
             "exp": int(time.time()) + 300, "cnf": {"jwk": key.public_jwk()},
             "scope": scope(*permissions), **members}
    return {name: value for name, value in found.items() if value is not None}


def referred(t, encode=lambda found: json.dumps(found).encode(), key=None,
             **members):
    """A new reference, and a client that came with it and its CONNACK."""
    token = opaque()
    answers(t).known[token] = encode(
        meaning(key or t.key, "a/# pub sub", **members))
    return token, *t.connack(token, key)


def in_cbor(t, found=None):
    return {10: True, 2: "alice", 3: AuthorizationServer.audience,
            4: int(time.time()) + 300, 8: {1: cwt.cose_key(t.key)},
            9: cwt.scope("a/# pub"), 38: 3, **(found or {})}


@case("ACE-TOK-1", "ACE-TOK-5", outcome="accepted", stack="form")
def form_is_let_in(t):
    """an opaque token, asked about in a form with HTTP Basic."""
    token, client, connack = referred(t)
    t.assert_let_in(client, connack)
    _, headers, body = answers(t).about(token)[0]
    t.assertEqual(body, b"token=" + token)
    t.assertEqual(headers["Content-Type"], "application/x-www-form-urlencoded")
    secret = urllib.parse.quote_plus(INTROSPECTION_SECRET)
    t.assertEqual(headers["Authorization"], "Basic " + base64.b64encode(
        f"rs:{secret}".encode()).decode())


@case("ACE-TOK-5", outcome="accepted", stack="ace+json")
def ace_json_is_let_in(t):
    """application/ace+json, with the secret in the body."""
    key = HmacKey()
    token, client, connack = referred(
        t, key=t.key, cnf={"jwk": key.private_jwk()})
    t.assert_code(connack, 0x87)  # proven with another key
    client, connack = t.connack(token, key)
    t.assert_let_in(client, connack)
    _, headers, body = answers(t).about(token)[0]
    t.assertEqual(headers["Content-Type"], "application/ace+json")
    t.assertIsNone(headers["Authorization"])
    t.assertEqual(json.loads(body), {
        "token": token.decode(), "client_id": "rs",
        "client_secret": INTROSPECTION_SECRET})


@case("ACE-TOK-5", outcome="accepted", stack="ace+cbor")
def ace_cbor_is_let_in(t):
    """application/ace+cbor."""
    token = opaque()
    answers(t).known[token] = cbor(in_cbor(t))
    t.assert_let_in(*t.connack(token))
    _, headers, body = answers(t).about(token)[0]
    t.assertEqual(headers["Content-Type"], "application/ace+cbor")
    t.assertEqual(body, cbor({11: token}))


@case("ACE-SCP-1", outcome="accepted", stack="form")
def scope_as_the_array_itself(t):
    """the array itself in the answer of an authorization server."""
    _, client, connack = referred(t, scope=[["a/#", ["pub"]]])
    t.assert_let_in(client, connack)


@case("ACE-TOK-5", outcome="accepted", stack="form", each={
    "no iss": {"iss": None}, "aud is an array": {
        "aud": ["x", AuthorizationServer.audience]},
    "members of no concern": {"client_id": "c", "token_type": "PoP"}})
def good_answers_are_let_in(t, members):
    """a good answer."""
    _, client, connack = referred(t, **members)
    t.assert_let_in(client, connack)


@case("ACE-TOK-5", outcome="refused", stack="form", each={
    "active: false": {"active": False}, "aud of another": {"aud": "other"},
    "iss of another": {"iss": "https://x"}, "expired": {"exp": 1},
    "no cnf": {"cnf": None}, "a bad scope": {"scope": "read write"},
    "another profile": {"ace_profile": "coap_dtls"}})
def bad_answers_are_refused(t, members):
    """an answer."""
    _, client, connack = referred(t, **members)
    t.assert_refused(client, connack)


@case("ACE-TOK-5", outcome="refused", stack="form", each={
    "active missing": {"active": None}, "active is text": {"active": "true"}})
def no_proper_answer_is_0x88(t, members):
    """no proper answer, which is nobody's fault but the server's."""
    _, client, connack = referred(t, **members)
    t.assert_refused(client, connack, 0x88)


@case("ACE-TOK-5", outcome="refused", stack="ace+cbor", each={
    "not active": {10: False}, "expired": {4: 1}, "aud of another": {3: "x"},
    "another profile": {38: 1}, "no cnf": {8: {}}})
def bad_answers_in_cbor_are_refused(t, members):
    """an answer in CBOR."""
    token = opaque()
    answers(t).known[token] = cbor(in_cbor(t, members))
    t.assert_refused(*t.connack(token))


@case("ACE-TOK-1", "ACE-TOK-5", outcome="refused", stack="form")
def unknown_reference_is_refused(t):
    """a reference that the authorization server does not know."""
    answers(t)
    t.assert_refused(*t.connack(opaque()))


@case("ACE-TOK-5", "ACE-POP-1", outcome="refused", stack="form")
def reference_proven_with_another_key_is_refused(t):
    """an active token without its key."""
    token = opaque()
    answers(t).known[token] = json.dumps(
        meaning(Ed25519Key(), "a/# pub")).encode()
    t.assert_refused(*t.connack(token))


@case("ACE-TOK-5", outcome="accepted", stack="form", slow=True)
def answer_is_cached_and_asked_again(t):
    """one question for two connections, then another while connected."""
    token, client, connack = referred(t)
    t.assert_code(connack, 0)
    _, connack = t.connack(token, client_id=f"{t.name}-2")
    t.assert_code(connack, 0)
    t.assertEqual(len(answers(t).about(token)), 1)
    eventually(lambda: len(answers(t).about(token)) > 1, "asked again", 5)
    client.ping()


@case("ACE-TOK-5", outcome="refused", stack="form", slow=True)
def token_that_became_inactive_disconnects(t):
    """a token that is no longer active, while its client is connected."""
    token, client, connack = referred(t)
    t.assert_code(connack, 0)
    answers(t).known[token] = b'{"active": false}'
    client.expect_disconnect(0x87, timeout=5)
    _, connack = t.connack(token)
    t.assert_code(connack, 0x87)


@case("ACE-TOK-5", outcome="refused", stack="long cache", slow=True)
def expiry_of_the_answer_counts(t):
    """exp before cache_ttl is over."""
    token, client, connack = referred(t, exp=time.time() + 0.6)
    if connack.code == 0:
        client.expect_disconnect(0x87, timeout=2)
    else:
        t.assert_code(connack, 0x87)
    _, connack = t.connack(token)
    t.assert_code(connack, 0x87)


@case("ACE-AZI-2", outcome="accepted", stack="form")
def reference_at_authz_info_is_asked_about(t):
    """a reference, where one issuer has introspection."""
    token = opaque()
    answers(t).known[token] = json.dumps(meaning(t.key, "a/# pub")).encode()
    t.post(token)
    t.assertEqual(len(answers(t).about(token)), 1)


@case("ACE-AZI-2", outcome="refused", stack="form")
def unknown_reference_at_authz_info(t):
    """an unknown reference is invalid, not unparsable; nothing is unparsable."""
    answers(t)
    t.post(opaque(), 0x87)
    t.post(b"", 0x99)


@case("ACE-AZI-2", "ACE-TOK-5", outcome="accepted", stack="form", each={
    "bytes": lambda: opaque() + b"\xff\x00",
    "three parts, the first a JOSE header": lambda: (
        b'eyJhbGciOiJFUzI1NiJ9.' + opaque() + b"!.!")})
def anything_else_is_a_reference(t, make):
    """a token at authz-info that neither is a JWT nor a CWT."""
    token = make()
    answers(t).known[urllib.parse.quote_from_bytes(
        token, safe="").encode()] = json.dumps(
            meaning(t.key, "a/# pub")).encode()
    t.post(token)


@case("ACE-AZI-2", "ACE-TOK-5", outcome="refused", stack="form")
def unknown_bytes_are_asked_about(t):
    """bytes at authz-info that the authorization server does not know."""
    token = opaque() + b"\xff"
    answers(t)
    t.post(token, 0x87)
    question = urllib.parse.quote_from_bytes(token, safe="").encode()
    t.assertTrue(any(question in asked
                     for _, asked in list(t.stack.server.questions)))
