"""Kubernetes manifests: read, and looked through for what cannot work.

No schema of Kubernetes is at hand offline, so these are the mistakes that
matter: names that lead nowhere, and pods that are less locked up than they
should be. What a field is called is checked against FIELDS, for the kinds here.
"""

import pathlib
import re

import yaml

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MANIFESTS = REPOSITORY / "deploy/kubernetes/manifests"

API_VERSIONS = {
    "Namespace": "v1", "ConfigMap": "v1", "Secret": "v1", "Service": "v1",
    "StatefulSet": "apps/v1", "Deployment": "apps/v1",
    "NetworkPolicy": "networking.k8s.io/v1", "PodDisruptionBudget": "policy/v1",
    "Issuer": "cert-manager.io/v1", "Certificate": "cert-manager.io/v1",
    "ServiceMonitor": "monitoring.coreos.com/v1",
}
_PROBES = {"startupProbe", "livenessProbe", "readinessProbe"}
# What is used of Kubernetes 1.29's pod; a misspelt name is not among these.
FIELDS = {
    "pod": {"automountServiceAccountToken", "enableServiceLinks",
            "terminationGracePeriodSeconds", "securityContext",
            "initContainers", "containers", "volumes", "imagePullSecrets",
            "topologySpreadConstraints", "nodeSelector", "tolerations",
            "affinity", "priorityClassName"},
    "container": {"name", "image", "imagePullPolicy", "command", "args",
                  "ports", "resources", "securityContext", "volumeMounts",
                  "restartPolicy", "lifecycle", *_PROBES},
    "probe": {"httpGet", "grpc", "exec", "tcpSocket", "periodSeconds",
              "timeoutSeconds", "failureThreshold", "initialDelaySeconds"},
    "Deployment": {"replicas", "strategy", "selector", "template"},
    "StatefulSet": {"serviceName", "replicas", "selector", "template",
                    "volumeClaimTemplates"},
    "Service": {"type", "clusterIP", "selector", "ports",
                "loadBalancerSourceRanges", "externalTrafficPolicy"},
    "NetworkPolicy": {"podSelector", "policyTypes", "ingress", "egress"},
    "PodDisruptionBudget": {"maxUnavailable", "selector"},
}


def load(text):
    """The objects of a YAML stream."""
    return [document for document in yaml.safe_load_all(text) if document]


def load_directory(directory=MANIFESTS):
    return [document for file in sorted(directory.glob("*.yaml"))
            for document in load(file.read_text(encoding="utf-8"))]


def by_kind(objects, *kinds):
    return [o for o in objects if o["kind"] in kinds]


def find(objects, kind, name):
    """The object, or None."""
    for o in by_kind(objects, kind):
        if o["metadata"]["name"] == name:
            return o
    return None


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def containers_of(pod):
    return pod.get("initContainers", []) + pod["containers"]


def selects(labels, workload):
    """Whether matchLabels `labels` hold for the pods of `workload`."""
    pod_labels = workload["spec"]["template"]["metadata"]["labels"]
    return all(pod_labels.get(k) == v for k, v in labels.items())


def problems(objects):
    """What is wrong with them, each in words; empty when all is well."""
    out = []
    workloads = by_kind(objects, "Deployment", "StatefulSet")
    for o in objects:
        where = f"{o.get('kind')}/{o.get('metadata', {}).get('name')}"
        for problem in _object(o, objects, workloads):
            out.append(f"{where}: {problem}")
    names = [(o["kind"], o["metadata"]["name"]) for o in objects]
    out += [f"{kind}/{name}: twice" for kind, name in set(names)
            if names.count((kind, name)) > 1]
    return out


def _object(o, objects, workloads):
    kind = o.get("kind")
    if API_VERSIONS.get(kind) != o.get("apiVersion"):
        yield f"apiVersion {o.get('apiVersion')}"
    name = o["metadata"]["name"]
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
        yield "no DNS label"
    if kind != "Namespace" and not o["metadata"].get("namespace"):
        yield "no namespace"
    if kind in FIELDS:
        yield from _unknown(o["spec"], kind, "spec")
    if kind == "Service":
        yield from _service(o, workloads)
    if kind == "NetworkPolicy":
        yield from _network_policy(o, workloads)
    if kind == "PodDisruptionBudget" and not any(
            selects(o["spec"]["selector"]["matchLabels"], w)
            for w in workloads):
        yield "selects no pod"
    if kind in ("ConfigMap", "Secret"):
        for key, value in o["data"].items():
            if not isinstance(value, str):
                yield f"data.{key} is no text"
    if o in workloads:
        yield from _workload(o, objects)


def _unknown(value, kind, where):
    for field in set(value) - FIELDS[kind]:
        yield f"{where}.{field} is no field"


def _ports(workload):
    return [p for c in containers_of(pod_of(workload))
            for p in c.get("ports", [])]


def _has_port(workload, port):
    return any(port in (p["name"], p["containerPort"])
               for p in _ports(workload))


def _service(o, workloads):
    backends = [w for w in workloads if selects(o["spec"]["selector"], w)]
    if not backends:
        yield "selects no pod"
    for port in o["spec"]["ports"]:
        for w in backends:
            if not _has_port(w, port.get("targetPort", port["port"])):
                yield f"port {port} of no container"


def _network_policy(o, workloads):
    spec = o["spec"]
    chosen = [w for w in workloads
              if selects(spec["podSelector"].get("matchLabels", {}), w)]
    if not chosen:
        yield "selects no pod"
    for rule in spec.get("ingress", []):
        for port in rule["ports"]:
            if not all(_has_port(w, port["port"]) for w in chosen):
                yield f"lets in at {port['port']}, which is of no container"
    rules = [(r, "from") for r in spec.get("ingress", [])]
    rules += [(r, "to") for r in spec.get("egress", [])]
    for rule, side in rules:
        for peer in rule.get(side, []):
            # One in another namespace is not in these files.
            if "namespaceSelector" in peer or "ipBlock" in peer:
                continue
            labels = peer["podSelector"]["matchLabels"]
            peers = [w for w in workloads if selects(labels, w)]
            if not peers:
                yield f"{side} {labels}: no pod"
            if side == "to":
                for port in rule["ports"]:
                    if not all(_has_port(w, port["port"]) for w in peers):
                        yield f"to {port['port']}, which is of no container"


def _workload(o, objects):
    spec, pod = o["spec"], pod_of(o)
    if not selects(spec["selector"]["matchLabels"], o):
        yield "selector does not match its own pods"
    if o["kind"] == "StatefulSet" and not find(objects, "Service",
                                               spec["serviceName"]):
        yield f"no Service {spec['serviceName']}"
    yield from _unknown(pod, "pod", "pod")
    if pod.get("automountServiceAccountToken") is not False:
        yield "gets a service account's token"
    volumes = {v["name"]: v for v in pod.get("volumes", [])}
    claims = {c["metadata"]["name"]
              for c in spec.get("volumeClaimTemplates", [])}
    mounted = {m["name"] for c in containers_of(pod)
               for m in c.get("volumeMounts", [])}
    for name in (volumes.keys() | claims) - mounted:
        yield f"volume {name} is not mounted"
    for name in mounted - volumes.keys() - claims:
        yield f"no volume {name}"
    names = [p["name"] for p in _ports(o)]
    numbers = [p["containerPort"] for p in _ports(o)]
    for name in names:
        if len(name) > 15 or names.count(name) > 1:
            yield f"port name {name} is too long or used twice"
    if len(set(numbers)) < len(numbers):
        yield "one port in two containers"
    yield from _references(volumes.values(), o, objects)
    for container in containers_of(pod):
        for problem in _container(container, pod):
            yield f"{container['name']}: {problem}"


def _references(volumes, workload, objects):
    """Sources of volumes that are not there."""
    for volume in volumes:
        if "configMap" in volume:
            kind, name = "ConfigMap", volume["configMap"]["name"]
        elif "secret" in volume:
            kind, name = "Secret", volume["secret"]["secretName"]
        else:
            continue
        source = find(objects, kind, name)
        if source is None:
            yield f"no {kind} {name}"
            continue
        yield from _named_files(volume, source, workload, objects)


def _named_files(volume, source, workload, objects):
    """Files below the volume's mount path which the pod's configuration or a
    command names, and that `source` does not have."""
    for container in containers_of(pod_of(workload)):
        texts = container.get("command", []) + container.get("args", [])
        for m in container.get("volumeMounts", []):
            texts += _texts(m["name"], workload, objects)
        for m in container.get("volumeMounts", []):
            if m["name"] != volume["name"]:
                continue
            for text in texts:
                for key in re.findall(
                        re.escape(m["mountPath"]) + r"/([\w.-]+)", text):
                    if key not in source["data"]:
                        yield f"{source['metadata']['name']} lacks {key}"


def _texts(volume_name, workload, objects):
    """The contents of a ConfigMap that is mounted as this volume."""
    for volume in pod_of(workload).get("volumes", []):
        if volume["name"] == volume_name and "configMap" in volume:
            source = find(objects, "ConfigMap", volume["configMap"]["name"])
            return list(source["data"].values()) if source else []
    return []


def _container(container, pod):
    yield from _unknown(container, "container", "container")
    sidecar = container in pod.get("initContainers", [])
    if sidecar != (container.get("restartPolicy") == "Always"):
        yield "an initContainer that is no sidecar, or the reverse"
    security = {**pod.get("securityContext", {}),
                **container.get("securityContext", {})}
    for field, wanted in (("runAsNonRoot", True),
                          ("readOnlyRootFilesystem", True),
                          ("allowPrivilegeEscalation", False),
                          ("capabilities", {"drop": ["ALL"]}),
                          ("seccompProfile", {"type": "RuntimeDefault"})):
        if security.get(field) != wanted:
            yield f"securityContext.{field} is {security.get(field)}"
    if not security.get("runAsUser"):
        yield "runs as the image's user"
    resources = container.get("resources", {})
    if "memory" not in resources.get("limits", {}) or not {
            "cpu", "memory"} <= resources.get("requests", {}).keys():
        yield "resources"
    if "livenessProbe" not in container:
        yield "no livenessProbe"
    if ":" not in container["image"] or container["image"].endswith(":latest"):
        yield "an image without a version"
    ports = {p["name"]: p["containerPort"] for p in container.get("ports", [])}
    for name in _PROBES & container.keys():
        probe = container[name]
        yield from _unknown(probe, "probe", name)
        if "httpGet" in probe and probe["httpGet"]["port"] not in ports:
            yield f"{name}: no port {probe['httpGet']['port']}"
        if "grpc" in probe and probe["grpc"]["port"] not in ports.values():
            yield f"{name}: no port {probe['grpc']['port']}"
        if "timeoutSeconds" in probe and \
                probe["timeoutSeconds"] > probe["periodSeconds"]:
            yield f"{name}: waits longer than its period"
