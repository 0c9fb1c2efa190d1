"""Clients that come, stay and go, each kind in a class; and all kinds there are.
"""

import time

from credentials import (Certified, Concise, Depositor, Draft01, Impostor,
                         Reference, Shared, Stranger)
from harness import wire
from harness.tokens import Ed25519Key, Es256Key, HmacKey
from messages import Aliased, Bulk, Checked, Denied, Keeper, Mortal
from worker import WAIT, Worker


class Visitor(Worker):
    """Comes, hears itself, and leaves: with each kind of key, by all the ways in
    and out."""

    kinds = (Ed25519Key, Es256Key, HmacKey)
    ways = ({"pop": "exporter"}, {"pop": "challenge"}, {"version": wire.V311})

    def __init__(self, soak, number):
        super().__init__(soak, number)
        self.key = self.kinds[number % 3]()

    def round(self):
        topic = f"visit/{self.id}"
        client = self.connected(f"{topic} pub sub",
                                **self.ways[self.rounds % 3])
        assert client.subscribe((topic, 0)) == [0]
        for qos in (0, 1, 2):
            self.hear(client, topic, qos, b"%d" % qos)
        if self.rounds % 4 < 2:
            self.leave(client)
        elif self.rounds % 4 == 2:
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
        self.leave(client)


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
        name = self.world.sluicectl_json("revoke", "subject", self.id)["name"]
        client.expect_disconnect(0x98, WAIT)
        self.kept_out(self.token("revoke/# pub"))
        self.world.sluicectl("revocation", "delete", name)


KINDS = ((Visitor, 3), (Renewer, 2), (Expirer, 2), (Revoked, 1),
         (Stranger, 2), (Concise, 1), (Draft01, 1), (Reference, 2),
         (Depositor, 1), (Certified, 2), (Shared, 1), (Impostor, 1),
         (Denied, 1), (Checked, 1), (Bulk, 1), (Aliased, 1), (Keeper, 1),
         (Mortal, 1))
