"""Runs the containers of manifests as processes of this machine, unisolated.

What a container's command, configuration and probes say is taken as it stands,
with three things translated: mount paths to directories, container ports to
free ports of loopback, and the names of Services to loopback.
"""

import base64
import json
import pathlib
import re
import subprocess

from harness.admin import http_status
from harness.ports import free_port
from harness.process import Process, eventually
from harness.stack import POLICY, PROXY

import manifests

TIMEOUT = 40  # seconds until a probe must have passed
PROGRAMS = {
    "sluice-proxy": PROXY, "sluice-policy": POLICY,
    "mosquitto": pathlib.Path("/usr/sbin/mosquitto"),
    "mosquitto_sub": pathlib.Path("/usr/bin/mosquitto_sub"),
    "etcd": pathlib.Path("/usr/bin/etcd"),
}


class Container:
    """One of a pod's containers, with its volumes laid out in `directory`."""

    def __init__(self, spec, pod, directory):
        self.spec = spec
        self.name = spec["name"]
        self._pod = pod
        self._mounts = {}
        for mount in spec.get("volumeMounts", []):
            self._mounts[mount["mountPath"]] = pod.volume(mount["name"])
        self._log = directory / f"{self.name}.log"
        self.process = None

    def translated(self, text):
        """`text` as it must be here."""
        text = self._pod.translated(text)
        for path in sorted(self._mounts, key=len, reverse=True):
            text = re.sub(rf"(?<![\w/]){re.escape(path)}(?=/|$)",
                          str(self._mounts[path]), text)
        return text

    def lay_out(self, objects, volumes):
        """Writes the files of ConfigMaps and Secrets, translated."""
        for mount in self.spec.get("volumeMounts", []):
            volume = volumes.get(mount["name"], {})
            directory = self._mounts[mount["mountPath"]]
            if "configMap" in volume:
                source = manifests.find(objects, "ConfigMap",
                                        volume["configMap"]["name"])
                for key, value in source["data"].items():
                    (directory / key).write_text(self.translated(value),
                                                 encoding="utf-8")
            elif "secret" in volume:
                source = manifests.find(objects, "Secret",
                                        volume["secret"]["secretName"])
                for key, value in source["data"].items():
                    (directory / key).write_bytes(base64.b64decode(value))

    def _argv(self, words):
        program = pathlib.PurePath(words[0]).name
        return [PROGRAMS[program], *map(self.translated, words[1:])]

    def start(self):
        command = self.spec["command"] + self.spec.get("args", [])
        self.process = Process(self._argv(command), self._log)

    def passes(self, name):
        """Whether the probe `name` passes now, as the kubelet would see it."""
        probe = self.spec[name]
        timeout = probe.get("timeoutSeconds", 1)
        if "httpGet" in probe:
            return self._http(probe["httpGet"])
        return subprocess.run(self._argv(probe["exec"]["command"]),
                              timeout=timeout + 5, check=False,
                              capture_output=True).returncode == 0

    def _http(self, action):
        number = next(p["containerPort"] for p in self.spec["ports"]
                      if p["name"] == action["port"])
        try:
            status = http_status(f"127.0.0.1:{self._pod.ports[number]}",
                                 action["path"])
        except OSError:
            return False
        return 200 <= status < 400

    def wait(self, name):

        def probe():
            if not self.process.running():
                raise AssertionError(
                    f"{self.name} ended:\n{self.process.output()}")
            return self.passes(name)

        eventually(probe, f"{name} of {self.name}", TIMEOUT)


class Pod:
    """Of a Deployment or StatefulSet. Its volumes and ports are there at once;
    start() starts it in the kubelet's order."""

    def __init__(self, workload, directory):
        self.name = workload["metadata"]["name"]
        self._spec = manifests.pod_of(workload)
        self._directory = directory
        self._volumes = {v["name"]: v for v in self._spec.get("volumes", [])}
        self.services = {}  # "name:port" to "localhost:port"
        self.ports = {p["containerPort"]: free_port()
                      for c in manifests.containers_of(self._spec)
                      for p in c.get("ports", [])}
        directory.mkdir()
        self.containers = [Container(c, self, directory)
                           for c in manifests.containers_of(self._spec)]
        self.sidecars = self.containers[
            :len(self._spec.get("initContainers", []))]

    def container(self, name):
        return next(c for c in self.containers if c.name == name)

    def volume(self, name):
        directory = self._directory / f"volume-{name}"
        directory.mkdir(exist_ok=True)
        return directory

    def translated(self, text):
        known = {**self.services, "0.0.0.0": "127.0.0.1",
                 **{str(k): str(v) for k, v in self.ports.items()}}
        pattern = "|".join(re.escape(k)
                           for k in sorted(known, key=len, reverse=True))
        return re.sub(rf"(?<![\w.-])({pattern})(?![\w.-])",
                      lambda match: known[match.group(1)], text)

    def start(self, objects):
        for container in self.containers:
            container.lay_out(objects, self._volumes)
        for container in self.sidecars + self.containers[len(self.sidecars):]:
            container.start()
            if "startupProbe" in container.spec:
                container.wait("startupProbe")
        for container in self.containers:
            for name in ("livenessProbe", "readinessProbe"):
                if name in container.spec:
                    container.wait(name)

    def stop(self):
        """Ends the containers, sidecars last; exit statuses by name."""
        return {c.name: c.process.stop()
                for c in reversed(self.containers) if c.process}

    @property
    def grace_period(self):
        return self._spec["terminationGracePeriodSeconds"]


class Cluster:
    """All pods of `objects`; what they depend on is started first."""

    def __init__(self, objects, directory, first):
        """`first`: names of workloads in the order of their start."""
        self._objects = objects
        self.pods = {}
        services = {}
        for name in first:
            workload = manifests.find(objects, "Deployment", name) or \
                manifests.find(objects, "StatefulSet", name)
            self.pods[name] = [
                Pod(workload, directory / f"{name}-{i}")
                for i in range(workload["spec"]["replicas"])]
            services.update(self._services(workload, self.pods[name][0]))
        for pods in self.pods.values():
            for pod in pods:
                pod.services = services

    def _services(self, workload, pod):
        """Addresses of the Services of `workload`, all at its first pod."""
        numbers = {p["name"]: p["containerPort"] for c in pod.containers
                   for p in c.spec.get("ports", [])}
        for service in manifests.by_kind(self._objects, "Service"):
            if not manifests.selects(service["spec"]["selector"], workload):
                continue
            for port in service["spec"]["ports"]:
                number = numbers.get(port["targetPort"], port["targetPort"])
                # The certificate of the policy service is for localhost too.
                yield (f"{service['metadata']['name']}:{port['port']}",
                       f"localhost:{pod.ports[number]}")

    def start(self):
        for pods in self.pods.values():
            for pod in pods:
                pod.start(self._objects)

    def stop(self):
        for pods in reversed(self.pods.values()):
            for pod in pods:
                pod.stop()


def jwks_config_map(name, authorization_server):
    """What docs/deployment.md has the user make of the issuer's public keys."""
    keys = {"keys": [authorization_server.key.public_jwk()]}
    return {"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "sluice"},
            "data": {"as-keys.json": json.dumps(keys)}}
