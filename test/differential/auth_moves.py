"""AUTH in odd places, malformed and out of turn; and new tokens in time."""

import e2e_path  # noqa: F401
import packets
from harness import wire
from move import insert, move
from mutation import IN_ORDER, MUTATIONS
from packets import Raw, encoded


_TOKEN = wire.binary(b"eyJhbGciOiJFZERTQSJ9.e30.AA")
_AUTH_DATA = {"no data": None, "empty data": b"", "a token": _TOKEN,
              "a token and a proof": _TOKEN + b"p" * 64,
              "a nonce and a proof": b"n" * 8 + b"p" * 64}


def _auth(made, code):
    method = made.rng.choice(["ace"] * 5 + ["x", "", None])
    named = made.rng.choice(list(_AUTH_DATA))
    items = [] if method is None else [
        encoded("authentication_method", method)]
    if _AUTH_DATA[named] is not None:
        items.append(encoded("authentication_data", _AUTH_DATA[named]))
    made.rng.shuffle(items)
    return packets.auth(code, items), f"AUTH 0x{code:02x} with {named}"


@move(each=(0x00, 0x18, 0x18, 0x19, 0x19, 0x19, 0x01, 0x87, 0xFF))
def auth_amidst(made, sequence, value):
    auth, name = _auth(made, value)
    insert(made, sequence, [auth])
    return name, []


@move(each=(0x00, 0x18, 0x19))
def auth_first(made, sequence, value):
    auth, name = _auth(made, value)
    sequence.insert(0, auth)
    return f"{name} before CONNECT", []


@move(each=(0x18, 0x19))
def auth_at_once(made, sequence, value):
    """Before CONNACK, or right behind it."""
    auth, name = _auth(made, value)
    sequence.insert(1, auth)
    return f"{name} behind CONNECT", []


@move(each=(0x18, 0x19))
def auth_twice(made, sequence, value):
    place = insert(made, sequence, [_auth(made, 0x19)[0]])
    sequence.insert(made.rng.randint(place + 1, len(sequence) - 1),
                    _auth(made, value)[0])
    return f"AUTH 0x19 and AUTH 0x{value:02x}", []


@move(each=(b"", b"\0", b"\x18", b"\x19", b"\x19\0", b"\x19\x06\x15\0\3ace",
            b"\x19\x07\x15\0\3ace", b"\x19\x06\x15\0\3ace\0",
            b"\x18\x03\x15\0\3ace", b"\x19\x0c\x15\0\3ace\x15\0\3ace"))
def auth_malformed(made, sequence, value):
    auth = packets.bare("AUTH")
    auth.parts = [Raw("other", value)]
    auth.flags = made.rng.choice([0, 0, 0, 2])
    insert(made, sequence, [auth])
    return f"AUTH of {len(value)} bytes", []


@move(each=range(24))
def auth_changed(made, sequence, value):
    """A new token's AUTH with any fault that a packet may have."""
    del value
    auth = packets.auth(0x19, [
        encoded("authentication_method", "ace"),
        encoded("authentication_data", _TOKEN)])
    while not (fault := made.rng.choice(MUTATIONS)(made.rng, auth)):
        pass
    insert(made, sequence, [auth])
    return f"AUTH: {fault}".replace(IN_ORDER, "a new token"), []


@move(each=range(8))
def renewal(made, sequence, value):
    """An alias is set and used on both sides of a change of scope."""
    if not made.has_method():
        return None
    out = []
    for alias in range(1, 4):
        topic = made.rng.choice(made.permitted() + made.denied())
        out.append(packets.publish(
            made.version, topic, b"set", 1, made.next_packet_id(),
            properties=[encoded("topic_alias", alias)]))
    out += made.renewal()
    if value % 2:
        out += made.renewal()
    out += [packets.publish(
        made.version, "", b"used", 1, made.next_packet_id(), made.rng.random()
        < 0.3, properties=[encoded("topic_alias", alias)])
            for alias in range(1, 4)]
    sequence[1:] = [*out, *made.last()]
    return f"aliases and a new scope, {IN_ORDER}", []


@move(each=range(6))
def renewal_amidst(made, sequence, value):
    """It comes while a PUBLISH goes on, and the proxy has to unsubscribe."""
    if not made.has_method():
        return None
    packet_id = made.next_packet_id()
    publish = packets.publish(
        made.version, f"t/{made.number}/all", b"x" * 100_000, value % 3,
        packet_id, made.rng.random() < 0.3)
    sequence[1:] = [
        *made.subscribe(4), *made.subscribe(4),
        *made.renewal(made.rng.choice([1, 3, 20, 40_000, 70_000, 99_999])),
        publish, *([packets.ack(made.version, "PUBREL", packet_id)]
                   if value % 3 == 2 else []),
        *made.subscribe(), *made.last()]
    return f"a new scope within a PUBLISH, {IN_ORDER}", []
