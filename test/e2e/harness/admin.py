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
