"""Writes down what a proxy and its broker say to each other."""

import threading

import e2e_path  # noqa: F401
from harness.relay import Relay


class Recorder(Relay):
    """Stands at `address` before the broker."""

    def __init__(self, broker):
        self._said = []  # on each connection, by the proxy and by the broker
        self._lock = threading.Lock()
        super().__init__(broker)

    def look(self):
        said = bytearray(), bytearray()
        with self._lock:
            self._said.append(said)
        return said[0].extend, said[1].extend

    def taken(self):
        """The bytes of the proxy and those of the broker, since the last call:
        of the last connection that has any. Those by which a proxy looks
        whether its broker is there have none; that of a client that has left
        before may have come late."""
        with self._lock:
            found = [said for said in self._said if said[0]]
            self._said = [said for said in self._said if not said[0]]
        return found[-1] if found else (b"", b"")
