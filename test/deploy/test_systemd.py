"""The unit for systemd of docs/deployment.md."""

import configparser
import re
import shutil
import subprocess
import tempfile
import pathlib
import unittest

import manifests


def unit():
    text = (manifests.REPOSITORY / "docs/deployment.md").read_text()
    block = re.search(r"```ini\n(.*?)```", text, re.DOTALL).group(1)
    return "\n".join(line.strip() for line in block.splitlines())


class Systemd(unittest.TestCase):

    def test_unit_is_started_again_for_as_long_as_it_takes(self):
        parser = configparser.ConfigParser(strict=True)
        parser.optionxform = str
        parser.read_string(unit())
        self.assertEqual(parser["Unit"]["StartLimitIntervalSec"], "0")
        self.assertEqual(parser["Service"]["Restart"], "on-failure")
        # Not as fast as systemd by itself, ten times a second.
        self.assertEqual(parser["Service"]["RestartSec"], "5s")

    def test_systemd_takes_the_unit(self):
        with tempfile.TemporaryDirectory() as directory:
            file = pathlib.Path(directory) / "sluice-proxy.service"
            file.write_text(unit().replace("/usr/local/bin/sluice-proxy",
                                           shutil.which("true")))
            done = subprocess.run(
                ["systemd-analyze", "verify", "--recursive-errors=no",
                 str(file)], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
