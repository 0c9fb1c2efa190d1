"""What the programs' memory holds no more."""

import os
import signal
import subprocess
import unittest

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from harness import certificates, secrets_book
from harness.process import SANITIZED, eventually
from harness.stack import StackTestCase

OLD_PASSWORD = b"old-password-of-the-proxy-0123456789"
NEW_PASSWORD = b"new-password-of-the-proxy-9876543210"


def write_password(directory):
    for password in (OLD_PASSWORD, NEW_PASSWORD):
        secrets_book.remember(password, "upstream's password, from a file")
    (directory / "password").write_bytes(OLD_PASSWORD + b"\n")


def count_in_memory(pid, needle):
    """How often a process's memory holds `needle`."""
    count = 0
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            addresses, permissions = line.split()[:2]
            if "r" not in permissions or "[v" in line:
                continue
            start, end = (int(x, 16) for x in addresses.split("-"))
            try:
                memory.seek(start)
                count += memory.read(end - start).count(needle)
            except OSError:
                pass  # unmapped meanwhile
    return count


@unittest.skipIf(SANITIZED, "a sanitizer keeps what was freed")
@unittest.skipIf(os.getuid() != 0, "only root may look into their memory")
class ReplacedSecretsTest(StackTestCase):
    stack_options = {
        "mode": "mtls", "prepare": write_password,
        "proxy": {"upstream": {"username": "u", "password_file": "password"}}}

    def replace(self, file, contents):
        new = self.stack.directory / f"{file}.new"
        new.write_bytes(contents)
        new.rename(self.stack.directory / file)

    def test_upstream_password_is_forgotten_once_it_is_replaced(self):
        pid = self.stack.proxy.pid
        self.assertGreater(count_in_memory(pid, OLD_PASSWORD), 0)
        self.replace("password", NEW_PASSWORD)
        self.stack.proxy.send_signal(signal.SIGHUP)
        self.stack.proxy.wait_for('"reloaded"')
        self.assertGreater(count_in_memory(pid, NEW_PASSWORD), 0)
        eventually(lambda: count_in_memory(pid, OLD_PASSWORD) == 0,
                   "the old password is gone")

    def spellings_in_memory(self, key):
        """How often the policy service's memory holds a private key of P-256,
        given in PEM: as its file spells it, and as the number to reckon with,
        lowest byte first."""
        number = load_pem_private_key(key, None).private_numbers().private_value
        return [count_in_memory(self.stack.policy.pid, spelling) for spelling in
                (key.splitlines()[1], number.to_bytes(32, "little"))]

    def test_private_key_is_forgotten_once_it_is_replaced(self):
        directory = self.stack.directory
        old_key = (directory / "policy.key").read_bytes()
        self.connected("a pub").tls.close()
        for count in self.spellings_in_memory(old_key):
            self.assertGreater(count, 0)
        certificates.issue(directory, "new", days=2)
        for kind in ("key", "crt"):
            self.replace(f"policy.{kind}",
                         (directory / f"new.{kind}").read_bytes())
        self.stack.policy.send_signal(signal.SIGHUP)
        self.stack.policy.wait_for('"reloaded"')
        # A connection keeps the key with which it began.
        self.stack.proxy.stop()
        self.addCleanup(self.stack.start_proxy)

        def is_forgotten():
            # gRPC takes the new key within a second, and connections take what
            # memory the old one had.
            subprocess.run(["openssl", "s_client", "-connect",
                            self.stack.policy_address], input=b"",
                           capture_output=True, check=False)
            return not any(self.spellings_in_memory(old_key))

        eventually(is_forgotten, "the old key is gone")
