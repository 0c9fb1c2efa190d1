"""Clients that are known by a pre-shared key (TLS 1.2)."""

import json
import os
import shutil
import subprocess

from harness import wire
from harness.process import TIMEOUT
from harness.psk import PskClient
from harness.stack import StackTestCase
from harness.tokens import Ed25519Key, HmacKey, b64

PSK_LISTENER = {
    "listeners": [{
        "name": "mqtts", "address": "127.0.0.1:0",
        "tls": {"certificate": "server.crt", "private_key": "server.key",
                "psk": True}}],
    "policy": {"timeout": "1s"},
    "limits": {"authz_info_per_second": 1000, "handshake_timeout": "5s"}}


def identity_of(kid):
    """What RFC 9431 has a client send, in JSON."""
    return json.dumps({"cnf": {"jwk": {"kty": "oct", "kid": kid}}},
                      separators=(",", ":"))


class PskTestCase(StackTestCase):
    stack_options = {"proxy": PSK_LISTENER}

    def post(self, *permissions, kid=None, **claims):
        """Stores a token with a new symmetric key, and returns the key."""
        self.kid = kid or f"k-{os.urandom(4).hex()}"
        key = HmacKey(self.kid)
        client, _ = self.anonymous()
        self.assert_code(client.publish(
            "authz-info", self.token(*permissions, key=key, **claims)), 0)
        return key

    def psk_client(self, key, identity=None, *options, version=wire.V5):
        client = PskClient(self.stack.address, key.secret,
                           identity or identity_of(self.kid), *options,
                           version=version)
        self.addCleanup(client.tls.close)
        return client

    def known(self, key, identity=None, *options, version=wire.V5):
        """Connects without a credential in MQTT."""
        client = self.psk_client(key, identity, *options, version=version)
        client.send(wire.connect(version=version))
        return client, client.expect("CONNACK")

    def assert_no_handshake(self, key, identity=None, *options, alert=None):
        client = self.psk_client(key, identity, *options)
        client.send(wire.connect())
        client.expect_closed()
        complaint = client.tls.complaint()
        if alert:
            self.assertIn(f"alert {alert}", complaint)
        return complaint


class PreSharedKeyTest(PskTestCase):

    # covers: ACE-AUTH-3, ACE-AZI-1
    def test_key_of_a_posted_token_gets_its_scope(self):
        key = self.post("a/# pub")
        for options in ((), ("-tls1_2",),
                        ("-cipher", "ECDHE-PSK-CHACHA20-POLY1305")):
            with self.subTest(options):
                client, connack = self.known(key, None, *options)
                self.assert_code(connack, 0)
                self.assert_code(client.publish("a/b"), 0x10)
                self.assert_code(client.publish("b"), 0x87)

    # covers: ACE-AUTH-3
    def test_identity_may_be_cbor_or_the_confirmation_alone(self):
        key = self.post("a/# pub", kid=b64(b"\x01\x02\xfe key"))
        text = self.kid.encode()
        # {1: {1: 4, 2: kid}}
        confirmation = (b"\xa1\x01\xa2\x01\x04\x02" +
                        bytes([0x40 + len(text)]) + text)
        for identity in (confirmation, b"\xa1\x08" + confirmation,
                         '{"jwk":{"kty":"oct","kid":"%s"}}' % self.kid):
            with self.subTest(identity):
                client, connack = self.known(key, identity)
                self.assert_code(connack, 0)
                self.assert_code(client.publish("a/b"), 0x10)

    # covers: ACE-AUTH-3, ACE-V3-2
    def test_v311_client_needs_no_user_name(self):
        key = self.post("a/# sub")
        client, connack = self.known(key, version=wire.V311)
        self.assert_code(connack, 0)
        self.assertEqual(client.subscribe("a/b", "b"), [1, 0x80])

    # covers: ACE-AUTH-3
    def test_wrong_key_and_unknown_identity_look_the_same(self):
        self.post("a/# pub")
        stranger = HmacKey("x")
        wrong = self.assert_no_handshake(stranger)
        unknown = self.assert_no_handshake(stranger, identity_of("nobody"))
        for complaint in (wrong, unknown):
            self.assertIn("alert", complaint)
        alerts = [[line.split(":")[-3:] for line in text.splitlines()
                   if "alert" in line] for text in (wrong, unknown)]
        self.assertEqual(*alerts)

    # covers: ACE-AUTH-3
    def test_no_identity_of_another_form_is_taken(self):
        key = self.post("a/# pub")
        for identity in (self.kid, "{", "\xff", "x" * 128, "[]",
                         identity_of("x" * 80)):
            with self.subTest(identity):
                self.assert_no_handshake(key, identity)

    # covers: ACE-AUTH-3
    def test_nobody_takes_a_name_away_that_is_in_use(self):
        key = self.post("a/# pub")
        for i in range(9):
            self.post("b/# pub", kid=self.kid, sub=f"mallory-{i}")
        for _ in range(9):
            other = Ed25519Key(self.kid)
            client, _ = self.anonymous()
            self.assert_code(client.publish("authz-info", self.token(
                key=other, sub="mallory")), 0)
        client, connack = self.known(key)
        self.assert_code(connack, 0)
        self.assert_code(client.publish("a/b"), 0x10)
        self.assert_code(client.publish("b/c"), 0x87)

    # covers: ACE-AUTH-3
    def test_expired_token_takes_its_key_along(self):
        key = self.post("a/# pub", life=2)
        client, _ = self.known(key)
        client.expect_disconnect(0x87)
        self.assert_no_handshake(key)

    # covers: ACE-AUTH-4
    def test_method_ace_overrides_the_key(self):
        key = self.post("a/# pub")
        client = self.psk_client(key)
        connack = client.ace_connect(self.token("b pub"), self.key,
                                     pop="challenge")
        self.assert_code(connack, 0)
        self.assert_code(client.publish("b"), 0x10)
        self.assert_code(client.publish("a/b"), 0x87)

    # covers: ACE-POP-5
    def test_challenge_without_a_token_is_for_the_tls_key(self):
        key = self.post("a/# pub")
        client = self.psk_client(key)
        client.send(wire.connect(props={"authentication_method": "ace"}))
        client.answer_challenge(client.expect("AUTH"), key)
        self.assert_code(client.expect("CONNACK"), 0)
        self.assert_code(client.publish("a/b"), 0x10)

    # covers: ACE-AUTH-3
    def test_suites_without_forward_secrecy_or_with_cbc_are_refused(self):
        key = self.post("a/# pub")
        for suite in ("PSK-AES256-CBC-SHA", "ECDHE-PSK-AES256-CBC-SHA",
                      "PSK-CHACHA20-POLY1305"):
            with self.subTest(suite):
                self.assert_no_handshake(
                    key, None, "-tls1_2", "-cipher", suite,
                    alert="handshake failure")

    # covers: ACE-AUTH-3, ACE-AUTH-1
    def test_clients_without_a_key_are_anonymous_as_ever(self):
        client, connack = self.anonymous()
        self.assert_code(connack, 0)
        self.assert_code(client.publish("public/x"), 0x10)
        self.assert_code(client.publish("a/b"), 0x87)

    def mosquitto_pub(self, key, topic, version, identity=None):
        host, port = self.stack.address.split(":")
        return subprocess.run(
            [shutil.which("mosquitto_pub"), "-h", host, "-p", port,
             "--psk", key.secret.hex(), "--psk-identity",
             identity or identity_of(self.kid), "-V", version, "-q", "1", "-r",
             "-t", topic, "-m", version],
            timeout=2 * TIMEOUT, stdin=subprocess.DEVNULL, text=True,
            capture_output=True, check=False)

    # covers: ACE-AUTH-3
    def test_mosquitto_pub_publishes_with_its_key(self):
        key = self.post("m/# pub")
        reader = self.connected("m/# sub")
        for version in ("mqttv5", "mqttv311"):
            with self.subTest(version):
                done = self.mosquitto_pub(key, f"m/{version}", version)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(reader.subscribe(f"m/{version}"), [1])
                self.assertEqual(
                    reader.expect("PUBLISH").payload, version.encode())
                refused = self.mosquitto_pub(key, f"no/{version}", version)
                self.assertNotEqual(
                    (refused.returncode, refused.stderr), (0, ""))
        for bad in (self.mosquitto_pub(HmacKey("x"), "m/x", "mqttv5"),
                    self.mosquitto_pub(key, "m/x", "mqttv5", "nobody")):
            self.assertNotEqual(bad.returncode, 0)


class EmbeddedPskTest(PskTestCase):
    stack_options = {"mode": "embedded", "proxy": {
        k: v for k, v in PSK_LISTENER.items() if k != "policy"}}

    # covers: ACE-AUTH-3
    def test_works_in_one_process(self):
        key = self.post("a/# pub")
        client, connack = self.known(key)
        self.assert_code(connack, 0)
        self.assert_code(client.publish("a/b"), 0x10)
        self.assert_no_handshake(HmacKey("x"))


class PskOutageTest(PskTestCase):

    # covers: ACE-AUTH-3
    def test_without_the_policy_service_there_is_no_handshake(self):
        key = self.post("a/# pub")
        self.known(key)
        self.stack.policy.stop()
        self.assert_no_handshake(key)
        self.stack.start_policy()


class NoPskTest(PskTestCase):
    stack_options = {}

    # covers: ACE-AUTH-3
    def test_key_that_the_listener_does_not_take_counts_for_nothing(self):
        key = self.post("a/# pub")
        client, connack = self.known(key)
        self.assert_code(connack, 0)
        self.assert_code(client.publish("a/b"), 0x87)
        self.assert_no_handshake(key, None, "-tls1_2", "-cipher",
                                 "ECDHE-PSK-CHACHA20-POLY1305",
                                 alert="handshake failure")
