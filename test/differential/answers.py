"""Compares what a client was answered with what its broker said to the proxy,
and with what the proxy was to say by itself."""

import collections

import e2e_path  # noqa: F401
from harness import wire
from wanted_bytes import Unsubscribe

_KINDS = ("SUBACK", "UNSUBACK", "PUBACK", "PUBREC", "PUBCOMP", "PINGRESP")


def _packets(data, version):
    out = []
    packet, data = wire.split(data, version)
    while packet:
        out.append(packet)
        packet, data = wire.split(data, version)
    return out


def _shown(kind, packet_id, codes):
    return kind, packet_id, tuple(codes)


def _of(packet):
    return _shown(packet.type, packet.packet_id,
                  packet.codes or [packet.code])


def _without_own(packets, reference):
    """Without UNSUBACKs for the proxy, whose identifiers are large."""
    if any(isinstance(part, Unsubscribe) for part in reference.sent):
        return [packet for packet in packets if packet.type != "UNSUBACK" or
                packet.packet_id < 0x8000]
    return packets


def _wanted(brokers, own):
    """What a client is to be answered: the broker's answers, of which some are
    completed, and the proxy's own."""
    partial = [answer for answer in own if None in answer.codes]
    out = [_shown(answer.kind, answer.packet_id, answer.codes)
           for answer in own if answer not in partial]
    for packet in brokers:
        for answer in partial:
            if packet.type == answer.kind and (
                    packet.packet_id == answer.packet_id):
                given = iter(packet.codes)
                out.append(_shown(packet.type, packet.packet_id, [
                    next(given, None) if code is None else code
                    for code in answer.codes]))
                partial.remove(answer)
                break
        else:
            out.append(_of(packet))
    return out


def wrong_answers(played):
    """Of a connection on which all was answered, since its last PINGREQ was."""
    case, reference = played.case, played.reference
    pings = reference.sent.count(wire.pingreq())
    heard = [packet for packet in played.answers if packet.type in _KINDS]
    if (reference.ended or reference.unclear or not played.is_complete() or
            reference.sent[-1] != wire.pingreq() or
            [packet.type for packet in heard].count("PINGRESP") != pings):
        return
    said = _packets(played.answered, case.version)
    wanted = _wanted(
        _without_own([packet for packet in said if packet.type in _KINDS],
                     reference), reference.answers)
    ours = collections.Counter(map(_of, heard))
    if ours != collections.Counter(wanted):
        yield f"the client was answered {heard}, and was to be {wanted}"
    sent = [packet.raw for packet in said if packet.type == "PUBLISH"]
    got = [packet.raw for packet in played.answers if packet.type == "PUBLISH"]
    if got != sent[:len(got)]:
        yield f"the client was sent {got}, and the broker sent {sent}"
