"""Where mutations register.

Each is a function that changes a Packet in place and returns what it then is
called, or None when the packet has nothing of the kind.
"""

import functools

MUTATIONS = []
# How a name ends that says that both must read the packet.
IN_ORDER = "in order"


def mutation(function=None, *, each=(None,)):
    """Registers a function, once for each value that it is to get."""
    if function is None:
        return functools.partial(mutation, each=each)
    for value in each:
        if value is None:
            MUTATIONS.append(function)
        else:
            MUTATIONS.append(functools.partial(function, value=value))
    return function
