"""A file system that can be full. Mounted: as root, or with sudo."""

import os
import pathlib
import subprocess
import tempfile

from harness.stack import run_directory


def _as_root(*command):
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*prefix, *map(str, command)], check=True,
                   capture_output=True)


class SmallDisk:
    """A file system of its own, of so many KiB."""

    def __init__(self, kibibytes):
        self.directory = pathlib.Path(
            tempfile.mkdtemp(prefix="disk-", dir=run_directory()))
        _as_root("mount", "-t", "tmpfs", "-o",
                 f"size={kibibytes}k,mode=0777", "faults", self.directory)
        self._filling = self.directory / "filling"

    def fill(self):
        """Until not a byte has room."""
        with open(self._filling, "ab", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def free(self):
        self._filling.unlink()

    def close(self):
        _as_root("umount", "--lazy", self.directory)
