"""Clients that differ by what they send, each kind in a class."""

from worker import WAIT, Worker


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
