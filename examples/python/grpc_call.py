#!/usr/bin/python3
"""Calls a gRPC method by its name, with the service's own description of it.

Like grpcurl: what the messages are is asked of the server (reflection), so no
.proto file is needed.

usage: grpc_call.py ADDRESS                      names the services
       grpc_call.py ADDRESS SERVICE              names its methods
       grpc_call.py ADDRESS SERVICE/METHOD JSON  calls one; prints the answers

With a fourth and following arguments CA [CERTIFICATE KEY], all PEM files, it
speaks TLS. Needs python3-grpcio, which brings python3-protobuf.
"""

import sys

import grpc
from google.protobuf import (descriptor_pb2, descriptor_pool, json_format,
                             message_factory, text_format)

REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
# As much of grpc/reflection/v1alpha/reflection.proto as is used here.
REFLECTION_PROTO = """
name: "reflection.proto" package: "r" syntax: "proto3"
message_type { name: "Request"
  field { name: "symbol" number: 4 type: TYPE_STRING oneof_index: 0 }
  field { name: "list" number: 7 type: TYPE_STRING oneof_index: 0 }
  oneof_decl { name: "what" } }
message_type { name: "Response"
  field { name: "files" number: 4 type: TYPE_MESSAGE type_name: ".r.Files" }
  field { name: "list" number: 6 type: TYPE_MESSAGE type_name: ".r.List" }
  field { name: "error" number: 7 type: TYPE_MESSAGE type_name: ".r.Error" } }
message_type { name: "Files"
  field { name: "file" number: 1 type: TYPE_BYTES label: LABEL_REPEATED } }
message_type { name: "List"
  field { name: "service" number: 1 type: TYPE_MESSAGE label: LABEL_REPEATED
          type_name: ".r.Service" } }
message_type { name: "Service" field { name: "name" number: 1
                                       type: TYPE_STRING } }
message_type { name: "Error" field { name: "message" number: 2
                                     type: TYPE_STRING } }
"""


def message_class(pool, name):
    return message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName(name))


class Server:
    """What a server says of itself."""

    def __init__(self, channel):
        self._channel = channel
        self._pool = descriptor_pool.DescriptorPool()
        own = descriptor_pool.DescriptorPool()
        own.Add(text_format.Parse(REFLECTION_PROTO,
                                  descriptor_pb2.FileDescriptorProto()))
        self._request = message_class(own, "r.Request")
        self._response = message_class(own, "r.Response")

    def _ask(self, **what):
        """Its answer; ends the program where it has none."""
        request = self._request(**what)
        answer = next(self._channel.stream_stream(
            REFLECTION, lambda r: r.SerializeToString(),
            self._response.FromString)(iter([request])))
        if answer.error.message:
            sys.exit(": ".join((*what.values(), answer.error.message)))
        return answer

    def services(self):
        return [service.name for service in self._ask(list="*").list.service]

    def service(self, name):
        files = [descriptor_pb2.FileDescriptorProto.FromString(file)
                 for file in self._ask(symbol=name).files.file]
        known = set()
        while len(known) < len(files):  # each after those that it imports
            for file in files:
                if file.name not in known and known.issuperset(
                        file.dependency):
                    self._pool.Add(file)
                    known.add(file.name)
        try:
            return self._pool.FindServiceByName(name)
        except KeyError:  # it describes something else of that name
            sys.exit(f"{name}: is no service")

    def call(self, service_name, method_name, json):
        """Yields the answers as JSON."""
        service = self.service(service_name)
        method = service.methods_by_name.get(method_name)
        if method is None:
            sys.exit(f"{service_name}: has no method {method_name}")
        proto = descriptor_pb2.MethodDescriptorProto()
        method.CopyToProto(proto)
        kind = ("unary_stream" if proto.server_streaming else "unary_unary")
        request = json_format.Parse(
            json, message_class(self._pool, method.input_type.full_name)())
        answer = getattr(self._channel, kind)(
            f"/{service_name}/{method_name}", lambda r: r.SerializeToString(),
            message_class(self._pool, method.output_type.full_name).FromString
        )(request)
        for message in answer if proto.server_streaming else [answer]:
            yield json_format.MessageToJson(message)


def open_channel(address, *files):
    if not files:
        return grpc.insecure_channel(address)
    pems = [open(file, "rb").read() for file in files]
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(
        pems[0], *reversed(pems[1:])))


def main(address, name="", json="{}", *files):
    with open_channel(address, *files) as channel:
        server = Server(channel)
        if not name:
            print("\n".join(server.services()))
            return
        service, _, method = name.partition("/")
        if not method:
            print("\n".join(server.service(service).methods_by_name))
            return
        for answer in server.call(service, method, json):
            print(answer, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
    except (OSError, json_format.ParseError) as error:  # a PEM file, JSON
        sys.exit(str(error))
