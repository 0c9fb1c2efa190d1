"""What may be wrong, or only unusual, about a string: its characters, a topic
or a filter."""

from mutation import mutation
from packets import Text
from scopes import TOKEN_TOPIC

# Of strings: put behind what was there.
CHARACTERS = {
    "overlong UTF-8": b"\xc0\xaf", "overlong of three bytes": b"\xe0\x80\xaf",
    "overlong U+0000": b"\xc0\x80", "surrogate": b"\xed\xa0\x80",
    "a pair of surrogates": b"\xed\xa0\xbd\xed\xb8\x80",
    "beyond Unicode": b"\xf4\x90\x80\x80", "five-byte UTF-8":
    b"\xf8\x88\x80\x80\x80", "UTF-8 cut off": b"\xe4\xb8",
    "a lone continuation": b"\x80", "byte 0xFF": b"\xff",
    "U+0000": b"\0", "U+0000 in the midst": b"\0x", "U+FFFF": b"\xef\xbf\xbf",
    "U+FDD0": b"\xef\xb7\x90", "U+1FFFE": b"\xf0\x9f\xbf\xbe",
    "a control character": b"\x01", "U+007F": b"\x7f", "U+0085": b"\xc2\x85",
    "U+FEFF": b"\xef\xbb\xbf", "U+10FFFD": b"\xf4\x8f\xbf\xbd",
    "letters beyond ASCII": "\u00e9\u4e2d\U0001f600".encode()}

TOPICS = {
    "an empty topic": "", "`+` in a topic": "t/+/x", "`#` in a topic": "t/#",
    "`+` within a level": "t/a+", "`#` within a level": "t/a#",
    "a topic `#`": "#", "a topic of $share": "$share/g/t/x",
    "a topic of $SYS": "$SYS/x", "an empty level": "t//x",
    "a slash at the end": "t/x/", "a slash at the start": "/t/x",
    "a topic of one slash": "/", "another case": "T/x",
    "the parent of what is granted": "t", "a topic outside the grant": "u/x",
    "a topic for tokens": TOKEN_TOPIC,
    "many levels": "t" + "/a" * 150}
FILTERS = {
    "an empty filter": "", "`#` amidst a filter": "t/#/x",
    "`#` behind a letter": "t/a#", "`+` behind a letter": "t/a+",
    "`+` before a letter": "t/+a", "all": "#", "all of one level": "+",
    "$share without a filter": "$share/g", "$share with an empty filter":
    "$share/g/", "$share without a name": "$share//t/x",
    "$share with a wildcard as name": "$share/+/t/x",
    "$share with `#` in its name": "$share/g#/t/x",
    "$share twice": "$share/g/$share/h/t/x", "$share alone": "$share",
    "$share and a slash": "$share/", "$share of a granted filter":
    "$share/g/t/#", "$share outside the grant": "$share/g/u/#",
    "$share of a slash": "$share/g//t", "$SHARE": "$SHARE/g/t/x",
    "$queue": "$queue/t/x", "$SYS": "$SYS/#", "a filter outside the grant":
    "u/#", "a topic for tokens": "authz-info",
    "$share of a topic for tokens": "$share/g/authz-info",
    "a filter wider than the grant": "+/x",
    "a filter with a slash at the end": "t/x/", "a filter with empty levels":
    "t//+//#", "a filter of many levels": "t" + "/+" * 150}


@mutation(each=(-1, 1, 2, 300))
def wrong_string_length(rng, packet, value):
    found = [part for part in packet.parts if isinstance(part, Text)]
    if not found:
        return None
    rng.choice(found).lengthened = value
    return f"string length {value:+}"


@mutation(each=CHARACTERS)
def character(rng, packet, value):
    found = packet.of_role("topic", "filter", "text", "id")
    if not found:
        return None
    rng.choice(found).data += CHARACTERS[value]
    return value


@mutation(each=TOPICS)
def topic(rng, packet, value):
    found = packet.of_role("topic")
    # Where PUBREL would belong, after a token, depends on when it comes.
    if not found or TOPICS[value] == TOKEN_TOPIC and packet.flags & 4:
        return None
    found[0].data = TOPICS[value].encode()
    return value


@mutation(each=FILTERS)
def filter_(rng, packet, value):
    found = packet.of_role("filter")
    if not found:
        return None
    rng.choice(found).data = FILTERS[value].encode()
    return value
