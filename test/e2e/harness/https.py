"""An HTTPS server for tests."""

import http.server
import ssl
import threading


class HttpsServer(http.server.ThreadingHTTPServer):
    """Serves on 127.0.0.1 until stop(), each connection in a thread of its own,
    TLS handshake included."""

    # Many may come at once, and whoever does not fit comes back a second later.
    request_queue_size = 128

    def __init__(self, handler, directory, client_ca=None, port=0):
        """`client_ca`: whose certificates clients must show, a file."""
        super().__init__(("127.0.0.1", port), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(directory / "server.crt",
                                directory / "server.key")
        if client_ca:
            context.load_verify_locations(directory / client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # clients that do not trust it, or are not trusted

    def stop(self):
        self.shutdown()
        self.server_close()
