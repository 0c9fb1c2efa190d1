"""The image of deploy/image: made, looked into, and run in front of a broker."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness.broker import Mosquitto
from harness.client import Client
from harness.process import Process
from harness.stack import PROXY, keys_directory
from harness.tokens import AuthorizationServer, Ed25519Key

import manifests

_BUILD = manifests.REPOSITORY / "deploy/image/build.sh"
_USER = 65532


def run(*command):
    return subprocess.run([str(c) for c in command], check=True,
                          capture_output=True, text=True).stdout


class Image(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-image-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.directory.chmod(0o755)  # for the image's user
        cls.archive = cls.build("image")
        version = cls.archive.stem.removeprefix("sluice-")
        cls.layout = cls.archive.parent / "layout"
        cls.bundle = cls.directory / "bundle"
        run("umoci", "unpack", *([] if os.geteuid() == 0 else ["--rootless"]),
            "--image", f"{cls.layout}:{version}", cls.bundle)
        cls.root = cls.bundle / "rootfs"
        cls.version = version

    @classmethod
    def build(cls, name):
        """The archive that build.sh makes."""
        out = cls.directory / name
        run("env", "SOURCE_DATE_EPOCH=1700000000", _BUILD, out,
            PROXY.parents[1])
        archive, = out.glob("*.tar")
        return archive

    def test_the_archive_says_what_it_is(self):
        told = json.loads(run("skopeo", "inspect", "--config",
                              f"oci-archive:{self.archive}"))
        self.assertEqual(told["created"], "2023-11-14T22:13:20Z")
        config = told["config"]
        self.assertEqual(config["User"], f"{_USER}:{_USER}")
        self.assertEqual(config["Entrypoint"], ["/usr/bin/sluice-proxy"])
        self.assertEqual(
            config["Labels"]["org.opencontainers.image.version"], self.version)
        self.assertEqual(config["Labels"]["org.opencontainers.image.licenses"],
                         "Apache-2.0")

    def test_the_same_programs_give_the_same_bytes(self):
        self.assertEqual(self.build("again").read_bytes(),
                         self.archive.read_bytes())

    def test_it_holds_three_programs_and_no_more(self):
        programs = [p for p in self.root.rglob("*") if p.is_file()
                    and not p.is_symlink() and p.stat().st_mode & 0o111
                    and ".so" not in p.name]
        self.assertEqual(
            sorted(str(p.relative_to(self.root)) for p in programs),
            ["usr/bin/sluice-policy", "usr/bin/sluice-proxy",
             "usr/bin/sluicectl"])
        for path in self.root.rglob("*"):
            if not path.is_symlink():
                self.assertEqual(path.stat().st_mode & 0o6022, 0, path)

    def test_the_manifests_name_this_image_and_its_programs(self):
        for workload in manifests.by_kind(manifests.load_directory(),
                                          "Deployment", "StatefulSet"):
            for c in manifests.containers_of(manifests.pod_of(workload)):
                if c["image"].startswith("sluice:"):
                    self.assertEqual(c["image"], f"sluice:{self.version}")
                    self.assertEqual(c["securityContext"]["runAsUser"], _USER)
                    program = self.root / c["command"][0].lstrip("/")
                    self.assertTrue(program.is_file(), program)

    def start(self, name, program):
        """Runs `program` of the image with runc: as its user, on a read-only
        root, without capabilities, in this machine's network."""
        config = json.loads((self.bundle / "config.json").read_text())
        self.assertEqual(config["process"]["user"]["uid"], _USER)
        config["root"] = {"path": str(self.root), "readonly": True}
        config["process"].update(
            terminal=False, noNewPrivileges=True, capabilities={},
            args=[f"/usr/bin/{program}", "--config",
                  f"/etc/sluice/{name}.yaml"])
        config["linux"]["namespaces"] = [
            n for n in config["linux"]["namespaces"] if n["type"] != "network"]
        config["mounts"].append({
            "destination": "/etc/sluice", "type": "bind",
            "source": str(self.directory / "etc"),
            "options": ["bind", "ro", "nosuid", "nodev", "noexec"]})
        bundle = self.directory / name
        bundle.mkdir()
        (bundle / "config.json").write_text(json.dumps(config))
        process = Process(
            ["runc", "--root", self.directory / "runc", "run", "--bundle",
             bundle, f"sluice-test-{name}-{os.getpid()}"],
            self.directory / f"{name}.log")
        self.addCleanup(process.stop)
        return process, process.ready()

    def test_a_publish_goes_through_the_programs_of_the_image(self):
        etc = self.directory / "etc"
        shutil.copytree(keys_directory(), etc)
        authorization_server = AuthorizationServer()
        authorization_server.write_keys(etc)
        broker = Mosquitto(self.directory)
        self.addCleanup(broker.stop)

        def configure(name, **config):
            (etc / name).write_text(json.dumps(config), encoding="utf-8")
            run("chown", "-R", f"{_USER}:{_USER}", etc)

        configure("policy.yaml", address="127.0.0.1:0",
                  audience=AuthorizationServer.audience,
                  issuers=[{"issuer": AuthorizationServer.issuer,
                            "jwks_file": "as-keys.json"}])
        policy, ready = self.start("policy", "sluice-policy")
        configure("proxy.yaml", policy={"address": ready["address"]},
                  listeners=[{"name": "mqtts", "address": "127.0.0.1:0",
                              "tls": {"certificate": "server.crt",
                                      "private_key": "server.key"}}],
                  upstream={"address": broker.address})
        proxy, ready = self.start("proxy", "sluice-proxy")

        key = Ed25519Key()
        token = authorization_server.token(key, "plant/# pub sub")
        reader, writer = (Client(ready["listeners"]["mqtts"], etc / "ca.crt")
                          for _ in range(2))
        for name, client in (("reader", reader), ("writer", writer)):
            self.addCleanup(client.tls.close)
            connack = client.ace_connect(token, key, client_id=name)
            self.assertEqual(connack.code, 0, connack)
        self.assertEqual(reader.subscribe("plant/#"), [1])  # QoS
        self.assertEqual(writer.publish("plant/a", b"21.5").code, 0)
        self.assertEqual(writer.publish("other", b"0").code, 0x87)
        self.assertEqual(reader.expect("PUBLISH").payload, b"21.5")
        reader.tls.close()
        writer.tls.close()
        for process in (proxy, policy):
            self.assertEqual(process.stop(), 0, process.output())


if __name__ == "__main__":
    unittest.main()
