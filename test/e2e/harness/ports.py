"""Ports for servers."""

import random
import socket

# Below those from which the kernel takes the ports of outgoing connections
# (net.ipv4.ip_local_port_range), so that no client has it before the server does.
_CANDIDATES = range(10_000, 32_000)
_ATTEMPTS = 100


def free_port():
    """One on loopback that nobody listens on."""
    for port in random.sample(_CANDIDATES, _ATTEMPTS):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no free port among {_ATTEMPTS}")
