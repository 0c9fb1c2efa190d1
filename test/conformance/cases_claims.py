"""Claims of tokens, and what is remembered of them (ACE-TOK-3, 6 to 8)."""

import os
import time

from cases_token import MANY, jwt_of, signed_cwt
from harness import cwt, wire
from harness.tokens import AuthorizationServer
from suite import case


# ACE-TOK-3

@case("ACE-TOK-3", outcome="accepted", each={
    "aud is an array": {"aud": ["other", AuthorizationServer.audience]},
    "nbf has come": {"nbf": int(time.time()) - 5},
    "no iat": {"iat": None}, "no sub": {"sub": None}, "no jti": {"jti": None},
    "exp with a fraction": {"exp": time.time() + 300.5},
    "unknown claims": {"x": {"y": [1, None, True]}}})
def claims_are_let_in(t, claims):
    """good claims."""
    t.assert_let_in(*t.connack(t.token("a/# pub", **claims)))


@case("ACE-TOK-3", outcome="accepted", stack="skew", each={
    "exp": lambda now: {"life": -10}, "nbf": lambda now: {"nbf": now + 15},
    "iat": lambda now: {"iat": now + 15}})
def leeway_is_granted(t, claims_at):
    """within a leeway of 30 s."""
    t.assert_let_in(*t.connack(t.token("a/# pub", **claims_at(time.time()))))


def after_exp(t):
    """A token that has just ended its client's connection."""
    token = t.token("a/# pub", life=2)
    client, connack = t.connack(token)
    t.assert_code(connack, 0)
    client.expect_disconnect(0x87)
    return token


@case("ACE-TOK-3", "ACE-POP-5", outcome="accepted", stack="skew", slow=True,
      each={"in CONNECT": lambda t, token: t.connack(token),
            "stored": lambda t, token: by_stored_token(t)})
def leeway_is_the_same_however_a_token_comes(t, connect):
    """a token after its exp, within the leeway."""
    client, connack = connect(t, after_exp(t))
    t.assert_code(connack, 0)
    t.assert_code(client.publish("a/b"), 0)


@case("ACE-TOK-3", outcome="accepted", stack="default skew")
def leeway_is_30_s_by_default(t):
    """exp 20 s ago, with the default leeway."""
    t.assert_let_in(*t.connack(t.token("a/# pub", life=-20)))


@case("ACE-TOK-3", outcome="refused", stack="default skew")
def leeway_is_no_more_than_30_s_by_default(t):
    """exp 40 s ago, with the default leeway."""
    t.assert_refused(*t.connack(t.token("a/# pub", life=-40)))


@case("ACE-TOK-3", outcome="refused", stack="skew", each={
    "exp": {"life": -31}, "nbf": {"nbf": time.time() + 600},
    "iat": {"iat": time.time() + 600}})
def beyond_the_leeway_is_refused(t, claims):
    """beyond a leeway of 30 s."""
    t.assert_refused(*t.connack(t.token("a/# pub", **claims)))


@case("ACE-TOK-3", "ACE-EXP-1", outcome="refused", each={
    "expired": {"life": -1}, "exp missing": {"exp": None},
    "exp is text": {"exp": "2100-01-01"}, "exp is null in effect": {"exp": 0},
    "nbf to come": {"nbf": int(time.time()) + 600},
    "iat to come": {"iat": int(time.time()) + 600},
    "aud of another": {"aud": "mqtt-broker-2"},
    "aud is nearly ours": {"aud": AuthorizationServer.audience + "/"},
    "aud missing": {"aud": None}, "aud is empty": {"aud": []},
    "iss unknown": {"iss": "https://evil.example"},
    "iss missing": {"iss": None},
    "iss is nearly ours": {"iss": AuthorizationServer.issuer + "/"}})
def bad_claims_are_refused(t, claims):
    """bad claims, with no leeway."""
    t.assert_refused(*t.connack(t.token("a/# pub", **claims)))


@case("ACE-TOK-3", outcome="refused", each={
    "expired": {"life": -1}, "exp missing": {"c4": None},
    "aud of another": {"c3": "mqtt-broker-2"},
    "iss unknown": {"c1": "https://evil.example"},
    "nbf to come": {"c5": int(time.time()) + 600}})
def bad_claims_of_a_cwt_are_refused(t, claims):
    """bad claims in a CWT."""
    t.assert_refused(*t.connack(cwt.encode(signed_cwt(t, **claims))))


# ACE-TOK-6

@case("ACE-TOK-6", outcome="accepted")
def profile_is_let_in(t):
    """ace_profile mqtt_tls."""
    t.assert_let_in(*t.connack(t.token("a/# pub", ace_profile="mqtt_tls")))


@case("ACE-TOK-6", outcome="accepted")
def profile_of_a_cwt_is_let_in(t):
    """ace_profile 3 in a CWT."""
    t.assert_let_in(*t.connack(cwt.encode(signed_cwt(t, c38=3))))


@case("ACE-TOK-6", outcome="refused", each={
    "coap_dtls": "coap_dtls", "empty": "", "MQTT_TLS": "MQTT_TLS",
    "the number of another": 1})
def another_profile_is_refused(t, profile):
    """ace_profile."""
    t.assert_refused(*t.connack(t.token("a/# pub", ace_profile=profile)))


@case("ACE-TOK-6", outcome="refused", each={"1": 1, "2": 2, "text": "x"})
def another_profile_of_a_cwt_is_refused(t, profile):
    """ace_profile in a CWT."""
    t.assert_refused(*t.connack(cwt.encode(signed_cwt(t, c38=profile))))


# ACE-TOK-7

def by_stored_token(t, key=None):
    """CONNECT by the token that is stored for the Client Identifier."""
    client, answer = t.raw_connect(None)
    if answer.type != "AUTH":
        return client, answer
    client.answer_challenge(answer, key or t.key)
    return client, client.expect("CONNACK")


@case("ACE-TOK-7", outcome="accepted")
def newer_token_replaces_the_stored_one(t):
    """a newer token for the same key counts from then on."""
    t.connected("a/# pub").send(wire.disconnect())
    t.post(t.token("c/# pub"))
    client, connack = by_stored_token(t)
    t.assert_let_in(client, connack, "c/x", "a/b")


@case("ACE-TOK-7", outcome="refused", each={
    "expired": {"life": -1}, "of another audience": {"aud": "other"},
    "with a bad scope": {"scope": "?"}})
def invalid_token_is_not_stored(t, claims):
    """a token that must not replace the stored one."""
    t.connected("a/# pub").send(wire.disconnect())
    t.post(t.token("c/# pub", **claims), 0x87)
    client, connack = by_stored_token(t)
    t.assert_let_in(client, connack, "a/b", "c/x")


# ACE-TOK-8

def exi_token(life, **claims):
    return {"exp": None, "exi": life, "jti": os.urandom(8).hex(), **claims}


@case("ACE-TOK-8", outcome="accepted")
def exi_in_place_of_exp_is_let_in(t):
    """exi with jti, twice within its life."""
    token = t.token("a/# pub", **exi_token(60))
    for _ in range(2):
        t.assert_let_in(*t.connack(token))


@case("ACE-TOK-8", outcome="accepted")
def exi_of_a_cwt_is_let_in(t):
    """exi with cti in a CWT."""
    t.assert_let_in(*t.connack(cwt.encode(signed_cwt(t, c4=None, c40=60))))


@case("ACE-TOK-8", outcome="refused", each={
    "no jti": {"jti": None}, "exi is text": {"exi": "60"},
    "exi is negative": {"exi": -5}, "exi is 0": {"exi": 0}})
def bad_exi_is_refused(t, claims):
    """exi."""
    t.assert_refused(*t.connack(
        t.token("a/# pub", **exi_token(60, **claims))))


@case("ACE-TOK-8", outcome="refused")
def exi_of_a_cwt_without_cti_is_refused(t):
    """exi without cti in a CWT."""
    t.assert_refused(*t.connack(cwt.encode(
        signed_cwt(t, c4=None, c40=60, c7=None))))


@case("ACE-TOK-8", "ACE-EXP-1", outcome="refused", slow=True)
def exi_is_not_revived(t):
    """a token that was seen once, and is presented again after its exi."""
    token = t.token("a/# pub", **exi_token(2))
    first, connack = t.connack(token)
    t.assert_code(connack, 0)
    first.expect_disconnect(0x87)
    client, connack = t.connack(token, client_id=f"{t.name}-again")
    t.assert_code(connack, 0x87)
    client.expect_closed()


def newly_signed_jwt(t, jti, number):
    return t.token("a/# pub", **exi_token(2, jti=jti.hex(), iat=int(
        time.time()) - number))


def newly_signed_cwt(t, jti, number):
    return cwt.encode(signed_cwt(t, c4=None, c40=2, c7=jti, c6=int(
        time.time()) - number))


@case("ACE-TOK-8", outcome="refused", slow=True, each={
    "jti": newly_signed_jwt, "cti": newly_signed_cwt})
def exi_is_not_revived_by_another_signature(t, make):
    """a token that is newly issued with an id that was seen, after its exi."""
    jti = os.urandom(8)
    first, connack = t.connack(make(t, jti, 0))
    t.assert_code(connack, 0)
    first.expect_disconnect(0x87)
    client, connack = t.connack(make(t, jti, 1), client_id=f"{t.name}-again")
    t.assert_code(connack, 0x87)
    client.expect_closed()


@case("ACE-TOK-8", outcome="accepted", slow=True)
def same_jti_of_another_issuer_is_another_token(t):
    """a token with the jti of another issuer's, whose exi is over."""
    claims = exi_token(2)
    first, connack = t.connack(t.token("a/# pub", **claims),
                               client_id=f"{t.name}-first")
    t.assert_code(connack, 0)
    first.expect_disconnect(0x87)
    t.assert_let_in(*t.connack(jwt_of(t, MANY, "ed-1", **claims)))


@case("ACE-TOK-8", outcome="refused", slow=True)
def exi_counts_from_the_first_sight(t):
    """a token that was seen at authz-info first."""
    token = t.token("a/# pub", **exi_token(3))
    t.post(token)
    time.sleep(1.5)
    first, connack = t.connack(token)
    start = time.monotonic()
    t.assert_code(connack, 0)
    first.expect_disconnect(0x87)
    t.assertLess(time.monotonic() - start, 2.5)
