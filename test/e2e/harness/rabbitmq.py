"""RabbitMQ with its MQTT plugin: a broker that knows MQTT 3.1.1 only."""

import os
import pathlib
import pwd
import shutil
import tempfile

from .ports import free_port
from .process import Process

USERNAME, PASSWORD = "guest", "guest"

# The node may only be reached from this machine, and needs one scheduler.
_ERLANG = "-kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +sbwt none"


def _script():
    """The script that starts Erlang; what is on the PATH insists on a user."""
    found = sorted(pathlib.Path("/usr/lib/rabbitmq/lib").glob(
        "rabbitmq_server-*/sbin/rabbitmq-server"))
    if not found:
        raise FileNotFoundError("rabbitmq-server is not installed")
    return found[-1]


def _unprivileged():
    """Arguments of subprocess.Popen to run as nobody in particular."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


class RabbitMq:
    """A node of its own, with nothing of the machine's configuration.

    Returns at once; wait_until_ready() waits until it takes connections.
    """

    def __init__(self):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-rmq-"))
        self._write_config()
        user = _unprivileged()
        if user:
            for path in (self.directory, *self.directory.iterdir()):
                os.chown(path, user["user"], user["group"])
        environment = self._environment()
        # Else the node starts one that outlives it.
        self._epmd = Process(
            ["/usr/bin/epmd", "-address", "127.0.0.1"],
            self.directory / "epmd.log", env=environment, **user)
        self._node = Process(
            [_script()], self.directory / "node.log", own_group=True,
            env=environment, cwd=self.directory, **user)

    def _write_config(self):
        (self.directory / "rabbitmq.conf").write_text("\n".join([
            "listeners.tcp = none",
            f"mqtt.listeners.tcp.1 = {self.address}",
            "mqtt.allow_anonymous = false",
            "log.console = true",
            "log.file = false", ""]), encoding="utf-8")
        (self.directory / "plugins").write_text("[rabbitmq_mqtt].\n",
                                                encoding="utf-8")

    def _environment(self):
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.directory),
            "LANG": "C.UTF-8",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(free_port()),
            "RABBITMQ_CONFIG_FILE": str(self.directory / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(self.directory / "no-such-file"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.directory / "plugins"),
            "RABBITMQ_LOG_BASE": str(self.directory / "log"),
            "RABBITMQ_MNESIA_BASE": str(self.directory / "mnesia"),
            "RABBITMQ_NODENAME": f"sluice-{os.getpid()}@localhost",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
        }

    def wait_until_ready(self):
        self._node.wait_for(r"Server startup complete", timeout=60)

    def stop(self):
        self._node.stop()
        self._epmd.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
