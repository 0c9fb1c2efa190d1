"""The manifests of deploy/kubernetes: looked through, and run."""

import base64
import copy
import functools
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

import yaml

from harness.client import Client
from harness.tokens import AuthorizationServer, Ed25519Key

import kubelet
import manifests

DEPLOY = manifests.REPOSITORY / "deploy"
ORDER = ("sluice-etcd", "sluice-policy", "sluice-broker")


@functools.lru_cache(maxsize=None)
def secrets():
    """What secrets.sh prints."""
    return manifests.load(subprocess.run(
        [DEPLOY / "kubernetes/secrets.sh", "sluice", "localhost", "127.0.0.1"],
        check=True, capture_output=True, text=True).stdout)


class Manifests(unittest.TestCase):

    def setUp(self):
        self.objects = manifests.load_directory()
        self.whole = self.objects + secrets() + [kubelet.jwks_config_map(
            "sluice-issuers", AuthorizationServer())]

    def test_names_lead_somewhere_and_pods_are_locked_up(self):
        self.assertEqual(manifests.problems(self.whole), [])

    def test_mistakes_are_found(self):
        mistakes = {
            "no volume": lambda pod: pod["volumes"].pop(),
            "no port": lambda pod: pod["initContainers"][0]["readinessProbe"][
                "httpGet"].update(port="nowhere"),
            "is no field": lambda pod: pod["containers"][0].update(comand=[]),
            "readOnlyRootFilesystem": lambda pod: pod["containers"][0][
                "securityContext"].pop("readOnlyRootFilesystem"),
            "no Secret": lambda pod: pod["volumes"][1]["secret"].update(
                secretName="other"),
        }
        for wanted, mistake in mistakes.items():
            objects = copy.deepcopy(self.whole)
            mistake(manifests.pod_of(
                manifests.find(objects, "StatefulSet", "sluice-broker")))
            found = manifests.problems(objects)
            self.assertTrue(any(wanted in f for f in found), (wanted, found))

    def test_a_file_that_the_configuration_names_must_be_mounted(self):
        objects = copy.deepcopy(self.whole)
        del manifests.find(objects, "Secret",
                           "sluice-proxy-tls")["data"]["ca.crt"]
        self.assertEqual(manifests.problems(objects),
                         ["StatefulSet/sluice-broker: "
                          "sluice-proxy-tls lacks ca.crt"])

    def test_kustomize_gives_the_same_objects(self):
        built = manifests.load(subprocess.run(
            ["kubectl", "kustomize", DEPLOY / "kubernetes"], check=True,
            capture_output=True, text=True).stdout)
        key = lambda o: (o["kind"], o["metadata"]["name"])  # noqa: E731
        self.assertEqual(sorted(built, key=key),
                         sorted(self.objects, key=key))

    def test_no_private_key_is_in_the_repository(self):
        for file in DEPLOY.rglob("*"):
            if file.is_file():
                self.assertNotIn(b"PRIVATE KEY", file.read_bytes(), file)
        self.assertEqual(manifests.by_kind(self.objects, "Secret"), [])

    def test_only_the_proxy_can_reach_the_broker(self):
        broker = manifests.find(self.objects, "StatefulSet", "sluice-broker")
        ports = {p["name"]: p["containerPort"]
                 for c in manifests.containers_of(manifests.pod_of(broker))
                 for p in c["ports"]}
        config = manifests.find(self.objects, "ConfigMap", "sluice-mosquitto")
        self.assertEqual(
            [line for line in config["data"]["mosquitto.conf"].splitlines()
             if line.startswith("listener")],
            [f"listener {ports['mqtt-loopback']} 127.0.0.1"])
        for policy in manifests.by_kind(self.objects, "NetworkPolicy"):
            for rule in policy["spec"].get("ingress", []):
                for port in rule["ports"]:
                    self.assertNotIn(port["port"], ("mqtt-loopback", 1883))

    def test_certificates_of_cert_manager_fill_the_same_secrets(self):
        objects = manifests.load(
            (DEPLOY / "kubernetes/cert-manager.yaml").read_text())
        self.assertEqual(manifests.problems(objects), [])
        made = {o["spec"]["secretName"]
                for o in manifests.by_kind(objects, "Certificate")}
        self.assertLessEqual({s["metadata"]["name"] for s in secrets()}, made)

    def test_authority_of_cert_manager_outlives_what_it_issues(self):
        objects = manifests.load(
            (DEPLOY / "kubernetes/cert-manager.yaml").read_text())

        def hours(spec, field, default):
            return int(spec.get(field, default).removesuffix("h"))

        # Those that are not said are cert-manager's: 90 days, and 30 before.
        specs = [o["spec"] for o in manifests.by_kind(objects, "Certificate")]
        authority, = [spec for spec in specs if spec.get("isCA")]
        specs.remove(authority)
        # What it issued before is good for those who have its new certificate.
        self.assertEqual(authority["privateKey"]["rotationPolicy"], "Never")
        self.assertGreater(hours(authority, "duration", "2160h"),
                           hours(authority, "renewBefore", "720h"))
        self.assertGreater(
            hours(authority, "renewBefore", "720h"),
            max(hours(spec, "duration", "2160h") for spec in specs))


class RunningCluster(unittest.TestCase):
    """The pods of the manifests as processes; see kubelet.py."""

    @staticmethod
    def rendered():
        return manifests.load_directory()

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-deploy-"))
        cls.authorization_server = AuthorizationServer()
        objects = cls.rendered() + secrets() + [kubelet.jwks_config_map(
            "sluice-issuers", cls.authorization_server)]
        server = manifests.find(objects, "Secret", "sluice-server-tls")
        cls.ca_file = cls.directory / "ca.crt"
        cls.ca_file.write_bytes(base64.b64decode(server["data"]["ca.crt"]))
        cls.cluster = kubelet.Cluster(objects, cls.directory, ORDER)
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.start()  # and waits until every probe has passed
        cls.broker = cls.cluster.pods["sluice-broker"][0]

    def client(self, *permissions):
        key = Ed25519Key()
        client = Client(f"127.0.0.1:{self.broker.ports[8883]}", self.ca_file)
        self.addCleanup(client.tls.close)
        token = self.authorization_server.token(key, *permissions)
        connack = client.ace_connect(token, key, client_id=permissions[0][:9])
        self.assertEqual(connack.code, 0, connack)
        return client

    def test_1_a_publish_goes_through_and_another_is_refused(self):
        reader = self.client("plant/# sub")
        self.assertEqual(reader.subscribe("plant/#"), [1])  # QoS
        writer = self.client("plant/+ pub")
        self.assertEqual(writer.publish("plant/a", b"21.5").code, 0)
        self.assertEqual(writer.publish("other", b"0").code, 0x87)
        message = reader.expect("PUBLISH")
        self.assertEqual((message.topic, message.payload), ("plant/a", b"21.5"))

    def test_2_the_proxy_is_not_ready_without_its_policy_service(self):
        proxy = self.broker.container("sluice-proxy")
        policy = self.cluster.pods["sluice-policy"][0]
        self.assertEqual(policy.stop(), {"sluice-policy": 0})
        kubelet.eventually(lambda: not proxy.passes("readinessProbe"),
                           "the proxy is not ready")
        self.assertTrue(proxy.passes("livenessProbe"))
        self.assertFalse(policy.containers[0].passes("livenessProbe"))

    def test_3_a_pod_ends_within_its_grace_period(self):
        start = time.monotonic()
        self.assertEqual(self.broker.stop(),
                         {"mosquitto": 0, "sluice-proxy": 0})
        self.assertLess(time.monotonic() - start, self.broker.grace_period)


if __name__ == "__main__":
    unittest.main()
