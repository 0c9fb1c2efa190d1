"""Every secret that the tests made, so that logs can be searched for them."""

import base64

from cryptography.hazmat.primitives.serialization import load_pem_private_key

_secrets = {}


def remember(secret, name):
    """Notes `secret` (bytes of at least 8) and returns it."""
    _secrets[bytes(secret)] = name
    return secret


def remember_private_key(pem, name):
    """Notes each line of a private key of P-256, and its number."""
    for line in pem.splitlines()[1:-1]:
        remember(line, f"{name} (PEM)")
    number = load_pem_private_key(pem, None).private_numbers().private_value
    for order in ("big", "little"):
        remember(number.to_bytes(32, order), f"{name} (number)")


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
