"""What Mosquitto and the proxy say that they have read, from their logs."""

import datetime
import json
import re

# Of Mosquitto's log, with what a match becomes.
_LINES = [(re.compile(pattern, re.DOTALL), make) for pattern, make in [
    # One that has not come to its CONNECT, or is the proxy's look whether the
    # broker is there.
    (r"Client <unknown> ", lambda m: None),
    (r"New client connected from \S+ as (.*) "
     r"\(p(\d), c(\d), k\d+(?:, u'.*')?\)\.",
     lambda m: ("connect", m[1], m[2], m[3])),
    (r"Will message specified \((\d+) bytes\) \(r(\d), q(\d)\)\.",
     lambda m: ("will", m[1], m[2], m[3])),
    (r"(?:Received|Denied) PUBLISH from .* "
     r"\(d(\d), q(\d), r(\d), m(\d+), '(.*)', \.\.\. \((\d+) bytes\)\)",
     lambda m: ("publish", m[5], m[1], m[2], m[3], m[4], m[6])),
    # Its lines are cut, here within a topic.
    (r"(?:Received|Denied) PUBLISH from .* "
     r"\(d(\d), q(\d), r(\d), m(\d+), '(.*)$",
     lambda m: ("publish", m[5], m[1], m[2], m[3], m[4], "")),
    (r"Received SUBSCRIBE from ", lambda m: ("subscribe", [])),
    (r"Received UNSUBSCRIBE from ", lambda m: ("unsubscribe", [])),
    (r"(?:Warning: )?Received (PUBACK|PUBREC|PUBREL|PUBCOMP) from .*?"
     r"(?:\(Mid: (\d+)|identifier (\d+))",
     lambda m: ("ack", m[1], m[2] or m[3])),
    (r"Received PINGREQ from ", lambda m: ("ping",)),
    (r"Received DISCONNECT from ", lambda m: ("disconnect",)),
    (r"Sending PUBLISH to .* \(d\d, q\d, r\d, m\d+, '(.*)', \.\.\. ",
     lambda m: ("sent", m[1])),
    (r"Sending PUBLISH to .* \(d\d, q\d, r\d, m\d+, '(.*)$",
     lambda m: ("sent", m[1])),
    (r"Client .* disconnected due to (.*)\.$", lambda m: ("fault", m[1])),
    (r"Client .* disconnected: (.*)\.$", lambda m: ("fault", m[1])),
    (r"Bad socket read/write on client .*?: (.*)$", lambda m: ("fault", m[1])),
    (r"Client .* (?:disconnected|been disconnected|closed its connection|"
     r"already connected|has exceeded timeout)", lambda m: ("end",)),
]]
_FILTER = re.compile(r"\t(.*) \(QoS (\d)\)$", re.DOTALL)


def of_mosquitto(lines, watcher):
    """What it has read, in order, but from the client that is `watcher`."""
    out = []
    for line in lines:
        if watcher in line:
            continue
        if line.startswith("\t") and out:
            _add_detail(out, line)
            continue
        for pattern, make in _LINES:
            match = pattern.match(line)
            if match:
                if make(match):
                    out.append(make(match))
                break
    return [reading for reading in out if reading[1:] != ([],)]


def _add_detail(out, line):
    """A line that goes on about the reading before it."""
    match = _FILTER.match(line)
    if out[-1][0] == "will":
        out[-1] += (line[1:],)
    elif out[-1][0] in ("subscribe", "filter"):
        out.append(("filter", match[1], match[2]) if match else
                   ("filter", line[1:], ""))
    elif out[-1][0] in ("unsubscribe", "removed"):
        out.append(("removed", line[1:]))


class LogTail:
    """Reads a log as it grows; lines are cut at newlines and nowhere else."""

    def __init__(self, path):
        self._file = open(path, "rb")
        self._rest = b""

    def lines(self):
        data = self._rest + self._file.read()
        *whole, self._rest = data.split(b"\n")
        return [line.decode("utf-8", "surrogateescape") for line in whole]

    def close(self):
        self._file.close()


def of_proxy(path):
    """From the audit log, what the proxy decided: by the client's address, a
    list of when, action, result and topic."""
    out = {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            decision = json.loads(line)
            out.setdefault(decision.get("client_address"), []).append(
                (_seconds(decision["time"]), decision["action"],
                 decision["result"], decision.get("topic", "")))
    return out


def _seconds(time):
    return datetime.datetime.fromisoformat(
        time.replace("Z", "+00:00")).timestamp()
