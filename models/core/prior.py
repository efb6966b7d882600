"""A prior as one readable value: family, parameters, unit and the reason for its scale."""

from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np

Family = Literal["Normal", "HalfNormal", "LogNormal", "Gamma", "Beta"]
# Position of the parameter that sets the width of each family; the others stay when a prior is
# widened.
_SCALE_POSITION = {"Normal": 1, "HalfNormal": 0, "LogNormal": 1}


@dataclass(frozen=True)
class Prior:
    """One prior distribution. `parameters` are in the order in which PyMC takes them."""

    family: Family
    parameters: tuple[float, ...]
    unit: str
    reason: str = ""

    def because(self, reason: str) -> "Prior":
        """The same prior with the reason for its scale."""
        return replace(self, reason=reason)

    def variable(self, name: str, **options: Any) -> Any:
        """The PyMC random variable `name` with this prior; call inside a model context.

        Its parameters are data of the compiled model (`prior_<name>`), so that it can be refitted
        with a wider or narrower prior without compiling again.
        """
        import pymc as pm  # several seconds: only stages that sample pay for it

        return getattr(pm, self.family)(name, *self.parameters_as_data(name), **options)

    def parameters_as_data(self, name: str) -> list[Any]:
        """The parameters as data of the model (`prior_<name>`); call inside a model context."""
        import pymc as pm

        parameters = pm.Data(f"prior_{name}", np.array(self.parameters, dtype=float))
        return [parameters[position] for position in range(len(self.parameters))]

    def scaled_variable(self, name: str, **options: Any) -> Any:
        """`variable`, drawn as location and scale of a standard variable (`<name>_offset`).

        Of a normal, log-normal or half-normal prior, which may then have scale 0: the parameter is
        fixed, and what it multiplies is out of the model without another graph.
        """
        import pymc as pm

        parameters = self.parameters_as_data(name)
        if self.family == "Normal":
            offset = pm.Normal(f"{name}_offset", 0, 1, **options)
            value = parameters[0] + parameters[1] * offset
        elif self.family == "HalfNormal":
            value = parameters[0] * pm.HalfNormal(f"{name}_offset", 1, **options)
        elif self.family == "LogNormal":
            offset = pm.Normal(f"{name}_offset", 0, 1, **options)
            value = pm.math.exp(parameters[0] + parameters[1] * offset)
        else:
            raise ValueError(f"{name}: a {self.family} prior has no location and scale")
        return pm.Deterministic(name, value, **options)

    def widened(self, factor: float) -> "Prior":
        """The prior with its scale times `factor`; itself where its family has no scale."""
        position = _SCALE_POSITION.get(self.family)
        if position is None:
            return self
        values = list(self.parameters)
        values[position] *= factor
        return replace(self, parameters=tuple(values))

    def draw(self, rng: np.random.Generator, size: int | tuple[int, ...] = ()) -> np.ndarray:
        """Draws in plain NumPy, shape `size`."""
        draw: dict[str, Any] = {
            "Normal": rng.normal,
            "HalfNormal": lambda scale, size: np.abs(rng.normal(0.0, scale, size)),
            "LogNormal": rng.lognormal,
            "Gamma": lambda shape, rate, size: rng.gamma(shape, 1.0 / rate, size),
            "Beta": rng.beta,
        }
        return np.asarray(draw[self.family](*self.parameters, size))

    def __str__(self) -> str:
        return f"{self.family}({', '.join(f'{value:g}' for value in self.parameters)})"


def prior_data(priors: Any) -> dict[str, np.ndarray]:
    """The data by which `Prior.variable` knows each prior's parameters."""
    return {
        f"prior_{name}": np.array(prior.parameters, dtype=float)
        for name, prior in list_priors(priors)
    }


def list_priors(priors: Any) -> list[tuple[str, Prior]]:
    """Every prior of a model's `Priors` dataclass with its name, in the order of the file."""
    return [(field.name, getattr(priors, field.name)) for field in fields(priors)]
