"""Rows under the law of Ho et al. 2024 -> the published fit, the minimum, profiles of the error.

The published objective is the mean squared error plus 0.0025 times the sum of the absolute
coefficients, the published optimiser SciPy's SLSQP from zero under its default tolerance. Profiles
leave the penalty out: the mean squared error is minimised at each value of something.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import brentq, least_squares, minimize
from scipy.stats import chi2

from pipeline.studies import published_law as law
from pipeline.studies.published_law import Array, Sample, Tie, expand

PENALTY = 0.0025  # per unit of a coefficient; Ho et al. 2024 chose it by cross-validation
DEFAULT_TOLERANCE = 1e-6  # SciPy's own for SLSQP, with which Ho et al. 2024 stop
TIGHT_TOLERANCE = 1e-13  # with which Okar 2026 takes SLSQP to have converged
THRESHOLD = float(chi2.ppf(0.95, 1))  # of a likelihood ratio: 95 % interval, normal errors
MONTHS_A_DOUBLING = 12 * np.log(2)  # over the growth in natural logs a year
STARTS, SEED = 20, 20261129
type MakeTie = Callable[[float], Tie]


class Fit(NamedTuple):
    """Ten coefficients, the value that was minimised, and how often it was evaluated."""

    coefficients: Array
    value: float
    evaluations: int

    @property
    def doubling_time(self) -> float:
        """Months in which effective compute doubles; negative where it falls."""
        return float(MONTHS_A_DOUBLING / law.find_growth(self.coefficients))


def penalise(free: Array, sample: Sample, tie: Tie | None = None) -> float:
    """The published objective at the free numbers."""
    residuals = sample.residuals(expand(free, tie)[0])
    return float(np.mean(residuals**2) + PENALTY * np.abs(free).sum())


def penalise_parts(parts: Array, sample: Sample, tie: Tie | None = None) -> tuple[float, Array]:
    """The same of positive less negative parts, all at least zero, and its gradient.

    At a minimum one part of each number is zero: their sum is its absolute value, without a kink.
    """
    free = np.subtract(*np.split(parts, 2))
    coefficients, derivatives = expand(free, tie)
    residuals = sample.residuals(coefficients)
    slope = 2 * residuals @ sample.jacobian(coefficients) @ derivatives / len(residuals)
    value = float(np.mean(residuals**2) + PENALTY * parts.sum())
    return value, np.concatenate([PENALTY + slope, PENALTY - slope])


def stop_as_published(sample: Sample, tolerance: float, tie: Tie | None = None) -> Fit:
    """Where the published optimiser stops: from zero, with gradients by differences."""
    options, start = {"ftol": tolerance, "maxiter": 5000}, np.zeros(9 if tie else 10)
    found = minimize(penalise, start, (sample, tie), method="SLSQP", options=options)
    return Fit(expand(found.x, tie)[0], float(found.fun), int(found.nfev))


def minimise_penalised(sample: Sample, starts: Iterable[Array], tie: Tie | None = None) -> Fit:
    """The least value of the published objective from zero and from ten coefficients each."""
    free = [tie.restrict(start) if tie else start for start in starts]
    limits = {"maxiter": 100_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-9}
    rules: dict[str, Any] = {"jac": True, "method": "L-BFGS-B", "options": limits}
    found = [
        minimize(
            penalise_parts,
            np.concatenate([start, -start]).clip(min=0),
            (sample, tie),
            bounds=[(0, None)] * 2 * len(start),
            **rules,
        )
        for start in [np.zeros(9 if tie else 10), *free]
    ]
    best, evaluations = min(found, key=lambda each: each.fun), sum(each.nfev for each in found)
    return Fit(expand(np.subtract(*np.split(best.x, 2)), tie)[0], float(best.fun), evaluations)


def minimise_squares(sample: Sample, starts: Iterable[Array], tie: Tie | None = None) -> Fit:
    """The least mean squared error from ten coefficients each."""

    def residuals(free: Array) -> Array:
        return sample.residuals(expand(free, tie)[0])

    def jacobian(free: Array) -> Array:
        coefficients, derivatives = expand(free, tie)
        return sample.jacobian(coefficients) @ derivatives

    exact: dict[str, Any] = {"x_scale": "jac", "ftol": 1e-12, "xtol": 1e-12, "gtol": 1e-12}
    free = [tie.restrict(start) if tie else start for start in starts]
    found = [least_squares(residuals, start, jacobian, **exact) for start in free]
    best, evaluations = min(found, key=lambda each: each.cost), sum(each.nfev for each in found)
    return Fit(expand(best.x, tie)[0], float(2 * best.cost / len(best.fun)), evaluations)


def trace(sample: Sample, starts: Sequence[Array], ties: Sequence[Tie]) -> list[Fit]:
    """The least mean squared error under each restriction, from the starts and both neighbours."""
    fits: list[Fit] = []
    for tie in ties:
        near = [fits[-1].coefficients] if fits else []
        fits.append(minimise_squares(sample, [*starts, *near], tie))
    for place in range(len(ties) - 2, -1, -1):
        again = minimise_squares(sample, [fits[place + 1].coefficients], ties[place])
        fits[place] = min(fits[place], again, key=lambda fit: fit.value)
    return fits


def draw_starts() -> list[Array]:
    """Ten coefficients each, over more than the size that they can have."""
    random = np.random.default_rng(SEED)
    starts = random.normal(0, 0.6, (STARTS, 10))
    starts[:, law.TRENDS] = random.uniform(-0.1, 0.2, (STARTS, 2))
    starts[:, law.EXPONENTS] = random.uniform(0.02, 0.6, (STARTS, 2))
    return list(starts)


class Profile(NamedTuple):
    """Best fits over a restricted quantity, and the ends of its 95 % interval, None if beyond."""

    values: Array
    fits: list[Fit]
    ratios: Array
    ends: tuple[float | None, float | None]


def profile(
    sample: Sample, least: Fit, starts: Sequence[Array], make_tie: MakeTie, values: Array
) -> Profile:
    """The likelihood ratio n log(error / least error) over the values, and where it is 3.84."""

    def ratio(error: float) -> float:
        return len(sample.log_perplexity) * float(np.log(error / least.value))

    fits = trace(sample, starts, [make_tie(value) for value in values])
    ratios = np.array([ratio(fit.value) for fit in fits])
    inside = np.flatnonzero(ratios <= THRESHOLD)

    def cross(place: int, beyond: int) -> float | None:
        if not 0 <= beyond < len(values):
            return None
        near = [fits[place].coefficients, fits[beyond].coefficients]

        def exceed(value: float) -> float:
            return ratio(minimise_squares(sample, near, make_tie(value)).value) - THRESHOLD

        return float(brentq(exceed, values[place], values[beyond], xtol=1e-4))

    ends = cross(inside[0], inside[0] - 1), cross(inside[-1], inside[-1] + 1)
    return Profile(values, fits, ratios, ends)


def tie_doubling_time(months: float) -> Tie:
    """Effective compute doubles in so many months."""
    return law.tie_growth(MONTHS_A_DOUBLING / months)
