"""Connections to be read twice: a CONNECT, what follows, and how it is split.

One packet of each is changed by a mutation; what surrounds it is in order, so
that a reader that loses its place reads something else from there on.
"""

import dataclasses
import random

import e2e_path  # noqa: F401
import mutations  # noqa: F401
import packets
from harness import wire
from mutation import MUTATIONS
from packets import encoded


@dataclasses.dataclass
class Case:
    number: int
    version: int
    kind: str      # what is odd about it
    connect: bytes
    rest: bytes
    cuts: list     # places in `rest` where a write ends
    in_order: bool  # the CONNECT was not changed: it is to be answered

    def pieces(self):
        places = [0, *self.cuts, len(self.rest)]
        return [self.rest[a:b] for a, b in zip(places, places[1:]) if a < b]


def _some(rng, items):
    return [item for item in items if rng.random() < 0.4]


# Bytes of a payload that the proxy passes on as they come, by the head of their
# packet, which it reads alone.
STREAMED = 70_000


class _Sequence:
    """Makes the packets of one case, without any fault."""

    def __init__(self, rng, version, number):
        self.rng = rng
        self.version = version
        self.topics = [f"t/{number}/a", f"t/{number}/b/c",
                       f"t/{number}/\u00e9"]
        self.number = number

    def connect(self):
        rng = self.rng
        properties = _some(rng, [
            encoded("session_expiry", 0), encoded("receive_maximum", 9),
            encoded("user_property", [("k", "v")]),
            encoded("request_problem_information", 1)])
        will = None
        if rng.random() < 0.4:
            will = (f"t/{self.number}/will", b"gone", rng.randrange(3),
                    rng.random() < 0.3, self.message_properties())
        return packets.connect(self.version, f"case-{self.number}",
                               properties, will)

    def message_properties(self):
        return _some(self.rng, [
            encoded("payload_format", 1), encoded("message_expiry", 900),
            encoded("content_type", "text"),
            encoded("response_topic", self.topics[0]),
            encoded("correlation_data", b"\0\xff"),
            encoded("user_property", [("k", "v"), ("k", "w")])])

    def publish(self):
        rng = self.rng
        qos = rng.randrange(3)
        packet_id = rng.randint(1, 5)
        properties = self.message_properties()
        if rng.random() < 0.3:
            properties.append(encoded("topic_alias", rng.randint(1, 10)))
        payload = b"m%d" % rng.randrange(99)
        if rng.random() < 0.04:
            payload *= -(-STREAMED // len(payload))
        out = [packets.publish(
            self.version, rng.choice(self.topics), payload,
            qos, packet_id, rng.random() < 0.2, False, properties)]
        if qos == 2:
            out.append(packets.ack(self.version, "PUBREL", packet_id))
        return out

    def aliased(self):
        """A topic gets an alias, and is then left out."""
        if self.version == wire.V311:
            return self.publish()
        alias = [encoded("topic_alias", self.rng.randint(1, 10))]
        topic = self.rng.choice(self.topics)
        return [packets.publish(self.version, topic, b"1", properties=alias),
                packets.publish(self.version, "", b"2", properties=alias)]

    def subscribe(self):
        rng = self.rng
        own = f"t/{self.number}"
        choice = [*self.topics, f"{own}/#", f"{own}/+", f"$share/g/{own}/#"]
        filters = [(rng.choice(choice), rng.randrange(3))
                   for _ in range(rng.randint(1, 3))]
        properties = _some(rng, [
            encoded("subscription_identifier", rng.randint(1, 300)),
            encoded("user_property", [("k", "v")])])
        return [packets.subscribe(self.version, filters, rng.randint(6, 9),
                                  properties)]

    def unsubscribe(self):
        return [packets.unsubscribe(
            self.version, [self.rng.choice(self.topics)], 10,
            _some(self.rng, [encoded("user_property", [("k", "v")])]))]

    def acknowledge(self):
        name = self.rng.choice(["PUBACK", "PUBREC", "PUBREL", "PUBCOMP"])
        return [packets.ack(self.version, name, self.rng.randint(30, 40), 0,
                            _some(self.rng, [encoded("reason_string", "r")]))]

    def ping(self):
        return [packets.bare("PINGREQ")]

    def disconnect(self):
        return [packets.disconnect(
            self.version, self.rng.choice([0, 4]),
            _some(self.rng, [encoded("reason_string", "r")]))]

    def packets(self):
        steps = [self.publish, self.publish, self.aliased, self.subscribe,
                 self.unsubscribe, self.acknowledge, self.ping]
        out = []
        for _ in range(self.rng.randint(2, 4)):
            out += self.rng.choice(steps)()
        if self.rng.random() < 0.15:
            out += self.disconnect()
        # Read by both or by neither: shows whether they are in step.
        return [*out, *self.publish(), packets.bare("PINGREQ")]


def _mutate(rng, mutation, sequence):
    """Changes one packet of the list `sequence`, which CONNECT leads.

    Returns its place and what it is called, or None when none can be changed.
    """
    places = list(range(1, len(sequence) - 1))
    rng.shuffle(places)
    places.insert(0 if rng.random() < 0.3 else len(places), 0)
    for place in places:
        name = sequence[place].name
        fault = mutation(rng, sequence[place])
        if fault is not None:
            return place, f"{name}: {fault}"
    return None


def generate(seed, first, count):
    """Cases `first` to `first + count - 1`; each is the same in every run of
    that seed."""
    for number in range(first, first + count):
        rng = random.Random(f"{seed}/{number}")
        mutation = MUTATIONS[number % len(MUTATIONS)]
        while True:
            version = rng.choice([wire.V5, wire.V5, wire.V311])
            made = _Sequence(rng, version, number)
            sequence = [made.connect(), *made.packets()]
            found = _mutate(rng, mutation, sequence)
            if found:
                break
        data = [packet.render() for packet in sequence]
        rest = b"".join(data[1:])
        if rng.random() < 0.1:
            cuts = list(range(1, len(rest)))[:200]
        else:
            cuts = sorted(rng.sample(range(1, len(rest)), rng.randint(0, 3)))
        yield Case(number, version, found[1], data[0], rest, cuts,
                   found[0] != 0)
