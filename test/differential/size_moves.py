"""Many properties and filters, and packets that are large."""

import e2e_path  # noqa: F401
import packets
from harness import wire
from move import insert, move, somewhere
from mutation import IN_ORDER
from packets import encoded

_USER_PROPERTY = b"\x26\0\1a\0\1b"

@move(each=(63, 64, 65, 200, 1023, 1024, 1025))
def properties(made, sequence, value):
    places = [packet for packet in sequence[1:-1] if isinstance(
        packet, packets.Packet) and packet.of_role("properties")]
    if made.rng.random() < 0.3:
        places = sequence[:1]
    if made.version == wire.V311 or not places:
        return None
    packet = made.rng.choice(places)
    items = made.rng.choice(packet.of_role("properties")).items
    items[:] = [item for item in items if item[:1] != _USER_PROPERTY[:1]]
    items += [_USER_PROPERTY] * (value - len(items))
    good = packet.name != "CONNECT" and value <= 1024
    return (f"{packet.name}: {value} properties"
            f"{', ' + IN_ORDER if good else ''}"), []


@move(each=(300, 900, 1500, 4000))
def many_filters(made, sequence, value):
    """More than 64 KiB of them; more than 1,000 are not all recorded of clients
    without a token."""
    if value > 900 and not made.credential:
        return None
    rng = made.rng
    permitted, denied = made.filters()
    filters = [(rng.choice(permitted), rng.randrange(3))
               for _ in range(value)]
    for place in rng.sample(range(value), min(len(denied), 5)):
        filters[place] = rng.choice(denied), 1
    place = insert(made, sequence, [packets.subscribe(
        made.version, filters, made.next_packet_id())])
    return f"{value} filters, {IN_ORDER}", [
        (place, rng.randint(1, 4 * value)) for _ in range(2)]


@move(each=range(5))
def large_head(made, sequence, value):
    """More than 64 KiB before the payload."""
    if made.version == wire.V311:
        return None
    rng = made.rng
    qos = rng.randrange(1, 3)
    items = [encoded("user_property", [("k" * rng.randint(1, 60),
                                        "v" * rng.randint(100, 190))])
             for _ in range(rng.randint(400, 900))]
    place = rng.randrange(len(items))
    items[place:place] = made.message_properties() + [
        encoded("topic_alias", 1 + value)]
    ids = made.next_packet_id(), made.next_packet_id()
    topic, retain = made.topic(True), rng.random() < 0.5
    out = [packets.publish(made.version, topic, b"h" * 9, qos, ids[0], retain,
                           properties=items),
           packets.publish(made.version, "", b"used", 1, ids[1],
                           properties=[encoded("topic_alias", 1 + value)])]
    if qos == 2:
        out.append(packets.ack(made.version, "PUBREL", ids[0]))
    place = insert(made, sequence, out)
    size = len(out[0].render())
    return f"PUBLISH with a large head, {IN_ORDER}", [
        (place, rng.choice([1, 4, 9, 20, 30, 16_384, 65_536, size - 9,
                            size - 1])) for _ in range(3)]


@move(each=(65_000, 65_536, 65_537, 70_000, 131_072, 262_000, 262_144,
            300_000))
def large(made, sequence, value):
    """A PUBLISH that goes on as it comes, and is cut at odd places."""
    rng = made.rng
    qos = rng.randrange(3)
    packet_id = made.next_packet_id()
    topic = made.topic(qos > 0 and made.version == wire.V5)
    items = made.message_properties()
    alias = made.version == wire.V5 and rng.random() < 0.4
    if alias:
        items.append(encoded("topic_alias", 3))
    out = []
    if alias and rng.random() < 0.5:
        out.append(packets.publish(made.version, topic, b"set", 1,
                                   made.next_packet_id(),
                                   properties=items[-1:]))
    packet = packets.publish(
        made.version, "" if out else topic, bytes([rng.randrange(256)]) * (
            value - rng.randint(0, 60)), qos, packet_id, rng.random() < 0.3,
        properties=items)
    out.append(packet)
    if qos == 2:
        out.append(packets.ack(made.version, "PUBREL", packet_id))
    place = insert(made, sequence, out)
    place = place + out.index(packet)
    cuts = [(place, at) for at in rng.sample(range(1, 60), rng.randint(0, 4))]
    cuts += [(place, at + rng.randint(-2, 9)) for at in
             rng.sample([16_384, 65_530, value - 9], rng.randint(0, 2))]
    good = made.credential or value <= 262_000
    return f"PUBLISH of {value} bytes{', ' + IN_ORDER if good else ''}", cuts


@move(each=range(3))
def large_in_part(made, sequence, value):
    """The connection ends within it."""
    packet = packets.publish(
        made.version, made.topic(False), b"x" * 90_000, value, 9,
        made.rng.random() < 0.3)
    packet.cut = made.rng.choice([1, 100, 20_000, 89_000])
    packet.encode_length = packets.lying(packet.cut)
    place = somewhere(made, sequence)
    sequence[place:] = [packet]
    return "PUBLISH of 90000 bytes, not to its end", []
