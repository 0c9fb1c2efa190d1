"""Where a test's own servers listen."""

import contextlib
import socket
import threading


class Listener:
    """Gives each connection to `address`, a free port of 127.0.0.1, to `take`,
    one after the other, until stop()."""

    def __init__(self, take):
        self._take = take
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return  # stopped
            self._take(connection)

    def stop(self):
        with contextlib.suppress(OSError):  # stopped before
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._socket.close()
