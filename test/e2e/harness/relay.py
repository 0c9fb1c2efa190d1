"""Stands before a server, and may look at what passes."""

import contextlib
import socket
import threading

from .listener import Listener


class Relay:
    """Passes bytes between `address` and `target` ("HOST:PORT"), which may come
    and go, and be set later."""

    def __init__(self, target=None):
        self.target = target
        self._ends = set()
        self._listener = Listener(self._take)
        self.address = self._listener.address

    def look(self):
        """For a new connection: what is called with bytes of the client and with
        bytes of the server before they are passed on. With an OSError the
        connection ends."""
        return (lambda data: None), (lambda data: None)

    def _take(self, client):
        host, _, port = (self.target or "").rpartition(":")
        try:
            server = socket.create_connection((host, int(port)))
        except (OSError, ValueError):
            client.close()
            return
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends.add(end)
        from_client, from_server = self.look()
        for source, sink, look in ((client, server, from_client),
                                   (server, client, from_server)):
            threading.Thread(target=self._pass, daemon=True,
                             args=[source, sink, look]).start()

    def _pass(self, source, sink, look):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                look(data)
                sink.sendall(data)
        for end in (sink, source):
            self._close(end)

    def _close(self, end):
        self._ends.discard(end)
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()

    def cut(self):
        """All connections end, and new ones, until there is a target again."""
        self.target = None
        for end in list(self._ends):
            self._close(end)

    def stop(self):
        self._listener.stop()
        for end in list(self._ends):
            self._close(end)


class RefusingRelay(Relay):
    """A connection on which a client sends `refused`, if that is set, ends."""

    refused = None

    def look(self):
        def from_client(data):
            if self.refused and self.refused in data:
                raise OSError("refused")
        return from_client, lambda data: None


class FreezingRelay(Relay):
    """Between freeze() and thaw() its connections stay open, and nothing passes:
    as if the server were stopped."""

    def __init__(self, target=None):
        self._thawed = threading.Event()
        self._thawed.set()
        super().__init__(target)

    def freeze(self):
        self._thawed.clear()

    def thaw(self):
        self._thawed.set()

    def look(self):
        def hold(data):
            self._thawed.wait()
        return hold, hold

    def stop(self):
        self.thaw()
        super().stop()
