"""Plays a case to a server."""

import contextlib
import dataclasses
import os
import socket
import time

from OpenSSL import SSL

import e2e_path  # noqa: F401
import packets
from harness import wire
from harness.process import TIMEOUT
from harness.tokens import Ed25519Key, b64
from packets import encoded
from wanted_bytes import LIFE

# What another version of MQTT than the case's is.
_UNREADABLE = (ValueError, KeyError)
_BROKEN = (OSError, EOFError, SSL.Error)


class PlainStream:
    """What TlsStream is, without TLS."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection((host, int(port)), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        self._socket.sendall(data)

    def receive(self, timeout):
        self._socket.settimeout(timeout)
        received = self._socket.recv(1 << 16)
        if not received:
            raise EOFError
        return received

    def shut_down_writing(self):
        self._socket.shutdown(socket.SHUT_WR)

    def local_address(self):
        return self._socket.getsockname()

    def close(self):
        self._socket.close()


class Anonymous:
    """Sends a case's CONNECT as it is."""

    def connect(self, case, stream):
        del stream
        return case.connect.render()

    def token(self, scope):
        raise NotImplementedError


class Holder:
    """Has a key, and tokens for it."""

    def __init__(self, authorization_server):
        self._server = authorization_server
        self._key = Ed25519Key()

    def token(self, scope):
        return self._server.token(self._key, *scope.permissions, life=LIFE)

    def answer(self, challenge):
        """AUTH with the proof that an AUTH asks for."""
        nonce = os.urandom(8)
        return wire.auth(0x18, nonce + self._key.sign(
            challenge.properties["authentication_data"] + nonce))

    def connect(self, case, stream):
        """The case's CONNECT with its credential, before all that may be wrong
        with it."""
        token = self.token(case.scope)
        parts = list(case.connect.parts)
        if case.version == wire.V311:
            parts = [dataclasses.replace(
                part, data=bytes([part.data[0] | 0xC0])) if part.role ==
                "flags" else part for part in parts]
            parts += [packets.Text("text", b"ace" + b64(token).encode()),
                      packets.Text("binary", self._exporter_proof(stream))]
        else:
            data = wire.binary(token)
            if case.credential == "exporter":
                data += self._exporter_proof(stream)
            place = [part.role for part in parts].index("properties")
            parts[place] = dataclasses.replace(parts[place], items=[
                encoded("authentication_method", "ace"),
                encoded("authentication_data", data), *parts[place].items])
        return dataclasses.replace(case.connect, parts=parts).render()

    def _exporter_proof(self, stream):
        return self._key.sign(stream.exporter())


class _Ear:
    """Hears what a server says, packet by packet."""

    def __init__(self, stream, version):
        self.packets = []
        self._stream = stream
        self._version = version
        self._buffer = b""

    def hear(self, timeout):
        """Waits for some more."""
        self._buffer += self._stream.receive(timeout)
        with contextlib.suppress(*_UNREADABLE):
            packet, self._buffer = wire.split(self._buffer, self._version)
            while packet:
                self.packets.append(packet)
                packet, self._buffer = wire.split(self._buffer, self._version)

    def count(self, kind):
        return sum(packet.type == kind for packet in self.packets)

    def wait_for(self, kind, count):
        """Until so many of these have been heard; the last packet of the
        kind."""
        end = time.monotonic() + TIMEOUT
        while self.count(kind) < count:
            self.hear(max(0.01, end - time.monotonic()))
        return [p for p in self.packets if p.type == kind][-1:]


def play(stream, case, client, answers=0):
    """Sends the case, ends the connection, and waits for the other end to.

    The first answer is waited for, since until then a proxy has not decided,
    and before the end `answers` PINGRESPs. Returns the client's address, and
    the packets that it was sent.
    """
    ear = _Ear(stream, case.version)
    with contextlib.closing(stream):
        with contextlib.suppress(*_BROKEN):
            pieces = case.pieces()
            early = case.early()
            stream.send(case.first + client.connect(case, stream) +
                        b"".join(pieces if early else ()))
            with contextlib.suppress(TimeoutError):
                ear.hear(TIMEOUT if case.in_order else 0.3)
                _prove(stream, case, client, ear)
            if not early:
                _send_rest(stream, case, client, ear)
            ear.wait_for("PINGRESP", answers)
            stream.shut_down_writing()
            while True:
                ear.hear(TIMEOUT)
        return stream.local_address(), ear.packets


def _prove(stream, case, client, ear):
    """Where that is asked for in place of a CONNACK."""
    if case.credential == "challenge" and ear.count("AUTH"):
        stream.send(client.answer(ear.packets[-1]))
        ear.hear(TIMEOUT)


def _send_rest(stream, case, client, ear):
    place = 0
    renewals = [] if isinstance(client, Anonymous) else case.renewals
    for renewal in renewals:
        for piece in case.pieces(place, renewal.begin):
            stream.send(piece)
        heard = ear.count("AUTH")
        stream.send(wire.auth(0x19, wire.binary(client.token(renewal.scope))))
        for piece in case.pieces(renewal.begin, renewal.end):
            stream.send(piece)
        stream.send(client.answer(*ear.wait_for("AUTH", heard + 1)))
        for piece in case.pieces(renewal.end, renewal.until):
            stream.send(piece)
        ear.wait_for("AUTH", heard + 2)
        place = renewal.until
    for piece in case.pieces(place):
        stream.send(piece)
