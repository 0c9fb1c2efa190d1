"""Where Sluice passes what Mosquitto refuses, and why that does no harm.

The connection ends there, so that nothing behind it is read in two ways.
"""

import re

import e2e_path  # noqa: F401
from bytes_reader import frame
from harness import wire

# Section 1.5.4 of MQTT 5.0 leaves it to the receiver whether it takes control
# characters and non-characters; Mosquitto does not.
_LEFT_TO_THE_RECEIVER = re.compile("[\x01-\x1f\x7f-\x9f\ufdd0-\ufdef" + "".join(
    chr(plane << 16 | last) for plane in range(17)
    for last in (0xFFFE, 0xFFFF)) + "]")
# A filter by section 4.8.2, which needs a slash; Mosquitto takes it for a
# shared subscription without a name.
_SHARE_ALONE = "$share"
# How Mosquitto calls it that a connection ends in the midst of a packet.
_END_IN_A_PACKET = "Success"
# Bytes of a PUBLISH that go on before all of it is there.
_STREAMED_FROM = 1 << 16


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        value = value.values()
    if isinstance(value, (list, tuple)) or not isinstance(value, (
            str, bytes, int, type(None))):
        for item in value:
            yield from _strings(item)


def _strings_of(case):
    """All that stand in the client's packets, up to one that is cut off."""
    data = case.connect.render() + case.rest
    version = case.version
    try:
        while True:
            packet, data = wire.split(data, version)
            if not packet:
                return
            version = getattr(packet, "version", version)
            yield from _strings(vars(packet))
    except (ValueError, KeyError, IndexError):
        return


def _breaks_off_in_a_streamed_publish(sent):
    """Whether the bytes of a proxy end within a PUBLISH that was judged by its
    head: the broker throws it away."""
    while found := frame(sent):
        head, body, missing, sent = found
        if missing:
            return head[0] >> 4 == 3 and (
                len(head) + len(body) + missing > _STREAMED_FROM)
    return False


def _is_about_an_acknowledgement(behind):
    """Whether the last packet that was read is one, of a message that was sent.
    Which it awaits is known to the broker, and the proxy keeps no account of
    it."""
    last = behind.packets()[-1:]
    return bool(last) and last[0][0] == "ack" and last[0][1] != "PUBREL" and (
        bool(behind.of("sent")))


def broker_may_refuse(played, fault):
    """Whether Mosquitto's `fault`, which is the last that it said behind the
    proxy, is one that Sluice leaves to it."""
    if fault == _END_IN_A_PACKET:
        return _breaks_off_in_a_streamed_publish(played.sent)
    strings = list(_strings_of(played.case))
    if fault == "protocol error":
        return (_SHARE_ALONE in strings or
                _is_about_an_acknowledgement(played.behind))
    return fault in ("malformed packet", "Malformed UTF-8") and any(
        map(_LEFT_TO_THE_RECEIVER.search, strings))
