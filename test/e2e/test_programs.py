"""The programs' command lines, and the example configuration."""

import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from harness.process import TIMEOUT, Process, eventually
from harness.stack import (POLICY, PROXY, REPOSITORY, SLUICECTL,
                           keys_directory, run_directory)

NOBODY = 65534
EXAMPLE = REPOSITORY / "examples/config"


def run(*argv):
    return subprocess.run([str(a) for a in argv], timeout=TIMEOUT,
                          stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)


class ProgramsTest(unittest.TestCase):

    def setUp(self):
        self.directory = pathlib.Path(
            tempfile.mkdtemp(prefix="programs-", dir=run_directory()))
        shutil.copytree(keys_directory(), self.directory, dirs_exist_ok=True)

    def assert_status(self, done, status):
        self.assertEqual(done.returncode, status,
                         f"{done.args}\n{done.stdout}{done.stderr}")

    def test_help_and_version_exit_0(self):
        for program in (PROXY, POLICY, SLUICECTL):
            for flag in ("--help", "--version"):
                done = run(program, flag)
                self.assert_status(done, 0)
                self.assertIn(program.name, done.stdout)

    def test_programs_are_built_hard_to_exploit(self):
        for program in (PROXY, POLICY, SLUICECTL):
            with self.subTest(program.name):
                said = run("readelf", "--file-header", "--program-headers",
                           "--dynamic", "--dyn-syms", "--wide",
                           program).stdout
                self.assertIn("Type:                              DYN", said)
                self.assertRegex(said, r"GNU_STACK .* RW ")
                self.assertIn("GNU_RELRO", said)
                self.assertRegex(said, r"\(FLAGS\) +BIND_NOW")
                self.assertIn("__stack_chk_fail", said)
                self.assertIn("__memcpy_chk", said)

    def test_no_other_process_of_its_user_looks_into_a_program(self):
        """A process that may not be dumped may not be read by its own user."""
        user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                "--clear-groups"] if os.getuid() == 0 else []
        (self.directory / "policy.yaml").write_text(
            "audience: a\naddress: 127.0.0.1:0\n", encoding="utf-8")
        (self.directory / "proxy.yaml").write_text(json.dumps({
            "listeners": [{
                "name": "mqtts", "address": "127.0.0.1:0",
                "tls": {"certificate": "server.crt",
                        "private_key": "server.key"}}],
            "upstream": {"address": "127.0.0.1:1"},
            "policy": {"embedded": "policy.yaml"}}), encoding="utf-8")
        for path in (run_directory(), self.directory):
            path.chmod(0o755)
        if user:
            for file in ("server.crt", "server.key"):
                os.chown(self.directory / file, NOBODY, NOBODY)
        ours = subprocess.Popen([*user, "sleep", "60"])
        self.addCleanup(ours.wait)
        self.addCleanup(ours.kill)

        def reads(pid):
            return run(*user, "cat", f"/proc/{pid}/maps").returncode == 0

        # Which setpriv has to become first.
        eventually(lambda: reads(ours.pid), "a program that forbids nothing")
        for original in (POLICY, PROXY):
            with self.subTest(original.name):
                # Where that user may read it.
                program = shutil.copy(original, self.directory)
                config = original.name.replace("sluice-", "") + ".yaml"
                process = Process(
                    [*user, program, "--config", self.directory / config],
                    self.directory / f"{original.name}.log")
                self.addCleanup(process.stop)
                process.wait_for("ready")
                self.assertFalse(reads(process.pid))

    @unittest.skipIf(os.getuid() != 0, "only root may look at their files")
    def test_closed_standard_descriptors_are_not_used_for_others(self):
        config = self.directory / "policy.yaml"
        config.write_text("audience: a\naddress: 127.0.0.1:0\n",
                          encoding="utf-8")
        for closed in (0, 1, 2):
            with self.subTest(closed):
                program = subprocess.Popen(
                    ["sh", "-c", f'exec "$@" {closed}>&-', "sh", POLICY,
                     "--config", config], stderr=subprocess.DEVNULL)
                self.addCleanup(program.wait)
                self.addCleanup(program.kill)
                executable = pathlib.Path(f"/proc/{program.pid}/exe")
                files = pathlib.Path(f"/proc/{program.pid}/fd")
                eventually(lambda: executable.readlink().name ==
                           "sluice-policy" and len(list(files.iterdir())) > 5,
                           "it serves")
                self.assertEqual(str((files / str(closed)).readlink()),
                                 "/dev/null")

    def test_wrong_usage_exits_2(self):
        for argv in ((PROXY,), (POLICY,), (PROXY, "--no-such-flag"),
                     (POLICY, "--config"), (SLUICECTL, "no-such-command")):
            self.assert_status(run(*argv), 2)

    def test_missing_configuration_exits_1(self):
        for program in (PROXY, POLICY):
            done = run(program, "--config", self.directory / "none.yaml")
            self.assert_status(done, 1)
            self.assertIn("none.yaml", done.stdout + done.stderr)

    def test_example_configuration_passes_check(self):
        for program, file in ((PROXY, "proxy.yaml"), (POLICY, "policy.yaml")):
            shutil.copy(EXAMPLE / file, self.directory)
            done = run(program, "--config", self.directory / file, "--check")
            self.assert_status(done, 0)

    def test_check_looks_whether_the_audit_log_can_be_written(self):
        text = (EXAMPLE / "proxy.yaml").read_text(encoding="utf-8")
        for audit, status in (("audit.log", 0), ("none/audit.log", 1)):
            with self.subTest(audit):
                (self.directory / "proxy.yaml").write_text(
                    re.sub(r"^log:\n", f"log:\n  audit: {audit}\n", text,
                           flags=re.MULTILINE), encoding="utf-8")
                done = run(PROXY, "--config", self.directory / "proxy.yaml",
                           "--check")
                self.assert_status(done, status)
                self.assertEqual(": log.audit: cannot open" in done.stderr,
                                 status == 1)
                self.assertFalse((self.directory / "audit.log").exists())

    def test_check_names_file_line_and_field(self):
        for program, file, old, new, field in (
                (PROXY, "proxy.yaml", "upstream:\n", "upstraem:\n",
                 "upstraem"),
                (PROXY, "proxy.yaml", "level: info", "level: loud", "level"),
                (PROXY, "proxy.yaml", "server.crt", "none.crt",
                 "certificate"),
                (POLICY, "policy.yaml", "jwks_file: as-key.json.pub",
                 "jwks_file: none.json", "jwks_file"),
                (POLICY, "policy.yaml", "[sub]", "[subscribe]",
                 "permissions"),
                (POLICY, "policy.yaml", "memory: {}", "sqlite: .",
                 "store.sqlite"),
                (POLICY, "policy.yaml", "audience: ", "audience: [1]\n#",
                 "audience")):
            with self.subTest(new):
                text = (EXAMPLE / file).read_text(encoding="utf-8")
                self.assertIn(old, text)
                line = text[:text.index(old)].count("\n") + 1
                (self.directory / file).write_text(text.replace(old, new),
                                                   encoding="utf-8")
                done = run(program, "--config", self.directory / file,
                           "--check")
                self.assert_status(done, 1)
                output = done.stdout + done.stderr
                self.assertRegex(output, re.escape(file) + rf":{line}\b")
                self.assertIn(field, output)

    def completed(self, *words):
        """What bash offers for the last of the words behind sluicectl."""
        script = """source <("$1" completion bash); shift
            COMP_WORDS=(sluicectl "$@"); COMP_CWORD=$#
            _sluicectl; printf '%s\\n' "${COMPREPLY[@]}" """
        done = run("bash", "-c", script, "bash", SLUICECTL, *words)
        self.assert_status(done, 0)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_sluicectl_completes_in_bash(self):
        self.assertEqual(self.completed("revoc"), ["revocation"])
        self.assertIn("--server", self.completed("--"))
        self.assertEqual(self.completed("issuer", ""),
                         ["delete", "list", "put"])
        # Options before a command, in both forms, are none of its words.
        for option in (("--output", "json"), ("--output", "=", "json")):
            self.assertEqual(self.completed(*option, "issuer", "l"), ["list"])
        self.assertEqual(self.completed("issuer", "put", "--jwks-"),
                         ["--jwks-ca", "--jwks-file", "--jwks-refresh",
                          "--jwks-url"])
        self.assertEqual(self.completed("issuer", "list", "--output", "j"),
                         ["json"])
        file = self.directory / "as-keys.json"
        file.touch()
        self.assertEqual(
            self.completed("issuer", "put", "x", "--jwks-file",
                           self.directory / "as-keys.j"), [str(file)])
        self.assertEqual(self.completed("no", "such", ""), [])

    def test_sluicectl_completion_is_taken_by_the_shell(self):
        for shell in ("bash", "zsh"):
            done = run(SLUICECTL, "completion", shell)
            self.assert_status(done, 0)
            checked = subprocess.run(["bash", "-n"], input=done.stdout,
                                     capture_output=True, text=True,
                                     check=False)
            self.assert_status(checked, 0)

    def test_sluicectl_keygen_keeps_the_private_key_private(self):
        for alg in ("EdDSA", "ES256", "HS256"):
            file = self.directory / f"{alg}.json"
            self.assert_status(run(SLUICECTL, "dev", "keygen", "--alg", alg,
                                   "--out", file), 0)
            self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        for alg in ("EdDSA", "ES256"):
            public = json.loads(
                (self.directory / f"{alg}.json.pub").read_text())
            self.assertNotIn("d", public["keys"][0])
