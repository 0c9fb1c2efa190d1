"""Revocation (ACE-EXP-4)."""

import secrets
import time

from harness import wire
from harness.tokens import Ed25519Key
from suite import case


def revoke(t, kind, value):
    result = t.stack.sluicectl("revoke", kind, value)
    t.assertEqual(result.returncode, 0, result.stderr)


def connected(t, version, key, **claims):
    """A client that was let in with a token for `key`."""
    client = t.client(version)
    token = t.token("a/# pub", key=key, **claims)
    connack = (client.ace_connect(token, key) if version == wire.V5
               else client.v311_connect(token, key))
    t.assert_code(connack, 0)
    return client, token


@case("ACE-EXP-4", outcome="accepted")
def revocation_of_another_is_nobody_elses(t):
    """who is not named goes on, and comes again."""
    key = Ed25519Key()
    client, _ = connected(t, wire.V5, key, subject="kept")
    revoke(t, "token", "of-nobody")
    revoke(t, "subject", "nobody")
    revoke(t, "key", "nobody")
    t.assert_code(client.publish("a/x"), 0)
    connected(t, wire.V5, key, subject="kept")


@case("ACE-EXP-4", outcome="refused", each={
    "v5-token": (wire.V5, "token"), "v5-subject": (wire.V5, "subject"),
    "v5-key": (wire.V5, "key"), "v3-token": (wire.V311, "token")})
def revoked_client_is_ended_and_kept_out(t, what):
    """a live client within a second, and its next CONNECT."""
    version, kind = what
    # A name of its own each time: what is revoked stays so.
    name = f"revoked-{kind}-{version}-{secrets.token_hex(4)}"
    key = Ed25519Key(kid=name)
    client, token = connected(t, version, key, subject=name, jti=name)
    begun = time.monotonic()
    revoke(t, kind, name)
    if version == wire.V5:
        client.expect_disconnect(0x98)
    else:
        client.expect_closed()
    t.assertLess(time.monotonic() - begun, 1)
    again = t.client()
    t.assert_code(again.ace_connect(token, key), 0x87)
