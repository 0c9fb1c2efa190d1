"""What all clients of the soak have in common."""

import collections
import contextlib

from harness import wire
from harness.client import Client
from harness.tokens import Ed25519Key
from repeater import WAIT, Repeater

LIFE = 30  # seconds that a token lives, unless a kind wants it otherwise


class Worker(Repeater):
    """One round is one connection, or a few, and ends with the outcome that must
    be.

    Keys, topics and Client Identifiers stay the same, so that what is remembered
    of them does not add up. `counts` is what it was told, by name; see Checks.
    """

    pause = 0.05
    keys = 1  # that it has
    # Of its token somebody else is asked, who has a second and a half to answer.
    is_asked_about = False

    def __init__(self, soak, number):
        super().__init__(f"{type(self).__name__.lower()}-{number}")
        self.soak = soak
        self.world = soak.world
        self.number = number
        self.key = Ed25519Key()
        self.counts = collections.Counter()
        self._clients = contextlib.ExitStack()

    def once(self):
        with contextlib.ExitStack() as self._clients:
            self.round()

    # Connections. All are closed when the round is over.

    def opened(self, client):
        """`client`, which is closed with the others."""
        self._clients.callback(client.tls.close)
        return client

    def open(self, version=wire.V5, **tls):
        stack = self.world.stack
        return self.opened(Client(stack.address, stack.ca_file, version,
                                  timeout=WAIT, **tls))

    def token(self, *permissions, **claims):
        """Signed by the issuer whose keys are rotated."""
        return self.world.stack.authorization_server.token(
            self.key, *permissions,
            **{"subject": self.id, "life": LIFE, **claims})

    def connected(self, *permissions, life=LIFE, **how):
        """Let in by a token of its own; `how` as for let_in()."""
        return self.let_in(self.token(*permissions, life=life), **how)

    def let_in(self, token, version=wire.V5, pop="exporter", **fields):
        client, connack = self._decided(token, self.key, version, pop, fields)
        self.accept(connack)
        return client

    def kept_out(self, token, version=wire.V5, pop="exporter", key=None,
                 **fields):
        """Is refused, for what its credential is worth."""
        self.refuse(*self._decided(token, key or self.key, version, pop,
                                   fields))

    def _decided(self, token, key, version, pop, fields):
        """A client and its CONNACK, which says yes or no."""
        fields.setdefault("client_id", self.id)
        while True:
            client = self.open(version)
            connack = client.v311_connect(token, key, **fields) \
                if version == wire.V311 else \
                client.ace_connect(token, key, pop, **fields)
            unavailable = 0x88 if version == wire.V5 else 3
            if not self.is_asked_about or connack.code != unavailable:
                return client, connack
            self.counts["undecided"] += 1
            client.expect_closed(WAIT)

    def without_token(self, client=None, version=wire.V5, **fields):
        """CONNECT without a credential, which is accepted: what it may do is
        what its TLS key's token grants, or what is public."""
        client = client or self.open(version)
        fields.setdefault("client_id", self.id)
        client.send(wire.connect(version=client.version, **fields))
        self.accept(client.expect("CONNACK", WAIT))
        return client

    def accept(self, connack):
        self.expect_code(connack, 0)
        self.counts["accepted"] += 1

    def refuse(self, client, connack):
        """That is the answer, and the end."""
        self.expect_code(connack, 0x87 if client.version == wire.V5 else 5)
        self.counts["refused"] += 1
        client.expect_closed(WAIT)

    def leave(self, client):
        client.send(wire.disconnect())
        client.expect_closed(WAIT)

    # Packets.

    def expect_code(self, packet, code):
        assert packet.code == code, f"expected 0x{code:02x}, got {packet}"

    def publish(self, client, topic, qos, code=0, payload=b"0", **fields):
        """One message, with all that is said about it."""
        self.counts["denied"] += code >= 0x80
        if qos == 0:
            client.send(wire.publish(topic, payload, version=client.version,
                                     **fields))
            return
        answer = client.publish(topic, payload, qos, **fields)
        # 0x10: nobody has subscribed.
        assert answer.code in ((0, 0x10) if code == 0 else (code,)), answer
        if qos == 2 and answer.code < 0x80:
            client.send(wire.ack("PUBREL", 7))
            client.expect("PUBCOMP", WAIT)

    def denied(self, client, topic):
        """A PUBLISH is denied; one of MQTT 3.1.1 is the end."""
        if client.version == wire.V5:
            self.publish(client, topic, 1, 0x87)
            return
        self.counts["denied"] += 1
        client.send(wire.publish(topic, b"0", 1, 7, version=client.version))
        client.expect_closed(WAIT)

    def hear(self, client, topic, qos=0, payload=b"0", at=None, **fields):
        """Publishes what it has subscribed to, `at` the topic, with QoS 0:
        returns what comes back, when all that is said about it has come."""
        client.send(wire.publish(topic, payload, qos, 7,
                                 version=client.version, **fields))
        wanted = {"PUBLISH", *((), ("PUBACK",), ("PUBREC", "PUBCOMP"))[qos]}
        while wanted:
            packet = client.receive(WAIT)
            assert packet.type in wanted and packet.code == 0, (packet, wanted)
            wanted.discard(packet.type)
            if packet.type == "PUBREC":
                client.send(wire.ack("PUBREL", 7))
            elif packet.type == "PUBLISH":
                heard = packet
        assert (heard.topic, heard.payload) == (at or topic, payload), heard
        return heard

    def subscribe_and_hear(self, client, topic):
        assert client.subscribe((topic, 0)) == [0]
        return self.hear(client, topic, self.rounds % 3,
                         b"%s %d" % (self.id.encode(), self.rounds))
