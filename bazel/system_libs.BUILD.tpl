package(default_visibility = ["//visibility:public"])

exports_files([
    "bin/grpc_cpp_plugin",
    "bin/protoc",
])

cc_library(
    name = "absl",
    linkopts = ["-Wl,--as-needed"] + {ABSL_LIBS},
)

cc_library(
    name = "benchmark_main",
    linkopts = [
        "-lbenchmark_main",
        "-lbenchmark",
        "-lpthread",
    ],
)

cc_library(
    name = "cbor",
    linkopts = ["-lcbor"],
)

# HTTPS by OpenSSL 3, the one that gRPC uses.
cc_library(
    name = "curl",
    linkopts = ["-lcurl"],
)

# Debian's shared gRPC; it brings OpenSSL 3 into the process.
cc_library(
    name = "grpc",
    linkopts = [
        "-lgrpc++",
        "-lgrpc",
        "-lgpr",
    ],
    deps = [
        ":absl",
        ":protobuf",
    ] + select({
        "@sluice//bazel:thread_sanitizer": ["@sluice//bazel:tsan_grpc"],
        "//conditions:default": [],
    }),
)

# The server reflection service of gRPC.
cc_library(
    name = "grpc_reflection",
    linkopts = [
        "-Wl,--no-as-needed",
        "-lgrpc++_reflection",
        "-Wl,--as-needed",
    ],
    deps = [":grpc"],
)

cc_library(
    name = "gtest_main",
    linkopts = [
        "-lgmock_main",
        "-lgmock",
        "-lgtest",
        "-lpthread",
    ],
)

# Header only.
cc_library(name = "nlohmann_json")

cc_library(
    name = "prometheus",
    linkopts = ["-lprometheus-cpp-core"],
)

cc_library(
    name = "protobuf",
    linkopts = [
        "-lprotobuf",
        "-lpthread",
    ],
)

cc_library(
    name = "seccomp",
    linkopts = ["-lseccomp"],
)

cc_library(
    name = "sqlite3",
    linkopts = ["-lsqlite3"],
)

cc_library(
    name = "uv",
    linkopts = ["-luv"],
)

cc_library(
    name = "yaml_cpp",
    linkopts = ["-lyaml-cpp"],
)
