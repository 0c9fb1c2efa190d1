"""What goes on beside all else in the soak."""

import threading
import traceback

WAIT = 60  # seconds; this is no measurement of speed


class Repeater(threading.Thread):
    """Repeats round(), `pause` seconds after the last, until it is told to end;
    keeps the first thing that went wrong."""

    pause = 0

    def __init__(self, name):
        super().__init__(daemon=True)
        self.id = name
        self.rounds, self.fault = 0, None
        self._ending = threading.Event()

    def run(self):
        while not self._ending.wait(self.pause):
            try:
                self.once()
                self.rounds += 1
            except Exception:  # whatever it is, it is reported
                self.fault = f"{self.id}: {traceback.format_exc()}"
                return

    def once(self):
        """round(), and what has to be done about each."""
        self.round()

    def round(self):
        raise NotImplementedError

    def stop(self):
        self._ending.set()
        self.join(2 * WAIT)
