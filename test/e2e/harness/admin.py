"""The admin address of proxy or policy service, over HTTP."""

import urllib.error
import urllib.request


def http_status(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}",
                                    timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def metrics_page(address):
    """What a scraper gets, as bytes."""
    with urllib.request.urlopen(f"http://{address}/metrics",
                                timeout=5) as response:
        return response.read()


def metrics(address):
    """All metrics: name, with its labels as they are written, to value."""
    lines = metrics_page(address).decode().splitlines()
    return {name: float(value) for name, _, value in
            (line.rpartition(" ") for line in lines
             if line and not line.startswith("#"))}


def metric(address, name):
    """The value of a metric without labels."""
    return metrics(address)[name]
