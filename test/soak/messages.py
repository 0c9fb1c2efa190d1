"""Clients that differ by what they send, each kind in a class."""

import os

from harness.wire import V5, V311
from worker import LIFE, WAIT, Worker


class Denied(Worker):
    """Wants what it may not, and stays connected."""

    def round(self):
        client = self.connected("mine/# pub sub")
        for qos in (1, 2):
            self.publish(client, "other/a", qos, 0x87)
            self.publish(client, "mine/a", qos)
        assert client.subscribe(("other/#", 1)) == [0x87]
        client.ping()
        self.publish(client, "other/a", 0, 0x87)  # has no answer but this
        client.expect_disconnect(0x87, WAIT)


class Checked(Worker):
    """Wants what a checker lets pass, and what it does not."""

    def __init__(self, soak, number):
        super().__init__(soak, number)
        self.yes, self.no = f"checked/{self.id}/yes", f"checked/{self.id}/no"
        self.world.checker.allowed.add(self.yes)

    def round(self):
        # The policy service keeps 10,000 answers, one for each token that asks:
        # this one goes by the same name each time.
        client = self.let_in(
            self.token("checked/# pub sub", jti=self.id),
            (V5, V311)[self.rounds % 2], will=(self.yes, b"gone"))
        no = 0x87 if client.version == V5 else 0x80
        assert client.subscribe((self.yes, 0), (self.no, 0)) == [0, no]
        for qos in (0, 1, 2):
            self.hear(client, self.yes, qos)
        # The Will, two filters, four messages.
        self.counts["checked"] += 7
        self.denied(client, self.no)
        if client.version == V5:
            self.leave(client)


class Bulk(Worker):
    """Publishes what is too large to be read before it goes on."""

    pause = 0.3
    sizes = (65_537, 100_000, 300_000, 1 << 20)

    def __init__(self, soak, number):
        super().__init__(soak, number)
        self.payload = os.urandom(max(self.sizes))

    def round(self):
        topic = f"bulk/{self.id}"
        payload = self.payload[:self.sizes[self.rounds % 4]]
        client = self.connected(f"{topic} pub sub",
                                version=(V5, V311)[self.rounds // 4 % 2])
        assert client.subscribe((topic, 0)) == [0]
        for qos in (0, 1, 2):
            self.hear(client, topic, qos, payload)
        if client.version == V5:
            self.publish(client, "other", 1 + self.rounds % 2, 0x87, payload)
            self.hear(client, topic)


class Aliased(Worker):
    """Publishes by Topic Aliases, and gives them other topics."""

    aliases = 10

    def round(self):
        client = self.connected(f"alias/{self.id}/# pub sub")
        assert client.subscribe((f"alias/{self.id}/#", 0)) == [0]
        for alias in range(1, self.aliases + 1):
            topic = f"alias/{self.id}/{alias}"
            fields = {"props": {"topic_alias": alias}}
            for name in ("other", ""):  # born of a denied message
                self.publish(client, name, 1 + alias % 2, 0x87, **fields)
            self.hear(client, topic, alias % 3, b"1", **fields)
            self.hear(client, "", alias % 3, b"2", at=topic, **fields)
        for alias in range(1, self.aliases + 1):
            self.hear(client, "", 1, at=f"alias/{self.id}/{alias}",
                      props={"topic_alias": alias})


class Keeper(Worker):
    """Publishes a message that the broker retains, and takes it back."""

    def round(self):
        topic = f"keep/{self.id}"
        payload = b"%d" % self.rounds
        keeper = self.connected(f"{topic} pub",
                                version=(V5, V311)[self.rounds // 2 % 2])
        self.publish(keeper, topic, 1 + self.rounds // 4 % 2, payload=payload,
                     retain=True)
        reader = self.connected(f"{topic} sub",
                                version=(V5, V311)[self.rounds % 2],
                                client_id=f"{self.id}-reader")
        assert reader.subscribe((topic, 0)) == [0]
        kept = reader.expect("PUBLISH", WAIT)
        assert kept.retain and kept.payload == payload, kept
        if reader.version == V5 and keeper.version == V5:
            assert 0 < kept.properties["message_expiry"] <= LIFE, kept
        self.publish(keeper, topic, 1, payload=b"", retain=True)
        assert reader.expect("PUBLISH", WAIT).payload == b""
        assert reader.subscribe((topic, 0)) == [0]
        reader.ping()  # and nothing comes before the answer
        self.leave(keeper)


class Mortal(Worker):
    """Leaves a Will, in each way that makes it come true, and in order."""

    def round(self):
        topic = f"will/{self.id}"
        heir = self.connected(f"{topic} pub sub", client_id=f"{self.id}-heir")
        assert heir.subscribe((topic, 0)) == [0]
        for version in (V5, V311):
            for end in (self.cut, self.reset, self.denied_qos_0, self.leave):
                payload = b"%d by %s" % (self.rounds, end.__name__.encode())
                client = self.connected(
                    f"{topic} pub", version=version,
                    will=(topic, payload, self.rounds % 3))
                end(client)
                if end != self.leave:
                    assert heir.expect("PUBLISH", WAIT).payload == payload
            self.kept_out(self.token(f"{topic} pub"), version,
                          will=("other", b"gone"))
        self.hear(heir, topic)  # nothing came of those that left in order

    def cut(self, client):
        client.tls.close()

    def reset(self, client):
        client.tls.reset()

    def denied_qos_0(self, client):
        self.publish(client, "other", 0, 0x87)
        if client.version == V5:
            client.expect_disconnect(0x87, WAIT)
        else:
            client.expect_closed(WAIT)
