"""Makes the packets of a case, without any fault."""

import dataclasses

import e2e_path  # noqa: F401
import packets
import scopes
from harness import wire
from packets import encoded

# Bytes of a payload that the proxy passes on as they come, by the head of their
# packet, which it reads alone.
STREAMED = 70_000


@dataclasses.dataclass
class RenewalBegins:
    """Not a packet: here the client sends a new token."""


@dataclasses.dataclass
class RenewalEnds:
    """Here it proves it, and goes on when it has been told that `scope` is its
    scope from now on; but for so many bytes of the next packet, which may be
    judged by either."""

    scope: scopes.Scope
    early: int = 0


def some(rng, items):
    return [item for item in items if rng.random() < 0.4]


class Sequence:
    """`credential`: how the client shows its token (cases.Case)."""

    def __init__(self, rng, version, number, credential, scope):
        self.rng = rng
        self.version = version
        self.number = number
        self.credential = credential
        self.own = f"{'s' if credential else 't'}/{number}"
        self.scope = scope
        self._packet_id = 5

    def has_method(self):
        """Whether its CONNECT names an Authentication Method."""
        return self.credential in ("exporter", "challenge")

    def permitted(self):
        """Topics that may be published to."""
        return [topic for topic in (
            f"{self.own}/a", f"{self.own}/b/c", f"{self.own}/\u00e9",
            f"t/{self.number}/all") if self.scope.may_publish(topic)]

    def denied(self):
        return [topic for topic in (
            f"{self.own}/no", f"{self.own}/b", f"{self.own}/b/c/d",
            f"{self.own}/\u00e9", f"u/{self.number}", self.own)
            if not self.scope.may_publish(topic)]

    def filters(self):
        """Those that may be subscribed to, and the others."""
        own = self.own
        all_ = [f"{own}/a", f"{own}/b/c", f"{own}/\u00e9", f"{own}/#",
                f"{own}/+", f"{own}/b/#", f"{own}/+/c", f"$share/g/{own}/#",
                f"$share/g/{own}/b/c", f"u/{self.number}", f"{own}/no",
                f"t/{self.number}/#", f"+/{self.number}/a"]
        permitted = [f for f in all_ if self.scope.may_subscribe(f)]
        return permitted, [f for f in all_ if f not in permitted]

    def topic(self, stays):
        """`stays`: a denial does not end the connection."""
        denied = self.denied()
        if denied and self.rng.random() < (0.2 if stays else 0.03):
            return self.rng.choice(denied)
        return self.rng.choice(self.permitted())

    def next_packet_id(self):
        """One that no other packet of these has."""
        self._packet_id += 1
        return self._packet_id

    def connect(self):
        rng = self.rng
        properties = some(rng, [
            encoded("session_expiry", 0), encoded("receive_maximum", 9),
            encoded("user_property", [("k", "v")]),
            encoded("request_problem_information", 1)])
        will = None
        if rng.random() < 0.4:
            topic = f"{self.own}/will"
            if not self.scope.may_publish(topic) and rng.random() < 0.9:
                topic = self.permitted()[0]
            will = (topic, b"gone", rng.randrange(3), rng.random() < 0.3,
                    self.message_properties())
        return packets.connect(self.version, f"case-{self.number}",
                               properties, will)

    def message_properties(self):
        return some(self.rng, [
            encoded("payload_format", 1), encoded("message_expiry", 900),
            encoded("content_type", "text"),
            encoded("response_topic", f"{self.own}/a"),
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
        topic = self.topic(qos > 0 and self.version == wire.V5)
        out = [packets.publish(
            self.version, topic, payload, qos, packet_id, rng.random() < 0.2,
            False, properties)]
        if qos == 2:
            out.append(packets.ack(self.version, "PUBREL", packet_id))
        return out

    def aliased(self):
        """A topic gets an alias, and is then left out."""
        if self.version == wire.V311:
            return self.publish()
        alias = [encoded("topic_alias", self.rng.randint(1, 10))]
        topic, qos = self.topic(True), self.rng.randrange(1, 3)
        ids = self.next_packet_id(), self.next_packet_id()
        return [packets.publish(self.version, topic, b"1", qos, ids[0],
                                properties=alias),
                packets.publish(self.version, "", b"2", qos, ids[1],
                                properties=alias),
                *(packets.ack(self.version, "PUBREL", one) for one in ids
                  if qos == 2)]

    def subscribe(self, most=3):
        rng = self.rng
        permitted, denied = self.filters()
        filters = [(rng.choice(denied if denied and rng.random() < 0.3
                               else permitted), rng.randrange(3))
                   for _ in range(rng.randint(1, most))]
        properties = some(rng, [
            encoded("subscription_identifier", rng.randint(1, 300)),
            encoded("user_property", [("k", "v")])])
        return [packets.subscribe(self.version, filters,
                                  self.next_packet_id(), properties)]

    def unsubscribe(self):
        return [packets.unsubscribe(
            self.version, [self.rng.choice(sum(self.filters(), []))],
            self.next_packet_id(),
            some(self.rng, [encoded("user_property", [("k", "v")])]))]

    def acknowledge(self):
        name = self.rng.choice(["PUBACK", "PUBREC", "PUBREL", "PUBCOMP"])
        return [packets.ack(self.version, name,
                            self.rng.randint(1000, 1010), 0,
                            some(self.rng, [encoded("reason_string", "r")]))]

    def ping(self):
        return [packets.bare("PINGREQ")]

    def disconnect(self):
        return [packets.disconnect(
            self.version, self.rng.choice([0, 4]),
            some(self.rng, [encoded("reason_string", "r")]))]

    def steps(self, least, most):
        steps = [self.publish, self.publish, self.aliased, self.subscribe,
                 self.unsubscribe, self.acknowledge, self.ping]
        out = []
        for _ in range(self.rng.randint(least, most)):
            out += self.rng.choice(steps)()
        return out

    def renewal(self, early=0):
        """The scope changes; until the new token is proven, the old one
        holds."""
        out = [RenewalBegins(), *self.steps(0, 2)]
        self.scope = scopes.choose(self.rng, self.own)
        return [*out, RenewalEnds(self.scope, early)]

    def last(self):
        """Read by both or by neither: shows whether they are in step."""
        return [*self.publish(), packets.bare("PINGREQ")]

    def packets(self):
        out = self.steps(2, 4)
        if self.has_method() and self.rng.random() < 0.1:
            out += [*self.renewal(), *self.steps(1, 3)]
        if self.rng.random() < 0.15:
            out += self.disconnect()
        return [*out, *self.last()]
