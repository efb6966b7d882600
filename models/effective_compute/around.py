"""A normal variable for which the sampler walks in other units: they move it, and not the model."""

from typing import Any

import numpy as np


def draw_around(name: str, mean: Any, sd: Any, center: Any, width: Any, dims: str) -> Any:
    """A variable ~ Normal(mean, sd), walked in units of `width` from `center`.

    Call inside the model.
    """
    import pymc as pm

    def log_density(value: Any, mean: Any, sd: Any, *_: Any) -> Any:
        return pm.logp(pm.Normal.dist(mean, sd), value)

    def draw(mean: Any, sd: Any, *_: Any, rng: np.random.Generator, size: Any = None) -> np.ndarray:
        return np.asarray(rng.normal(mean, sd, size))

    given: Any = (mean, sd, center, width)
    walk = {"logp": log_density, "random": draw, "transform": _around_data()}
    return pm.CustomDist(name, *given, **walk, dims=dims)


def _around_data() -> Any:
    """Values of a variable in units of its last input, the width, around the one before."""
    from pymc.logprob.transforms import Transform

    class AroundData(Transform):
        name = "recentred"  # one word: PyMC finds the variable again by cutting the last one off
        ndim_supp = 0

        def forward(self, value: Any, *inputs: Any) -> Any:
            return (value - inputs[-2]) / inputs[-1]

        def backward(self, value: Any, *inputs: Any) -> Any:
            return inputs[-2] + inputs[-1] * value

        def log_jac_det(self, value: Any, *inputs: Any) -> Any:
            import pytensor.tensor as pt

            return pt.log(inputs[-1]) + pt.zeros_like(value)

    return AroundData()
