"""Who may do what, decided apart from Sluice's own code."""


def matches(filter_, topic):
    """MQTT 5.0 section 4.7"""
    if topic.startswith("$") and filter_[:1] in ("+", "#"):
        return False
    wanted, levels = filter_.split("/"), topic.split("/")
    for i, level in enumerate(wanted):
        if level == "#":
            return True
        if i == len(levels):
            return False
        if level not in ("+", levels[i]):
            return False
        if i + 1 == len(levels) and wanted[i + 1:] == ["#"]:
            return True
    return len(wanted) == len(levels)


def covers(wide, narrow):
    """Whether all that matches the filter `narrow` matches `wide`."""
    if narrow.startswith("$") and wide[:1] in ("+", "#"):
        return False
    outer, inner = wide.split("/"), narrow.split("/")
    for i, level in enumerate(outer):
        if level == "#":
            return True
        if i == len(inner) or inner[i] == "#":
            return False
        if level not in ("+", inner[i]):
            return False
        if i + 1 == len(inner) and outer[i + 1:] == ["#"]:
            return True
    return len(outer) == len(inner)


def _is_filter(text):
    """MQTT 5.0 section 4.7.1, and not a shared subscription."""
    levels = text.split("/")
    return bool(text) and not text.startswith("$share/") and all(
        level in ("+", "#") or not set(level) & set("+#")
        for level in levels) and "#" not in levels[:-1]


def without_share(filter_):
    """MQTT 5.0 section 4.8.2; None is a share that is malformed."""
    if not filter_.startswith("$share/"):
        return filter_
    name, _, rest = filter_[len("$share/"):].partition("/")
    good = name and not set(name) & set("+#") and _is_filter(rest)
    return rest if good else None


# Takes tokens, which are for the proxy: nobody may subscribe to it.
TOKEN_TOPIC = "authz-info"


class Scope:
    """Permissions are a topic filter and `pub`, `sub` or both, by spaces."""

    def __init__(self, *permissions):
        self.permissions = permissions
        pairs = [permission.split(" ") for permission in permissions]
        self._publish = [p[0] for p in pairs if "pub" in p[1:]]
        self._subscribe = [p[0] for p in pairs if "sub" in p[1:]]

    def may_publish(self, topic):
        return any(matches(granted, topic) for granted in self._publish)

    def may_subscribe(self, filter_):
        plain = without_share(filter_)
        return plain not in (None, TOKEN_TOPIC) and any(
            covers(granted, plain) for granted in self._subscribe)

    def __repr__(self):
        return "; ".join(self.permissions)


# What everybody may, with a token and without one.
PUBLIC = Scope("t/# pub sub")


def choose(rng, own):
    """What a token gives whose client's topics are below `own`."""
    return Scope(*PUBLIC.permissions, *rng.choice([
        (f"{own}/# pub sub",),
        (f"{own}/a pub sub", f"{own}/b/# pub sub", f"{own}/\u00e9 pub sub",
         f"{own}/will pub"),
        (f"{own}/+ pub", f"{own}/+/c sub pub", f"{own}/a sub"),
        (f"{own}/# sub", f"{own}/a pub", "+/+/will pub"),
        ("+/+/+ pub sub", "+/+/b/# sub"),
        ("# pub sub",)]))
