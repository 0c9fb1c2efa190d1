"""Programs under test: started, watched through their logs, ended by pid."""

import atexit
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

TIMEOUT = 15  # seconds; what takes longer has failed
# The programs are built with a sanitizer (test/sanitized.sh), which remembers
# what has happened, so that their memory says nothing, and goes without their
# sandbox.
SANITIZED = "SLUICE_SANITIZED" in os.environ


def eventually(probe, what, timeout=TIMEOUT):
    """Polls until probe() is truthy and returns that; fails at the deadline."""
    end = time.monotonic() + timeout
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {what}")
        time.sleep(0.01)


_running = set()


@atexit.register
def kill_the_rest():
    """For a run that is cut off before its clean-ups."""
    for process in list(_running):
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGKILL)


class Process:
    """A running program whose output goes to the file `log`.

    With `own_group`, signals go to all processes that it has started as well.
    """

    def __init__(self, argv, log, own_group=False, **kwargs):
        self._kill = os.killpg if own_group else os.kill
        self.name = pathlib.Path(argv[0]).name
        self.log = pathlib.Path(log)
        self._argv = [str(a) for a in argv]
        self._options = {"start_new_session": own_group, **kwargs}
        self.start()

    def start(self):
        """Starts it; again, after its end."""
        with open(self.log, "ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, **self._options)
        _running.add(self)

    @property
    def pid(self):
        return self._process.pid

    def running(self):
        return self._process.poll() is None

    def output(self):
        """What this process has written so far."""
        return self.log.read_bytes()[self._log_start:].decode(
            errors="replace")

    def wait_for(self, pattern, timeout=TIMEOUT):
        """Waits for a line that matches; returns the match."""

        def probe():
            match = re.search(pattern, self.output(), re.MULTILINE)
            if match:
                return match
            if not self.running():
                raise AssertionError(
                    f"{self.name} ended before /{pattern}/:\n{self.output()}")
            return None

        return eventually(probe, f"{self.name} logs /{pattern}/\n", timeout)

    def ready(self):
        """The addresses of the line `ready`: name to "host:port"."""
        line = self.wait_for(r'^\{.*"ready".*\}$').group(0)
        return json.loads(line)

    def send_signal(self, number):
        self._kill(self.pid, number)

    def wait(self):
        """Waits for the end, forced at the deadline; the exit status."""
        try:
            self._process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.send_signal(signal.SIGKILL)
        _running.discard(self)
        return self._process.wait()

    def stop(self, number=signal.SIGTERM):
        """Ends the program; its exit status."""
        if self.running():
            self.send_signal(number)
        return self.wait()
