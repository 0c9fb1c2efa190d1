"""Aliases, packet identifiers and filters in any use; with all other moves."""

import auth_moves  # noqa: F401
import e2e_path  # noqa: F401
import packets
import size_moves  # noqa: F401
from harness import wire
from move import insert, move
from mutation import IN_ORDER
from packets import encoded


# Aliases.

@move(each=(9, 10, 11, 64, 255, 256, 257))
def aliases(made, sequence, value):
    if made.version == wire.V311:
        return None
    rng = made.rng
    # Of more than 100 denials a connection not all are recorded.
    topics = made.permitted() * 9 + made.denied()[:2]
    numbers = list(range(1, value + 1))
    out = []
    for uses in range(2):
        rng.shuffle(numbers)
        for alias in numbers if uses == 0 else numbers[:20]:
            out.append(packets.publish(
                made.version, rng.choice(topics) if uses == 0 or
                rng.random() < 0.2 else "", b"%d" % alias, 1,
                made.next_packet_id(),
                properties=[encoded("topic_alias", alias)]))
    insert(made, sequence, out)
    good = value <= (256 if made.credential else 10)
    return f"{value} aliases{', ' + IN_ORDER if good else ''}", []


# Packet identifiers.

@move(each=range(8))
def identifiers(made, sequence, value):
    """Two identifiers, used in any way."""
    rng = made.rng
    out = []
    for _ in range(rng.randint(4, 15)):
        packet_id = rng.randint(1, 2)
        if rng.random() < 0.6:
            qos = rng.choice([1, 2, 2])
            out.append(packets.publish(
                made.version, made.topic(made.version == wire.V5),
                b"m%d" % len(out), qos, packet_id,
                dup=rng.random() < 0.1 * (value % 4)))
        else:
            out.append(packets.ack(made.version, rng.choice(
                ["PUBREL", "PUBREL", "PUBREC", "PUBCOMP", "PUBACK"]),
                packet_id, rng.choice([None, 0])))
    insert(made, sequence, out)
    return "identifiers used again", []


@move(each=("PUBACK", "PUBREC", "PUBREL", "PUBCOMP"))
def acknowledgements(made, sequence, value):
    """Of nothing."""
    out = [packets.ack(made.version, value, made.rng.randint(1, 65535),
                       made.rng.choice([None, 0, 0x10, 0x80, 0x92]))
           for _ in range(made.rng.randint(1, 4))]
    insert(made, sequence, out)
    return f"{value} of nothing", []


@move(each=range(3))
def subscribe_identifiers(made, sequence, value):
    out = made.subscribe(4) + made.subscribe(4)
    out[1].parts[0] = out[0].parts[0]
    insert(made, sequence, out + made.unsubscribe() * (value % 2))
    return "the identifier of a SUBSCRIBE used again", []


# Filters.

@move(each=range(8))
def filters(made, sequence, value):
    """Some of which are denied."""
    rng = made.rng
    out = []
    for _ in range(1 + value % 3):
        [packet] = made.subscribe(12)
        if made.version == wire.V5:
            for part in packet.of_role("options"):
                part.data = bytes([rng.randrange(3) | rng.randrange(2) << 3 |
                                   rng.randrange(3) << 4])
        out.append(packet)
        if rng.random() < 0.5:
            out += made.publish()
    sequence[1:] = [*out, *made.unsubscribe(), packets.bare("PINGREQ")]
    return f"some filters denied, {IN_ORDER}", []


# Tokens that are published.

@move(each=range(6))
def token_publish(made, sequence, value):
    """A topic that the proxy keeps for itself, also by an alias."""
    rng = made.rng
    qos = rng.choice([0, 1, 1, 1, 2])
    if made.version == wire.V5 and value % 2:
        alias = [encoded("topic_alias", 1)]
        out = [packets.publish(made.version, "authz-info", b"no token", 1,
                               made.next_packet_id(), properties=alias),
               packets.publish(made.version, "", b"none either", qos,
                               made.next_packet_id(), properties=alias)]
    else:
        out = [packets.publish(made.version, "authz-info", b"no token", qos,
                               made.next_packet_id(), rng.random() < 0.3)]
    insert(made, sequence, out)
    return "a token is published", []
