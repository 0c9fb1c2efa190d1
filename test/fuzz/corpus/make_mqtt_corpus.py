#!/usr/bin/env python3
"""Writes the seeds of the MQTT fuzz targets beside this script.

Seeds are small, valid for the most part, and one a file; a fuzzer breaks them
by itself. Files that are there already under other names stay: they are what
fuzzing has found.
"""

import pathlib

HERE = pathlib.Path(__file__).resolve().parent

PUBLISH_PROPERTIES = ("0101 02 0000003c 03 0001 61 08 0003 722f74 09 0002 00ff"
                      "23 0007 26 0001 61 0001 62")
CONNACK_PROPERTIES = (
    "11 00000000 12 0001 61 13 003c 15 0003 616365 16 0001 ff 1a 0001 61"
    "1c 0001 61 1f 0001 61 21 000a 22 000a 24 01 25 01 26 0001 61 0001 62"
    "27 00010000 28 01 29 01 2a 01")
CONNECT_PROPERTIES = ("11 ffffffff 15 0003 616365 16 0003 000161 17 01 19 01"
                      "21 000a 22 000a 26 0001 61 0001 62 27 00010000")
ACK_PROPERTIES = "1f 0002 6e6f 26 0001 61 0001 62"


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def properties(digits):
    data = bytes.fromhex(digits)
    return varint(len(data)) + data


def packet(first, *parts):
    body = b"".join(
        part if isinstance(part, bytes) else bytes.fromhex(part)
        for part in parts)
    return bytes([first]) + varint(len(body)) + body


NONE = properties("")
V5 = {
    "auth": packet(0xF0, "18", properties("15 0003 616365 16 0008" + "ab" * 8)),
    "auth_success": packet(0xF0),
    "connack": packet(0x20, "0100", properties(CONNACK_PROPERTIES)),
    "connack_refused": packet(0x20, "0087", NONE),
    "connect": packet(0x10, "0004 4d515454 05 02 003c",
                      properties(CONNECT_PROPERTIES), "0002 6964"),
    "connect_will": packet(
        0x10, "0004 4d515454 05 ee 0000", NONE, "0000",
        properties("18 0000000a" + PUBLISH_PROPERTIES.replace("23 0007", "")),
        "0003 772f74 0001 70 0001 75 0001 70"),
    "disconnect": packet(0xE0, "04", properties("11 00000000" + ACK_PROPERTIES)),
    "disconnect_code": packet(0xE0, "8e"),
    "pingreq": packet(0xC0),
    "pingresp": packet(0xD0),
    "puback": packet(0x40, "0001"),
    "puback_code": packet(0x40, "0001 87"),
    "pubcomp": packet(0x70, "0001 92", properties(ACK_PROPERTIES)),
    "publish": packet(0x31, "0003 612f62", NONE, b"hello"),
    "publish_alias": packet(0x30, "0000", properties("23 0007"), b"x"),
    "publish_many": packet(0x30, "0001 61", NONE) * 5,
    "publish_properties": packet(0x3D, "0003 612f62 0001",
                                 properties(PUBLISH_PROPERTIES), b"x"),
    "publish_utf8": packet(0x30, "000b c3a4 e282ac f09f9880 2f61", NONE),
    "pubrec": packet(0x50, "0001 10", properties(ACK_PROPERTIES)),
    "pubrel": packet(0x62, "0001"),
    "suback": packet(0x90, "0001", properties(ACK_PROPERTIES), "00 02 87"),
    "subscribe": packet(0x82, "0001", properties("0b 8001"),
                        "0003 612f23 2e 0001 2b 01"),
    "subscribe_shared": packet(0x82, "0001", NONE, "000a", b"$share/g/a", "01"),
    "unsuback": packet(0xB0, "0001", properties(ACK_PROPERTIES), "00 11"),
    "unsubscribe": packet(0xA2, "0001", NONE, "0003 612f23 0001 2b"),
}
V311 = {
    "connack": packet(0x20, "0100"),
    "connect": packet(0x10, "0004 4d515454 04 ee ffff 0002 6964",
                      "0003 772f74 0001 70 0001 75 0001 70"),
    "disconnect": packet(0xE0),
    "publish": packet(0x34, "0003 612f62 0001", b"hello"),
    "puback": packet(0x40, "0001"),
    "suback": packet(0x90, "0001 0080"),
    "subscribe": packet(0x82, "0001 0003 612f23 02 0001 2b 00"),
    "unsuback": packet(0xB0, "0001"),
    "unsubscribe": packet(0xA2, "0001 0001 61"),
}
FROM_SERVER = {
    "publish_identifiers": packet(0x30, "0001 61", properties("0b01 0b8001")),
}
BAD = {
    "length_not_shortest": bytes.fromhex("c0 80 00"),
    "length_too_long": bytes.fromhex("30 ff ff ff ff 01"),
    "type_zero": bytes.fromhex("00 00"),
    "cut_off": bytes.fromhex("30 05 00 03 61"),
    "bridge": packet(0x10, "0004 4d515454 84 02 0000 0000"),
    "mqtt_3_1": packet(0x10, "0006 4d5149736470 03 02 0000 0002 6964"),
}
TOPICS = {
    "equal": "a/b\na/b\na/b",
    "multi": "a/b/#\na/#\na/b/c",
    "single": "a/+/c\n+/+/c\na/b/c",
    "parent": "/#\n+/+/#\n/",
    "all": "#\n+/#\n/a",
    "system": "$SYS/#\n#\n$SYS/x",
    "empty_levels": "a//+\na/#\na//",
    "shared": "$share/g/a/+\na/#\na/b",
    "utf8": "\u00e4/+\n+/\u20ac\n\u00e4/\u20ac",
}


def write(target, name, data):
    folder = HERE / target
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(data)


def main():
    for version, seeds in ((b"\x01", V5), (b"\x00", V311),
                           (b"\x03", FROM_SERVER), (b"\x01", BAD)):
        label = "v3_" if version == b"\x00" else "v5_"
        for name, data in seeds.items():
            write("packet", label + name, version + data)
    for name, data in {**V5, **BAD}.items():
        if name.startswith(("publish", "connect", "length", "type", "cut")):
            write("unframer", name, data)
    for name, text in TOPICS.items():
        write("topic", name, text.encode())


if __name__ == "__main__":
    main()
