"""Counts what the policy service is asked, apart from Sluice's own metrics."""

import collections
import contextlib
import socket
import threading

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEAD = 9  # bytes of a frame's header (RFC 9113 section 4.1)
_HEADERS = 1


class CallCounter:
    """A relay to the policy service that counts the calls on their way.

    In gRPC a call is a stream, and begins with a HEADERS frame of the client.
    """

    def __init__(self):
        self.calls = 0
        self.target = None  # "host:port"; set before the first connection
        self._sockets = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # stopped
            host, _, port = self.target.rpartition(":")
            far = socket.create_connection((host, int(port)))
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(end)
            for pair, look in (((near, far), self._counter()),
                               ((far, near), None)):
                threading.Thread(target=self._copy, args=(*pair, look),
                                 daemon=True).start()

    def _copy(self, source, sink, look):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if look:
                    look(data)
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _counter(self):
        """Looks at the client's bytes, frame by frame."""
        unread = collections.deque([b""])
        skip = len(_PREFACE)

        def look(data):
            nonlocal skip
            data = unread.pop() + data
            while True:
                if skip >= len(data):
                    skip -= len(data)
                    data = b""
                    break
                data, skip = data[skip:], 0
                if len(data) < _HEAD:
                    break
                self.calls += data[3] == _HEADERS
                skip = _HEAD + int.from_bytes(data[:3], "big")
            unread.append(data)

        return look

    def stop(self):
        for end in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
