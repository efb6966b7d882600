"""The beta-binomial density where it is nearly binomial.

PyMC takes it from differences of log gammas, which lose their digits as the concentration grows:
beyond 1e14 the density seems to rise without bound, and holds any chain that comes there for good
(one fit of GPQA Diamond in twenty). Beyond LARGEST the counts are binomial in every digit that
matters, and the concentration may stay there.
"""

from typing import Any

import pymc as pm
import pytensor.tensor as pt

LARGEST = 1e10  # concentration: a dispersion of 1e-5


def find_log_density(_: Any, values: Any, *inputs: Any, **__: Any) -> Any:
    """Log density of the counts in `values`; `inputs` end with n, alpha and beta, of one shape.

    To be registered with PyMC for its `BetaBinomial`.
    """
    (value,), (n, alpha, beta) = values, inputs[-3:]
    scale = pt.minimum(1.0, LARGEST / (alpha + beta))
    return pm.BetaBinomial.logp(value, n, alpha * scale, beta * scale)
