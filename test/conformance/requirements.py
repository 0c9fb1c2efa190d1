"""The ids that the suite answers for, and what of them it cannot show."""

# Requirements of RFC 9431 and, from D01 on, of draft-01; in the order of
# docs/conformance.md.
ACE = {
    "TOK": 8, "SCP": 6, "AUTH": 5, "POP": 9, "CON": 6, "PUB": 4, "OUT": 1,
    "SUB": 2, "EXP": 4, "AZI": 3, "V3": 3, "D01": 7,
}
EDGES = 20

IDS = tuple([f"ACE-{group}-{number}" for group, count in ACE.items()
             for number in range(1, count + 1)] +
            [f"EDGE-{number}" for number in range(1, EDGES + 1)])

# What cannot have cases of one of the outcomes, and why.
EXCEPTIONS = {
    ("EDGE-15", "refused"):
        "says what answers may hold, and asks for no refusal",
}

# What Sluice does not do yet: of a whole id, which then needs no cases, or of
# a part of one.
PENDING = {}
PENDING_PARTS = {}
