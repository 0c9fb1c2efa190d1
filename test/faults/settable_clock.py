"""A wall clock that a test sets, of the programs that it starts."""

import contextlib
import pathlib
import struct
import subprocess
import tempfile
from unittest import mock

from harness.stack import run_directory


class SettableClock:
    """Is right at first."""

    def __init__(self):
        directory = pathlib.Path(
            tempfile.mkdtemp(prefix="clock-", dir=run_directory()))
        self._shim = directory / "clock_shim.so"
        subprocess.run(
            ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o",
             self._shim, pathlib.Path(__file__).with_name("clock_shim.c"),
             "-ldl"], check=True)
        self._ahead = directory / "ahead"
        self._ahead.write_bytes(bytes(8))

    @contextlib.contextmanager
    def preloaded(self):
        """Programs that are started inside have this clock."""
        with mock.patch.dict("os.environ", LD_PRELOAD=str(self._shim),
                             CLOCK_SHIM=str(self._ahead)):
            yield

    def set(self, ahead):
        """Seconds before the real time."""
        with open(self._ahead, "r+b", buffering=0) as file:
            file.write(struct.pack("q", ahead))
