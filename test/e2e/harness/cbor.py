"""CBOR (RFC 8949), written apart from Sluice's own code."""

import typing


class Tagged(typing.NamedTuple):
    tag: int
    value: object


def cbor(value):
    """`value` in CBOR (RFC 8949), as far as the tests need it."""

    def head(major, number):
        if number < 24:
            return bytes([major << 5 | number])
        size = next(s for s in (1, 2, 4, 8) if number < 1 << 8 * s)
        return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + \
            number.to_bytes(size, "big")

    if isinstance(value, Tagged):
        return head(6, value.tag) + cbor(value.value)
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(
        cbor(k) + cbor(v) for k, v in value.items())
