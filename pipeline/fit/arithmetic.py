"""Arithmetic that rounds alike in every run: PyTensor's Numba functions without fast math.

Fast math lets the compiler add in another order and keep products unrounded, and what it does
depends on what is compiled together. A function that Numba reads from the cache of an earlier run
is compiled apart from its callers, a new one with them: with fast math the first fit on a machine
and the second part ways. Without it both give the same draws, in the same time.
"""

from typing import Any

from pytensor import config


def round_alike() -> Any:
    """A context, or a decorator of a function, in which models are compiled without fast math."""
    return config.change_flags(numba__fastmath=False)
