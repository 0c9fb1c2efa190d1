"""Clients that differ by how they show who they are, each kind in a class."""

import os

from harness.tokens import Ed25519Key
from harness.wire import V5, V311
from worker import Worker


class Stranger(Worker):
    """Has no token, and uses what is public."""

    pause = 0.2

    def round(self):
        client = self.without_token(version=(V5, V311)[self.rounds % 2])
        self.subscribe_and_hear(client, f"public/{self.id}")
        assert client.subscribe((f"private/{self.id}", 0)) == [
            0x87 if client.version == V5 else 0x80]
        self.denied(client, f"private/{self.id}")


class Impostor(Worker):
    """Has a token, and not its key; or a token of nobody."""

    pause = 0.2

    def round(self):
        self.kept_out(self.token("x pub"), key=Ed25519Key(),
                      pop=("exporter", "challenge")[self.rounds % 2])
        self.kept_out(os.urandom(60), (V5, V311)[self.rounds % 2])
