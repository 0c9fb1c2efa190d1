"""A checker, as operators write one: serves sluice.policy.v1.CheckService."""

import functools
import importlib
import pathlib
import subprocess
import sys
import tempfile
import threading
from concurrent import futures

import grpc

_PROTO = "proto/sluice/policy/v1/policy.proto"


@functools.lru_cache(maxsize=None)
def messages():
    """The Python module of the messages, made from the schema."""
    repository = pathlib.Path(__file__).resolve().parents[3]
    out = tempfile.TemporaryDirectory()
    subprocess.run(["protoc", f"-I{repository}", "-I/usr/include",
                    f"--python_out={out.name}", repository / _PROTO],
                   check=True)
    sys.path.insert(0, out.name)
    try:
        module = importlib.import_module(
            _PROTO.removesuffix(".proto").replace("/", ".") + "_pb2")
    finally:
        sys.path.remove(out.name)
        out.cleanup()
    return module


class Checker:
    """Lets topics pass that are in `allowed`; writes down what it is asked, as
    pairs of action and topic."""

    def __init__(self, directory):
        self.allowed = set()
        self.asked = []
        self.requests = []
        self.answers = threading.Event()  # else it lets the asker wait
        self.answers.set()
        self.address = f"unix:{directory}/checker.sock"
        self._server = None
        self.start()

    def start(self):
        schema = messages()
        self._server = grpc.server(futures.ThreadPoolExecutor(max_workers=2))
        self._server.add_generic_rpc_handlers([
            grpc.method_handlers_generic_handler(
                "sluice.policy.v1.CheckService", {
                    "Check": grpc.unary_unary_rpc_method_handler(
                        self._check, schema.CheckRequest.FromString,
                        schema.CheckResponse.SerializeToString)})])
        self._server.add_insecure_port(self.address)
        self._server.start()

    def _check(self, request, _):
        schema = messages()
        action = schema.CheckRequest.Action.Name(request.action)
        self.asked.append((action.removeprefix("ACTION_").lower(),
                           request.topic))
        self.requests.append(request)
        self.answers.wait()
        return schema.CheckResponse(allowed=request.topic in self.allowed)

    def stop(self):
        self.answers.set()
        self._server.stop(None).wait()
