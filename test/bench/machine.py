"""What the machine is doing, and who may use how much of it."""

import os
import pathlib
import resource
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from harness.usage import (  # noqa: E402, F401
    cpu_seconds, descriptors, peak_bytes)

_TICKS = os.sysconf("SC_CLK_TCK")
# A machine that spends less than this, in cores, counts as idle.
_IDLE_CORES = 0.2


def busy_seconds():
    """CPU seconds that all processes have spent since the machine started."""
    with open("/proc/stat", encoding="ascii") as file:
        # user nice system idle iowait irq softirq steal
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICKS


def threads(pid, name):
    """The ids of a process's threads that are called so."""
    return [int(task.name)
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir()
            if (task / "comm").read_text(encoding="utf-8").strip() == name]


def ration(thread, share, period_ms=10):
    """Lets a thread have this share of a core, in each period, and no more: the
    kernel's deadline scheduling. It has it before all others. Needs root.
    """
    period = period_ms * 1_000_000
    done = subprocess.run(
        ["chrt", "--deadline", "--sched-runtime", str(int(period * share)),
         "--sched-deadline", str(period), "--sched-period", str(period),
         "--pid", "0", str(thread)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"deadline scheduling: {done.stderr.strip()}")


def most_clients():
    """10,000 clients, or what the descriptors that a process may have allow: a
    proxy needs two for each."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return 10000
    return max(100, min(10000, (most - 200) // 200 * 100))


def children(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text(encoding="ascii").split()]


def wait_until_idle(seconds):
    """Waits until others leave the machine alone, `seconds` at most."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before, since = busy_seconds(), time.monotonic()
        time.sleep(0.25)
        cores = (busy_seconds() - before) / (time.monotonic() - since)
        if cores < _IDLE_CORES:
            return


class ForeignLoad:
    """Measures what processes other than ours use, in cores.

    Ours are the children of this process that end meanwhile, and `pids`, which
    must not end.
    """

    def __init__(self, pids):
        self._pids = pids
        self._since = time.monotonic()
        self._start = self._foreign_seconds()

    def _foreign_seconds(self):
        own = sum(os.times()[:4]) + sum(map(cpu_seconds, self._pids))
        return busy_seconds() - own

    def cores(self):
        spent = self._foreign_seconds() - self._start
        return max(0.0, spent / (time.monotonic() - self._since))


def describe():
    """The machine in a few words, for the record."""
    model = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text(
            encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {"cpu": model, "cores": os.cpu_count(), "kernel": os.uname().release}
