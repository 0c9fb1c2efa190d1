"""Stands before a server, and may look at what passes, or break it off."""

import contextlib
import random
import socket
import threading

from .listener import Listener
from .reset import reset_on_close


class _Connection:
    """Its two ends, to the client and to the server. The thread that serves it
    closes them, when neither is read any more."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.is_reset = False
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _shut_down(self, how):
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.shutdown(how)

    def end(self):
        self._shut_down(socket.SHUT_RDWR)

    def reset(self):
        """RST for both, once closed; nothing more passes."""
        self.is_reset = True
        self._shut_down(socket.SHUT_RD)  # wakes who reads, and sends nothing

    def close(self):
        for end in (self.client, self.server):
            if self.is_reset:
                reset_on_close(end)
            end.close()


class Relay:
    """Passes bytes between `address` and `target` ("HOST:PORT"), which may come
    and go, and be set later.

    What one side has sent before its end reaches the other, and then the end
    does, which may be a reset. Of `reset_one_in` pieces that pass, one is broken
    off somewhere, and its connection reset on both sides; with 0, none. `resets`
    counts these.
    """

    def __init__(self, target=None):
        self.target = target
        self.reset_one_in = 0
        self.resets = 0
        self._connections = set()
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
        connection = _Connection(client, server)
        self._connections.add(connection)
        threading.Thread(target=self._serve, daemon=True,
                         args=[connection, *self.look()]).start()

    def _serve(self, connection, from_client, from_server):
        client, server = connection.client, connection.server
        back = threading.Thread(target=self._pass, daemon=True, args=[
            connection, server, client, from_server])
        back.start()
        self._pass(connection, client, server, from_client)
        back.join()
        connection.close()
        self._connections.discard(connection)

    def _pass(self, connection, source, sink, look):
        try:
            while data := source.recv(1 << 16):
                if connection.is_reset:
                    return
                if not self._hand_on(connection, sink, look, data):
                    return
        except OSError:
            connection.reset()
        if not connection.is_reset:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    def _hand_on(self, connection, sink, look, data):
        """Whether the connection goes on."""
        try:
            look(data)
        except Exception as error:
            connection.end()
            if isinstance(error, OSError):
                return False
            raise
        breaks = self.reset_one_in and not random.randrange(self.reset_one_in)
        if breaks:
            data = data[:random.randrange(len(data) + 1)]
        # Where the sink has gone, what it said last may be on its way.
        with contextlib.suppress(OSError):
            sink.sendall(data)
        if breaks:
            connection.reset()
            self.resets += 1
        return not breaks

    def reset(self):
        """All connections there are end with RST."""
        for connection in list(self._connections):
            connection.reset()

    def cut(self):
        """All connections end, and new ones, until there is a target again."""
        self.target = None
        for connection in list(self._connections):
            connection.end()

    def stop(self):
        self._listener.stop()
        for connection in list(self._connections):
            connection.end()


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
        self._asks, self._answers = threading.Event(), threading.Event()
        self.thaw()
        super().__init__(target)

    def freeze(self, answers_only=False):
        """`answers_only`: what clients send passes."""
        self._answers.clear()
        if not answers_only:
            self._asks.clear()

    def thaw(self):
        self._asks.set()
        self._answers.set()

    def look(self):
        return (lambda data: self._asks.wait(),
                lambda data: self._answers.wait())

    def stop(self):
        self.thaw()
        super().stop()
