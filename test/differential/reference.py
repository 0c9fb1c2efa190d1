"""What of a client's bytes must get to the broker, and what has to be decided,
written apart from Sluice's own code.

It is what the proxy may send at most: where it refuses a packet and ends the
connection, it sends a beginning of that.
"""

import dataclasses
import struct

import e2e_path  # noqa: F401
from bytes_reader import BytesReader, Unreadable, frame, value_of, written
from harness import wire
from scopes import TOKEN_TOPIC
from wanted_bytes import LATE, LIFE, Expiring, Unsubscribe

# A PUBLISH of more goes on before all of it is there.
_HELD = 1 << 16
_EXPIRY, _ALIAS, _ALIAS_MAXIMUM = 0x02, 0x23, 0x22
_METHOD, _DATA = 0x15, 0x16


@dataclasses.dataclass
class Own:
    """An answer that the proxy gives by itself, or the codes (None: the
    broker's) of one that it completes."""

    kind: str
    packet_id: int
    codes: list


class Reference:
    """`credential` is the case's."""

    def __init__(self, version, credential, scope):
        self.sent = []      # bytes, Expiring and Unsubscribe
        self.decided = []   # action, result and topic
        # Of these, those that follow from a new scope: a place, and filters in
        # any order.
        self.reconsidered = []
        self.answers = []   # Own
        self.ended = False  # what follows must not get anywhere
        self.whole = True   # ends with the end of a packet
        self.withheld = False  # something that was read did not get on
        self.took_token = False  # some of that was a token, or its proof
        # Something was denied whose identifier another message has as well.
        self.freed = False
        # Which answers there are cannot be told.
        self.unclear = False
        self._version = version
        self._credential = credential
        self._scope = scope
        self._renews = False
        self._topics = {}  # of aliases, as the client has set them
        self._known = {}   # as the broker knows them
        # By packet identifier, of QoS 2: the denied, and the denied that had
        # been sent before.
        self._denied = set()
        self._denied_resends = set()
        self._packet_ids = {}  # of any: whether one was denied
        self._subscribed = set()
        self._subscribes = set()  # packet identifiers

    def renew_begins(self):
        self._renews = True

    def renew_ends(self, scope, floats=False):
        """`floats`: what that leads to may come behind some of what follows."""
        if self.ended:
            return
        self._renews = False
        self._scope = scope
        lost = sorted(name for name in self._subscribed
                      if not scope.may_subscribe(name))
        if lost:
            self._subscribed -= set(lost)
            self.reconsidered.append((len(self.decided), lost))
            self.decided += [("subscribe", "denied", name) for name in lost]
            self._send(Unsubscribe(lost, floats))

    def connect(self, data):
        """The CONNECT, without a credential."""
        try:
            self._connect(data)
        except Unreadable:
            self.ended = True

    def take(self, data):
        """What follows; whole packets but for the last."""
        while data and not self.ended:
            found = frame(data)
            if found is None:
                self._stop()
                return
            head, body, missing, behind = found
            if missing:
                self.whole = False
            try:
                self._packet(head, body, missing)
            except Unreadable:
                self._send(head + body)  # for the broker to refuse
            if missing:
                return
            data = behind

    def _stop(self):
        self.whole = False
        self.ended = True

    def _send(self, *parts):
        self.sent += parts

    def _connect(self, data):
        found = frame(data)
        if found is None or found[2]:
            raise Unreadable
        reader = BytesReader(found[1])
        name, level = reader.string(), reader.number(1)
        flags, keep_alive = reader.number(1), reader.take(2)
        if name != b"MQTT" or level not in (wire.V311, wire.V5):
            raise Unreadable
        self._version = level
        most = 256 if self._credential else 10
        properties = [
            (i, value, raw) if i != _ALIAS_MAXIMUM else
            (i, value, raw[:1] + min(value, most).to_bytes(2, "big"))
            for i, value, raw in reader.properties(level)
            if i not in (_METHOD, _DATA)]
        payload = reader.rest
        reader.text()
        if flags & 4:
            reader.properties(level)
            topic = reader.text()
            if topic == TOKEN_TOPIC or not self._scope.may_publish(topic):
                raise Unreadable
            reader.string()
        payload = payload[:len(payload) - len(reader.rest)]
        for flag in (0x80, 0x40):
            if flags & flag:
                reader.string()
        if reader.rest:
            raise Unreadable
        self._send(wire.packet("CONNECT", (
            wire.text("MQTT") + bytes([level, flags & ~0xC0]) + keep_alive +
            written(properties, level) + payload)))

    def _packet(self, head, body, missing):
        kind = head[0] >> 4
        if missing and (kind != 3 or len(head) + len(body) + missing <= _HELD):
            self._stop()
            return
        handler = {3: self._publish, 6: self._pubrel, 8: self._subscribe,
                   10: self._unsubscribe, 15: self._auth}.get(kind)
        if handler:
            handler(head, body, missing)
        else:
            self._send(head + body)
        if kind == 14:
            self.ended = True

    def _publish(self, head, body, missing):
        flags = head[0] & 15
        qos = flags >> 1 & 3
        reader = BytesReader(body)
        given = topic = reader.text()
        packet_id = reader.number(2) if qos else None
        properties = reader.properties(self._version)
        alias = value_of(properties, _ALIAS)
        if qos == 3 or not (topic or alias):
            raise Unreadable
        if alias and topic:
            self._topics[alias] = topic
        elif alias:
            if alias not in self._topics:
                raise Unreadable
            topic = self._topics[alias]
        resent = bool(flags & 8)
        if topic == TOKEN_TOPIC:
            self._take_token(alias)
            return
        outside = not self._scope.may_publish(topic)
        denied = outside or qos == 2 and not resent and (
            packet_id in self._denied_resends)
        if qos:
            self.freed = self.freed or packet_id in self._packet_ids and (
                denied or self._packet_ids[packet_id])
            self._packet_ids[packet_id] = denied
        if denied:
            self._deny_publish(topic, qos, packet_id,
                               0x87 if outside else 0x91)
            if qos == 2 and resent:
                self._denied_resends.add(packet_id)
            if given:
                self._known.pop(alias, None)
            return
        if qos == 2:
            self._denied.discard(packet_id)
            self._denied_resends.discard(packet_id)
        self.decided.append(("publish", "allowed", topic))
        written_topic = topic if self._known.get(alias) != topic else given
        if alias:
            self._known[alias] = topic
        self._send_publish(head, body, reader.rest, missing, properties,
                           (written_topic, packet_id), given)

    def _take_token(self, alias):
        """How that is answered is decided some time later."""
        self.withheld = self.took_token = self.unclear = True
        self._known.pop(alias, None)

    def _deny_publish(self, topic, qos, packet_id, code):
        self.withheld = True
        self.decided.append(("publish", "denied", topic))
        if qos == 0 or self._version == wire.V311:
            self.ended = True
            return
        self.answers.append(Own("PUBACK" if qos == 1 else "PUBREC", packet_id,
                                [code]))
        if qos == 2:
            self._denied.add(packet_id)

    def _send_publish(self, head, body, payload, missing, properties, names,
                      given):
        topic, packet_id = names
        expires = (head[0] & 1 and self._version == wire.V5 and
                   self._credential and len(payload) + missing > 0)
        if topic == given and not expires:
            self._send(head + body)
            return
        number = [] if packet_id is None else [packet_id.to_bytes(2, "big")]
        kept = properties
        own = value_of(properties, _EXPIRY)
        if expires:
            kept = [p for p in properties if p[0] != _EXPIRY]
        data = b"".join(raw for _, _, raw in kept) + (
            bytes([_EXPIRY]) if expires else b"")
        more = 4 if expires else 0
        before = (wire.text(topic) + b"".join(number) +
                  wire.varint(len(data) + more) + data)
        before = head[:1] + wire.varint(
            len(before) + more + len(payload) + missing) + before
        if not expires:
            self._send(before + payload)
        elif own is not None and own < LIFE - LATE:
            self._send(before + struct.pack("!I", own) + payload)
        else:
            self._send(Expiring(before, payload))

    def _pubrel(self, head, body, _):
        packet_id = BytesReader(body).number(2)
        if packet_id not in self._denied:
            self._send(head + body)
            return
        self._denied.discard(packet_id)
        self.withheld = True
        self.answers.append(Own("PUBCOMP", packet_id, [0x92]))

    def _subscribe(self, head, body, _):
        reader = BytesReader(body)
        packet_id = reader.number(2)
        properties = reader.properties(self._version)
        # Answers with the same identifier cannot be told apart.
        self.unclear = self.unclear or packet_id in self._subscribes
        self._subscribes.add(packet_id)
        entries = []
        while reader.rest:
            entries.append((reader.text(), reader.number(1)))
        allowed = [self._scope.may_subscribe(name) for name, _ in entries]
        self.decided += [
            ("subscribe", "allowed" if good else "denied", name)
            for good, (name, _) in zip(allowed, entries)]
        self._subscribed |= {
            name for good, (name, _) in zip(allowed, entries) if good}
        if all(allowed):
            self._send(head + body)
            return
        self.withheld = True
        code = 0x87 if self._version == wire.V5 else 0x80
        self.answers.append(Own("SUBACK", packet_id, [
            None if good else code for good in allowed]))
        if any(allowed):
            self._send(wire.packet("SUBSCRIBE", (
                packet_id.to_bytes(2, "big") +
                written(properties, self._version) +
                b"".join(wire.text(name) + bytes([options])
                         for good, (name, options) in zip(allowed, entries)
                         if good)), 2))

    def _unsubscribe(self, head, body, _):
        reader = BytesReader(body)
        reader.number(2)
        reader.properties(self._version)
        while reader.rest:
            self._subscribed.discard(reader.text())
        self._send(head + body)

    def _auth(self, head, body, _):
        """A new token ends at the proxy; what it answers is not told here."""
        if self._credential not in ("exporter", "challenge"):
            raise Unreadable
        reader = BytesReader(body)
        code = reader.number(1)
        properties = reader.properties(self._version)
        if head[0] & 15 or reader.rest or (
                value_of(properties, _METHOD) != b"ace"):
            raise Unreadable
        if code == 0x19 and not self._renews:
            data = BytesReader(value_of(properties, _DATA) or b"")
            if not data.string() or data.rest:
                raise Unreadable
            self._renews = True
        elif code != 0x18 or not self._renews:
            raise Unreadable
        self.withheld = self.took_token = True
