"""A client with a pre-shared key: OpenSSL's s_client, and MQTT through it."""

import os
import select
import subprocess
import time

from . import wire
from .client import Client


class OpensslStream:
    """Runs `openssl s_client`; bytes go through its standard streams."""

    def __init__(self, address, psk, identity, *options):
        self._process = subprocess.Popen(
            ["openssl", "s_client", "-connect", address, "-psk", psk.hex(),
             "-psk_identity", identity, "-quiet", "-nocommands", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)

    def send(self, data):
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # receive() tells

    def receive(self, timeout):
        """Some bytes; raises EOFError at the end, TimeoutError when late."""
        out = self._process.stdout
        if not select.select([out], [], [], timeout)[0]:
            raise TimeoutError("nothing from the peer in time")
        data = os.read(out.fileno(), 1 << 16)
        if not data:
            raise EOFError("closed by the peer")
        return data

    def complaint(self, timeout=10):
        """Waits for the end; returns what openssl says about it."""
        end = time.monotonic() + timeout
        _, text = self._process.communicate(
            timeout=max(0.01, end - time.monotonic()))
        return text.decode(errors="replace")

    def close(self):
        self._process.kill()
        self._process.communicate()


class PskClient(Client):
    """A Client that has no exporter: the proofs it can make are challenges."""

    # pylint: disable=super-init-not-called
    def __init__(self, address, psk, identity, *options, version=wire.V5):
        self.version = version
        self.tls = OpensslStream(address, psk, identity, *options)
        self._buffer = b""
