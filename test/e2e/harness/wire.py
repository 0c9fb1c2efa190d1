"""MQTT 3.1.1 and 5.0 packets as bytes, written apart from the proxy's codec."""

import struct

V311, V5 = 4, 5

TYPES = ("", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL",
         "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK",
         "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH")

# Property identifiers (MQTT 5.0 section 2.2.2.2) with name and type.
_PROPERTIES = {
    0x01: ("payload_format", "B"),
    0x02: ("message_expiry", "I"),
    0x03: ("content_type", "text"),
    0x08: ("response_topic", "text"),
    0x09: ("correlation_data", "binary"),
    0x0B: ("subscription_identifier", "varint"),
    0x11: ("session_expiry", "I"),
    0x12: ("assigned_client_identifier", "text"),
    0x13: ("server_keep_alive", "H"),
    0x15: ("authentication_method", "text"),
    0x16: ("authentication_data", "binary"),
    0x17: ("request_problem_information", "B"),
    0x18: ("will_delay", "I"),
    0x19: ("request_response_information", "B"),
    0x1A: ("response_information", "text"),
    0x1C: ("server_reference", "text"),
    0x1F: ("reason_string", "text"),
    0x21: ("receive_maximum", "H"),
    0x22: ("topic_alias_maximum", "H"),
    0x23: ("topic_alias", "H"),
    0x24: ("maximum_qos", "B"),
    0x25: ("retain_available", "B"),
    0x26: ("user_property", "pair"),
    0x27: ("maximum_packet_size", "I"),
    0x28: ("wildcard_available", "B"),
    0x29: ("subscription_identifier_available", "B"),
    0x2A: ("shared_available", "B"),
}
_IDENTIFIERS = {name: (i, kind) for i, (name, kind) in _PROPERTIES.items()}


def varint(value):
    out = bytearray()
    while True:
        value, digit = divmod(value, 128)
        out.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(out)


def binary(data):
    return struct.pack("!H", len(data)) + data


def text(string):
    return binary(string.encode())


def properties(values):
    """`values`: property name to value; of user_property a list of pairs."""
    out = bytearray()
    for name, value in values.items():
        identifier, kind = _IDENTIFIERS[name]
        for item in value if kind == "pair" else [value]:
            out.append(identifier)
            if kind == "text":
                out += text(item)
            elif kind == "binary":
                out += binary(item)
            elif kind == "varint":
                out += varint(item)
            elif kind == "pair":
                out += text(item[0]) + text(item[1])
            else:
                out += struct.pack("!" + kind, item)
    return varint(len(out)) + bytes(out)


def packet(name, body=b"", flags=0):
    first = TYPES.index(name) << 4 | flags
    return bytes([first]) + varint(len(body)) + body


def _versioned(version, props):
    return properties(props or {}) if version == V5 else b""


def connect(version=V5, client_id="", props=None, username=None,
            password=None, will=None, clean=True, keep_alive=60):
    """`will`: topic, payload, and if wanted QoS, RETAIN and properties."""
    flags = 0x02 if clean else 0
    payload = text(client_id)
    if will:
        topic, message, qos, retain, will_props = (
            *will, *(0, False, None)[len(will) - 2:])
        flags |= 0x04 | qos << 3 | (0x20 if retain else 0)
        payload += (_versioned(version, will_props) + text(topic) +
                    binary(message))
    if username is not None:
        flags |= 0x80
        payload += text(username)
    if password is not None:
        flags |= 0x40
        payload += binary(password)
    head = text("MQTT") + bytes([version, flags])
    return packet("CONNECT", head + struct.pack("!H", keep_alive) +
                  _versioned(version, props) + payload)


def publish(topic, payload=b"", qos=0, packet_id=1, retain=False, dup=False,
            version=V5, props=None):
    flags = (8 if dup else 0) | qos << 1 | (1 if retain else 0)
    head = text(topic) + (struct.pack("!H", packet_id) if qos else b"")
    return packet("PUBLISH", head + _versioned(version, props) + payload,
                  flags)


def subscribe(filters, packet_id=1, version=V5, props=None):
    """`filters`: topic filters or pairs of filter and options."""
    body = struct.pack("!H", packet_id) + _versioned(version, props)
    for item in filters:
        topic, options = item if isinstance(item, tuple) else (item, 1)
        body += text(topic) + bytes([options])
    return packet("SUBSCRIBE", body, 2)


def unsubscribe(filters, packet_id=1, version=V5):
    body = struct.pack("!H", packet_id) + _versioned(version, {})
    return packet("UNSUBSCRIBE", body + b"".join(map(text, filters)), 2)


def ack(name, packet_id, code=None, props=None):
    """PUBACK, PUBREC, PUBREL or PUBCOMP; `code` and `props` are of v5."""
    body = struct.pack("!H", packet_id)
    if code is not None:
        body += bytes([code]) + (b"" if props is None else properties(props))
    return packet(name, body, 2 if name == "PUBREL" else 0)


def connack(code=0, props=None, session_present=False, version=V5):
    return packet("CONNACK", bytes([session_present, code]) +
                  _versioned(version, props))


def suback(packet_id, codes, props=None, version=V5):
    return packet("SUBACK", struct.pack("!H", packet_id) +
                  _versioned(version, props) + bytes(codes))


def unsuback(packet_id, codes, version=V5):
    body = struct.pack("!H", packet_id)
    if version == V5:
        body += properties({}) + bytes(codes)
    return packet("UNSUBACK", body)


def auth(code, data=None, method="ace"):
    """`method` None leaves it out."""
    props = {} if method is None else {"authentication_method": method}
    if data is not None:
        props["authentication_data"] = data
    return packet("AUTH", bytes([code]) + properties(props))


def pingreq():
    return packet("PINGREQ")


def disconnect(code=None, props=None):
    """`code` and `props` are of v5."""
    if code is None:
        return packet("DISCONNECT")
    return packet("DISCONNECT", bytes([code]) +
                  (b"" if props is None else properties(props)))


class _Reader:

    def __init__(self, data):
        self.data = data

    def take(self, size):
        if size > len(self.data):
            raise ValueError("truncated packet")
        out, self.data = self.data[:size], self.data[size:]
        return out

    def number(self, kind):
        return struct.unpack("!" + kind, self.take(struct.calcsize(kind)))[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def binary(self):
        return self.take(self.number("H"))

    def text(self):
        return self.binary().decode()

    def properties(self):
        inner = _Reader(self.take(self.varint()))
        out = {}
        while inner.data:
            name, kind = _PROPERTIES[inner.varint()]
            if kind == "pair":
                pair = (inner.text(), inner.text())
                out.setdefault(name, []).append(pair)
            elif kind in ("text", "binary", "varint"):
                out[name] = getattr(inner, kind)()
            else:
                out[name] = inner.number(kind)
        return out


class Packet:
    """A received packet: `type`, `raw`, and the fields that its type has."""

    def __init__(self, first, body, version):
        self.type = TYPES[first >> 4]
        self.flags = first & 15
        self.raw = bytes([first]) + varint(len(body)) + body
        self.code = 0
        self.codes = []
        self.properties = {}
        self.packet_id = None
        parse = getattr(self, "_" + self.type.lower(), None)
        if parse:
            parse(_Reader(body), version == V5)

    def __repr__(self):
        code = f" 0x{self.code:02x}" if self.code else ""
        return f"{self.type}{code} {self.properties or ''}{self.codes or ''}"

    def _connect(self, reader, _):
        reader.text()
        self.version = reader.number("B")
        self.connect_flags = reader.number("B")
        self.keep_alive = reader.number("H")
        v5 = self.version == V5
        if v5:
            self.properties = reader.properties()
        self.client_id = reader.text()
        self.will = self.username = self.password = None
        self.will_properties = {}
        if self.connect_flags & 0x04:
            if v5:
                self.will_properties = reader.properties()
            self.will = (reader.text(), reader.binary())
        if self.connect_flags & 0x80:
            self.username = reader.text()
        if self.connect_flags & 0x40:
            self.password = reader.binary()

    def _connack(self, reader, v5):
        self.session_present = reader.number("B") == 1
        self.code = reader.number("B")
        if v5:
            self.properties = reader.properties()

    def _publish(self, reader, v5):
        self.qos = self.flags >> 1 & 3
        self.retain = bool(self.flags & 1)
        self.topic = reader.text()
        if self.qos:
            self.packet_id = reader.number("H")
        if v5:
            self.properties = reader.properties()
        self.payload = reader.data

    def _acknowledgement(self, reader, v5):
        self.packet_id = reader.number("H")
        self._reason(reader, v5)

    _puback = _pubrec = _pubrel = _pubcomp = _acknowledgement

    def _subscribe(self, reader, v5):
        self.packet_id = reader.number("H")
        if v5:
            self.properties = reader.properties()
        self.filters = []
        while reader.data:
            topic = reader.text()
            options = (reader.number("B"),) if self.type == "SUBSCRIBE" else ()
            self.filters.append((topic, *options))

    _unsubscribe = _subscribe

    def _suback(self, reader, v5):
        self.packet_id = reader.number("H")
        if v5:
            self.properties = reader.properties()
        self.codes = list(reader.data)

    _unsuback = _suback

    def _reason(self, reader, v5):
        if v5 and reader.data:
            self.code = reader.number("B")
            if reader.data:
                self.properties = reader.properties()

    _disconnect = _auth = _reason


def split(data, version):
    """Returns the first packet in `data` and what follows it, or (None, data).

    A CONNECT is read by the version it names itself.
    """
    length = shift = 0
    for i, byte in enumerate(data[1:5], 1):
        length |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            end = i + 1 + length
            if end > len(data):
                break
            return Packet(data[0], bytes(data[i + 1:end]), version), data[end:]
    return None, data
