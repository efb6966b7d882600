"""Density and draws of a published estimate: a point, the middle of a range, or a bound."""

from typing import Any

import numpy as np

FAR = 9.0  # standard deviations above which a normal distribution function is 1 to every digit


def log_density(
    value: Any, location: Any, error: Any, side: Any, is_range: Any, half_width: Any, weight: Any
) -> Any:
    """Log density of a point or of the middle of a range, log probability of a bound."""
    import pymc as pm
    from pymc.distributions.dist_math import normal_lcdf

    def lcdf(standard: Any) -> Any:
        """Log of the normal distribution function; far up its slope would not be a number."""
        return normal_lcdf(0, 1, pm.math.minimum(standard, FAR))

    point = pm.logp(pm.Normal.dist(location, error), value)
    bound = lcdf(side * (location - value) / error)
    low, high = (value - half_width - location) / error, (value + half_width - location) / error
    # in the lower tail, where the difference of two probabilities keeps its digits
    is_above = low + high > 0
    left, right = pm.math.switch(is_above, -high, low), pm.math.switch(is_above, -low, high)
    inside = pm.math.logdiffexp(lcdf(right), lcdf(left))
    spread = inside - pm.math.log(2 * half_width)
    known = pm.math.switch(pm.math.eq(is_range, 1), spread, point)
    return weight * pm.math.switch(pm.math.eq(side, 0), known, bound)


def draw_rows(
    location: Any,
    error: Any,
    side: Any,
    is_range: Any,
    half_width: Any,
    weight: Any,
    rng: np.random.Generator,
    size: Any = None,
) -> np.ndarray:
    """Draws for the predictive checks; of a bound, the value that it bounds."""
    within = is_range * rng.uniform(-1, 1, size) * half_width
    return np.asarray(rng.normal(location, error, size) + within)
