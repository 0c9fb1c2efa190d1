"""A policy service that answers late, more than once, or when its client has
gone."""

import time

from fault_case import FaultTestCase
from harness import wire
from harness.directed_broker import DirectedBroker
from harness.fake_policy import FakePolicy, denial, grant

TIMEOUT = 0.5  # seconds


class PolicyAnswerTest(FaultTestCase):

    @classmethod
    def setUpClass(cls):
        cls.broker = DirectedBroker()
        cls.fake = FakePolicy([grant("a/# pub sub")])
        cls.addClassCleanup(cls.fake.stop)
        cls.addClassCleanup(cls.broker.stop)
        cls.stack_options = {"broker": cls.broker, "proxy": {
            "policy": {"address": cls.fake.address,
                       "timeout": f"{TIMEOUT}s"}}}
        super().setUpClass()

    def setUp(self):
        self.fake.answers = [grant("a/# pub sub")]
        super().setUp()
        self.addCleanup(self.fake.release)

    def asking(self):
        client = self.client()
        client.send(wire.connect(props={
            "authentication_method": "ace", "authentication_data":
            wire.binary(self.token("a/# pub")) +
            client.exporter_proof(self.key)}))
        return client

    def unavailable(self):
        return self.metric("sluice_connects_total",
                           reason="policy_unavailable")

    def assert_refused(self, client):
        self.expect_end(client, "CONNACK", 0x88)

    def assert_let_in(self):
        client = self.asking()
        upstream = self.broker.next()
        upstream.accept()
        self.assert_code(client.expect("CONNACK"), 0)
        client.send(wire.disconnect())
        client.tls.close()
        upstream.expect("DISCONNECT")
        upstream.expect_closed()

    def test_late_grant_is_0x88_and_lets_nobody_in(self):
        self.assert_let_in()
        counted = self.unavailable()
        with self.nothing_left():
            self.fake.hold()
            begin = time.monotonic()
            clients = [self.asking() for _ in range(20)]
            for client in clients:
                self.assert_refused(client)
            self.assertLess(time.monotonic() - begin, 10 * TIMEOUT)
            self.fake.release()
        self.assertTrue(self.broker.none_has_come())
        self.assertEqual(self.unavailable(), counted + len(clients))
        self.stack.proxy.wait_for('"client_refused".*"reason_code":136')
        self.assert_let_in()

    def test_grant_for_a_client_that_has_gone_lets_nobody_in(self):
        self.assert_let_in()
        with self.nothing_left():
            self.fake.hold()
            for _ in range(20):
                client = self.asking()
                self.fake.wait_until_asked()
                client.tls.close()
            self.fake.release()
        self.assertTrue(self.broker.none_has_come())
        self.assert_let_in()

    # The protocol has one answer to a request. HTTP/2 could carry more of them,
    # and to gRPC that is no answer: nothing is decided, and in time.

    def test_two_answers_are_none(self):
        for answers in ([grant("a/# pub sub"), grant("b/# pub sub")],
                        [denial(), grant("a/# pub sub")]):
            self.fake.answers = answers
            self.repeat(lambda: self.assert_refused(self.asking()), rounds=4)
            self.assertTrue(self.broker.none_has_come())
        self.fake.answers = [grant("a/# pub sub")]
        self.assert_let_in()

    # What could be read of them would be a grant, and what could not might be
    # the rules that narrow it.

    def test_answers_that_cannot_be_read_are_none(self):
        whole = grant("a/# pub sub").SerializeToString()
        for broken in (whole + b"\xff", whole[:-1]):
            self.fake.answers = [broken]
            counted = self.unavailable()
            self.repeat(lambda: self.assert_refused(self.asking()))
            self.assertGreater(self.unavailable(), counted)
            self.assertTrue(self.broker.none_has_come())
        self.fake.answers = [grant("a/# pub sub")]
        self.assert_let_in()

    def test_no_answer_at_all_is_0x88(self):
        self.fake.answers = []
        counted = self.unavailable()
        self.assert_refused(self.asking())
        self.assertEqual(self.unavailable(), counted + 1)
        self.fake.answers = [grant("a/# pub sub")]
        self.assert_let_in()
