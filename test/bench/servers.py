"""The servers that are compared: how each is configured, started and ended.

All listen on ports of 127.0.0.1 that were free. Everything that is written goes
into one directory.
"""

import dataclasses
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import machine

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness.ports import free_port  # noqa: E402

START_SECONDS = 10
# One cipher for all, so that TLS costs everybody the same.
CIPHER = "TLS_AES_128_GCM_SHA256"
NGINX_STREAM = pathlib.Path("/usr/lib/nginx/modules/ngx_stream_module.so")

TOPIC = "bench"
ISSUER = "https://as.bench.example"
AUDIENCE = "bench"

# What a proxy needs for as many clients as there are at most.
_DESCRIPTORS = 2 * machine.most_clients() + 200

BROKER = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 0
log_dest stderr
log_type error
log_type warning
"""

HAPROXY = f"""\
global
  nbthread 1
  maxconn {machine.most_clients() + 50}
  ssl-default-bind-options ssl-min-ver TLSv1.2
  ssl-default-bind-ciphersuites {CIPHER}
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend mqtts
  bind 127.0.0.1:{{port}} ssl crt server.pem
  default_backend broker
backend broker
  server broker 127.0.0.1:{{broker}}
"""

NGINX = f"""\
load_module {NGINX_STREAM};
daemon off;
pid nginx.pid;
error_log stderr error;
worker_processes 1;
worker_rlimit_nofile {_DESCRIPTORS};
events {{{{ worker_connections {_DESCRIPTORS}; }}}}
stream {{{{
  server {{{{
    listen 127.0.0.1:{{port}} ssl;
    ssl_certificate server.crt;
    ssl_certificate_key server.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_conf_command Ciphersuites {CIPHER};
    tcp_nodelay on;
    proxy_pass 127.0.0.1:{{broker}};
    proxy_timeout 1h;
  }}}}
}}}}
"""

STUNNEL = """\
foreground = yes
debug = err
pid =
socket = l:TCP_NODELAY=1
socket = r:TCP_NODELAY=1
[mqtts]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{broker}
cert = server.crt
key = server.key
sslVersionMin = TLSv1.2
ciphersuites = %s
""" % CIPHER

BROKER_TLS = BROKER + f"""\
certfile server.crt
keyfile server.key
user root
tls_version tlsv1.2
ciphers_tls1.3 {CIPHER}
"""

ACL = f"""\
topic read $SYS/broker/version
topic write telemetry/+/raw
topic deny secret/#
topic readwrite {TOPIC}/#
pattern write devices/%c/up/#
pattern read devices/%c/down/#
"""

SLUICE_PROXY = """\
listeners:
- name: mqtts
  address: 127.0.0.1:{port}
  tls: {{certificate: server.crt, private_key: server.key}}
upstream: {{address: "127.0.0.1:{broker}"}}
policy: {{{policy}}}
admin: {{address: "127.0.0.1:{admin}"}}
workers: {workers}
log: {{level: warning}}
"""

SLUICE_POLICY = f"""\
address: 127.0.0.1:{{policy}}
audience: {AUDIENCE}
issuers:
- {{{{issuer: "{ISSUER}", jwks_file: as.json.pub}}}}
public_topics:
{{public_topics}}
store: {{{{memory: {{{{}}}}}}}}
"""


PUBLIC_TOPIC = '- {{filter: "{}", permissions: [pub, sub]}}'


def filters(count):
    """Topic filters, `count` in all; the last ones are for the load's topics.
    """
    used = [f"{TOPIC}/{i}" for i in range(10)]
    return [f"plant/{i}/+/state" for i in range(count - len(used))] + used


class StartError(Exception):
    """A server did not start, or a tool that prepares it failed."""


def _run(argv, directory):
    done = subprocess.run([str(arg) for arg in argv], cwd=directory, text=True,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          check=False)
    if done.returncode != 0:
        raise StartError(f"{' '.join(map(str, argv))}:\n{done.stderr}")
    return done.stdout


def make_certificates(directory):
    """A P-256 authority (ca.crt) and a leaf (server.crt/.key/.pem)."""
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    _run(["openssl", "req", "-x509", *new_key, "-days", "7", "-subj",
          "/CN=bench CA", "-keyout", "ca.key", "-out", "ca.crt"], directory)
    _run(["openssl", "req", *new_key, "-subj", "/CN=localhost", "-keyout",
          "server.key", "-out", "server.csr"], directory)
    (directory / "names").write_text(
        "subjectAltName=DNS:localhost,IP:127.0.0.1\n", encoding="ascii")
    _run(["openssl", "x509", "-req", "-in", "server.csr", "-CA", "ca.crt",
          "-CAkey", "ca.key", "-CAcreateserial", "-days", "7", "-extfile",
          "names", "-out", "server.crt"], directory)
    (directory / "server.pem").write_bytes(
        (directory / "server.crt").read_bytes() +
        (directory / "server.key").read_bytes())


def make_token(sluicectl, directory):
    """An issuer (as.json), a client's key (client.json) and its token."""
    for name in ("as.json", "client.json"):
        _run([sluicectl, "dev", "keygen", "--alg", "EdDSA", "--out", name],
             directory)
    token = _run(
        [sluicectl, "dev", "token", "--key", "as.json", "--issuer", ISSUER,
         "--audience", AUDIENCE, "--subject", "bench", "--scope",
         f'[["{TOPIC}/#",["pub","sub"]]]', "--expires-in", "24h", "--cnf-key",
         "client.json.pub", "--format", "jwt"], directory)
    (directory / "token").write_text(token, encoding="ascii")


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def _is_ready(admin_port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/readyz",
                                    timeout=1) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@dataclasses.dataclass
class Case:
    """One way to the broker. `authenticated`: clients present a token, each
    connection another one with `new_tokens`.
    """

    name: str
    tls: bool = True
    authenticated: bool = False
    new_tokens: bool = False


CASES = {case.name: case for case in (
    Case("plain", tls=False),
    Case("haproxy"),
    Case("nginx"),
    Case("stunnel"),
    Case("mosquitto-tls"),
    Case("mosquitto-tls-acl"),
    Case("sluice", authenticated=True),
    Case("sluice-embedded", authenticated=True),
    Case("sluice-new-tokens", authenticated=True, new_tokens=True),
    Case("sluice-anonymous"),
)}


PROGRAMS = {"stunnel": "stunnel4"}


def missing(case_name, bazel_bin):
    """Why the case can't run here; empty when it can."""
    if not shutil.which("mosquitto", path="/usr/sbin:/usr/bin"):
        return "mosquitto is not installed"
    if case_name in ("haproxy", "nginx", "stunnel"):
        if not shutil.which(PROGRAMS.get(case_name, case_name),
                            path="/usr/sbin:/usr/bin"):
            return f"{case_name} is not installed"
        if case_name == "nginx" and not NGINX_STREAM.exists():
            return "nginx's stream module is not installed"
    if case_name.startswith("sluice"):
        for name in ("proxy/sluice-proxy", "policy/sluice-policy",
                     "policy/sluicectl"):
            if not (bazel_bin / name).exists():
                return f"{bazel_bin / name} is not built"
    return ""


class Stack:
    """A broker and what stands before it, running. A context manager.

    `port` is where clients connect; `pids` maps roles ("proxy", "policy",
    "broker") to processes. `workers` are Sluice's event loops; anybody may use
    the topics of `public`, in Sluice. Stacks that are up together need `name`s.
    """

    def __init__(self, case, directory, bazel_bin, workers=1,
                 public=("public/#",), name=None):
        self.case = case
        self._name = name or case.name
        self._workers = workers
        self._public = public
        self.pids = {}
        self._directory = directory
        self._bazel_bin = bazel_bin
        self._processes = []
        self._log = directory / f"{self._name}.log"
        self._log.write_bytes(b"")

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *unused):
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self):
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _start(self):
        broker = free_port()
        config = BROKER
        if self.case.name.startswith("mosquitto"):
            config = BROKER_TLS
        if self.case.name == "mosquitto-tls-acl":
            config += "acl_file acl\n"
            (self._directory / "acl").write_text(ACL, encoding="ascii")
            (self._directory / "acl").chmod(0o700)
        self._spawn("broker", ["/usr/sbin/mosquitto", "-c",
                               self._write("broker", config, port=broker)],
                    lambda: _accepts(broker))
        self.port = broker
        if self.case.name == "plain" or "mosquitto" in self.case.name:
            return
        self.port = free_port()
        if self.case.name.startswith("sluice"):
            self._start_sluice(broker)
            return
        template, argv = {
            "haproxy": (HAPROXY, ["/usr/sbin/haproxy", "-db", "-f"]),
            "nginx": (NGINX, ["/usr/sbin/nginx", "-p",
                              f"{self._directory}/", "-c"]),
            "stunnel": (STUNNEL, ["/usr/bin/stunnel4"]),
        }[self.case.name]
        config = self._write(self.case.name, template, port=self.port,
                             broker=broker)
        self._spawn("proxy", [*argv, config], lambda: _accepts(self.port))
        if self.case.name == "nginx":  # the master does none of the work
            master = self.pids["proxy"]
            self._wait("an nginx worker", lambda: machine.children(master))
            self.pids["proxy"] = machine.children(master)[0]

    def _start_sluice(self, broker):
        policy, admin = free_port(), free_port()
        config = self._write("policy", SLUICE_POLICY, policy=policy,
                             public_topics="\n".join(
                                 map(PUBLIC_TOPIC.format, self._public)))
        source = f"embedded: {config}"
        if self.case.name != "sluice-embedded":
            source = f'address: "127.0.0.1:{policy}"'
            self._spawn("policy", [self._bazel_bin / "policy/sluice-policy",
                                   "--config", config],
                        lambda: _accepts(policy))
        config = self._write("proxy", SLUICE_PROXY, port=self.port,
                             broker=broker, policy=source, admin=admin,
                             workers=self._workers)
        self._spawn("proxy", [self._bazel_bin / "proxy/sluice-proxy",
                              "--config", config],
                    lambda: _is_ready(admin))

    def _write(self, name, template, **values):
        path = self._directory / f"{self._name}.{name}.conf"
        path.write_text(template.format(**values), encoding="ascii")
        return path

    def _spawn(self, role, argv, is_up):
        with open(self._log, "ab") as log:
            process = subprocess.Popen(
                [str(arg) for arg in argv], cwd=self._directory,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._processes.append(process)
        self.pids[role] = process.pid
        self._wait(argv[0], lambda: process.poll() is not None or is_up())
        if process.poll() is not None:
            raise StartError(f"{argv[0]} ended:\n{self.log()}")

    def _wait(self, what, condition):
        end = time.monotonic() + START_SECONDS
        while not condition():
            if time.monotonic() > end:
                raise StartError(f"{what} does not start:\n{self.log()}")
            time.sleep(0.02)
