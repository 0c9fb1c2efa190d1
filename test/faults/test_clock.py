"""The system's clock is set, an hour forth and back, for both programs."""

import contextlib
import socket
import time

from fault_case import FaultTestCase
from harness import wire
from harness.process import eventually
from settable_clock import SettableClock

HOUR = 3600
# Seconds, of whatever the proxy waits for: longer than it takes to be noticed
# that the clock was set.
TIMEOUT = 6
# Within this something has happened on its account.
NOTICED = 8


class ClockTest(FaultTestCase):
    stack_options = {"proxy": {
        # It is asked often whether the clock is right.
        "limits": {"denials_per_second": 0,
                   "handshake_timeout": f"{TIMEOUT}s",
                   "connect_timeout": f"{TIMEOUT}s"},
        "ace": {"authentication_timeout": f"{TIMEOUT}s"}}}

    @classmethod
    def setUpClass(cls):
        cls.clock = SettableClock()
        with cls.clock.preloaded():
            super().setUpClass()

    def setUp(self):
        self.clock.set(0)
        eventually(self.watching, "the proxy watches the policy service")
        # Each event loop notices for itself.
        eventually(lambda: all(self.connack(300) == 0 for _ in range(8)) and
                   self.connack(-300) == 0x87, "the clock is right")
        super().setUp()

    def token(self, *permissions, **claims):
        # When a token was issued does not matter here.
        return super().token(*permissions, iat=None, **claims)

    def connack(self, life):
        """The code. Nobody is hung up on as the clock is set."""
        client = self.client()
        with contextlib.closing(client.tls):
            return client.ace_connect(
                self.token("a/# pub", life=life), self.key).code

    def test_forward_ends_what_has_expired_and_nothing_else(self):
        short = self.connected("a/# pub sub", life=600)
        idle = self.connected("a/# pub sub", life=1800, keep_alive=0)
        long = self.connected("a/# pub sub", life=3 * HOUR)
        anonymous, _ = self.anonymous()
        self.clock.set(HOUR)
        # Nobody who is idle stays longer than the clock says.
        short.expect_disconnect(0x87, NOTICED)
        idle.expect_disconnect(0x87, NOTICED)
        self.assertLess(long.publish("a/x").code, 0x80)
        anonymous.ping()
        # New ones are judged by the clock.
        self.assertEqual(self.connack(600), 0x87)
        self.assertEqual(self.connack(3 * HOUR), 0)
        self.assertTrue(self.watching())
        self.clock.set(0)
        self.assertLess(long.publish("a/x").code, 0x80)
        long.tls.close()
        anonymous.tls.close()

    def test_back_brings_no_expired_client_in(self):
        self.clock.set(HOUR)
        eventually(lambda: self.connack(600) == 0x87, "it is an hour later")
        self.assertEqual(self.connack(2 * HOUR), 0)
        client = self.connected("a/# pub", life=2 * HOUR)
        self.clock.set(0)
        eventually(lambda: self.connack(300) == 0, "the clock is right again")
        # Its token is in force by the clock, and goes on.
        self.assertLess(client.publish("a/x").code, 0x80)
        self.assertEqual(self.connack(-300), 0x87)
        self.assertTrue(self.watching())
        client.tls.close()

    def _open_raw(self):
        host, port = self.stack.address.split(":")
        connection = socket.create_connection((host, int(port)), 20)
        self.addCleanup(connection.close)
        return connection

    def _assert_timeouts(self, ahead):
        """What waits when the clock is set waits no longer than before."""
        begin = time.monotonic()
        raw = self._open_raw()  # half a handshake
        silent = self.client()  # no CONNECT
        client = self.client()
        client.send(wire.connect(props={
            "authentication_method": "ace",
            "authentication_data": wire.binary(self.token(
                "a/# pub", life=3 * HOUR))}))
        client.expect("AUTH")  # no answer to the challenge
        self.clock.set(ahead)
        self.assertEqual(raw.recv(1), b"")
        silent.expect_closed()
        self.assert_code(client.expect("CONNACK"), 0x87)
        client.expect_closed()
        took = time.monotonic() - begin
        self.assertGreater(took, TIMEOUT - 0.5)
        self.assertLess(took, TIMEOUT + NOTICED)
        for stream in (silent, client):
            stream.tls.close()

    def test_back_lengthens_no_timeout(self):
        self._assert_timeouts(-HOUR)

    def test_forward_cuts_no_timeout_short(self):
        self._assert_timeouts(HOUR)

    def test_back_delays_no_change_of_policy(self):
        client = self.connected("a/# pub", life=HOUR)
        self.clock.set(-HOUR)
        eventually(lambda: self.connack(-300) == 0, "it is an hour earlier")
        self.sluicectl("revoke", "subject", "alice")
        self.addCleanup(self._forgive)
        client.expect_disconnect(0x98)

    def _forgive(self):
        for line in self.sluicectl("revocation", "list").splitlines()[1:]:
            self.sluicectl("revocation", "delete", line.split()[0])
