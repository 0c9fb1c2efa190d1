"""Where moves register: what clients may do in several packets, or in an odd
place.

Each changes a list of packets that CONNECT leads, for the Sequence that has
made it, and returns how that is called and where in it a write may well end
(places in the list, with a number of bytes behind the beginning of what is
there), or None when that client cannot do it.
"""

import functools

from sequence import RenewalEnds

MOVES = []


def move(*, each=(None,)):
    """Registers a function, once for each value that it is to get."""
    def register(function):
        for value in each:
            MOVES.append(function if value is None else
                         functools.partial(function, value=value))
        return function
    return register


def somewhere(made, sequence):
    """Anywhere behind CONNECT and renewals."""
    ends = [i for i, packet in enumerate(sequence)
            if isinstance(packet, RenewalEnds)]
    return made.rng.randint(max([0, *ends]) + 1, len(sequence) - 1)


def insert(made, sequence, new):
    """Puts packets there, and returns where that is."""
    place = somewhere(made, sequence)
    sequence[place:place] = new
    return place
