"""README's tour of management, as it stands there."""

import os
import re
import subprocess

from harness.process import TIMEOUT, eventually
from harness.stack import REPOSITORY, SLUICECTL, StackTestCase


class TourTest(StackTestCase):

    def test_commands_do_what_the_tour_says(self):
        readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
        script = re.search(r"### Manage it while it runs\n.*?```sh\n(.*?)```",
                           readme, re.DOTALL).group(1)
        self.assertIn("127.0.0.1:50051", script)
        script = script.replace("127.0.0.1:50051", self.stack.policy_address)
        device = self.client()
        self.assert_code(device.ace_connect(
            self.token("plant/# pub sub", subject="device-1"), self.key,
            client_id="pump"), 0)
        other = self.connected("plant/# pub")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=REPOSITORY,
            env={"PATH": "/usr/bin:/bin", "sluicectl": str(SLUICECTL),
                 "SLUICE_SERVER": self.stack.policy_address,
                 # Of a program built with a sanitizer.
                 **{name: value for name, value in os.environ.items()
                    if name.endswith("SAN_OPTIONS")}},
            timeout=4 * TIMEOUT, check=False, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        for said in ("pump", "news/#", "rules/no-valves", "device-1",
                     "yes: granted by public", "sluice.admin.v1.RuleService\n", "\nDeleteRule\n",
                     '"plant/valve"'):
            self.assertIn(said, done.stdout)
        device.expect_disconnect(0x98)
        eventually(lambda: other.publish("plant/valve").code == 0x87,
                   "the rule holds")
        self.assertEqual(other.subscribe("news/x"), [1])
