#!/usr/bin/python3
"""Where the proxies' time goes: system calls, and parts of the CPU time.

For each case and workload of compare.py two runs: one in which perf counts the
proxy's system calls, one in which it samples where the proxy is. Prints system
calls a message (a connection, in W4), and CPU microseconds of each part, which
is its share of the samples times what the process has used in that run. Needs
perf, and root for the tracepoints. Builds nothing; see compare.py.

A busy machine makes a proxy's calls fewer at saturation: it is woken more
rarely, and finds more. At 1,000 messages a second their number stays.

The parts: a system call with all that the kernel does in it, which for a write
is also what TCP does to deliver it; outside, what the function that runs is
known by. OpenSSL's functions, which have no names there, are "libcrypto".
"""

import argparse
import collections
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import sys
import tempfile

import compare
import servers

CALLS = {
    "wait": ("epoll_wait", "epoll_pwait", "epoll_pwait2"),
    "read": ("read", "readv", "recvfrom", "recvmsg"),
    "write": ("write", "writev", "sendto", "sendmsg"),
    "epoll_ctl": ("epoll_ctl",),
}
TOTAL = "raw_syscalls:sys_enter"
FREQUENCY = 4000
WARMUP_SECONDS = 0.5

# The first that matches a function's name, or else its file's.
USER_PARTS = [(part, re.compile(pattern)) for part, pattern in (
    ("AES-GCM", r"aesni|aes_|_aes|gcm_|_gcm|ghash|GCM|vpaes|AES"),
    ("public keys", r"ecp_|p256|P256|EC_|ec_|ecdsa|ECDSA|x25519|X25519|fe_|ge_"
                    r"|bn_|BN_|curve25519|ED25519|fiat"),
    ("hashes", r"sha\d|SHA\d|HMAC|EVP_Digest|HKDF|tls13_"),
    ("TLS", r"bssl::|SSL_|ssl_|ssl3_|tls_|BIO_|CBS_|CBB_|EVP_|CRYPTO_|libssl"),
    ("libuv", r"^uv_|^uv__|libuv"),
    ("session", r"sluice::(session|mqtt|authz|policy)"),
    ("transport", r"sluice::"),
    ("policy client", r"grpc|protobuf|libgpr|absl"),
    ("memory", r"malloc|free|calloc|operator (new|delete)|mem(move|cpy|set)"
               r"|_int_"),
    ("libcrypto", r"libcrypto"),
    ("the program", r"haproxy|nginx|ngx_"),
)]
# libc's functions, which the kernel is entered by.
WRAPPER = re.compile(
    r"^(?:__GI_)?_*(?:libc_|GI_)?(read|recv|write|send|epoll_wait|epoll_pwait"
    r"|epoll_ctl|clock_gettime)(?:v|from|to|msg)?(?:@.*)?$")
KINDS = {"read": "read", "recv": "read", "write": "write", "send": "write",
         "epoll_wait": "wait", "epoll_pwait": "wait", "epoll_ctl": "epoll_ctl",
         "clock_gettime": "clock"}


def in_kernel(file):
    return file.startswith("[kernel")


def part_of(chain):
    """The part that a sample counts for; its chain, the innermost first."""
    outside = [frame for frame in chain if not in_kernel(frame[1])]
    call = WRAPPER.match(outside[0][0]) if outside else None
    if call and ("libc.so" in outside[0][1] or "vdso" in outside[0][1]):
        return f"calls: {KINDS[call.group(1)]}"
    name, file = chain[0]
    if in_kernel(file):
        return "calls: other, interrupts"
    for text in (name, file.rpartition("/")[2]):
        for part, pattern in USER_PARTS:
            if pattern.search(text):
                return part
    return "other"


def samples(script):
    """The chains in what `perf script -F ip,sym,dso` prints."""
    for block in script.split("\n\n"):
        chain = [re.match(r"\s*[0-9a-f]+ (.*) \((.*)\)$", line)
                 for line in block.splitlines() if line.strip()]
        chain = [found.groups() for found in chain if found]
        if chain:
            yield chain


class Profiler:
    def __init__(self, directory, bench):
        self._directory = directory
        self._bench = bench

    def _run(self, case_name, work, perf):
        """Runs the load beside perf; the load's result, and perf's output."""
        output = self._directory / "perf.out"
        with servers.Stack(servers.CASES[case_name], self._directory,
                           self._bench.bazel_bin) as stack:
            pid = stack.pids["proxy"]
            watcher = subprocess.Popen(
                ["perf", *perf, "-o", output, "-p", str(pid)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE, text=True)
            load = self._bench.load(stack, work, warmup=WARMUP_SECONDS)
            done = subprocess.run(load, text=True, capture_output=True,
                                  stdin=subprocess.DEVNULL, check=False)
            watcher.send_signal(signal.SIGINT)
            complaint = watcher.communicate()[1]
        if done.returncode:
            sys.exit(f"{case_name} {work}: {done.stderr}")
        if not output.exists():
            sys.exit(f"perf: {complaint}")
        result = json.loads(done.stdout)
        proxy = next(one for one in result["processes"] if one["pid"] == pid)
        return result, proxy, output

    def calls(self, case_name, work):
        """System calls of each kind a message; by their kinds, and "all".

        Those of the warm-up are in the count, and so its share is taken off.
        """
        names = {f"syscalls:sys_enter_{call}": kind
                 for kind, calls in CALLS.items() for call in calls}
        known = {name for name in names if pathlib.Path(
            "/sys/kernel/tracing/events", *name.split(":")).exists()}
        result, _, output = self._run(
            case_name, work,
            ["stat", "-x", ",", "-e", ",".join([TOTAL, *sorted(known)])])
        counts = collections.Counter()
        for line in output.read_text(encoding="utf-8").splitlines():
            fields = line.split(",")
            if len(fields) < 3 or not fields[0].isdigit():
                continue
            counts[names.get(fields[2], "all")] += int(fields[0])
        done = result.get("sent")
        if done is None:  # connections: only those after the warm-up are told
            seconds = result["seconds"]
            done = result["connections"] * (seconds + WARMUP_SECONDS) / seconds
        counts["other"] = counts["all"] - sum(counts[kind] for kind in CALLS)
        return {kind: count / done for kind, count in counts.items()}

    def parts(self, case_name, work):
        """CPU microseconds a message of each part; "all" is their sum."""
        _, proxy, output = self._run(
            case_name, work,
            ["record", "-q", "-e", "cpu-clock", "-F", str(FREQUENCY), "-g"])
        script = subprocess.run(
            ["perf", "script", "-i", output, "-F", "ip,sym,dso"], text=True,
            capture_output=True, check=True).stdout
        found = collections.Counter(map(part_of, samples(script)))
        total = sum(found.values())
        cost = proxy[compare.WORKLOADS[work].cost]
        shares = {part: cost * count / total for part, count in found.items()}
        return {"all": cost, **shares}


def show(title, by_case, digits):
    rows = collections.Counter()
    for costs in by_case.values():
        rows.update(costs)
    lines = [[title, *by_case]]
    for row, _ in rows.most_common():
        lines.append([row] + [f"{costs.get(row, 0):,.{digits}f}"
                              for costs in by_case.values()])
    compare.print_table(lines)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", default="W1,W2,W3,W4", metavar="W1,...")
    parser.add_argument("--cases", default="haproxy,nginx,sluice",
                        metavar="NAME,...")
    parser.add_argument("--duration", type=float, default=4, metavar="S")
    parser.add_argument("--bazel-bin", type=pathlib.Path, metavar="DIR",
                        default=compare.ROOT / "bazel-bin")
    options = parser.parse_args()
    works = compare.chosen(options.work, compare.WORKLOADS, "--work", parser)
    cases = compare.chosen(options.cases, servers.CASES, "--cases", parser)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    os.umask(0o077)
    with tempfile.TemporaryDirectory(prefix="sluice-profile-") as name:
        directory = pathlib.Path(name)
        bench = compare.Bench(directory, options.bazel_bin.resolve(),
                              options.duration)
        bench.prepare(cases)
        profiler = Profiler(directory, bench)
        for work in works:
            unit = compare.WORKLOADS[work].cost.rpartition("_")[2]
            print(f"\n{work}  {compare.WORKLOADS[work].title}", flush=True)
            show(f"system calls a {unit}",
                 {case: profiler.calls(case, work) for case in cases}, 2)
            show(f"CPU us a {unit}",
                 {case: profiler.parts(case, work) for case in cases}, 1)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
