"""Counts what the policy service is asked, apart from Sluice's own metrics."""

import collections

from harness.relay import Relay

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEAD = 9  # bytes of a frame's header (RFC 9113 section 4.1)
_HEADERS = 1


class CallCounter(Relay):
    """A relay to the policy service that counts the calls on their way.

    In gRPC a call is a stream, and begins with a HEADERS frame of the client.
    """

    def __init__(self):
        self.calls = 0
        super().__init__()

    def look(self):
        return self._counter(), lambda data: None

    def _counter(self):
        """Looks at the client's bytes, frame by frame."""
        unread = collections.deque([b""])
        skip = len(_PREFACE)

        def look(data):
            nonlocal skip
            data = unread.pop() + data
            while True:
                if skip >= len(data):
                    skip -= len(data)
                    data = b""
                    break
                data, skip = data[skip:], 0
                if len(data) < _HEAD:
                    break
                self.calls += data[3] == _HEADERS
                skip = _HEAD + int.from_bytes(data[:3], "big")
            unread.append(data)

        return look
