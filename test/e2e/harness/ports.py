"""Ports for servers."""

import random
import socket

# Below those from which the kernel takes the ports of outgoing connections
# (net.ipv4.ip_local_port_range), so that no client has it before the server does.
_CANDIDATES = range(10_000, 32_000)
_ATTEMPTS = 100

_given = set()  # a server may be started long after it was given its port


def free_port():
    """One on loopback that nobody listens on, and that this process was not
    given before."""
    for port in random.sample(_CANDIDATES, _ATTEMPTS):
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise OSError(f"no free port among {_ATTEMPTS}")
