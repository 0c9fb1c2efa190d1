"""Connections that end with RST."""

import socket
import struct

_NO_LINGERING = struct.pack("ii", 1, 0)  # struct linger


def reset_on_close(connection):
    """Closing it says no more than RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGERING)
