"""A policy service that answers when, and as often as, a test wants it to."""

import threading
import time
from concurrent import futures

import grpc

from .checker import messages
from .process import TIMEOUT

_SERVICE = "sluice.policy.v1.PolicyService"


def grant(*permissions, life=300):
    """An AuthenticateResponse for a subject with `("a/# pub", ...)`."""
    response = messages().AuthenticateResponse()
    response.grant.subject = "alice"
    response.grant.issuer = "https://as.example"
    response.grant.token_id = "1"
    response.grant.expires_at.FromSeconds(int(time.time() + life))
    for item in permissions:
        topic_filter, *kinds = item.split(" ")
        response.grant.permissions.add(
            topic_filter=topic_filter, publish="pub" in kinds,
            subscribe="sub" in kinds)
    return response


def denial():
    schema = messages()
    response = schema.AuthenticateResponse()
    response.denial.reason = schema.Denial.REASON_TOKEN_INVALID
    return response


def _wire(answer):
    return answer if isinstance(answer, bytes) else answer.SerializeToString()


class FakePolicy:
    """Answers Authenticate with all of `answers`, messages or their bytes, one
    after the other: the protocol has one, so that more of them break it. While
    it is held, a call waits for release(), or until its caller has gone.
    """

    def __init__(self, answers):
        self.answers = answers
        self.asked = threading.Semaphore(0)  # once for each call
        self.cancelled = 0
        self.watched = 0  # streams that have begun
        self.heartbeats = False  # whether one comes at a stream's beginning
        self._released = threading.Event()
        self._released.set()
        schema = messages()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=64))
        self._server.add_generic_rpc_handlers([
            grpc.method_handlers_generic_handler(_SERVICE, {
                "Authenticate": grpc.unary_stream_rpc_method_handler(
                    self._authenticate, schema.AuthenticateRequest.FromString,
                    _wire),
                "Watch": grpc.stream_stream_rpc_method_handler(
                    self._watch, schema.WatchRequest.FromString,
                    schema.WatchResponse.SerializeToString)})])
        port = self._server.add_insecure_port("127.0.0.1:0")
        self.address = f"127.0.0.1:{port}"
        self._server.start()

    def hold(self):
        """No answers until release(); calls so far are not waited for."""
        self._released.clear()
        while self.asked.acquire(blocking=False):
            pass

    def release(self):
        self._released.set()

    def wait_until_asked(self):
        assert self.asked.acquire(timeout=TIMEOUT), "nobody has asked"

    def _authenticate(self, _, context):
        self.asked.release()
        end = time.monotonic() + TIMEOUT
        while not self._released.wait(0.02) and time.monotonic() < end:
            pass
        if not context.is_active():
            self.cancelled += 1
        yield from self.answers

    def _watch(self, requests, _):
        schema = messages()
        next(requests)
        self.watched += 1
        response = schema.WatchResponse()
        response.snapshot.more = False  # nothing is revoked
        response.position.store_id = "fake"
        yield response
        response = schema.WatchResponse()
        response.policy.version = "1"
        yield response
        if self.heartbeats:
            yield schema.WatchResponse()
        for _ in requests:
            pass

    def stop(self):
        self.release()
        self._server.stop(None).wait()
