"""Stands before a server, and breaks off what a test wants broken off."""

import contextlib
import socket
import threading


class Relay:
    """Passes bytes between `address` and `target` ("HOST:PORT"). A connection
    on which a client sends `refused`, if that is set, ends."""

    def __init__(self, target):
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self.refused = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # stopped
            try:
                server = socket.create_connection(self._target)
            except OSError:
                client.close()
                continue
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pass, daemon=True, args=[
                    source, sink, source is client]).start()

    def _pass(self, source, sink, from_client):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if from_client and self.refused and self.refused in data:
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def stop(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
