"""What attackers do. Each attack runs in a process of its own, which has the
processor when nobody else wants it: it stands for other machines, and is not to
take this one's time from the programs under test. (SCHED_IDLE: for a process that
is only nice those that wake up may have to wait.) It ends when `stop` is set, and
returns what it saw as a dictionary of numbers.
"""

import collections
import contextlib
import itertools
import multiprocessing
import os
import resource
import selectors
import socket
import ssl
import threading
import time

from harness import wire
from harness.client import Client
from harness.tls import client_hello
from harness.tokens import AuthorizationServer, Ed25519Key

_FORK = multiprocessing.get_context("fork")
WORKERS = 8
GONE = (OSError, EOFError, AssertionError, ValueError, TimeoutError)


def addresses(attack, count):
    """Where the attackers of an attack come from, by its number: no other comes
    from there. Good clients are at 127.0.0.1."""
    return [f"127.1.{attack}.{1 + i}" for i in range(count)]


class Target:
    """Where and how to attack: from `sources`, with a token where it helps."""

    def __init__(self, stage, sources):
        self.host, _, port = stage.address.rpartition(":")
        self.port = int(port)
        self.sources = sources
        self._stage = stage
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def tcp(self, i=0):
        return socket.create_connection(
            (self.host, self.port), 10,
            (self.sources[i % len(self.sources)], 0))

    def tls(self, i=0):
        return self._context.wrap_socket(self.tcp(i))

    def let_in(self, *permissions, i=0):
        """A client with a good token; may be kept out for a while."""
        while True:
            with contextlib.suppress(*GONE):
                client = Client(f"{self.host}:{self.port}",
                                self._stage.ca_file,
                                source=self.sources[i % len(self.sources)])
                connack = self._stage.let_in(client, *permissions)
                if connack.code == 0:
                    client.limits = connack.properties
                    return client
            time.sleep(0.05)


class Attack:
    """`run(target, stop)` on a stage, from as many `sources` of its own, in a
    process that lasts until stop()."""

    _numbers = itertools.count()

    def __init__(self, run, stage, sources=1, **options):
        target = Target(stage, addresses(next(self._numbers), sources))
        self._stop = _FORK.Event()
        self._seen = _FORK.SimpleQueue()
        self._process = _FORK.Process(target=self._main, daemon=True,
                                      args=(run, target, options))
        self._process.start()

    def _main(self, run, target, options):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._seen.put(dict(run(target, self._stop, **options)))

    def stop(self):
        """Ends it; what it saw."""
        self._stop.set()
        self._process.join(30)
        if self._process.exitcode != 0:
            self._process.kill()
            raise AssertionError("the attacker did not end in an orderly way")
        return self._seen.get()


def _together(work, target, stop, workers=WORKERS):
    """`work(target, stop, number, seen)` in threads; `seen` counts."""
    seen = collections.Counter()

    def loop(number):
        while not stop.is_set():
            try:
                work(target, stop, number, seen)
            except GONE as error:
                seen["ended"] += 1
                if isinstance(error, ConnectionRefusedError):
                    raise

    threads = [threading.Thread(target=loop, args=[i], daemon=True)
               for i in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def half_open(target, stop, count=10000, again=True):
    """Opens `count` connections that never finish their TLS handshake: half of
    them say nothing, half send the beginning of a ClientHello. Those that are
    closed are opened `again`."""
    hello = client_hello()
    seen = collections.Counter()
    selector = selectors.EpollSelector()

    def open_one():
        i = seen["opened"]
        seen["opened"] += 1
        connection = socket.socket()
        connection.setblocking(False)
        # Ports are chosen when it connects, not before.
        connection.setsockopt(socket.IPPROTO_IP, 24, 1)
        connection.bind((target.sources[i % len(target.sources)], 0))
        connection.connect_ex((target.host, target.port))
        selector.register(connection, selectors.EVENT_WRITE, i % 2 == 0)

    def close(connection):
        selector.unregister(connection)
        connection.close()

    while not stop.is_set():
        missing = count - (len(selector.get_map()) if again
                           else seen["opened"])
        for _ in range(min(missing, 500)):
            open_one()
        for key, events in selector.select(0.05):
            try:
                if events & selectors.EVENT_WRITE:
                    seen["connected"] += 1
                    if key.data:
                        key.fileobj.send(hello[:100])
                    selector.modify(key.fileobj, selectors.EVENT_READ)
                elif not key.fileobj.recv(4096):
                    raise ConnectionError
            except OSError:
                seen["closed"] += 1
                close(key.fileobj)
        seen["most"] = max(seen["most"],
                           seen["connected"] - seen["closed"])
    return seen


def _drip(connections, data, stop):
    """Sends each of `connections` one byte of `data` a second."""
    seen = collections.Counter(opened=len(connections))
    sent = 0
    while not stop.wait(1):
        for connection in list(connections):
            try:
                connection.send(data[sent % len(data):][:1])
            except OSError:
                connections.remove(connection)
                seen["closed"] += 1
        sent += 1
    return seen


def drip_handshake(target, stop, count=500):
    """A byte of the ClientHello a second."""
    return _drip([target.tcp(i) for i in range(count)], client_hello(),
                 stop)


def drip_connect(target, stop, count=200):
    """A byte of CONNECT a second."""
    connections = []
    for i in range(count):
        if stop.is_set():
            break
        with contextlib.suppress(*GONE):
            connections.append(target.tls(i))
    return _drip(connections, wire.connect(client_id="x" * 100), stop)


def _stranger_token():
    """Well-formed, for the right audience, and signed by somebody else."""
    key = Ed25519Key()
    server = AuthorizationServer()
    return wire.connect(props={
        "authentication_method": "ace",
        "authentication_data": wire.binary(
            server.token(key, "good/# pub sub")) + os.urandom(64)})


def bad_tokens(target, stop):
    """CONNECTs with tokens of a stranger, as fast as they are refused."""
    connect = _stranger_token()

    def once(target, stop, number, seen):
        seen["attempts"] += 1
        turn = seen["attempts"]
        try:
            with target.tls(turn) as tls:
                tls.sendall(connect)
                answer = tls.recv(4096)
        except (OSError, EOFError):
            seen["kept out"] += 1
            return
        packet, _ = wire.split(answer, wire.V5)
        seen[f"0x{packet.code:02x}" if packet else "closed"] += 1

    return _together(once, target, stop)


def huge_connect(target, stop):
    """CONNECT that announces 256 MiB, then a byte now and then."""

    def once(target, stop, number, seen):
        seen["attempts"] += 1
        with target.tls(number) as tls:
            tls.sendall(b"\x10\xff\xff\xff\x7f\0\4MQTT\5")
            tls.settimeout(0.05)
            while not stop.is_set():
                with contextlib.suppress(TimeoutError):
                    if not tls.recv(4096):
                        break
                tls.send(b"x")
        seen["cut"] += not stop.is_set()

    return _together(once, target, stop)


def huge_publish(target, stop, count=20):
    """PUBLISH that announces 256 MiB, then a kilobyte now and then."""
    seen = collections.Counter()
    clients = [target.let_in("flood/# pub", i=i) for i in range(count)]
    for client in clients:
        client.send(b"\x30\xfa\xff\xff\x7f" + wire.text("flood/x") + b"\0")
    while not stop.wait(0.1):
        for client in clients:
            client.send(b"x" * 1024)
            seen["bytes"] += 1024
    return seen


def _kept(stays, target, stop, count):
    """Opens connections until there are `count` of those of which `stays(tls)`
    is true, and keeps these."""
    kept = []

    def once(target, stop, number, seen):
        if len(kept) >= count:
            stop.wait(0.1)
            return
        tls = target.tls(number)
        seen["opened"] += 1
        try:
            stayed = stays(tls)
        except (OSError, IndexError):
            stayed = False
        if stayed:
            kept.append(tls)
        seen["kept" if stayed else "closed"] += 1

    return _together(once, target, stop)


def unfinished_packets(target, stop, count=600):
    """The most that is kept without a token: long topics with aliases, and a
    SUBSCRIBE but for its end."""
    packet = b"".join(
        wire.publish("x" * 60_000, b"", 1, i, props={"topic_alias": i})
        for i in range(1, 5)) + (
            b"\x82" + wire.varint(250_000) + b"\0\1\0" + b"x" * 240_000)

    def stays(tls):
        try:
            tls.sendall(wire.connect() + packet)
            tls.settimeout(0.02)
            while tls.recv(4096):
                pass
        except TimeoutError:
            return True
        return False

    return _kept(stays, target, stop, count)


def awaiting_challenges(target, stop, count=600):
    """Whole CONNECTs, as large as they may be, of clients that then owe their
    proof."""
    packet = wire.connect(
        client_id="c" * 65_000, will=("w" * 65_000, b"p" * 65_000),
        props={"authentication_method": "ace",
               "authentication_data": wire.binary(b"t" * 62_000)})

    def stays(tls):
        tls.sendall(packet)
        return tls.recv(1)[0] >> 4 == wire.TYPES.index("AUTH")

    return _kept(stays, target, stop, count)


def unread_answers(target, stop, count=60):
    """Clients without a token that are denied what they publish, and read none
    of the answers."""
    packets = wire.publish("denied", b"", 1) * 2000

    def stays(tls):
        tls.sendall(wire.connect(keep_alive=0))
        tls.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            while not stop.is_set():
                tls.sendall(packets)
        return True

    return _kept(stays, target, stop, count)


def many_properties_connect(target, stop):
    """CONNECT with a million User Properties, or as many as fit into what may
    be sent without a token."""
    pair = b"\x26\0\0\0\0"

    def connect(count):
        return wire.packet("CONNECT", wire.text("MQTT") + b"\5\2\0\x3c" +
                           wire.varint(5 * count) + pair * count + b"\0\0")

    packets = [connect(1_000_000), connect(50_000)]

    def once(target, stop, number, seen):
        seen["attempts"] += 1
        with target.tls(number) as tls:
            # It may be cut before all has been sent; the answer is there.
            with contextlib.suppress(OSError):
                tls.sendall(packets[number % 2])
            answer = tls.recv(4096)
        packet, _ = wire.split(answer, wire.V5)
        if packet:
            seen[f"0x{packet.code:02x}"] += 1

    return _together(once, target, stop)


def _refused(client):
    """Waits for DISCONNECT; its code in words."""
    return f"0x{client.expect('DISCONNECT').code:02x}"


def many_properties_publish(target, stop):
    """PUBLISH with a million User Properties, of clients with tokens."""
    count = 1_000_000
    packet = wire.packet("PUBLISH", wire.text("flood/x") + wire.varint(
        5 * count) + b"\x26\0\0\0\0" * count)

    def once(target, stop, number, seen):
        client = target.let_in("flood/# pub", i=number)
        with contextlib.suppress(*GONE):
            client.send(packet)
        seen[_refused(client)] += 1
        client.tls.close()

    return _together(once, target, stop, 4)


def aliases(target, stop):
    """Each alias is set anew all the time, with long topics; then one that is
    over the maximum."""

    def once(target, stop, number, seen):
        client = target.let_in("flood/# pub", i=number)
        most = client.limits.get("topic_alias_maximum", 0)
        packets = b"".join(
            wire.publish(f"flood/{i}/{'x' * 1000}",
                         props={"topic_alias": 1 + i % most})
            for i in range(100)) if most else b""
        for _ in range(20):
            if stop.is_set():
                return
            client.send(packets)
            seen["publications"] += 100 if most else 0
        client.send(wire.publish("flood/x", props={"topic_alias": 65535}))
        seen[_refused(client)] += 1
        client.tls.close()

    return _together(once, target, stop, 2)


def small_publications(target, stop):
    """As many messages as fit into the connections, of a byte each."""

    def once(target, stop, number, seen):
        client = target.let_in("flood/# pub", i=number)
        packets = wire.publish("flood/x", b"x") * 1000
        while not stop.is_set():
            client.send(packets)
            seen["publications"] += 1000

    return _together(once, target, stop, 4)


def subscriptions(target, stop):
    """SUBSCRIBEs with 1,000 filters each, half of them denied, and then one
    with more than 4,096, which is what a packet may have."""
    filters = ["flood/%d" % (i // 2) if i % 2 else "denied/%d" % i
               for i in range(1000)]

    def once(target, stop, number, seen):
        client = target.let_in("flood/# sub", i=number)
        for packet_id in range(1, 50):
            if stop.is_set():
                return
            client.subscribe(*filters, packet_id=packet_id)
            seen["filters"] += len(filters)
        client.send(wire.subscribe(["flood/x"] * 4097))
        seen[_refused(client)] += 1
        client.tls.close()

    return _together(once, target, stop, 2)


def _pipelined(client, packets, count, stop, seen, batch=50):
    """Publishes again and again and counts the acknowledgements' codes."""
    while not stop.is_set():
        client.send(*[packets(1 + i) for i in range(batch)])
        for _ in range(batch):
            seen[f"0x{client.expect('PUBACK').code:02x}"] += 1
        seen[count] += batch


def tokens(target, stop):
    """Rubbish on authz-info, of clients without a token."""

    def once(target, stop, number, seen):
        client = Client(f"{target.host}:{target.port}",
                        target._stage.ca_file,
                        source=target.sources[number % len(target.sources)])
        client.send(wire.connect())
        if client.expect("CONNACK").code != 0:
            return
        _pipelined(client, lambda i: wire.publish(
            "authz-info", b"no token at all", 1, i), "tokens", stop, seen)

    return _together(once, target, stop, 4)


def denied_publications(target, stop):
    """PUBLISH outside the scope, as fast as they are denied."""

    def once(target, stop, number, seen):
        client = target.let_in("flood/# pub", i=number)
        seen["clients"] += 1
        _pipelined(client, lambda i: wire.publish(
            f"denied/{i}", b"x", 1, i), "publications", stop, seen)

    return _together(once, target, stop, 4)


def stopped_readers(target, stop, count=5):
    """Clients that subscribe to a hot topic and read nothing more."""
    seen = collections.Counter()
    readers = [target.let_in("flood/# sub", i=i) for i in range(count)]
    for reader in readers:
        reader.subscribe("flood/hot")
    writer = target.let_in("flood/# pub")
    # 16 MB a second, to each of them.
    packet = wire.publish("flood/hot", b"x" * 16000)
    while not stop.is_set():
        for _ in range(10):
            writer.send(packet)
        seen["bytes"] += 160000
        stop.wait(0.01)
    return seen
