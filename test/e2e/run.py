#!/usr/bin/python3
"""Runs the end-to-end tests against the programs in bazel-bin.

run.py [WORD]...   only the cases whose name contains one of the words

One line a case, what went wrong below it, and `N passed, N failed` at the end.
The directory with logs and configurations is kept when something failed.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from harness import command_line  # noqa: E402
from harness.runner import run  # noqa: E402

MODULES = ("test_programs", "test_authentication", "test_client_nonce",
           "test_publish",
           "test_subscribe", "test_v311", "test_expiry",
           "test_reauthentication", "test_authz_info", "test_stored_tokens",
           "test_tls_clients",
           "test_tls_psk", "test_draft01", "test_introspection", "test_jwks",
           "test_issuers",
           "test_etcd",
           "test_gate", "test_protocol", "test_policy_connection",
           "test_failures", "test_management", "test_access", "test_backup",
           "test_checks",
           "test_revocation", "test_rules", "test_outage", "test_tour",
           "test_operation", "test_memory", "test_audit",
           "test_clients")

# Reads the logs of all others.
LAST = ("test_logs",)

# Most cases wait more than they work.
JOBS = 4


if __name__ == "__main__":
    sys.exit(run(MODULES, command_line.words(__doc__), LAST, JOBS))
