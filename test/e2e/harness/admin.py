"""The proxy's admin address, over HTTP."""

import urllib.error
import urllib.request


def http_status(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}",
                                    timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def metric(address, name):
    """The value of a metric without labels."""
    with urllib.request.urlopen(f"http://{address}/metrics",
                                timeout=5) as response:
        for line in response.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    raise AssertionError(f"no metric {name}")
