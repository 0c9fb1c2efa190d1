"""What operators learn of stored tokens and of what a subject may do: the same
as its client does."""

import json

from harness.stack import StackTestCase
from harness.tokens import Ed25519Key


class AccessTestCase(StackTestCase):

    stack_options = {"policy": {"store": {"memory": None,
                                          "sqlite": "policy.db"}}}

    def check(self, *arguments):
        """Exit status and output of `sluicectl check`."""
        done = self.stack.sluicectl("check", *arguments)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def assert_checked(self, allowed, text, *arguments):
        status, out = self.check(*arguments)
        self.assertEqual((status, out.startswith("yes: ")),
                         (0, True) if allowed else (1, False), out)
        self.assertIn(text, out)

    # covers: ACE-SCP-3, ACE-SCP-4
    def test_check_says_what_the_client_finds(self):
        self.sluicectl("rule", "put", "no-valves", "--publish", "--topic",
                       "plant/valve", "--deny")
        self.addCleanup(self.sluicectl, "rule", "delete", "no-valves")
        token = self.token("plant/# pub sub", subject="dora")
        client = self.client()
        self.assert_code(client.ace_connect(token, self.key), 0)
        for topic, allowed, why in (
                ("plant/a", True, "granted by plant/#"),
                ("plant/valve", False, "rules/no-valves denies it"),
                ("other", False, "outside the scope")):
            self.assert_checked(allowed, why, "--subject", "dora", "--publish",
                                topic)
            self.assertEqual(client.publish(topic).code < 0x80, allowed)
        self.assert_checked(True, "granted by plant/#", "--subject", "dora",
                            "--subscribe", "$share/g/plant/+")
        self.assert_checked(False, "no token of the subject is stored",
                            "--subject", "nobody", "--publish", "plant/a")
        self.assert_checked(True, "granted by public", "--anonymous",
                            "--publish", "public/a")
        status, out = self.check("--subject", "dora", "--publish",
                                 "plant/valve", "--explain")
        self.assertEqual(status, 1)
        self.assertIn("rules/no-valves to be changed or deleted", out)

    # covers: ACE-TOK-7
    def test_stored_tokens_are_listed_and_inspected(self):
        key = Ed25519Key()
        token = self.token("a/# pub", key=key, subject="erin", jti="erin-1")
        self.assert_code(self.client().ace_connect(token, key), 0)
        listed = self.stack.sluicectl("--output", "json", "token", "list",
                                      "--subject", "erin")
        name = json.loads(listed.stdout)["tokens"][0]["name"]
        self.assertIn(name, self.sluicectl("token", "list"))
        shown = self.sluicectl("token", "inspect", name)
        for text in ("active", "erin-1", "a/# pub", "kept until"):
            self.assertIn(text, shown)
        self.assertNotIn(token.split(b".")[1].decode(), shown)
        self.sluicectl("revoke", "token", "erin-1")
        self.assertIn("refused: revoked by",
                      self.sluicectl("token", "inspect", name))
        self.assert_checked(False, "the token is refused: revoked by",
                            "--subject", "erin", "--publish", "a/b")
