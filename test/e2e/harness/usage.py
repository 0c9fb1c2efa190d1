"""What a running process holds and may hold, as the kernel says."""

import contextlib
import os
import resource


def descriptors(pid):
    """How many file descriptors it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


@contextlib.contextmanager
def descriptor_limit(pid, spare):
    """No more than it has open now, and `spare`."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    limit = descriptors(pid) + spare
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def resident_bytes(pid):
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def forget_peak(pid):
    """What peak_bytes() tells is counted from now on."""
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def peak_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(file.read().partition("VmHWM:")[2].split()[0]) * 1024


def cpu_seconds(pid):
    """In user and kernel mode, of all its threads."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
