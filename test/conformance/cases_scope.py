"""Scopes: their form and what they permit (ACE-SCP)."""

import base64
import json

from cases_token import signed_cwt
from harness import cwt, wire
from harness.cbor import cbor
from harness.tokens import b64
from suite import case


def encoded(value):
    return b64(json.dumps(value).encode())


def with_scope(t, value, **fields):
    return t.connack(t.token(scope=value), **fields)


# ACE-SCP-1

@case("ACE-SCP-1", outcome="accepted", each={
    "one filter": [["a/#", ["pub"]]],
    "several filters": [["x", ["sub"]], ["a/+", ["pub", "sub"]]],
    "one filter twice": [["a/b", ["sub"]], ["a/b", ["pub"]]],
    "blanks and Unicode": [["a/#", ["pub"]], ["\u00fc \u4e2d/+", ["sub"]]]})
def good_scope_is_let_in(t, value):
    """base64url of a JSON array."""
    t.assert_let_in(*with_scope(t, encoded(value)))


@case("ACE-SCP-1", outcome="accepted", each={
    "array": lambda value: value, "byte string": cbor})
def good_scope_of_a_cwt_is_let_in(t, make):
    """a CWT's scope."""
    value = make(cwt.scope("a/# pub"))
    t.assert_let_in(*t.connack(cwt.encode(signed_cwt(t, c9=value))))


def _standard_base64():
    text = json.dumps([["a/#", ["pub"]], ["\xff\xfe?>~", ["sub"]]],
                      ensure_ascii=False).encode()
    for pad in range(3):  # until it differs from base64url
        out = base64.b64encode(text + b" " * pad).decode().rstrip("=")
        if "+" in out or "/" in out:
            return out
    raise AssertionError("no + or / in base64")


@case("ACE-SCP-1", outcome="refused", each={
    "a bare array": [["a/#", ["pub"]]],
    "text": "read write", "draft-01's form": "publish_a/#",
    "JSON, not encoded": '[["a/#",["pub"]]]',
    "padding": base64.urlsafe_b64encode(b'[["a/#",["pub"]]]  ').decode(),
    "the other base64": _standard_base64(),
    "no array": encoded({"a/#": ["pub"]}), "a number": 7, "null": b64(b"null"),
    "no pair": encoded([["a/#"]]), "three members": encoded(
        [["a/#", ["pub"], 1]]),
    "unknown permission": encoded([["a/#", ["read"]]]),
    "permission in capitals": encoded([["a/#", ["PUB"]]]),
    "permission as text": encoded([["a/#", "pub"]]),
    "permission as a number": encoded([["a/#", 1]]),
    "filter as a number": encoded([[1, ["pub"]]]),
    "# in the middle": encoded([["a/#/b", ["pub"]]]),
    "# in a level": encoded([["a#", ["pub"]]]),
    "+ in a level": encoded([["a+/b", ["pub"]]]),
    "empty filter": encoded([["", ["pub"]]]),
    "U+0000 in a filter": encoded([["a\0", ["pub"]]]),
    "something behind it": b64(b'[["a/#",["pub"]]]x'),
    "one good and one bad": encoded([["a/#", ["pub"]], ["a/#/b", ["sub"]]])})
def bad_scope_is_refused(t, value):
    """a scope."""
    t.assert_refused(*with_scope(t, value))


@case("ACE-SCP-1", outcome="refused", each={
    "text": "publish_a", "a map": {"a/#": ["pub"]}, "a number": 3,
    "unknown permission": [["a/#", ["read"]]],
    "bad filter": [["a/#/b", ["pub"]]],
    "bytes that are no CBOR": b"\xff\xff"})
def bad_scope_of_a_cwt_is_refused(t, value):
    """a CWT's scope."""
    t.assert_refused(*t.connack(cwt.encode(signed_cwt(t, c9=value))))


# ACE-SCP-2, ACE-SCP-3

MATCHES = {
    "a": ["a"], "a/+": ["a/b", "a/", "a/$x"], "a/#": ["a", "a/", "a/b/c"],
    "#": ["a", "/", "a/$SYS"], "+": ["a"], "+/+": ["/", "a/", "a/b"],
    "/+": ["/a", "/"], "+/b/#": ["a/b", "/b", "a/b/c/d"],
    "$SYS/#": ["$SYS/x", "$SYS"], "$SYS/+": ["$SYS/x"],
    "a//b": ["a//b"], "\u00fc/+": ["\u00fc/\U0001f600"]}

DIFFERS = {
    "a": ["A", "a/", "/a", "a/b"], "a/+": ["a", "a/b/c", "b/a"],
    "a/#": ["b", "ab", "A/b"], "#": ["$SYS/x", "$SYS"],
    "+": ["a/b", "/", "$SYS"], "+/x": ["$SYS/x"], "+/#": ["$SYS/x"],
    "a/+/c": ["a/b", "a//", "a/b/d"], "a//b": ["a/b", "a/x/b"],
    "$SYS/+": ["$SYS/x/y"]}


@case("ACE-SCP-2", "ACE-SCP-3", outcome="accepted", each={
    name: (name, topics) for name, topics in MATCHES.items()})
def matching_topics_may_be_published(t, value):
    """PUBLISH to what matches."""
    granted, topics = value
    client = t.connected(f"{granted} pub")
    for topic in topics:
        t.assert_code(client.publish(topic), 0)
    client.send(*(wire.publish(topic) for topic in topics))
    t.assert_no_more_at_broker(client, *["PUBLISH"] * 2 * len(topics))


@case("ACE-SCP-2", "ACE-SCP-3", outcome="refused", each={
    name: (name, topics) for name, topics in DIFFERS.items()})
def other_topics_may_not_be_published(t, value):
    """PUBLISH to what does not match."""
    granted, topics = value
    client = t.connected(f"{granted} pub")
    for topic in topics:
        t.assert_code(client.publish(topic), 0x87)
    t.assert_no_more_at_broker(client)


@case("ACE-SCP-3", outcome="refused")
def subscribing_is_not_publishing(t):
    """PUBLISH where there is `sub` only."""
    client = t.connected("a/# sub", "b pub")
    t.assert_code(client.publish("a/b"), 0x87)
    t.assert_no_more_at_broker(client)


@case("ACE-SCP-3", "ACE-CON-3", outcome="accepted")
def will_within_the_scope(t):
    """a Will that a `pub` filter matches."""
    t.connected("a/+ pub", will=("a/x", b"gone", 1, True))
    t.assertEqual(t.broker_side().packets[0].will, ("a/x", b"gone"))


@case("ACE-SCP-3", "ACE-CON-3", outcome="refused", each={
    "`sub` only": "a/# sub", "another topic": "a/y pub",
    "empty scope": None})
def will_outside_the_scope(t, permission):
    """a Will."""
    token = t.token(permission) if permission else t.token(scope="")
    t.assert_refused(*t.connack(token, will=("a/x", b"gone")))


# ACE-SCP-4

WITHIN = {
    "a": ["a"], "a/#": ["a", "a/+", "a/#", "a/b", "a/+/c", "a/+/#", "a/"],
    "+/+/c": ["a/+/c", "+/b/c", "+/+/c", "a/b/c"], "#": ["#", "+", "+/#", "/"],
    "+/#": ["#", "+/a", "a/#"], "+": ["+", "a"], "$SYS/#": ["$SYS/+"],
    "a/+": ["a/+", "a/b"]}

NOT_WITHIN = {
    "a/+": ["a/#", "a", "+/b", "#"], "a/#": ["#", "+/#", "+", "b"],
    "a": ["a/#", "+", "#", "a/"], "+/+": ["#", "+/#", "a/#", "+"],
    "#": ["$SYS/#", "$SYS/x"], "+/#": ["$SYS/#"],
    "+/+/c": ["a/#", "+/+/+"], "+": ["#", "/#"]}


@case("ACE-SCP-4", "ACE-SUB-1", outcome="accepted", each={
    name: (name, filters) for name, filters in WITHIN.items()})
def subsets_may_be_subscribed_to(t, value):
    """SUBSCRIBE within."""
    granted, filters = value
    client = t.connected(f"{granted} sub")
    t.assertEqual(client.subscribe(*filters), [1] * len(filters))
    shared = [f"$share/group/{item}" for item in filters]
    t.assertEqual(client.subscribe(*shared), [1] * len(filters))
    first, second = t.broker_packets("SUBSCRIBE", "SUBSCRIBE")
    t.assertEqual([f for f, _ in first.filters], filters)
    t.assertEqual([f for f, _ in second.filters], shared)


@case("ACE-SCP-4", "ACE-SUB-1", outcome="refused", each={
    name: (name, filters) for name, filters in NOT_WITHIN.items()})
def others_may_not_be_subscribed_to(t, value):
    """SUBSCRIBE beyond."""
    granted, filters = value
    client = t.connected(f"{granted} sub")
    t.assertEqual(client.subscribe(*filters), [0x87] * len(filters))
    t.assertEqual(client.subscribe(
        *(f"$share/group/{item}" for item in filters)), [0x87] * len(filters))
    t.assert_no_more_at_broker(client)


@case("ACE-SCP-4", outcome="refused")
def filters_do_not_add_up(t):
    """a filter that only two granted ones together cover."""
    client = t.connected("a sub", "a/+/# sub", "+/b pub")
    t.assertEqual(client.subscribe("a/#"), [0x87])
    t.assertEqual(client.subscribe("+/b"), [0x87])
    t.assert_no_more_at_broker(client)


# ACE-SCP-5, ACE-SCP-6

@case("ACE-SCP-5", outcome="accepted", each={"absent": None, "empty": ""})
def no_scope_is_let_in(t, value):
    """a scope."""
    client, connack = with_scope(t, value)
    t.assert_code(connack, 0)
    t.assert_code(client.publish("public/x"), 0)


@case("ACE-SCP-5", outcome="refused", each={
    "absent": None, "empty": "", "empty array": encoded([])})
def no_scope_permits_nothing(t, value):
    """what a client without permissions asks for."""
    client, connack = with_scope(t, value)
    t.assert_code(connack, 0)
    t.assert_code(client.publish("a/b"), 0x87)
    t.assertEqual(client.subscribe("a/b", "#"), [0x87, 0x87])
    t.assert_no_more_at_broker(client)


@case("ACE-SCP-6", outcome="accepted")
def public_topics_are_everybodys(t):
    """public topics, with a token for others and anonymously."""
    client = t.connected("a/# pub")
    t.assert_code(client.publish("public/x"), 0)
    t.assertEqual(client.subscribe("public/+"), [1])
    for version in (wire.V5, wire.V311):
        client, connack = t.anonymous(version,
                                      client_id=f"{t.name}-{version}")
        t.assert_code(connack, 0)
        t.assertEqual(client.subscribe("public/#"), [1])
        client.publish("public/y")


@case("ACE-SCP-6", outcome="refused")
def other_topics_are_not_public(t):
    """what is not public, for an anonymous client."""
    client, _ = t.anonymous()
    t.assert_code(client.publish("publi"), 0x87)
    t.assertEqual(client.subscribe("#", "publi/c", "public/#"),
                  [0x87, 0x87, 1])
