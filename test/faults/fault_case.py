"""What the cases of this suite have in common: a look at what is held."""

import contextlib

from harness import admin, usage
from harness.process import SANITIZED, eventually
from harness.stack import StackTestCase

# What a program may grow by in a round, while the same fault is repeated: a
# connection with its session has 7 KiB, and of a token the policy service keeps
# 1 KiB.
ROUNDS = 200
MAX_GROWTH_BYTES = 2048
# The same of all rounds, when they fill queues, or are too few to tell more.
MAX_GROWTH_BYTES_OF_QUEUES = 1 << 20
# What gRPC may open for itself meanwhile; far less than a leak would.
SPARE_DESCRIPTORS = 4


class FaultTestCase(StackTestCase):

    def setUp(self):
        eventually(self.watching, "the proxy watches the policy service")
        self.nothing_left_at_the_end()

    def metric(self, name, **labels):
        """A metric's value; without the labels' names, the sum over them."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(value for key, value in
                   admin.metrics(self.stack.admin_address).items()
                   if key.partition("{")[0] == name and
                   all(label in key for label in wanted))

    def watching(self):
        return self.metric("sluice_policy_watch_connected") == 1

    def programs(self):
        return [process for process in (self.stack.proxy, self.stack.policy)
                if process]

    def held(self):
        """Descriptors by program."""
        return {process.name: usage.descriptors(process.pid)
                for process in self.programs()}

    @contextlib.contextmanager
    def nothing_left(self):
        """What is opened inside, many times, is closed soon after: connections,
        of which there is none before, and descriptors of both programs."""
        self.wait_until_all_have_gone()
        before = self.held()
        yield
        self.assert_nothing_left(before)

    def nothing_left_at_the_end(self):
        """The same of all that the case does from now on, once its clients have
        gone; also of programs that are started again in it."""
        self.wait_until_all_have_gone()
        # After all that is cleaned up for the case.
        self.addCleanup(self.assert_nothing_left, self.held())

    def assert_nothing_left(self, before):
        def closed():
            return self.metric("sluice_connections") == 0 and all(
                now <= before[name] + SPARE_DESCRIPTORS
                for name, now in self.held().items())

        try:
            eventually(closed, "all is closed")
        except AssertionError:
            self.fail(f"left open: {before} became {self.held()}, with "
                      f"{self.metric('sluice_connections')} connections")

    def expect_end(self, client, kind, code):
        """The last packet, then the end, of both sides."""
        self.assert_code(client.expect(kind), code)
        client.expect_closed()
        client.tls.close()

    def wait_until_all_have_gone(self):
        eventually(lambda: self.metric("sluice_connections") == 0,
                   "sluice_connections is 0")

    def repeat(self, fault, rounds=ROUNDS):
        """fault() again and again: nothing is left open, memory stays."""
        most = (rounds * MAX_GROWTH_BYTES if rounds >= ROUNDS
                else MAX_GROWTH_BYTES_OF_QUEUES)
        for _ in range(rounds // 4):
            fault()  # what is made once is there
        with self.nothing_left():
            before = [usage.resident_bytes(p.pid) for p in self.programs()]
            for _ in range(rounds):
                fault()
        for process, was in zip(self.programs(), before):
            self.assertTrue(process.running(), process.name)
            if not SANITIZED:
                self.assertLess(usage.resident_bytes(process.pid) - was, most,
                                process.name)
