"""A balancer that goes on answering for a policy service that is gone: no more
comes on the stream, and nothing ends it."""

import threading

import grpc

from fault_case import FaultTestCase
from harness.checker import messages
from harness.fake_policy import FakePolicy, grant
from harness.process import eventually

PAUSE = 15  # seconds after the last heartbeat


class SilentWatchTest(FaultTestCase):

    @classmethod
    def setUpClass(cls):
        cls.fake = FakePolicy([grant("a/# pub sub")])
        cls.fake.heartbeats = True
        cls.addClassCleanup(cls.fake.stop)
        cls.stack_options = {"proxy": {
            "policy": {"address": cls.fake.address}}}
        super().setUpClass()

    def test_proxy_watches_anew_when_heartbeats_stop(self):
        self.assertEqual(self.fake.watched, 1)
        eventually(lambda: self.fake.watched == 2, "another stream",
                   PAUSE + 10)
        eventually(self.watching, "the proxy watches again")
        self.assertEqual(
            self.stack.proxy.output().count("policy_watch_ended"), 1)


class HeartbeatTest(FaultTestCase):

    def test_policy_service_has_them(self):
        schema = messages()
        done = threading.Event()

        def requests():
            start = schema.WatchRequest()
            start.start.proxy = "idle"
            yield start
            done.wait(PAUSE)

        with grpc.insecure_channel(self.stack.policy_address) as channel:
            stream = channel.stream_stream(
                "/sluice.policy.v1.PolicyService/Watch",
                schema.WatchRequest.SerializeToString,
                schema.WatchResponse.FromString)(requests(), timeout=PAUSE)
            beats = 0
            for response in stream:
                beats += response == schema.WatchResponse()
                if beats == 2:
                    break
            done.set()
            stream.cancel()
        self.assertEqual(beats, 2)
