"""A TLS client over pyOpenSSL, which has the exporter that `ssl` lacks."""

import contextlib
import socket
import ssl
import time

from OpenSSL import SSL, crypto

from .reset import reset_on_close

EXPORTER_LABEL = b"EXPORTER-ACE-MQTT-Sign-Challenge"


def client_hello():
    """The first bytes of a TLS connection, of which nothing else is made."""
    hello = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello,
                                                server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return hello.read()


class TlsStream:
    """A blocking TLS connection with a deadline for every read."""

    def __init__(self, address, ca_file, session=None, max_version=None,
                 certificate=None, timeout=10, alpn=(b"mqtt",),
                 server_name=b"localhost", options=0, source=None,
                 ciphers=None):
        """`certificate`: PEM of a certificate and of its private key.
        `source`: the address to come from.

        `options` are of SSL_CTX_set_options().
        """
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.load_verify_locations(str(ca_file))
        context.set_verify(SSL.VERIFY_PEER)
        context.set_options(options)
        if ciphers:
            context.set_cipher_list(ciphers)
        if alpn:
            context.set_alpn_protos(list(alpn))
        if max_version:
            context.set_max_proto_version(max_version)
        if certificate:
            leaf, key = certificate
            context.use_certificate(
                crypto.load_certificate(crypto.FILETYPE_PEM, leaf))
            context.use_privatekey(
                crypto.load_privatekey(crypto.FILETYPE_PEM, key))
        host, _, port = address.rpartition(":")
        self._socket = socket.create_connection(
            (host, int(port)), timeout, source and (source, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls = SSL.Connection(context, None)  # over memory, not a socket
        if server_name:
            self._tls.set_tlsext_host_name(server_name)
        self._tls.set_connect_state()
        if session:
            self._tls.set_session(session)
        self._finish(self._tls.do_handshake, time.monotonic() + timeout)
        self._flush()

    def _flush(self):
        while True:
            try:
                self._socket.sendall(self._tls.bio_read(1 << 16))
            except SSL.WantReadError:
                return

    def _finish(self, step, end):
        """Repeats step() while it wants bytes from the peer."""
        while True:
            try:
                return step()
            except SSL.WantReadError:
                self._flush()
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing from the peer in time")
            self._socket.settimeout(left)
            received = self._socket.recv(1 << 16)
            if not received:
                raise EOFError("closed by the peer")
            self._tls.bio_write(received)

    def send(self, data):
        data = memoryview(data)
        while data:
            data = data[self._tls.send(data[:1 << 14]):]
            self._flush()

    def receive(self, timeout):
        """Some bytes; raises EOFError at the end, TimeoutError when late."""
        try:
            return self._finish(lambda: self._tls.recv(1 << 16),
                                time.monotonic() + timeout)
        except (SSL.Error, ConnectionError):
            raise EOFError("closed by the peer") from None
        except socket.timeout:
            raise TimeoutError("nothing from the peer in time") from None

    def exporter(self, label=EXPORTER_LABEL, size=32, context=None):
        """`context` None is not the same as an empty one in TLS 1.2."""
        return self._tls.export_keying_material(label, size, context)

    def session(self):
        return self._tls.get_session()

    def resumed(self):
        # pyOpenSSL has no public name for SSL_session_reused.
        return bool(SSL._lib.SSL_session_reused(self._tls._ssl))

    def version(self):
        return self._tls.get_protocol_version_name()

    def alpn(self):
        return self._tls.get_alpn_proto_negotiated()

    def peer_certificate(self):
        return self._tls.get_peer_certificate()

    def local_address(self):
        """Host and port of this end."""
        return self._socket.getsockname()

    def shut_down_writing(self):
        self._flush()
        self._socket.shutdown(socket.SHUT_WR)

    def abort(self):
        """Ends the connection; also wakes a thread that sends."""
        self._socket.shutdown(socket.SHUT_RDWR)

    def settimeout(self, seconds):
        """Of sends; each receive() has its own."""
        self._socket.settimeout(seconds)

    def reset(self):
        """Ends the connection with RST."""
        reset_on_close(self._socket)
        self._socket.close()

    def close(self):
        self._socket.close()
