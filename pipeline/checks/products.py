"""Matrix products that compile in a moment.

PyTensor hands products to BLAS through some hundred lines that Numba compiles anew for every shape
and order of memory: more than half of what the first leaderboard of a cold run costs to compile.
The products of these models have some hundred rows, and plain loops take as long. The rows of a
product are the innermost loop, since their sums do not wait for one another: with the terms of a
sum innermost the same additions, in the same order, take up to ten times as long.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from pytensor.link.numba.dispatch.basic import numba_njit

CACHE_VERSION = 1005  # of what Numba keeps on disk: to be raised where the loops change


def multiply_by_loops(_: Any, node: Any, **__: Any) -> tuple[Callable[..., Any], int]:
    """What Numba compiles for a product of two matrices, and the key under which it is kept.

    To be registered with PyTensor for its `Dot`; `node` is the product in the graph.
    """
    dtype = node.outputs[0].type.numpy_dtype

    @numba_njit
    def dot(x: Any, y: Any) -> Any:
        out = np.zeros((x.shape[0], y.shape[1]), dtype=dtype)
        for j in range(y.shape[1]):
            for k in range(x.shape[1]):
                for i in range(x.shape[0]):
                    out[i, j] += x[i, k] * y[k, j]
        return out

    return dot, CACHE_VERSION
