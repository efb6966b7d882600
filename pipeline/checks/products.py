"""Matrix products that compile in a moment.

PyTensor hands products to BLAS through some hundred lines that Numba compiles anew for every shape
and order of memory: more than half of what the first leaderboard of a cold run costs to compile.
The products of these models have some hundred rows, and plain loops take as long, where no addition
waits for the one before: the rows of a product are the innermost loop where they lie side by side
in memory, and four of them are summed at a time where they do not.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from pytensor.link.numba.dispatch.basic import numba_njit

CACHE_VERSION = 1008  # of what Numba keeps on disk: to be raised where the loops change


def multiply_by_loops(_: Any, node: Any, **__: Any) -> tuple[Callable[..., Any], int]:
    """What Numba compiles for a product of two matrices, and the key under which it is kept.

    To be registered with PyTensor for its `Dot`; `node` is the product in the graph.
    """
    dtype = node.outputs[0].type.numpy_dtype

    @numba_njit
    def dot(x: Any, y: Any) -> Any:
        out = np.zeros((x.shape[0], y.shape[1]), dtype=dtype)
        if x.flags.c_contiguous and y.shape[1] == 1:
            fours = x.shape[0] - x.shape[0] % 4
            for i in range(0, fours, 4):
                a = b = c = d = out[i, 0]
                for k in range(x.shape[1]):
                    a += x[i, k] * y[k, 0]
                    b += x[i + 1, k] * y[k, 0]
                    c += x[i + 2, k] * y[k, 0]
                    d += x[i + 3, k] * y[k, 0]
                out[i, 0], out[i + 1, 0], out[i + 2, 0], out[i + 3, 0] = a, b, c, d
            for i in range(fours, x.shape[0]):
                for k in range(x.shape[1]):
                    out[i, 0] += x[i, k] * y[k, 0]
        else:
            for j in range(y.shape[1]):
                for k in range(x.shape[1]):
                    for i in range(x.shape[0]):
                        out[i, j] += x[i, k] * y[k, j]
        return out

    return dot, CACHE_VERSION
