"""Issuers that operators manage while clients are connected."""

import json

from harness.jwks import IssuerKey, JwksServer, make_jwks
from harness.process import eventually
from harness.stack import StackTestCase, keys_directory
from harness.tokens import AuthorizationServer, Ed25519Key

NEW = "https://new.example"


class IssuerTestCase(StackTestCase):

    def setUp(self):
        self.server = AuthorizationServer()
        self.server.issuer = NEW

    def jwks_file(self):
        """The public keys of the new issuer."""
        file = self.stack.directory / "new-keys.json"
        file.write_text(json.dumps({"keys": [self.server.key.public_jwk()]}))
        return file

    def put(self, *source):
        self.sluicectl("issuer", "put", NEW, *source)

    def connect(self, key=None):
        key = key or self.key
        client = self.client()
        return client, client.ace_connect(
            self.server.token(key, "a/# pub sub"), key)


class ManagedIssuerTest(IssuerTestCase):

    # covers: ACE-TOK-2
    def test_issuer_counts_from_put_to_delete(self):
        _, connack = self.connect()
        self.assert_code(connack, 0x87)
        self.put("--jwks-file", self.jwks_file())
        client, connack = self.connect()
        self.assert_code(connack, 0)
        other = self.connected("a/# pub", key=Ed25519Key())
        listed = self.sluicectl("issuer", "list")
        self.assertRegex(listed, rf"{NEW} .*as-1 \(Ed25519\).* store")
        self.assertRegex(
            listed, rf"{AuthorizationServer.issuer} .* configuration")
        self.sluicectl("issuer", "delete", NEW)
        client.expect_disconnect(0x87)
        _, connack = self.connect()
        self.assert_code(connack, 0x87)
        other.ping()

    # covers: ACE-TOK-2
    def test_rotated_keys_count_for_connected_clients_too(self):
        self.put("--jwks-file", self.jwks_file())
        client, connack = self.connect()
        self.assert_code(connack, 0)
        # Both keys: the client stays.
        old, self.server.key = self.server.key, Ed25519Key("as-2")
        both = self.stack.directory / "both.json"
        both.write_text(json.dumps({"keys": [
            key.public_jwk() for key in (old, self.server.key)]}))
        self.put("--jwks-file", both)
        newer, connack = self.connect(Ed25519Key())
        self.assert_code(connack, 0)
        client.ping()
        # The new one alone: who came with the old one goes.
        self.put("--jwks-file", self.jwks_file())
        client.expect_disconnect(0x87)
        newer.ping()
        self.sluicectl("issuer", "delete", NEW)
        newer.expect_disconnect(0x87)

    def test_what_policy_yaml_declares_can_only_be_changed_there(self):
        for command in (("put", AuthorizationServer.issuer, "--jwks-file",
                         self.jwks_file()),
                        ("delete", AuthorizationServer.issuer)):
            done = self.stack.sluicectl("issuer", *command)
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("FAILED_PRECONDITION", done.stderr)


class PublishedKeysTest(IssuerTestCase):

    # covers: ACE-TOK-2
    def test_keys_are_read_where_the_issuer_publishes_them(self):
        self.server.key = IssuerKey(make_jwks(old="EdDSA")["old"])
        published = JwksServer(keys_directory(), self.server.key)
        published.start()
        self.addCleanup(published.stop)
        self.put("--jwks-url", f"https://127.0.0.1:{published.port}/jwks",
                 "--jwks-ca", keys_directory() / "ca.crt")
        eventually(lambda: self.connect()[1].code == 0, "the keys are read")
        self.assertIn("old (Ed25519)", self.sluicectl("issuer", "list"))
