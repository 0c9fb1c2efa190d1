"""cc_fuzz_test: a libFuzzer binary under --config=fuzz, a corpus replay otherwise."""

load("//bazel:sluice.bzl", "SLUICE_COPTS")

def cc_fuzz_test(name, srcs, deps = [], corpus = [], **kwargs):
    """Replays `corpus` in the ordinary test run.

    Args:
      name: of the target; `bazel run --config=fuzz` fuzzes it.
      srcs: define LLVMFuzzerTestOneInput.
      deps: what is fuzzed.
      corpus: files, usually glob(["corpus/NAME/*"]).
      **kwargs: as for cc_test.
    """
    native.cc_test(
        name = name,
        srcs = srcs + select({
            "//bazel:fuzzing": [],
            "//conditions:default": ["//bazel:fuzz_replay_main.cc"],
        }),
        copts = SLUICE_COPTS,
        deps = deps,
        args = select({
            "//bazel:fuzzing": ["-runs=20000"],
            "//conditions:default": [],
        }) + ["$(rootpath %s)" % c for c in corpus],
        data = corpus,
        linkopts = select({
            "//bazel:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        size = "small",
        **kwargs
    )
