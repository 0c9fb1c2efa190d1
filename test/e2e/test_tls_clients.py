"""Clients that are known by the key of their TLS certificate."""

import time

from OpenSSL import SSL

from harness import certificates, wire
from harness.process import eventually
from harness.stack import ASKS_FOR_CERTIFICATES, StackTestCase
from harness.tokens import Ed25519Key, Es256Key


def self_signed(key):
    """Expired: what counts is the key."""
    return certificates.self_signed(key, days=-1)


class ClientCertificateTest(StackTestCase):
    stack_options = ASKS_FOR_CERTIFICATES

    def post(self, token):
        client, _ = self.anonymous()
        self.assert_code(client.publish("authz-info", token), 0)

    def known(self, key, version=wire.V5, **tls):
        """Connects with a certificate of `key` and no credential in MQTT."""
        client = self.client(version, certificate=self_signed(key), **tls)
        client.send(wire.connect(version=version))
        return client, client.expect("CONNACK")

    # covers: ACE-AUTH-3, ACE-AZI-1
    def test_key_of_a_posted_token_gets_its_scope(self):
        for key in (Ed25519Key(), Es256Key()):
            for tls_version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
                with self.subTest(alg=key.alg, tls_version=tls_version):
                    self.post(self.token("a/# pub", key=key))
                    client, connack = self.known(key, max_version=tls_version)
                    self.assert_code(connack, 0)
                    self.assert_code(client.publish("a/b"), 0x10)
                    self.assert_code(client.publish("b"), 0x87)

    # covers: ACE-AUTH-3, ACE-V3-2
    def test_v311_client_needs_no_user_name(self):
        key = Ed25519Key()
        self.post(self.token("a/# sub", key=key))
        client, connack = self.known(key, wire.V311)
        self.assert_code(connack, 0)
        self.assertEqual(client.subscribe("a/b", "b"), [1, 0x80])

    # covers: ACE-AUTH-3, ACE-AUTH-1
    def test_unknown_key_is_anonymous(self):
        client, connack = self.known(Ed25519Key())
        self.assert_code(connack, 0)
        self.assert_code(client.publish("public/x"), 0x10)
        self.assert_code(client.publish("a/b"), 0x87)

    # covers: ACE-AUTH-3
    def test_expired_token_leaves_its_key_anonymous(self):
        key = Ed25519Key()
        self.post(self.token("a/# pub", key=key, life=2))
        client, _ = self.known(key)
        client.expect_disconnect(0x87)
        client, _ = self.known(key)
        self.assert_code(client.publish("a/b"), 0x87)

    # covers: ACE-TOK-7, ACE-AZI-2
    def test_posted_token_displaces_no_newer_one_and_none_of_another(self):
        key = Ed25519Key()
        now = int(time.time())
        self.post(self.token("a/# pub", key=key, iat=now))
        other, _ = self.anonymous()
        for token in (self.token("b/# pub", key=key, iat=now - 1, life=2),
                      self.token("b/# pub", key=key, sub="mallory")):
            self.assert_code(other.publish("authz-info", token), 0x87)
        client, _ = self.known(key)
        self.assert_code(client.publish("a/b"), 0x10)
        self.assert_code(client.publish("b/c"), 0x87)

    # covers: ACE-TOK-7, ACE-AZI-2
    def test_posted_token_without_sub_displaces_none(self):
        key = Ed25519Key()
        self.post(self.token("a/# pub", key=key, sub=None))
        other, _ = self.anonymous()
        self.assert_code(other.publish("authz-info", self.token(
            "b/# pub", key=key, sub=None, life=86400)), 0x87)
        client, _ = self.known(key)
        self.assert_code(client.publish("a/b"), 0x10)

    # covers: ACE-TOK-7, ACE-AUTH-3
    def test_key_of_the_handshake_displaces_a_token_that_was_only_posted(self):
        key = Ed25519Key()
        self.post(self.token("b/# pub", key=key, sub="mallory"))
        mine = self.token("a/# pub", key=key)
        other, _ = self.anonymous()
        self.assert_code(other.publish("authz-info", mine), 0x87)
        client, _ = self.known(key)
        self.assert_code(client.publish("authz-info", mine), 0)
        client, _ = self.known(key)
        self.assert_code(client.publish("a/b"), 0x10)
        self.assert_code(client.publish("b/c"), 0x87)

    # covers: ACE-TOK-7, ACE-AUTH-3
    def test_key_of_the_handshake_has_proven_itself_for_its_first_token(self):
        key = Ed25519Key()
        client, _ = self.known(key)  # anonymous: there is no token yet
        self.post(self.token("b/# pub", key=key, sub="mallory"))
        mine = self.token("a/# pub", key=key)
        self.assert_code(client.publish("authz-info", mine), 0)
        client, _ = self.known(key)
        self.assert_code(client.publish("a/b"), 0x10)
        self.assert_code(client.publish("b/c"), 0x87)

    # covers: ACE-AUTH-4
    def test_method_ace_overrides_the_certificate(self):
        key = Ed25519Key()
        self.post(self.token("a/# pub", key=key))
        client = self.client(certificate=self_signed(key))
        connack = client.ace_connect(self.token("b pub"), self.key)
        self.assert_code(connack, 0)
        self.assert_code(client.publish("b"), 0x10)
        self.assert_code(client.publish("a/b"), 0x87)

    # covers: ACE-POP-5, ACE-AUTH-4
    def test_challenge_without_a_token_is_for_the_certificates_key(self):
        key = Ed25519Key()
        self.post(self.token("a/# pub", key=key))
        client = self.client(certificate=self_signed(key))
        client.send(wire.connect(props={"authentication_method": "ace"}))
        client.answer_challenge(client.expect("AUTH"), key)
        self.assert_code(client.expect("CONNACK"), 0)
        self.assert_code(client.publish("a/b"), 0x10)

    # covers: ACE-AUTH-3, ACE-TOK-4
    def test_token_bound_to_a_certificate_is_for_that_certificate(self):
        key = Ed25519Key()
        leaf, private = self_signed(key)
        self.post(self.token("a/# pub", key=key,
                             cnf={"x5t#S256": certificates.thumbprint(leaf)}))
        client = self.client(certificate=(leaf, private))
        client.send(wire.connect())
        self.assert_code(client.expect("CONNACK"), 0)
        self.assert_code(client.publish("a/b"), 0x10)
        # Another certificate of the same key.
        client, _ = self.known(key)
        self.assert_code(client.publish("a/b"), 0x87)


class NoClientCertificateTest(StackTestCase):

    # covers: ACE-AUTH-3
    def test_certificate_that_nobody_asked_for_counts_for_nothing(self):
        client, _ = self.anonymous()
        key = Ed25519Key()
        self.assert_code(
            client.publish("authz-info", self.token("a/# pub", key=key)), 0)
        client = self.client(certificate=self_signed(key))
        client.send(wire.connect())
        self.assert_code(client.expect("CONNACK"), 0)
        self.assert_code(client.publish("a/b"), 0x87)


def two_names(directory):
    certificates.issue(directory, "factory", days=2, host="factory.example")
    certificates.issue(directory, "office", days=20, host="*.office.example")


def pair(name):
    return {"certificate": f"{name}.crt", "private_key": f"{name}.key"}


class ServerNameTest(StackTestCase):
    """A listener with several certificates, of which clients name one."""

    stack_options = {"prepare": two_names, "proxy": {
        "listeners": [{
            "name": "mqtts", "address": "127.0.0.1:0",
            "tls": {**pair("server"), "client_certificate": "request",
                    "additional_certificates": [pair("factory"),
                                                pair("office")]}}]}}

    def shown(self, name, version=SSL.TLS1_3_VERSION, **tls):
        client = self.client(server_name=name, max_version=version, **tls)
        subject = client.tls.peer_certificate().get_subject().CN
        return client, subject

    # covers: ACE-POP-9
    def test_client_is_shown_the_certificate_that_it_names(self):
        default = self.shown(None)[1]
        self.assertNotIn(default, ("factory", "office"))
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            for name, expected in ((b"factory.example", "factory"),
                                   (b"Factory.Example", "factory"),
                                   (b"a.office.example", "office"),
                                   (b"office.example", default),
                                   (b"elsewhere.example", default),
                                   (b"localhost", default)):
                with self.subTest(name=name, version=version):
                    self.assertEqual(self.shown(name, version)[1], expected)

    # covers: ACE-POP-9, ACE-AUTH-3
    def test_client_of_another_name_is_judged_as_any(self):
        key = Ed25519Key()
        for version in (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION):
            client, _ = self.shown(b"factory.example", version)
            self.assert_code(
                client.ace_connect(self.token("a/# pub", key=key), key), 0)
            self.assert_code(client.publish("a/b"), 0x10)
            self.assert_code(client.publish("b"), 0x87)
            # By the certificate of its own.
            client, name = self.shown(b"factory.example", version,
                                      certificate=self_signed(key))
            self.assertEqual(name, "factory")
            client.send(wire.connect())
            self.assert_code(client.expect("CONNACK"), 0)
            self.assert_code(client.publish("a/b"), 0x10)

    def test_a_new_one_is_taken_over_and_the_first_to_end_is_told(self):
        series = 'sluice_certificate_not_after_seconds{listener="mqtts"}'
        before = self.stack.metrics()[series]
        serial = self.shown(b"a.office.example")[
            0].tls.peer_certificate().get_serial_number()
        certificates.issue(self.stack.directory, "office", days=1,
                           host="*.office.example")
        eventually(lambda: self.shown(b"a.office.example")[
            0].tls.peer_certificate().get_serial_number() != serial,
                   "the new one is shown")
        eventually(lambda: self.stack.metrics()[series] < before,
                   "it is the first to end")
        self.assertEqual(self.shown(b"factory.example")[1], "factory")
