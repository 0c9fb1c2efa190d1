"""MQTT 3.1.1: the token in the User Name, the proof in the Password."""

from OpenSSL import SSL

from harness import wire
from harness.stack import StackTestCase
from harness.tokens import Ed25519Key, Es256Key, HmacKey, b64


class V311Test(StackTestCase):

    # covers: ACE-V3-1
    def test_token_in_username_works(self):
        reader = self.connected_v311("a/# sub")
        self.assertEqual(reader.subscribe("a/#"), [1])
        writer = self.connected_v311("a/# pub")
        writer.publish("a/b", b"hello")
        received = reader.expect("PUBLISH")
        self.assertEqual((received.topic, received.payload),
                         ("a/b", b"hello"))

    # covers: ACE-V3-1, ACE-POP-1
    def test_every_algorithm_works(self):
        for key in (Ed25519Key(), Es256Key(), HmacKey()):
            with self.subTest(key.alg):
                client = self.client(wire.V311)
                connack = client.v311_connect(self.token("a pub", key=key),
                                              key)
                self.assert_code(connack, 0)

    def assert_refused(self, code=0x05, **fields):
        client = self.client(wire.V311)
        client.send(wire.connect(version=wire.V311, **fields))
        self.assert_code(client.expect("CONNACK"), code)
        client.expect_closed()

    # covers: ACE-V3-1, ACE-CON-1
    def test_wrong_proof_refused_0x05(self):
        client = self.client(wire.V311)
        connack = client.v311_connect(self.token("a/# pub"), Ed25519Key())
        self.assert_code(connack, 0x05)
        client.expect_closed()

    # covers: ACE-V3-1, ACE-CON-1
    def test_expired_token_refused_0x05(self):
        client = self.client(wire.V311)
        connack = client.v311_connect(self.token("a/# pub", life=-1), self.key)
        self.assert_code(connack, 0x05)
        client.expect_closed()

    # covers: ACE-V3-1
    def test_token_without_password_refused_0x05(self):
        self.assert_refused(username="ace" + b64(self.token("a/# pub")))

    # covers: ACE-CON-1
    def test_garbage_after_ace_prefix_is_refused(self):
        self.assert_refused(username="ace!!", password=b"x")
        self.assert_refused(username="ace", password=b"")

    # covers: ACE-PUB-2
    def test_denied_publish_closes_at_any_qos(self):
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                client = self.connected_v311("a/# pub")
                client.send(wire.publish("b/c", qos=qos, version=wire.V311))
                client.expect_closed()

    # covers: ACE-SUB-1
    def test_denied_subscribe_gets_0x80_and_connection_stays(self):
        client = self.connected_v311("a/# sub")
        self.assertEqual(client.subscribe("b", ("a/x", 2), "c"),
                         [0x80, 2, 0x80])
        client.ping()

    # covers: ACE-CON-3
    def test_will_outside_scope_refused_0x05(self):
        client = self.client(wire.V311)
        connack = client.v311_connect(self.token("a/# pub"), self.key,
                                      will=("b", b"gone"))
        self.assert_code(connack, 0x05)
        client.expect_closed()

    # covers: ACE-EXP-1, ACE-EXP-2
    def test_expiry_closes_live_client(self):
        client = self.connected_v311("a/# pub", life=2)
        client.expect_closed()

    # covers: ACE-V3-1
    def test_v5_client_with_token_in_username_is_anonymous_by_default(self):
        client = self.client()
        client.send(wire.connect(
            username="ace" + b64(self.token("a/# pub", "secret sub")),
            password=client.exporter_proof(self.key)))
        self.assert_code(client.expect("CONNACK"), 0)
        self.assertEqual(client.subscribe("secret"), [0x87])


class V5UsernameTokenTest(StackTestCase):
    stack_options = {"proxy": {"ace": {"v5_username_token": True}}}

    # covers: ACE-V3-1
    def test_v5_client_with_token_in_username_works_where_allowed(self):
        client = self.client()
        client.send(wire.connect(
            username="ace" + b64(self.token("a/# sub")),
            password=client.exporter_proof(self.key)))
        self.assert_code(client.expect("CONNACK"), 0)
        self.assertEqual(client.subscribe("a/b", "b"), [1, 0x87])


class V5OnlyTest(StackTestCase):
    stack_options = {"proxy": {"listeners": [{
        "name": "mqtts", "address": "127.0.0.1:0",
        "tls": {"certificate": "server.crt", "private_key": "server.key",
                "min_version": "1.3"},
        "protocols": ["v5"]}]}}

    # covers: ACE-V3-3
    def test_v311_client_refused_0x01(self):
        client, connack = self.anonymous(wire.V311)
        self.assert_code(connack, 0x01)
        client.expect_closed()

    def test_tls_1_2_is_refused_where_1_3_is_the_minimum(self):
        with self.assertRaises((SSL.Error, EOFError, ConnectionError)):
            self.client(max_version=SSL.TLS1_2_VERSION)
        self.connected("a pub")
