"""Every secret that the tests made, so that logs can be searched for them."""

import base64

_secrets = {}


def remember(secret, name):
    """Notes `secret` (bytes of at least 8) and returns it."""
    _secrets[bytes(secret)] = name
    return secret


def _spellings(secret):
    plain = base64.b64encode(secret)
    url = base64.urlsafe_b64encode(secret)
    return {secret, plain, plain.rstrip(b"="), url, url.rstrip(b"="),
            secret.hex().encode(), secret.hex().upper().encode()}


def found_in(data):
    """The names of the secrets that occur in `data`, however spelt."""
    return sorted({name for secret, name in _secrets.items()
                   if any(s in data for s in _spellings(secret))})


def count():
    return len(_secrets)


def entries():
    """What another process can add()."""
    return dict(_secrets)


def add(others):
    """Notes what another process has noted."""
    _secrets.update(others)
