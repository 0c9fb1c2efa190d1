"""The clients that people use: the examples, and mosquitto_pub and _sub."""

import json
import shutil
import subprocess

from harness import cwt, secrets_book
from harness.process import TIMEOUT
from harness.stack import REPOSITORY, SLUICECTL, StackTestCase
from harness.tokens import Ed25519Key, Es256Key, HmacKey

MQTTJS = REPOSITORY / "examples/mqttjs/ace_client.mjs"
PAHO = REPOSITORY / "examples/python/ace_client.py"


class ClientsTest(StackTestCase):
    stack_options = {"policy": {"issuers": [
        {"issuer": "https://as.example", "jwks_file": "as-keys.json"},
        {"issuer": "https://dev.example", "jwks_file": "as-key.json.pub"}]}}

    def write_credential(self, key, *permissions, **claims):
        """Files with a token and its key, as the examples take them."""
        return self.write_token(
            key, self.token(*permissions, key=key, **claims))

    def write_token(self, key, token):
        name = f"{self._testMethodName}-{key.alg}"
        token_file = self.stack.directory / f"{name}.token"
        key_file = self.stack.directory / f"{name}.jwk"
        token_file.write_bytes(token)
        key_file.write_text(json.dumps(key.private_jwk()), encoding="utf-8")
        return ["--token", token_file, "--key", key_file]

    def cwt_ending_in_white_space(self, key, permission):
        """A CWT that ends in a byte that is white space in text."""
        server = self.stack.authorization_server
        token = b""
        while not token[-1:].isspace():
            token = cwt.encode(cwt.sign(cwt.claims(key, permission),
                                        server.key, b"as-1"))
        return token

    def run_client(self, argv, status=0):
        done = subprocess.run([str(a) for a in argv], timeout=2 * TIMEOUT,
                              stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, status,
                         f"{argv}\n{done.stdout}{done.stderr}")
        return done.stdout.splitlines()

    def mqttjs(self, *argv, status=0):
        return self.run_client(
            ["node", MQTTJS, "--url", f"mqtts://{self.stack.address}",
             "--ca", self.stack.ca_file, *argv], status)

    def paho(self, *argv, status=0):
        host, port = self.stack.address.split(":")
        return self.run_client(
            ["/usr/bin/python3", PAHO, "--host", host, "--port", port,
             "--ca", self.stack.ca_file, *argv], status)

    # covers: ACE-POP-1, ACE-POP-2, ACE-POP-4
    def test_mqttjs_with_each_key_and_proof_publishes_and_receives(self):
        for key in (Ed25519Key(), Es256Key(), HmacKey()):
            credential = self.write_credential(key, "js/# pub sub")
            for pop in ("exporter", "challenge"):
                with self.subTest(f"{key.alg} {pop}"):
                    lines = self.mqttjs(
                        *credential, "--pop", pop, "--subscribe", "js/#",
                        "--publish", "js/x=hello", "--messages", "1")
                    self.assertEqual(sorted(lines), [
                        "CONNACK 0x00", "PUBACK js/x 0x00",
                        "PUBLISH js/x hello", "SUBACK js/# 0x01"])

    # covers: ACE-PUB-1, ACE-SUB-1
    def test_mqttjs_outside_scope_is_told_0x87(self):
        credential = self.write_credential(self.key, "js/# pub sub")
        for qos, answer in (("1", "PUBACK"), ("2", "PUBREC")):
            self.assertEqual(
                self.mqttjs(*credential, "--qos", qos, "--subscribe", "no/#",
                            "--publish", "no/x=hello", status=1),
                ["CONNACK 0x00", "SUBACK no/# 0x87", f"{answer} no/x 0x87"])

    # covers: ACE-CON-1
    def test_mqttjs_with_expired_token_is_refused_0x87(self):
        credential = self.write_credential(self.key, "js/# pub", life=-1)
        self.assertEqual(self.mqttjs(*credential, status=1), ["CONNACK 0x87"])

    def test_mqttjs_tells_of_wrong_usage(self):
        token = self.write_credential(self.key, "js/# pub")[:2]
        pem = self.stack.directory / "server.key"
        for argv, told in (
                (["--qos", "3"], "--qos is 0, 1 or 2"),
                (["--pop", "x"], "--pop is exporter or challenge"),
                (["--messages", "x"], "--messages is a number"),
                (token, "--token needs --key"),
                ([*token, "--key", pem], f"--key: {pem} is no JWK")):
            with self.subTest(told):
                done = subprocess.run(
                    ["node", MQTTJS, "--url", f"mqtts://{self.stack.address}",
                     "--ca", self.stack.ca_file, *argv], timeout=TIMEOUT,
                    capture_output=True, text=True, check=False)
                self.assertEqual(
                    (done.returncode, done.stdout, done.stderr),
                    (2, "", f"ace_client: {told}\n"))

    # covers: ACE-V3-1
    def test_paho_with_each_key_publishes_and_receives(self):
        for key in (Ed25519Key(), Es256Key(), HmacKey()):
            with self.subTest(key.alg):
                lines = self.paho(
                    *self.write_credential(key, "py/# pub sub"),
                    "--subscribe", "py/#", "--publish", "py/x=hello",
                    "--messages", "1")
                self.assertEqual(sorted(lines), [
                    "CONNACK 0x00", "PUBLISH py/x hello", "SUBACK 0x01",
                    "acknowledged py/x"])

    # covers: ACE-PUB-2, ACE-SUB-1
    def test_paho_outside_scope_is_closed(self):
        credential = self.write_credential(self.key, "py/# pub sub")
        self.assertEqual(
            self.paho(*credential, "--subscribe", "no/#", "--publish",
                      "no/x=hello", status=1),
            ["CONNACK 0x00", "SUBACK 0x80", "closed by the broker"])

    # covers: ACE-V3-1
    def test_paho_with_expired_token_is_refused_0x05(self):
        credential = self.write_credential(self.key, "py/# pub", life=-1)
        self.assertIn("CONNACK 0x05", self.paho(*credential, status=1))

    def test_every_byte_of_a_cwt_is_sent(self):
        token = self.cwt_ending_in_white_space(self.key, "cwt/# pub sub")
        credential = self.write_token(self.key, token)
        for client in (self.mqttjs, self.paho):
            lines = client(*credential, "--subscribe", "cwt/#", "--publish",
                           "cwt/x=hello", "--messages", "1")
            self.assertIn("PUBLISH cwt/x hello", lines)

    def test_token_made_by_sluicectl_is_let_in(self):
        directory = self.stack.directory
        for alg in ("EdDSA", "ES256", "HS256"):
            with self.subTest(alg):
                key = directory / f"device-{alg}.json"
                token = directory / f"device-{alg}.token"
                self.run_client([SLUICECTL, "dev", "keygen", "--alg", alg,
                                 "--out", key])
                lines = self.run_client([
                    SLUICECTL, "dev", "token", "--key",
                    directory / "as-key.json", "--issuer",
                    "https://dev.example", "--audience", "mqtt-broker-1",
                    "--subject", "device", "--scope",
                    '[["ctl/#",["pub","sub"]]]', "--expires-in", "5m",
                    "--cnf-key", key, "--format", "jwt",
                    *(["--encryption-key", directory / "rs-keys.json"]
                      if alg == "HS256" else [])])
                secrets_book.remember(lines[0].encode(), "sluicectl's token")
                token.write_text(lines[0] + "\n", encoding="ascii")
                for client in (self.mqttjs, self.paho):
                    lines = client("--token", token, "--key", key,
                                   "--subscribe", "ctl/#", "--publish",
                                   "ctl/x=hello", "--messages", "1")
                    self.assertIn("PUBLISH ctl/x hello", lines)

    def mosquitto(self, program, *argv, version="mqttv5"):
        host, port = self.stack.address.split(":")
        return [shutil.which(program), "-h", host, "-p", port, "--cafile",
                self.stack.ca_file, "-V", version, *argv]

    # covers: ACE-AUTH-1, ACE-SCP-6
    def test_mosquitto_pub_and_sub_use_public_topics(self):
        for version in ("mqttv5", "mqttv311"):
            with self.subTest(version):
                topic = f"public/{version}"
                self.run_client(self.mosquitto(
                    "mosquitto_pub", "-q", "1", "-r", "-t", topic, "-m",
                    "hello", version=version))
                self.assertEqual(self.run_client(self.mosquitto(
                    "mosquitto_sub", "-q", "1", "-C", "1", "-W", "10", "-t",
                    topic, version=version)), ["hello"])

    # covers: ACE-AUTH-1, ACE-PUB-1
    def test_mosquitto_pub_outside_public_topics_is_refused(self):
        done = subprocess.run(
            [str(a) for a in self.mosquitto(
                "mosquitto_pub", "-d", "-q", "1", "-t", "a/x", "-m", "hello")],
            capture_output=True, text=True, timeout=TIMEOUT, check=False)
        self.assertIn("RC:135", done.stdout + done.stderr)
