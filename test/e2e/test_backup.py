"""Copies of SQLite's file, as docs/operations.md has them made and put back."""

import json
import shutil
import signal
import sqlite3

from harness.admin import http_status
from harness.process import eventually
from harness.stack import StackTestCase


class SqliteBackupTest(StackTestCase):
    stack_options = {"policy": {"store": {"memory": None,
                                          "sqlite": "policy.db"}}}

    def listed(self):
        return json.loads(self.sluicectl(
            "revocation", "list", "--output", "json")).get("revocations", [])

    def revoked(self):
        return sorted(revocation["subject"] for revocation in self.listed())

    def revoke(self, *subjects):
        for subject in subjects:
            self.sluicectl("revoke", "subject", subject)

    def file(self, suffix=""):
        return self.stack.directory / f"policy.db{suffix}"

    def vacuum_into(self, backup):
        connection = sqlite3.connect(self.file())
        connection.execute("VACUUM INTO ?", (str(backup),))
        connection.close()

    def put_back(self, backup):
        for suffix in ("", "-wal", "-shm"):
            self.file(suffix).unlink(missing_ok=True)
        shutil.copy(backup, self.file())

    def restart_with(self, backup):
        self.stack.policy.stop()
        self.put_back(backup)
        self.stack.start_policy()

    def setUp(self):
        super().setUp()
        for revocation in self.listed():
            self.sluicectl("revocation", "delete", revocation["name"])

    def refused(self, subject):
        eventually(lambda: http_status(self.stack.admin_address,
                                       "/readyz") == 200, "/readyz is 200")
        client = self.client()
        return client.ace_connect(self.token("a/# pub", subject=subject),
                                  self.key).code

    def test_copy_made_live_holds_all_that_was_revoked(self):
        names = [f"mallory{number}" for number in range(20)]
        self.revoke(*names)
        self.connected("a/# pub", client_id="stored")
        for number, copy in enumerate((self.vacuum_into,
                                       lambda to: shutil.copy(self.file(),
                                                              to))):
            with self.subTest(copy=number):
                backup = self.stack.directory / f"backup{number}.db"
                copy(backup)
                self.restart_with(backup)
                self.assertEqual(self.revoked(), sorted(names))
                self.assertEqual(self.refused("mallory7"), 0x87)

    def test_restore_over_the_files_of_a_killed_service(self):
        self.revoke("early")
        backup = self.stack.directory / "early.db"
        self.vacuum_into(backup)
        self.revoke("late")
        # What is not moved into the file at once.
        self.connected("a/# pub", client_id="stored")
        self.stack.policy.stop(signal.SIGKILL)
        self.assertGreater(self.file("-wal").stat().st_size, 0)

        # The log of what was there is not played into what was put back.
        shutil.copy(backup, self.file())
        with self.assertRaisesRegex(AssertionError, "policy.db-wal"):
            self.stack.start_policy()
        self.put_back(backup)
        self.stack.start_policy()
        self.assertEqual(self.revoked(), ["early"])
        # What the proxy still knows counts until the service has told it all.
        eventually(lambda: self.refused("late") == 0, "nobody else is revoked")
