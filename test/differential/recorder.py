"""Writes down what a proxy and its broker say to each other."""

import contextlib
import socket
import threading

from harness.listener import Listener


class _Conversation:
    """One connection, which is passed on to `broker`. Each side's end gets to
    the other behind all that was said before."""

    def __init__(self, proxy, broker):
        self.said = bytearray(), bytearray()  # by the proxy, and by the broker
        self._left = 2
        self._lock = threading.Lock()
        self._ends = proxy, broker

    def start(self):
        proxy, broker = self._ends
        for source, sink, said in ((proxy, broker, self.said[0]),
                                   (broker, proxy, self.said[1])):
            source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._pass, daemon=True,
                             args=[source, sink, said]).start()

    def _pass(self, source, sink, said):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                said += data
                with contextlib.suppress(OSError):  # hears nothing any more
                    sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        with self._lock:
            self._left -= 1
            if not self._left:
                for end in self._ends:
                    end.close()


class Recorder:
    """Stands at `address` before the broker."""

    def __init__(self, broker):
        self._broker = broker
        self._conversations = []
        self._lock = threading.Lock()
        self._listener = Listener(self._take)
        self.address = self._listener.address

    def _take(self, proxy):
        host, _, port = self._broker.rpartition(":")
        conversation = _Conversation(
            proxy, socket.create_connection((host, int(port))))
        with self._lock:
            self._conversations.append(conversation)
        conversation.start()

    def taken(self):
        """The bytes of the proxy and those of the broker, since the last call:
        of the last connection that has any. Those by which a proxy looks
        whether its broker is there have none; that of a client that has left
        before may have come late."""
        with self._lock:
            found = [one for one in self._conversations if one.said[0]]
            for one in found:
                self._conversations.remove(one)
        return found[-1].said if found else (b"", b"")

    def stop(self):
        self._listener.stop()
