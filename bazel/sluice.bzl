"""Macros of our own packages, so that all our code gets one set of flags."""

SLUICE_COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
]

def sluice_cc_library(name, copts = [], **kwargs):
    # Everything links statically; without this, a .so of each would be made, too.
    native.cc_library(
        name = name,
        copts = SLUICE_COPTS + copts,
        linkstatic = True,
        **kwargs
    )

def sluice_cc_binary(name, copts = [], **kwargs):
    native.cc_binary(name = name, copts = SLUICE_COPTS + copts, **kwargs)

def sluice_cc_test(name, copts = [], deps = [], size = "small", **kwargs):
    native.cc_test(
        name = name,
        copts = SLUICE_COPTS + copts,
        size = size,
        deps = deps + ["@system//:gtest_main"],
        **kwargs
    )
