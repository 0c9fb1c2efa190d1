"""Rules, dashboard and a real Prometheus, on the metrics of a running proxy and
policy service."""

import json
import re
import subprocess
import unittest
import urllib.parse
import urllib.request

from harness import admin
from harness.ports import free_port
from harness.process import Process, eventually
from harness.stack import StackTestCase

import manifests

DEPLOY = manifests.REPOSITORY / "deploy"
RULES = DEPLOY / "prometheus/rules.yaml"
_METRIC = re.compile(r"\b(?:sluice|process)_\w+\b(?!:)")


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], check=False,
                          capture_output=True, text=True)


def alerts():
    groups = manifests.load(RULES.read_text(encoding="utf-8"))[0]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def expressions():
    """Each expression of the rules and of the dashboard, with its place."""
    for rule in alerts():
        yield rule.get("alert") or rule["record"], rule["expr"]
    dashboard = json.loads((DEPLOY / "grafana/sluice.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield f"panel {panel['title']}", target["expr"]
    for variable in dashboard["templating"]["list"]:
        yield f"variable {variable['name']}", variable["query"]


class Rules(unittest.TestCase):

    def test_promtool_takes_the_rules(self):
        result = promtool("check", "rules", RULES)
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_alerts_fire_when_they_should(self):
        result = promtool("test", "rules", DEPLOY / "prometheus/rules_test.yaml")
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    def test_every_alert_has_a_test(self):
        text = (DEPLOY / "prometheus/rules_test.yaml").read_text()
        for rule in alerts():
            self.assertIn(rule.get("alert") or "recording rules", text)


class Monitoring(StackTestCase):
    # So that there are certificates of all kinds.
    stack_options = {"mode": "mtls"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        port = free_port()
        cls.url = f"http://127.0.0.1:{port}"
        directory = cls.stack.directory
        (directory / "prometheus.yaml").write_text(json.dumps({
            "global": {"scrape_interval": "1s"},
            "rule_files": [str(RULES)],
            "scrape_configs": [{
                "job_name": "sluice",
                "static_configs": [{"targets": [cls.stack.admin_address]}]}, {
                "job_name": "sluice-policy",
                "static_configs": [{
                    "targets": [cls.stack.policy_admin_address]}]}],
        }), encoding="utf-8")
        prometheus = Process(
            ["prometheus", f"--config.file={directory}/prometheus.yaml",
             f"--storage.tsdb.path={directory}/prometheus",
             f"--web.listen-address=127.0.0.1:{port}"],
            directory / "prometheus.log")
        cls.addClassCleanup(prometheus.stop)
        prometheus.wait_for("Server is ready to receive web requests", 60)

    def query(self, expression):
        """The samples of an instant query."""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}",
                                    timeout=10) as response:
            answer = json.load(response)
        self.assertEqual(answer["status"], "success")
        return answer["data"]["result"]

    def test_prometheus_sees_a_connected_client(self):
        self.connected("plant/# pub")
        found = eventually(
            lambda: [r for r in self.query("sluice_connections")
                     if r["value"][1] == "1"], "the client is counted")
        self.assertEqual(found[0]["metric"]["instance"],
                         self.stack.admin_address)

    def test_expressions_name_metrics_and_labels_that_there_are(self):
        page = "".join(admin.metrics_page(address).decode() for address in
                       (self.stack.admin_address,
                        self.stack.policy_admin_address))
        known = set(re.findall(r"^(\w+)(?:\{| )", page, re.MULTILINE))
        for place, expression in expressions():
            for metric in _METRIC.findall(expression):
                self.assertIn(metric, known, place)
            for label, value in re.findall(r'(\w+)="([^"$]+)"', expression):
                if label != "job":  # Prometheus' own, as is what it is of: up
                    self.assertIn(f'{label}="{value}"', page, place)

    def test_prometheus_takes_every_expression(self):
        for each in ("sluice_build_info", "sluice_policy_build_info"):
            eventually(lambda: self.query(each), "a scrape of each")
        for place, expression in expressions():
            if place.startswith("variable"):
                continue
            for name, value in (("$__rate_interval", "1m"), ("$job", "sluice"),
                                ("$instance", ".*")):
                expression = expression.replace(name, value)
            with self.subTest(place):
                self.query(expression)
                # A rate needs two scrapes, and something that has happened.
                if place.startswith("panel") and not re.search(
                        r"rate\(|increase\(", expression):
                    self.assertTrue(self.query(expression), "no data")


if __name__ == "__main__":
    unittest.main()
