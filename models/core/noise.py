"""Student-t noise whose rows can be left out without changing the model's shape."""

from typing import Any

import numpy as np


def weighted_student_t(
    name: str, tail_weight: Any, mean: Any, scale: Any, weight: Any, observed: Any, dims: str
) -> Any:
    """Observed variable with Student-t noise of 1 + `tail_weight` degrees of freedom.

    The log density of a row is multiplied by its `weight`: with weight zero it says nothing. Call
    inside a model context.
    """
    import pymc as pm

    def log_density(value: Any, tail: Any, center: Any, spread: Any, share: Any) -> Any:
        return share * pm.logp(pm.StudentT.dist(nu=1 + tail, mu=center, sigma=spread), value)

    def draw(
        tail: Any, center: Any, spread: Any, share: Any, rng: np.random.Generator, size: Any = None
    ) -> np.ndarray:
        return np.asarray(center + spread * rng.standard_t(1 + tail, size=size))

    return pm.CustomDist(
        name,
        tail_weight,
        mean,
        scale,
        weight,
        logp=log_density,
        random=draw,
        observed=observed,
        dims=dims,
    )
