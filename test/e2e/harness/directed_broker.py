"""A broker that does nothing by itself: a test says what each connection gets."""

import contextlib
import queue
import threading

from . import wire
from .listener import Listener
from .process import TIMEOUT
from .reset import reset_on_close

_CONNACK = wire.packet("CONNACK", b"\0\0\0")


class DirectedConnection:
    """One connection from the proxy; nothing is read but by expect()."""

    def __init__(self, connection, data):
        self._socket = connection
        self._data = data
        connection.settimeout(TIMEOUT)

    def expect(self, kind):
        """The next packet, which must be a `kind` (MQTT 5.0)."""
        while True:
            packet, self._data = wire.split(self._data, wire.V5)
            if packet:
                assert packet.type == kind, packet
                return packet
            received = self._socket.recv(1 << 16)
            if not received:
                raise EOFError("closed by the proxy")
            self._data += received

    def send(self, *packets):
        self._socket.sendall(b"".join(packets))

    def settimeout(self, seconds):
        self._socket.settimeout(seconds)

    def accept(self):
        """Lets the client in."""
        self.expect("CONNECT")
        self.send(_CONNACK)

    def expect_closed(self):
        """The proxy ends the connection; what came before is let go."""
        with contextlib.suppress(ConnectionError):
            while self._socket.recv(1 << 16):
                pass
        self._socket.close()

    def reset(self):
        """Ends it with RST."""
        reset_on_close(self._socket)
        self._socket.close()

    def close(self):
        self._socket.close()


class DirectedBroker:
    """Hands out connections that have brought a byte: a proxy looks now and
    then whether its broker is there, by connecting and closing.

    With `reset_at_once`, each is reset when its first bytes have come.
    """

    def __init__(self):
        self.reset_at_once = False
        self._connections = queue.Queue()
        self._listener = Listener(lambda connection: threading.Thread(
            target=self._take, args=[connection], daemon=True).start())
        self.address = self._listener.address

    def _take(self, connection):
        try:
            data = connection.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            connection.close()
            return
        taken = DirectedConnection(connection, data)
        if self.reset_at_once:
            taken.reset()
        else:
            self._connections.put(taken)

    def next(self):
        return self._connections.get(timeout=TIMEOUT)

    def none_has_come(self):
        return self._connections.empty()

    def forget(self):
        """Closes what has come and nobody has asked for."""
        while not self._connections.empty():
            self._connections.get().close()

    def stop(self):
        self._listener.stop()
        self.forget()
