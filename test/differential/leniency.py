"""Where Sluice passes what Mosquitto refuses, and why that does no harm.

The connection ends there, so that nothing behind it is read in two ways.
"""

import re

import e2e_path  # noqa: F401
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
    data = case.connect + case.rest
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


def _breaks_off_in_a_streamed_publish(case):
    """Whether the connection ends within a PUBLISH of which the broker has the
    beginning: it was judged by its head, and the broker throws it away."""
    rest = case.rest
    while rest:
        try:
            packet, behind = wire.split(rest, case.version)
        except (ValueError, KeyError, IndexError):
            return False
        if not packet:
            return rest[0] >> 4 == 3 and len(rest) > _STREAMED_FROM
        rest = behind
    return False


def broker_may_refuse(case, fault):
    """Whether Mosquitto's `fault` is one that Sluice leaves to it."""
    if fault == _END_IN_A_PACKET:
        return _breaks_off_in_a_streamed_publish(case)
    strings = list(_strings_of(case))
    if fault == "protocol error":
        return _SHARE_ALONE in strings
    return fault in ("malformed packet", "Malformed UTF-8") and any(
        map(_LEFT_TO_THE_RECEIVER.search, strings))
