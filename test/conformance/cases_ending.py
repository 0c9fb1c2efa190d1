"""How connections end, and what holds while they last (EDGE-17 to EDGE-20)."""

import contextlib
import signal
import threading
import time

from harness import wire
from harness.admin import http_status
from harness.tokens import Ed25519Key
from suite import case, eventually, own_stack

RECORDED = {"broker": "recording"}


# EDGE-17

@case("EDGE-17", outcome="accepted", each={
    "0x00 without a code": wire.disconnect(), "0x00": wire.disconnect(0),
    "0x04, with Will": wire.disconnect(4),
    "with properties": wire.disconnect(4, {"session_expiry": 0,
                                           "reason_string": "x"})})
def disconnect_of_the_client_passes(t, packet):
    """the client's own DISCONNECT, byte for byte."""
    client = t.connected("a/# pub", will=("a/w", b"gone"))
    client.send(packet)
    t.assertEqual(t.assert_broker_closed("DISCONNECT")[0].raw, packet)
    client.expect_closed()


@case("EDGE-17", outcome="accepted")
def end_without_disconnect_passes(t):
    """a client that closes without DISCONNECT: so does the proxy."""
    client = t.connected("a/# pub", will=("a/w", b"gone"))
    client.tls.close()
    t.assert_broker_closed()


@case("EDGE-17", outcome="refused", each={
    "denied PUBLISH": wire.publish("b/x"),
    "second CONNECT": wire.connect(), "malformed": b"\x00\x00"})
def end_for_policy_publishes_the_will(t, packet):
    """ended by the proxy: no DISCONNECT reaches the broker, for."""
    client = t.connected("a/# pub", will=("a/w", b"gone"))
    client.send(packet, wire.disconnect())
    t.assertGreaterEqual(client.expect("DISCONNECT").code, 0x80)
    client.expect_closed()
    t.assert_broker_closed()


# EDGE-18

@case("EDGE-18", outcome="accepted")
def client_outlives_the_policy_service(t):
    """a client that is in stays in while the policy service is away."""
    with own_stack(t, **RECORDED) as stack:
        client = t.connected("a/# pub")
        stack.policy.stop(signal.SIGKILL)
        t.assert_code(client.publish("a/x"), 0)
        t.assert_code(client.publish("b/x"), 0x87)
        client.ping()


@case("EDGE-18", outcome="refused")
def policy_service_away_is_0x88(t):
    """CONNECT while the policy service is away, and after it is back."""
    with own_stack(t, proxy={"policy": {"timeout": "500ms"}},
                   **RECORDED) as stack:
        stack.policy.stop(signal.SIGKILL)
        token = t.token("a/# pub")
        for pop in ("exporter", "challenge"):
            t.assert_refused(*t.connack(token, pop=pop), 0x88)
        t.assert_refused(*t.anonymous(), 0x88)
        t.assert_refused(*t.anonymous(wire.V311), 0x03)
        stack.start_policy()
        eventually(lambda: http_status(stack.admin_address, "/readyz") == 200,
                   "ready again")
        t.assert_let_in(*t.connack(token))


@case("EDGE-18", outcome="refused", each={"v5": wire.V5, "v3": wire.V311})
def broker_gone_ends_the_client(t, version):
    """the broker closes a live connection."""
    v5 = version == wire.V5
    client = (t.connected if v5 else t.connected_v311)("a/# pub")
    t.broker_side().close()
    if v5:
        client.expect_disconnect(0x88)
    else:
        client.expect_closed()


@case("EDGE-18", outcome="refused", each={
    "v5": (wire.V5, 0x88), "v3": (wire.V311, 0x03)})
def broker_away_is_told_at_connect(t, value):
    """CONNECT while no broker listens."""
    version, code = value
    with own_stack(t, **RECORDED) as stack:
        stack.broker.stop()
        client, answer = t.anonymous(version)
        t.assert_code(answer, code)
        client.expect_closed()


@case("EDGE-18", outcome="refused", each={
    "v5": (wire.V5, 0x88), "v3": (wire.V311, 0x03)})
def broker_gone_before_connack(t, value):
    """the broker closes in place of CONNACK."""
    version, code = value

    def close(_):
        t.broker_side().close()
        return b""

    t.script(CONNECT=close)
    client = t.client(version)
    client.send(wire.connect(version, t.name))
    try:
        t.assert_code(client.expect("CONNACK"), code)
    except EOFError:
        t.assertEqual(version, wire.V311)
        return
    client.expect_closed()


@case("EDGE-18", outcome="refused")
def drain_disconnects_0x8b(t):
    """SIGTERM: the proxy drains."""
    with own_stack(t, **RECORDED) as stack:
        client = t.connected("a/# pub")
        old = t.connected_v311("a/# pub", client_id=f"{t.name}-3")
        stack.proxy.send_signal(signal.SIGTERM)
        client.expect_disconnect(0x8B)
        old.expect_closed()
        t.assertEqual(stack.proxy.wait(), 0)


# EDGE-19

@case("EDGE-19", outcome="accepted")
def slow_client_gets_everything(t):
    """16 MiB to a client that reads late; its acks pass meanwhile."""
    client = t.connected("a/# sub", "a/# pub")
    broker = t.broker_side()
    packet = wire.publish("a/x", bytes(1 << 16))
    done = []

    def send():
        for _ in range(256):
            broker.send(packet)
        done.append(True)

    t.in_background(send)
    time.sleep(0.3)
    t.assertFalse(done, "the broker was not held back")
    client.send(wire.ack("PUBACK", 7))
    t.broker_packets("PUBACK")
    for _ in range(256):
        t.assertEqual(client.expect("PUBLISH").raw, packet)
    client.ping()
    t.assertTrue(done)


@case("EDGE-19", outcome="accepted")
def acks_pass_a_large_packet(t):
    """acks to the broker while one packet of 8 MiB waits for the client."""
    client = t.connected("a/# sub")
    packet = wire.publish("a/x", bytes(8 << 20))
    t.in_background(lambda: t.broker_side().send(packet))
    time.sleep(0.5)
    client.send(wire.ack("PUBACK", 7))
    t.broker_packets("PUBACK")
    t.assertEqual(client.expect("PUBLISH").raw, packet)


# MiB; the kernel's buffers of both connections may grow to 72.
MORE_THAN_BUFFERS = 128


@case("EDGE-19", outcome="refused")
def fast_client_is_held_back(t):
    """a client that sends to a broker that does not read."""
    over = threading.Event()

    def read_no_more(_):
        over.wait(10)
        return b""

    t.script(CONNECT=wire.connack(), PUBLISH=read_no_more)
    client = t.connected("a/# sub", "a/# pub")
    packet = wire.publish("a/x", bytes(1 << 20))
    sent = []

    def send():
        with contextlib.suppress(OSError):  # ended below
            for _ in range(MORE_THAN_BUFFERS):
                client.send(packet)
                sent.append(True)

    t.in_background(send)
    before = -1
    while len(sent) > before:
        before = len(sent)
        time.sleep(0.5)
    t.assertLess(len(sent), MORE_THAN_BUFFERS)  # the rest waits in the client
    client.tls.abort()
    over.set()


# EDGE-20

def claim(t, subject, **fields):
    key = Ed25519Key()
    return t.connack(t.token("a/# pub", key=key, subject=subject,
                             **fields), key)


@case("EDGE-20", outcome="accepted")
def identifiers_are_free_by_default(t):
    """free: another subject may use the identifier."""
    for subject in ("alice", "bob"):
        _, connack = claim(t, subject)
        t.assert_code(connack, 0)


@case("EDGE-20", outcome="accepted", stack="bound")
def owner_keeps_the_identifier(t):
    """bound: the same subject, with another key and token."""
    for _ in range(2):
        client, connack = claim(t, "alice")
        t.assert_code(connack, 0)
        client.ping()


@case("EDGE-20", outcome="accepted", stack="bound", slow=True)
def identifier_is_free_after_expiry(t):
    """bound: another subject after the owner's token has expired."""
    client, connack = claim(t, "alice", life=2.5)
    t.assert_code(connack, 0)
    client.expect_disconnect(0x87)
    time.sleep(0.6)
    _, connack = claim(t, "bob")
    t.assert_code(connack, 0)


@case("EDGE-20", outcome="refused", stack="bound", each={
    "another subject": lambda t: claim(t, "bob"),
    "another subject by challenge": lambda t: t.connack(
        t.token("a/# pub", subject="bob"), pop="challenge"),
    "anonymous": lambda t: t.anonymous()})
def owned_identifier_is_refused(t, make):
    """bound: 0x85."""
    _, connack = claim(t, "alice")
    t.assert_code(connack, 0)
    client, connack = make(t)
    t.assert_code(connack, 0x85)
    client.expect_closed()


@case("EDGE-20", outcome="accepted", stack="bound")
def refused_token_owns_nothing(t):
    """bound: an identifier that only a refused token has used."""
    _, connack = t.connack(t.token("a/# pub", subject="mallory"),
                           Ed25519Key())
    t.assert_code(connack, 0x87)
    _, connack = claim(t, "alice")
    t.assert_code(connack, 0)
