"""What else the machine is doing: the CPU time of everything on it."""

import os
import pathlib
import time

_TICKS = os.sysconf("SC_CLK_TCK")
# A machine that spends less than this, in cores, counts as idle.
_IDLE_CORES = 0.2


def busy_seconds():
    """CPU seconds that all processes have spent since the machine started."""
    with open("/proc/stat", encoding="ascii") as file:
        # user nice system idle iowait irq softirq steal
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / _TICKS


def cpu_seconds(pid):
    """User and system time of one process."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_bytes(pid):
    """The most memory that a process ever had resident."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def open_files(pid):
    return len(list(pathlib.Path(f"/proc/{pid}/fd").iterdir()))


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
        usage = os.times()
        own = sum(usage[:4]) + sum(cpu_seconds(pid) for pid in self._pids)
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
