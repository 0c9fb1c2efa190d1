"""What the clients of the soak do, each kind in a class: one round is one
connection, or a few, and ends with the outcome that must be."""

import contextlib
import os
import threading
import time
import traceback

from harness import wire
from harness.client import Client
from harness.tokens import Ed25519Key

WAIT = 60  # seconds; this is no measurement of speed


class Worker(threading.Thread):
    """Repeats round() until it is told to end; keeps the first thing that went
    wrong. Keys stay the same, so that stored tokens do not add up."""

    pause = 0.05

    def __init__(self, soak, number):
        super().__init__(daemon=True)
        self.soak = soak
        self.id = f"{type(self).__name__.lower()}-{number}"
        self.key = Ed25519Key()
        self.rounds = self.accepted = self.refused = 0
        self.fault = None
        self._ending = threading.Event()
        self._clients = contextlib.ExitStack()

    def run(self):
        while not self._ending.wait(self.pause):
            try:
                with contextlib.ExitStack() as self._clients:
                    self.round()
                self.rounds += 1
            except Exception:  # whatever it is, it is reported
                self.fault = f"{self.id}: {traceback.format_exc()}"
                return

    def stop(self):
        self._ending.set()
        self.join(2 * WAIT)

    def round(self):
        raise NotImplementedError

    def open(self, version=wire.V5):
        stack = self.soak.stack
        client = Client(stack.address, stack.ca_file, version, timeout=WAIT)
        self._clients.callback(client.tls.close)
        return client

    def token(self, *permissions, subject=None, **claims):
        return self.soak.stack.authorization_server.token(
            self.key, *permissions, subject=subject or self.id, **claims)

    def connected(self, *permissions, version=wire.V5, pop="exporter",
                  life=300, **fields):
        client = self.open(version)
        token = self.token(*permissions, life=life)
        fields.setdefault("client_id", self.id)
        if version == wire.V311:
            connack = client.v311_connect(token, self.key, **fields)
        else:
            connack = client.ace_connect(token, self.key, pop, **fields)
        self.expect_code(connack, 0)
        self.accepted += 1
        return client

    def expect_code(self, packet, code):
        assert packet.code == code, f"expected 0x{code:02x}, got {packet}"

    def publish(self, client, topic, qos, code=0):
        """One message, with all that is said about it."""
        if qos == 0:
            client.send(wire.publish(topic, b"0", version=client.version))
            return
        answer = client.publish(topic, b"0", qos)
        # 0x10: nobody has subscribed.
        assert answer.code in ((0, 0x10) if code == 0 else (code,)), answer
        if qos == 2 and answer.code < 0x80:
            client.send(wire.ack("PUBREL", 7))
            client.expect("PUBCOMP", WAIT)


class Visitor(Worker):
    """Comes, hears itself, and leaves: by all the ways in and out."""

    ways = ("exporter", "challenge", "v311", "anonymous")

    def round(self):
        way = self.ways[self.rounds % len(self.ways)]
        topic = f"public/{self.id}" if way == "anonymous" else \
            f"visit/{self.id}"
        if way == "anonymous":
            client = self.open()
            client.send(wire.connect(client_id=self.id))
            self.expect_code(client.expect("CONNACK", WAIT), 0)
            self.accepted += 1
        elif way == "v311":
            client = self.connected(f"{topic} pub sub", version=wire.V311)
        else:
            client = self.connected(f"{topic} pub sub", pop=way)
        assert client.subscribe((topic, 0)) == [0]
        for qos in (0, 1, 2):
            client.send(wire.publish(topic, b"%d" % qos, qos, 7,
                                     version=client.version))
            wanted = [{"PUBLISH"}, {"PUBLISH", "PUBACK"},
                      {"PUBREC"}][qos]
            while wanted:
                wanted.discard(client.receive(WAIT).type)
            if qos == 2:
                client.send(wire.ack("PUBREL", 7))
                wanted = {"PUBCOMP", "PUBLISH"}
                while wanted:
                    wanted.discard(client.receive(WAIT).type)
        if self.rounds % 3:
            client.send(wire.disconnect())
            client.expect_closed(WAIT)
        elif self.rounds % 2:
            client.tls.reset()


class Renewer(Worker):
    """Authenticates anew while it is connected, and goes on."""

    def round(self):
        client = self.connected("renew/# pub", life=60)
        for _ in range(3):
            self.publish(client, "renew/a", 1)
            client.send(wire.auth(0x19, wire.binary(
                self.token("renew/# pub", life=60))))
            client.answer_challenge(client.expect("AUTH", WAIT), self.key)
            self.expect_code(client.expect("AUTH", WAIT), 0)
            self.publish(client, "renew/b", 2)
            time.sleep(0.5)
        client.send(wire.disconnect())
        client.expect_closed(WAIT)


class Expirer(Worker):
    """Stays until its token has run out."""

    def round(self):
        client = self.connected("expire/# pub", life=5)
        client.send(wire.publish("expire/a", b"0", 1))
        packet = client.receive(WAIT)
        if packet.type == "PUBACK":  # it was in time
            packet = client.receive(WAIT)
        assert packet.type == "DISCONNECT", packet
        self.expect_code(packet, 0x87)
        client.expect_closed(WAIT)


class Revoked(Worker):
    """Is let in, revoked, kept out, and forgiven."""

    # The policy service remembers the last 10,000 of these, for proxies that
    # were away: not so many that this looks like a leak.
    pause = 1

    def round(self):
        client = self.connected("revoke/# pub")
        self.publish(client, "revoke/a", 2)
        name = self.soak.sluicectl_json("revoke", "subject", self.id)["name"]
        client.expect_disconnect(0x98, WAIT)
        again = self.open()
        self.expect_code(again.ace_connect(
            self.token("revoke/# pub"), self.key, client_id=self.id), 0x87)
        self.refused += 1
        again.expect_closed(WAIT)
        self.soak.sluicectl("revocation", "delete", name)


class Denied(Worker):
    """Wants what it may not, and stays connected."""

    def round(self):
        client = self.connected("mine/# pub sub")
        for qos in (1, 2):
            self.publish(client, "other/a", qos, 0x87)
            self.publish(client, "mine/a", qos)
        assert client.subscribe(("other/#", 1)) == [0x87]
        client.ping()
        self.publish(client, "other/a", 0)  # has no answer but this
        client.expect_disconnect(0x87, WAIT)


class Impostor(Worker):
    """Has a token, and not its key; or a token of nobody."""

    pause = 0.2

    def round(self):
        client = self.open()
        if self.rounds % 2:
            connack = client.ace_connect(os.urandom(60), Ed25519Key())
        else:
            connack = client.ace_connect(self.token("x pub"), Ed25519Key())
        self.expect_code(connack, 0x87)
        self.refused += 1
        client.expect_closed(WAIT)


KINDS = ((Visitor, 3), (Renewer, 2), (Expirer, 2), (Revoked, 1), (Denied, 1),
         (Impostor, 1))
