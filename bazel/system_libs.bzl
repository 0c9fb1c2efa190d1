"""@system: the libraries that Debian 12 installs under /usr, as Bazel targets."""

# Headers and programs that must be there, with the package that brings each.
_NEEDED = {
    "/usr/include/absl/base/config.h": "libabsl-dev",
    "/usr/include/benchmark/benchmark.h": "libbenchmark-dev",
    "/usr/include/cbor.h": "libcbor-dev",
    "/usr/include/gmock/gmock.h": "libgmock-dev",
    "/usr/include/google/protobuf/message.h": "libprotobuf-dev",
    "/usr/include/grpcpp/grpcpp.h": "libgrpc++-dev",
    "/usr/include/gtest/gtest.h": "libgtest-dev",
    "/usr/include/nlohmann/json.hpp": "nlohmann-json3-dev",
    "/usr/include/prometheus/registry.h": "prometheus-cpp-dev",
    "/usr/include/seccomp.h": "libseccomp-dev",
    "/usr/include/sqlite3.h": "libsqlite3-dev",
    "/usr/include/uv.h": "libuv1-dev",
    "/usr/include/yaml-cpp/yaml.h": "libyaml-cpp-dev",
    "/usr/bin/curl-config": "libcurl4-openssl-dev",
    "/usr/bin/grpc_cpp_plugin": "protobuf-compiler-grpc",
    "/usr/bin/protoc": "protobuf-compiler",
}

def _system_libs_impl(ctx):
    missing = [p for f, p in _NEEDED.items() if not ctx.path(f).exists]
    if missing:
        fail("missing Debian packages; run: apt-get install -y " + " ".join(missing))
    ctx.symlink("/usr/bin/protoc", "bin/protoc")
    ctx.symlink("/usr/bin/grpc_cpp_plugin", "bin/grpc_cpp_plugin")

    # Every abseil library; --as-needed keeps only those a binary uses.
    absl = []
    for arch in ["x86_64", "aarch64"]:
        lib = ctx.path("/usr/lib/%s-linux-gnu" % arch)
        if lib.exists:
            absl += [
                f.basename[len("lib"):-len(".so")]
                for f in lib.readdir()
                if f.basename.startswith("libabsl_") and f.basename.endswith(".so")
            ]
    ctx.template(
        "BUILD",
        ctx.attr._build_tpl,
        {"{ABSL_LIBS}": repr(["-l" + l for l in sorted(absl)])},
        executable = False,
    )

_system_libs = repository_rule(
    implementation = _system_libs_impl,
    local = True,
    attrs = {
        "_build_tpl": attr.label(default = "//bazel:system_libs.BUILD.tpl"),
    },
)

def system_libs():
    _system_libs(name = "system")
