"""What reaches the broker, byte by byte: nothing before the grant, nothing
after a refusal, and nothing of the credential ever."""

from harness import secrets_book, wire
from harness.process import eventually
from harness.stack import StackTestCase
from harness.tokens import Ed25519Key, b64

# By what they look like: what a token grants, and what a client asks for.
LOOK_ALIKES = {
    "decomposed": ("caf\u00e9", "cafe\u0301"),
    "composed": ("cafe\u0301", "caf\u00e9"),
    "Cyrillic": ("a", "\u0430"),
    "full-width": ("a", "\uff41"),
    "Latin for full-width": ("\uff41", "a"),
}


class GateTest(StackTestCase):
    stack_options = {"broker": "recording"}

    def setUp(self):
        self.stack.broker.connections.clear()

    def recorded(self):
        """All bytes that the broker got in this test."""
        return b"".join(c.data for c in self.stack.broker.connections)

    def only_connection(self):
        self.assertEqual(len(self.stack.broker.connections), 1)
        return self.stack.broker.connections[0]

    def assert_nothing_reached_the_broker(self):
        # Another client's round trip shows that all before it was dealt with.
        client, connack = self.anonymous(client_id="after")
        self.assert_code(connack, 0)
        client.ping()
        packets = [p for c in self.stack.broker.connections for p in c.packets]
        self.assertEqual([p.type for p in packets], ["CONNECT", "PINGREQ"])
        self.assertEqual(packets[0].client_id, "after")
        self.assertEqual(self.recorded(), b"".join(p.raw for p in packets))

    # covers: ACE-POP-4
    def test_no_byte_reaches_the_broker_before_the_grant(self):
        client, challenge = self.challenged(client_id="gated")
        self.assertEqual(self.recorded(), b"")
        self.assert_nothing_reached_the_broker()
        self.stack.broker.connections.clear()
        client.answer_challenge(challenge, self.key)
        self.assert_code(client.expect("CONNACK"), 0)
        self.assertEqual(self.only_connection().packets[0].type, "CONNECT")

    # covers: ACE-POP-6
    def test_packets_sent_along_with_connect_are_a_protocol_error(self):
        for key in (self.key, Ed25519Key()):
            self.stack.broker.connections.clear()
            client = self.client()
            client.send(
                wire.connect(props={
                    "authentication_method": "ace",
                    "authentication_data": wire.binary(self.token("a/# pub")) +
                                           client.exporter_proof(key)}),
                wire.publish("a/x", b"eager payload"))
            self.assertGreaterEqual(client.expect("CONNACK").code, 0x80)
            client.expect_closed()
            self.assert_nothing_reached_the_broker()

    def test_packets_of_a_client_without_method_wait_for_the_grant(self):
        client = self.client(wire.V311)
        client.send(
            wire.connect(wire.V311, client_id="eager"),
            wire.publish("public/x", b"eager", version=wire.V311),
            wire.subscribe(["public/x"], version=wire.V311))
        self.assert_code(client.expect("CONNACK"), 0)
        client.expect("SUBACK")
        self.assertEqual([p.type for p in self.only_connection().packets],
                         ["CONNECT", "PUBLISH", "SUBSCRIBE"])

    def assert_refusal_leaves_no_trace(self, token, key, **fields):
        client = self.client()
        connack = client.ace_connect(token, key, **fields)
        self.assertGreaterEqual(connack.code, 0x80)
        client.expect_closed()
        self.assert_nothing_reached_the_broker()

    # covers: ACE-CON-1
    def test_no_byte_reaches_the_broker_after_a_wrong_proof(self):
        self.assert_refusal_leaves_no_trace(self.token("a/# pub"),
                                            Ed25519Key())

    # covers: ACE-CON-1
    def test_no_byte_reaches_the_broker_after_a_wrong_challenge_answer(self):
        self.assert_refusal_leaves_no_trace(self.token("a/# pub"),
                                            Ed25519Key(), pop="challenge")

    # covers: ACE-CON-1, ACE-TOK-3
    def test_no_byte_reaches_the_broker_after_an_expired_token(self):
        self.assert_refusal_leaves_no_trace(self.token("a/# pub", life=-1),
                                            self.key)

    # covers: ACE-CON-1
    def test_no_byte_reaches_the_broker_after_garbage(self):
        self.assert_refusal_leaves_no_trace(b"garbage", self.key)

    # covers: ACE-CON-3
    def test_no_byte_reaches_the_broker_with_a_will_outside_scope(self):
        self.assert_refusal_leaves_no_trace(
            self.token("a/# pub"), self.key, will=("b", b"gone"))

    # covers: ACE-AUTH-5
    def test_no_byte_reaches_the_broker_with_a_bad_method(self):
        client = self.client()
        client.send(wire.connect(props={"authentication_method": "other"}))
        self.assert_code(client.expect("CONNACK"), 0x8C)
        self.assert_nothing_reached_the_broker()

    # covers: ACE-CON-6
    def test_forwarded_connect_has_no_trace_of_the_credential(self):
        for pop in ("exporter", "challenge"):
            with self.subTest(pop):
                self.stack.broker.connections.clear()
                token = self.token("a/# pub")
                client = self.client()
                self.assert_code(client.ace_connect(
                    token, self.key, pop, client_id="clean", keep_alive=33,
                    props={"session_expiry": 7, "receive_maximum": 5}), 0)
                connect = self.only_connection().packets[0]
                self.assertEqual(connect.properties, {
                    "session_expiry": 7, "receive_maximum": 5})
                self.assertEqual(
                    (connect.client_id, connect.keep_alive, connect.username,
                     connect.password), ("clean", 33, None, None))
                self.assertNotIn(token[:20], self.recorded())

    # covers: ACE-CON-6, ACE-V3-1
    def test_forwarded_v311_connect_has_no_user_name_or_password(self):
        token = self.token("a/# pub")
        client = self.client(wire.V311)
        self.assert_code(client.v311_connect(token, self.key), 0)
        connect = self.only_connection().packets[0]
        self.assertEqual((connect.username, connect.password), (None, None))
        self.assertNotIn(b64(token)[:20].encode(), self.recorded())

    # covers: ACE-CON-6
    def test_user_name_of_an_anonymous_client_is_dropped(self):
        for version in (wire.V5, wire.V311):
            self.stack.broker.connections.clear()
            self.anonymous(version, username="admin", password=b"secret")
            connect = self.only_connection().packets[0]
            self.assertEqual((connect.username, connect.password),
                             (None, None))

    def test_allowed_packets_pass_byte_for_byte(self):
        client = self.connected("a/# pub sub")
        packets = [
            wire.publish("a/0", b"zero"),
            wire.publish("a/1", b"one", 1, 5, props={
                "user_property": [("k", "v")], "correlation_data": b"\0"}),
            wire.subscribe([("a/+", 2)], 6,
                           props={"subscription_identifier": 3}),
            wire.publish("a/2", b"two", 2, 7, dup=True),
            wire.unsubscribe(["a/+"], 8),
            wire.packet("DISCONNECT", b"\4\0"),  # with Will message
        ]
        client.send(*packets)
        connection = self.only_connection()
        eventually(lambda: connection.closed, "the broker's side is closed")
        self.assertEqual([p.raw for p in connection.packets[1:]], packets)

    # covers: ACE-PUB-1
    def test_denied_publish_never_reaches_the_broker(self):
        client = self.connected("a/# pub")
        connection = self.only_connection()
        for qos in (1, 2):
            self.assert_code(client.publish("b", b"denied payload", qos), 0x87)
        client.send(wire.publish("a/x", b"allowed"),
                    wire.publish("b", b"denied payload"))
        client.expect_disconnect(0x87)
        eventually(lambda: connection.closed, "the broker's side is closed")
        # No DISCONNECT either: the Will is for the broker to publish.
        self.assertEqual([p.type for p in connection.packets],
                         ["CONNECT", "PUBLISH"])
        self.assertNotIn(b"denied payload", connection.data)

    # covers: ACE-PUB-3
    def test_alias_of_a_denied_publish_never_reaches_the_broker(self):
        client = self.connected("a/# pub")
        connection = self.only_connection()

        def publish(topic):
            return client.publish(topic, props={"topic_alias": 1}).code

        self.assertEqual(publish("a/x"), 0)
        self.assertEqual(publish("b"), 0x87)
        self.assertEqual(publish(""), 0x87)  # the alias stands for "b" now
        self.assertEqual(publish("a/y"), 0)
        self.assertEqual([p.topic for p in connection.packets[1:]],
                         ["a/x", "a/y"])

    # covers: ACE-PUB-1, ACE-SUB-1
    def test_look_alike_of_a_granted_topic_is_denied(self):
        for name, (granted, asked) in LOOK_ALIKES.items():
            with self.subTest(name):
                self.stack.broker.connections.clear()
                client = self.connected(f"{granted}/# pub sub")
                connection = self.only_connection()
                self.assert_code(client.publish(f"{asked}/x"), 0x87)
                self.assert_code(client.publish(f"{granted}/x"), 0)
                self.assertEqual(
                    client.subscribe(f"{asked}/x", f"{asked}/#"),
                    [0x87, 0x87])
                self.assertLess(client.subscribe(f"{granted}/x")[0], 0x80)
                client.ping()
                self.assertNotIn(asked.encode() + b"/", connection.data)

    def test_look_alike_of_a_client_identifier_is_another_one(self):
        for name, identifiers in LOOK_ALIKES.items():
            with self.subTest(name):
                self.stack.broker.connections.clear()
                for identifier in identifiers:
                    self.connected("a pub", client_id=identifier)
                self.assertEqual(
                    tuple(c.client_id for c in self.stack.broker.connections),
                    identifiers)

    # covers: ACE-OUT-1
    def test_delivery_outside_scope_is_disconnected_0x87(self):
        client = self.connected("a/# sub")
        connection = self.only_connection()
        connection.send(wire.publish("a/x", b"mine") +
                        wire.publish("b/x", b"not mine"))
        self.assertEqual(client.expect("PUBLISH").payload, b"mine")
        client.expect_disconnect(0x87)

    # covers: ACE-OUT-1
    def test_delivery_outside_scope_closes_v311_client(self):
        client = self.connected_v311("a/# sub")
        self.only_connection().send(
            wire.publish("b/x", b"not mine", version=wire.V311))
        client.expect_closed()

    def test_auth_from_the_broker_ends_the_client(self):
        client = self.connected("a/# sub")
        self.only_connection().send(wire.auth(0x18, b"12345678"))
        self.assertGreaterEqual(client.expect("DISCONNECT").code, 0x80)
        client.expect_closed()

    def test_malformed_bytes_from_the_broker_end_the_client(self):
        client = self.connected("a/# sub")
        self.only_connection().send(b"\x00\x00")
        self.assertGreaterEqual(client.expect("DISCONNECT").code, 0x80)
        client.expect_closed()
        self.connected("a/# sub").ping()


class RefusingBrokerTest(StackTestCase):
    stack_options = {"broker": "mute"}

    def test_refusal_by_the_broker_passes_through(self):
        client = self.client()
        token = self.token("a/# pub")
        client.send(wire.connect(props={
            "authentication_method": "ace",
            "authentication_data": wire.binary(token) +
                                   client.exporter_proof(self.key)}))
        connections = self.stack.broker.connections
        eventually(lambda: connections and connections[0].packets,
                   "CONNECT reaches the broker")
        connections[0].send(wire.packet("CONNACK", b"\0\x97\0"))
        self.assert_code(client.expect("CONNACK"), 0x97)


class UpstreamCredentialsTest(StackTestCase):
    password = b"upstream-pass"
    stack_options = {"broker": "recording", "proxy": {"upstream": {
        "username": "${subject}/${client_id}",
        "password": password.decode()}}}

    @classmethod
    def setUpClass(cls):
        secrets_book.remember(cls.password, "upstream's password")
        super().setUpClass()

    # covers: ACE-CON-6
    def test_configured_credentials_are_put_in_place(self):
        self.connected("a/# pub", client_id="device-7")
        self.connected_v311("a/# pub", client_id="device-7")
        for connection in self.stack.broker.connections:
            connect = connection.packets[0]
            self.assertEqual(connect.username, "alice/device-7")
            self.assertEqual(connect.password, self.password)
