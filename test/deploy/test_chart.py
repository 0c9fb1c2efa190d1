"""The chart of deploy/helm: its values, and what its templates make of them.

Helm itself is not in Debian. The templates are rendered by render/main.go, with
the libraries that Helm renders with; what Helm adds (hooks, `lookup`, `Files`)
the chart does not use.
"""

import copy
import functools
import json
import os
import pathlib
import re
import subprocess
import unittest

import jsonschema
import yaml

from harness.stack import run_directory
from harness.tokens import AuthorizationServer

import kubelet
import manifests
import test_kubernetes

CHART = manifests.REPOSITORY / "deploy/helm/sluice"
_RENDERER = pathlib.Path(__file__).resolve().parent / "render"


def values():
    return yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))


def paths(table, prefix=""):
    """Names of all values, like broker.image. Free-form tables count as one."""
    for name, value in table.items():
        path = prefix + name
        if isinstance(value, dict) and value and name != "resources":
            yield from paths(value, path + ".")
        else:
            yield path


@functools.lru_cache(maxsize=None)
def renderer():
    """render/main.go, built."""
    directory = run_directory() / "render"
    directory.mkdir()
    subprocess.run(
        ["go", "build", "-o", directory / "render", "."], check=True,
        cwd=_RENDERER, env={"GOCACHE": str(directory / "cache"), **os.environ,
                            "GO111MODULE": "off",
                            "GOPATH": "/usr/share/gocode"})
    return directory / "render"


def render(release="sluice", kubernetes="v1.29.0", **changes):
    """The chart's objects; `changes` are values, like etcd={"enabled": False}."""
    merged = values()
    for name, value in changes.items():
        if isinstance(value, dict):
            merged[name].update(value)
        else:
            merged[name] = value
    jsonschema.validate(
        merged, json.loads((CHART / "values.schema.json").read_text()))
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    context = {"Values": merged,
               "Chart": {name[0].upper() + name[1:]: value
                         for name, value in chart.items()},
               "Release": {"Name": release, "Namespace": "sluice",
                           "Service": "Helm"},
               "Capabilities": {"KubeVersion": {"Version": kubernetes}}}
    result = subprocess.run([renderer(), CHART], input=json.dumps(context),
                            capture_output=True, text=True, check=False)
    if result.returncode:
        raise ValueError(result.stderr)
    return manifests.load(result.stdout)


def with_secrets(objects):
    return objects + test_kubernetes.secrets() + [kubelet.jwks_config_map(
        "sluice-issuers", AuthorizationServer())]


class Values(unittest.TestCase):

    def schema(self):
        return json.loads((CHART / "values.schema.json").read_text())

    def test_the_schema_is_one_and_takes_the_defaults(self):
        jsonschema.Draft7Validator.check_schema(self.schema())
        jsonschema.validate(values(), self.schema())

    def test_the_schema_refuses_what_is_not_there(self):
        for change in ({"polcy": {}}, {"proxy": {"worker": 2}},
                       {"proxy": {"workers": "2"}},
                       {"service": {"type": "Elsewhere"}},
                       {"policy": {"publicTopics": [{"filter": "a"}]}}):
            with self.subTest(change), \
                    self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate(change, self.schema())

    def test_templates_use_what_is_there_and_all_of_it(self):
        used = set()
        for file in (CHART / "templates").iterdir():
            used.update(re.findall(r"\.Values\.([\w.]+)", file.read_text()))
        there = set(paths(values()))
        # toYaml of a whole table is for a checksum only.
        used = {u for u in used if not isinstance(values().get(u), dict)}
        self.assertEqual(used, there)

    def test_the_readme_has_every_value(self):
        rows = re.findall(r"^\| `([\w.]+)` \|", (CHART / "README.md").read_text(),
                          re.MULTILINE)
        self.assertEqual(rows, list(paths(values())))

    def test_the_version_is_that_of_the_programs(self):
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        header = manifests.REPOSITORY / "proxy/base/version.h"
        version = re.search(r'kVersion\[\] = "(.*)"', header.read_text())
        self.assertEqual(chart["appVersion"], version.group(1))


class Templates(unittest.TestCase):

    def test_defaults_are_in_order(self):
        objects = render()
        self.assertEqual(manifests.problems(with_secrets(objects)), [])
        self.assertEqual(len(manifests.by_kind(objects, "NetworkPolicy")), 3)

    def test_defaults_are_the_plain_manifests(self):
        """Pods, but for labels; and what they are configured with."""
        plain, chart = manifests.load_directory(), render()
        for kind, name in (("StatefulSet", "sluice-broker"),
                           ("Deployment", "sluice-policy"),
                           ("StatefulSet", "sluice-etcd")):
            pods = [copy.deepcopy(manifests.pod_of(
                manifests.find(objects, kind, name)))
                for objects in (plain, chart)]
            for pod in pods:
                pod.pop("topologySpreadConstraints", None)
                # The one says it of the pod, the other of each container.
                for name in ("runAsUser", "runAsGroup"):
                    pod["securityContext"].pop(name, None)
                for container in manifests.containers_of(pod):
                    container.pop("imagePullPolicy", None)
                    if container["name"] == "etcd":
                        for name in ("runAsUser", "runAsGroup"):
                            container["securityContext"].pop(name, None)
            for volume in pods[0]["volumes"] if "volumes" in pods[0] else []:
                self.assertIn(volume, pods[1]["volumes"])
            self.assertEqual(*pods)

    def test_all_options_are_in_order(self):
        objects = render(
            image={"tag": "1", "repository": "registry.example/sluice"},
            imagePullSecrets=["pull"],
            broker={"extraConfig": "max_queued_messages 10\nretain_available "
                    "false", "storageClass": "fast"},
            proxy={"drainSeconds": 60,
                   "config": {"log": {"level": "debug"},
                              "limits": {"handshake_timeout": "5s"}}},
            service={"type": "LoadBalancer", "annotations": {"a": "b"}},
            policy={"publicTopics": [{"filter": "public/#",
                                      "permissions": ["sub"]}],
                    "config": {"clock_skew": "5s"}},
            etcd={"enabled": False, "endpoints": ["etcd.example:2379"]},
            networkPolicy={"policyEgressPorts": [443, 2379]},
            serviceMonitor={"enabled": True, "labels": {"release": "mine"}})
        self.assertEqual(manifests.problems(with_secrets(objects)), [])
        proxy = yaml.safe_load(manifests.find(
            objects, "ConfigMap", "sluice-proxy")["data"]["proxy.yaml"])
        self.assertEqual(proxy["limits"], {"max_connections": 10000,
                                           "handshake_timeout": "5s"})
        self.assertEqual(proxy["drain_time"], "60s")
        policy = yaml.safe_load(manifests.find(
            objects, "ConfigMap", "sluice-policy")["data"]["policy.yaml"])
        self.assertEqual(policy["store"], {"etcd": {
            "endpoints": ["etcd.example:2379"], "prefix": "/sluice"}})
        self.assertEqual(policy["clock_skew"], "5s")
        self.assertIn("\nretain_available false", manifests.find(
            objects, "ConfigMap", "sluice-mosquitto")["data"]["mosquitto.conf"])
        pod = manifests.pod_of(
            manifests.find(objects, "StatefulSet", "sluice-broker"))
        self.assertEqual(pod["terminationGracePeriodSeconds"], 80)
        self.assertEqual(pod["imagePullSecrets"], [{"name": "pull"}])
        self.assertIsNone(manifests.find(objects, "StatefulSet", "sluice-etcd"))
        self.assertEqual(manifests.find(objects, "Service", "sluice-broker")[
            "spec"]["externalTrafficPolicy"], "Local")
        # What the alerts call them.
        for name, job in (("sluice-broker", "sluice"),
                          ("sluice-policy", "sluice-policy")):
            monitor = manifests.find(objects, "ServiceMonitor", name)
            self.assertEqual(monitor["spec"]["endpoints"], [
                {"port": "admin", "interval": "30s",
                 "relabelings": [{"targetLabel": "job", "replacement": job}]}])
            labels = monitor["metadata"]["labels"]
            self.assertEqual(labels.pop("release"), "mine")
            self.assertTrue(labels)

    def test_another_release_has_other_names(self):
        mine, other = ({(o["kind"], o["metadata"]["name"])
                        for o in render(release=name)}
                       for name in ("sluice", "other"))
        self.assertFalse(mine & other)

    def test_etcd_elsewhere_must_be_named(self):
        with self.assertRaisesRegex(ValueError, "etcd.endpoints is needed"):
            render(etcd={"enabled": False})

    def test_the_drain_time_has_one_place(self):
        """The grace period goes by it."""
        with self.assertRaisesRegex(ValueError, "set proxy.drainSeconds"):
            render(proxy={"config": {"drain_time": "60s"}})

    def test_etcd_is_full_before_its_disk_is(self):
        etcd = manifests.pod_of(manifests.find(
            render(), "StatefulSet", "sluice-etcd"))["containers"][0]
        quota = [argument for argument in etcd["args"]
                 if argument.startswith("--quota-backend-bytes=")]
        self.assertEqual(quota, ["--quota-backend-bytes=536870912"])
        other = manifests.pod_of(manifests.find(
            render(etcd={"quotaBytes": 8000000000}), "StatefulSet",
            "sluice-etcd"))["containers"][0]
        self.assertIn("--quota-backend-bytes=8000000000", other["args"])

    def test_etcd_keeps_no_long_history(self):
        """docs/operations.md reckons with it."""
        etcd = manifests.pod_of(manifests.find(
            render(), "StatefulSet", "sluice-etcd"))["containers"][0]
        self.assertIn("--auto-compaction-retention=5m", etcd["args"])

    def test_a_full_etcd_is_not_restarted(self):
        etcd = manifests.pod_of(manifests.find(
            render(), "StatefulSet", "sluice-etcd"))["containers"][0]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            self.assertEqual(etcd[probe]["httpGet"]["path"],
                             "/health?exclude=NOSPACE")

    def test_policy_services_serve_until_they_get_no_new_connections(self):
        def pod(**changes):
            return manifests.pod_of(manifests.find(
                render(**changes), "Deployment", "sluice-policy"))
        old, off = pod(), pod(kubernetes="v1.31.2-eks-1",
                              policy={"preStopSleepSeconds": 0})
        for each in (old, off):
            self.assertNotIn("lifecycle", each["containers"][0])
            self.assertEqual(each["terminationGracePeriodSeconds"], 20)
        new = pod(kubernetes="v1.31.2-eks-1")
        self.assertEqual(new["containers"][0]["lifecycle"],
                         {"preStop": {"sleep": {"seconds": 3}}})
        self.assertEqual(new["terminationGracePeriodSeconds"], 23)
        self.assertEqual(manifests.problems(
            with_secrets(render(kubernetes="v1.30.0"))), [])

    def test_changed_values_replace_the_pods(self):
        sums = {manifests.find(render(proxy={"workers": n}), "StatefulSet",
                               "sluice-broker")["spec"]["template"]["metadata"][
                                   "annotations"]["checksum/config"]
                for n in (1, 2)}
        self.assertEqual(len(sums), 2)


class RunningChart(test_kubernetes.RunningCluster):
    """The chart with its defaults, run as the plain manifests are."""

    @staticmethod
    def rendered():
        return render()


if __name__ == "__main__":
    unittest.main()
