"""etcd, as policy services share it."""

import json
import shutil
import signal
import ssl
import urllib.request

from .ports import free_port
from .process import Process, eventually


class Etcd(Process):
    """One member on loopback, plain or, with `tls`, by the stack's keys; with
    `jwt`, tokens of those who log in are JWTs, signed with them."""

    def __init__(self, directory, tls=False, jwt=False):
        scheme = "https" if tls else "http"
        self.address = f"127.0.0.1:{free_port()}"
        self._url = f"{scheme}://{self.address}"
        self._context = None
        self._token = None
        self._data = directory / "etcd"
        peer = f"http://127.0.0.1:{free_port()}"
        options = []
        if tls:
            self._context = ssl.create_default_context(
                cafile=directory / "ca.crt")
            options = [f"--cert-file={directory}/server.crt",
                       f"--key-file={directory}/server.key"]
        if jwt:
            options.append(f"--auth-token=jwt,pub-key={directory}/server.crt,"
                           f"priv-key={directory}/server.key,"
                           "sign-method=ES256,ttl=10m")
        super().__init__([
            "/usr/bin/etcd", "--name=e2e", f"--data-dir={self._data}",
            f"--listen-client-urls={self._url}",
            f"--advertise-client-urls={self._url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=e2e={peer}", *options],
            directory / "etcd.log")

    def start(self):
        super().start()
        eventually(self._ready, "etcd is ready")

    def start_anew(self):
        """What it held is lost: another, empty cluster at the same address."""
        self.stop(signal.SIGKILL)
        shutil.rmtree(self._data)
        self.start()

    def _ready(self):
        try:
            return self.call("maintenance/status")
        except OSError:
            return None

    def call(self, method, **fields):
        """A method of the JSON gateway; its answer."""
        request = urllib.request.Request(
            f"{self._url}/v3/{method}", json.dumps(fields).encode(),
            {"Content-Type": "application/json"})
        if self._token:
            request.add_header("Authorization", self._token)
        with urllib.request.urlopen(request, context=self._context,
                                    timeout=5) as answer:
            return json.load(answer)

    def require_login(self, password):
        """From now on it is the user `root` who may do something."""
        self.call("auth/user/add", name="root", password=password)
        self.call("auth/role/add", name="root")
        self.call("auth/user/grant", user="root", role="root")
        self.call("auth/enable")
        self._token = self.call("auth/authenticate", name="root",
                                password=password)["token"]
