"""sluice_proto_library: .proto files to C++ with Debian's protoc.

Makes two targets: NAME with the messages only, and, with grpc = True,
NAME_grpc with the service stubs as well, so that the layers below gRPC can use
the messages without reaching it.
"""

def _generate_impl(ctx):
    outs = []
    root = ctx.genfiles_dir.path
    suffixes = [".grpc.pb.h", ".grpc.pb.cc"] if ctx.attr.grpc else [".pb.h", ".pb.cc"]
    for src in ctx.files.srcs:
        base = src.basename[:-len(".proto")]
        outs += [ctx.actions.declare_file(base + s) for s in suffixes]
    args = ctx.actions.args()
    args.add("-I.")
    args.add("-I/usr/include")
    tools = []
    if ctx.attr.grpc:
        tools.append(ctx.executable._plugin)
        args.add("--plugin=protoc-gen-grpc=" + ctx.executable._plugin.path)
        args.add("--grpc_out=" + root)
    else:
        args.add("--cpp_out=" + root)
    args.add_all(ctx.files.srcs)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [args],
        inputs = ctx.files.srcs + ctx.files.imports,
        tools = tools,
        outputs = outs,
        mnemonic = "ProtocCpp",
        progress_message = "protoc %{label}",
    )
    return [DefaultInfo(files = depset(outs))]

_generate = rule(
    implementation = _generate_impl,
    output_to_genfiles = True,
    attrs = {
        "srcs": attr.label_list(allow_files = [".proto"]),
        "imports": attr.label_list(allow_files = [".proto"]),
        "grpc": attr.bool(),
        "_protoc": attr.label(default = "@system//:bin/protoc", allow_single_file = True, executable = True, cfg = "host"),
        "_plugin": attr.label(default = "@system//:bin/grpc_cpp_plugin", allow_single_file = True, executable = True, cfg = "host"),
    },
)

def sluice_proto_library(name, srcs, imports = [], grpc = False, deps = [], **kwargs):
    _generate(name = name + "_gen", srcs = srcs, imports = imports)
    native.cc_library(
        name = name,
        srcs = [name + "_gen"],  # the rule takes .h and .cc from one target
        deps = deps + ["@system//:protobuf"],
        linkstatic = True,
        **kwargs
    )
    if grpc:
        _generate(name = name + "_grpc_gen", srcs = srcs, imports = imports, grpc = True)
        native.cc_library(
            name = name + "_grpc",
            srcs = [name + "_grpc_gen"],
            deps = [
                ":" + name,
                "@system//:grpc",
            ],
            linkstatic = True,
            **kwargs
        )
