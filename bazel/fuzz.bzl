"""cc_fuzz_test: a libFuzzer binary under --config=fuzz, a corpus replay otherwise."""

load("//bazel:sluice.bzl", "SLUICE_COPTS")

def cc_fuzz_test(name, srcs, deps = [], corpus = [], mutator = [], **kwargs):
    """Replays `corpus` in the ordinary test run.

    Under --config=fuzz the test starts from the corpus and runs 20,000 inputs;
    for more, `bazel run --config=fuzz TARGET -- -runs=N`.

    Args:
      name: of the target.
      srcs: define LLVMFuzzerTestOneInput.
      deps: what is fuzzed.
      mutator: what defines LLVMFuzzerCustomMutator, for targets whose inputs
        are better changed by what they mean.
      corpus: files of this package in one folder, glob(["corpus/NAME/*"]).
      **kwargs: as for cc_test.
    """

    # libFuzzer fuzzes when it is given folders; files it would only replay.
    folders = {
        "%s/%s" % (native.package_name(), f.rpartition("/")[0]): None
        for f in corpus
    }
    native.cc_test(
        name = name,
        srcs = srcs + select({
            "//bazel:fuzzing": mutator,
            "//conditions:default": ["//bazel:fuzz_replay_main.cc"],
        }),
        copts = SLUICE_COPTS,
        deps = deps,
        args = select({
            "//bazel:fuzzing": ["-runs=20000"] + folders.keys(),
            "//conditions:default": ["$(rootpath %s)" % f for f in corpus],
        }),
        data = corpus,
        linkopts = select({
            "//bazel:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        size = "small",
        **kwargs
    )
