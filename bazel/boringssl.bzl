"""@boringssl: Debian's BoringSSL source package, built static by Bazel.

Debian's own shared libraries are compiled for size, and are slower just where
a TLS proxy spends its time. Debian's gRPC brings OpenSSL 3 into the same
process, and the two define some 2,000 names in common: BoringSSL is therefore
linked statically and compiled with hidden visibility, so that none of its
symbols can be exported and OpenSSL's callers bind to OpenSSL.
//test/bazel:two_tls_stacks_test shows that both work side by side. (Excluding
archives at link time instead would hide the sanitizers' interceptors, too.)
"""

def _boringssl_impl(ctx):
    script = ctx.path(ctx.attr._fetch)
    result = ctx.execute(["bash", str(script)], timeout = 600, quiet = True)
    if result.return_code != 0:
        fail("cannot fetch BoringSSL's source package with apt-get:\n" + result.stdout + result.stderr)
    ctx.delete("BUILD")
    ctx.symlink(ctx.attr._overlay, "BUILD.bazel")

_boringssl = repository_rule(
    implementation = _boringssl_impl,
    attrs = {
        "_fetch": attr.label(default = "//bazel:fetch_boringssl.sh"),
        "_overlay": attr.label(default = "//bazel:boringssl.BUILD"),
    },
)

def boringssl():
    _boringssl(name = "boringssl")
