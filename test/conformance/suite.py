"""How cases are written down: by requirement and outcome, on shared stacks."""

import collections
import contextlib
import itertools
import threading
import typing

import stacks
from harness import wire
from harness.process import eventually
from harness.stack import StackTestCase
from harness.tokens import Ed25519Key

ACCEPTED, REFUSED = "accepted", "refused"

_numbers = itertools.count(1)


class Case(typing.NamedTuple):
    """`run` takes a Bench."""

    ids: tuple
    outcome: str
    title: str
    stack: str
    slow: bool
    run: typing.Callable

    def name(self):
        return f"{' '.join(self.ids)} {self.outcome}: {self.title}"


CASES = []


def case(*ids, outcome, stack="main", each=None, slow=False):
    """Registers a function as a case; its documentation is the title.

    `outcome`: what the client must get. `stack`: one of stacks.STACKS. `each`:
    a dict; the function is one case for each of its items, and gets the value
    as well. `slow` ones wait for time to pass; they are started first.
    """
    assert outcome in (ACCEPTED, REFUSED), outcome

    def register(function):
        title = function.__doc__.rstrip(".")
        if each is None:
            CASES.append(Case(ids, outcome, title, stack, slow, function))
        else:
            for name, value in each.items():
                CASES.append(Case(
                    ids, outcome, f"{title}: {name}", stack, slow,
                    lambda bench, value=value: function(bench, value)))
        return function

    return register


class Bench(StackTestCase):
    """What one case works with: a stack, a key, and clients that it owns.

    Cases share a stack and its broker at the same time, so each client has an
    identifier of its own, by which the broker's side of it is found.
    """

    def __init__(self, stack_name):
        super().__init__()
        self.stack = stacks.get(stack_name)
        self.key = Ed25519Key()
        self.name = f"case-{next(_numbers):04}"

    # Clients.

    def connected(self, *permissions, **fields):
        """As in the end-to-end tests; the Client Identifier is self.name."""
        return super().connected(
            *permissions, **{"client_id": self.name, **fields})

    def connected_v311(self, *permissions, **fields):
        return super().connected_v311(
            *permissions, **{"client_id": self.name, **fields})

    def anonymous(self, version=wire.V5, **fields):
        return super().anonymous(
            version, **{"client_id": self.name, **fields})

    def connack(self, token, key=None, pop="exporter", tls=None, **fields):
        """CONNECTs with `token`; the client and its CONNACK."""
        client = self.client(**(tls or {}))
        return client, client.ace_connect(
            token, key or self.key, pop,
            **{"client_id": self.name, **fields})

    def raw_connect(self, data, version=wire.V5, method="ace", props=None,
                    **fields):
        """CONNECTs with Authentication Data `data`; client and answer."""
        client = self.client(version)
        properties = {**(props or {})}
        if method is not None:
            properties["authentication_method"] = method
        if data is not None:
            properties["authentication_data"] = data
        client.send(wire.connect(version, props=properties, **{
            "client_id": self.name, **fields}))
        return client, client.receive()

    def post(self, token, code=0):
        """Deposits `token` at authz-info, as an anonymous client."""
        client, connack = self.anonymous(client_id=f"{self.name}-post")
        self.assert_code(connack, 0)
        self.assert_code(client.publish("authz-info", token), code)

    def in_background(self, function):
        """Runs it in a thread, to the end of the case at most."""
        thread = threading.Thread(target=function, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 5)

    # Judgements.

    def assert_let_in(self, client, connack, allowed="a/b", denied="b"):
        """The grant is in force, and ends where it should."""
        self.assertEqual(connack.type, "CONNACK", connack)
        self.assert_code(connack, 0)
        if allowed:
            self.assertLess(client.publish(allowed).code, 0x80)
        if denied:
            self.assert_code(client.publish(denied), 0x87)

    def assert_refused(self, client, connack, code=0x87):
        """CONNACK with `code`, then the end; the broker saw nothing of it."""
        self.assertEqual(connack.type, "CONNACK", connack)
        self.assert_code(connack, code)
        client.expect_closed()
        self.assert_unseen()

    def assert_unseen(self):
        """No byte of this case's clients has reached the recording broker."""
        for connection in list(getattr(self.stack.broker, "connections", ())):
            self.assertNotIn(self.name.encode(), connection.data)

    # The broker's side.

    def broker_side(self, client_id=None):
        """The one connection to the recording broker by `client_id`."""
        wanted = client_id or self.name

        def find():
            return [c for c in list(self.stack.broker.connections)
                    if c.client_id == wanted]

        found = eventually(find, f"the broker knows {wanted}")
        self.assertEqual(len(found), 1)
        return found[0]

    def broker_packets(self, *kinds, client_id=None):
        """The packets at the broker after CONNECT, which must be `kinds`."""
        connection = self.broker_side(client_id)
        eventually(lambda: len(connection.packets) > len(kinds),
                   f"{kinds} at the broker, not {connection.packets}", 5)
        self.assertEqual([p.type for p in connection.packets[1:]],
                         list(kinds))
        return connection.packets[1:]

    def script(self, client_id=None, **answers):
        """What the recording broker answers to this case's client."""
        self.stack.broker.scripts[client_id or self.name] = answers

    def assert_no_more_at_broker(self, client, *kinds):
        """After a round trip, `kinds` is all that came behind CONNECT."""
        client.ping()
        self.broker_packets(*kinds, "PINGREQ")

    def assert_broker_closed(self, *kinds, client_id=None):
        """The proxy closed; behind CONNECT there was `kinds` and no more."""
        connection = self.broker_side(client_id)
        eventually(lambda: connection.closed, "the broker's side is closed")
        self.assertEqual([p.type for p in connection.packets[1:]],
                         list(kinds))
        self.assertEqual(connection.data,
                         b"".join(p.raw for p in connection.packets))
        return connection.packets[1:]


@contextlib.contextmanager
def own_stack(bench, **options):
    """A stack for one case alone, which may break it."""
    stack = stacks.start(bench.name, options)
    bench.stack = stack
    try:
        yield stack
    finally:
        stack.stop()


def outcomes():
    """How many cases each id has by outcome: {id: {outcome: number}}."""
    count = collections.defaultdict(collections.Counter)
    for item in CASES:
        for requirement in item.ids:
            count[requirement][item.outcome] += 1
    return count
