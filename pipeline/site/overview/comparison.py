"""The models of one dataset that passed -> how they compare, and their average.

Models are compared by the predictive density of what was left out, unit by unit, over the units
that all of them read, and averaged by stacking weights. The averaged estimand is the mixture of the
models' draws with these weights; its quantiles are weighted ones, so nothing of it is drawn at
random.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.site.overview.cells import Apart, Passed
from pipeline.site.overview.stacking import bootstrap_weights, stack

MINIMUM_UNITS = 5  # shared: with fewer, weights follow single units
NEGLIGIBLE = 0.01  # weight of a model that the average may do without
TAILS = ((1 - INTERVAL_PROBABILITY) / 2, (1 + INTERVAL_PROBABILITY) / 2)
RATE = "rate_decades_per_year"
SPLIT = "share_compute"
REVERSE = "reverse_test_flop"
Entry = dict[str, Any]  # median, lower, upper and unbounded, or a reason, as in attribution files


@dataclass(frozen=True)
class Score:
    """A model in the comparison: elpd over the shared units, difference to the best, weight.

    `weight_lower` and `weight_upper`: the 90 % interval of the weight over masses of the units.
    """

    model: str
    title: str
    method: str
    units: int
    elpd: float | None = None
    difference: float | None = None
    difference_se: float | None = None
    weight: float | None = None
    weight_lower: float | None = None
    weight_upper: float | None = None


@dataclass(frozen=True)
class Estimate:
    """One estimand by model, and averaged over them."""

    key: str
    label: str
    unit: str
    by_model: dict[str, Entry]
    averaged: Entry


@dataclass(frozen=True)
class Comparison:
    """The models of one dataset side by side; `reason` says why there are no weights."""

    dataset: str
    title: str
    unit: str
    shared: int
    rows: list[Score]
    estimates: list[Estimate]
    reason: str = ""
    left_out: list[Apart] = field(default_factory=list)

    @property
    def weights(self) -> dict[str, float]:
        """The weight of every model; empty where they are not weighed."""
        return {row.model: row.weight for row in self.rows if row.weight is not None}


def compare(passed: Sequence[Passed], apart: Iterable[Apart] = ()) -> Comparison:
    """The passing models of a dataset: weights, differences, and estimates with their average."""
    densities = align(passed)
    reason, shared, numbers = _find_obstacle(passed), len(densities), dict[str, pd.Series]()
    if not reason and shared:
        numbers = _differ(densities)
    if not reason and shared < MINIMUM_UNITS:
        reason = f"the models share {shared} unit{'s' * (shared != 1)}, under {MINIMUM_UNITS}"
    if not reason:
        numbers |= _weigh(densities)
    rows = [
        Score(
            cell.model,
            cell.model_title,
            name_method(cell),
            len(read_density(cell)),
            **{name: column[cell.model] for name, column in numbers.items()},
        )
        for cell in passed
    ]
    weights = {row.model: row.weight for row in rows if row.weight is not None}
    return Comparison(
        passed[0].dataset,
        passed[0].title,
        _name_unit(passed[0]),
        shared,
        sorted(rows, key=lambda row: (-(row.weight or 0.0), -(row.difference or 0.0))),
        [estimate(key, passed, weights, reason) for key in list_keys(passed)],
        reason,
        list(apart),
    )


def read_density(cell: Passed) -> pd.Series:
    """The log predictive density of every unit that was left out."""
    return pd.Series(cell.check.get("elpd_by_unit") or {}, dtype=float).dropna()


def name_method(cell: Passed) -> str:
    """How units were left out."""
    return str(cell.check.get("elpd_method") or "not measured")


def _name_unit(cell: Passed) -> str:
    return str(cell.check.get("unit") or "unit")


def _find_obstacle(passed: Sequence[Passed]) -> str:
    """Why the densities cannot be compared; empty where they can."""
    if lacking := [cell.model_title for cell in passed if read_density(cell).empty]:
        return f"no predictive density by unit of {', '.join(lacking)}"
    units = sorted({_name_unit(cell) for cell in passed})
    if len(units) > 1:
        return f"different units are left out: {', '.join(units)}"
    # given all other units, or all other folds: the two do not compare
    methods = [name_method(cell) for cell in passed]
    kinds = sorted({"one at a time" if m.startswith("PSIS-LOO") else m for m in methods})
    return f"units are left out in different ways: {', '.join(kinds)}" if len(kinds) > 1 else ""


def align(passed: Sequence[Passed]) -> pd.DataFrame:
    """Densities of the units that all models read with the same rows: one column per model."""
    found = {cell.model: read_density(cell) for cell in passed}
    joined = pd.concat(found, axis=1, join="inner").sort_index()
    counts = pd.DataFrame({cell.model: cell.check.get("rows_by_unit") or {} for cell in passed})
    counts = counts.reindex(joined.index).astype(float)
    return joined[counts.max(axis=1) == counts.min(axis=1)]


def _differ(densities: pd.DataFrame) -> dict[str, pd.Series]:
    """Densities of the shared units, and the sums of their differences to those of the best."""
    differences = densities.sub(densities[densities.sum().idxmax()], axis=0)
    error = np.sqrt(len(densities) * differences.var(ddof=0))
    made = {"elpd": densities.sum(), "difference": differences.sum(), "difference_se": error}
    return {name: column.map(round_to) for name, column in made.items()}


def _weigh(densities: pd.DataFrame) -> dict[str, pd.Series]:
    again = bootstrap_weights(densities).quantile(list(TAILS))
    lower, upper = (pd.Series(again.loc[tail]) for tail in TAILS)
    made = {"weight": stack(densities), "weight_lower": lower, "weight_upper": upper}
    return {name: column.astype(float).round(3) for name, column in made.items()}


def list_keys(passed: Sequence[Passed]) -> list[str]:
    """What is averaged: headline, rate, compute share of every comparison, and reverse tests."""
    known = dict.fromkeys(key for cell in passed for key in cell.attributions)
    families = [key for name in (SPLIT, REVERSE) for key in known if key.startswith(f"{name}[")]
    return [key for key in dict.fromkeys([passed[0].answer.key, RATE, *families]) if key in known]


def estimate(
    key: str, passed: Sequence[Passed], weights: Mapping[str, float], reason: str
) -> Estimate:
    """The estimand `key` of every model and their average, or why there is none."""
    by_model = {cell.model: cell.attributions[key] for cell in passed if key in cell.attributions}
    first = next(iter(by_model.values()))
    averaged = {"reason": reason} if reason else average(key, passed, weights)
    return Estimate(key, first["label"], first["unit"], by_model, averaged)


def average(key: str, passed: Sequence[Passed], weights: Mapping[str, float]) -> Entry:
    """Median, interval, probabilities above zero and of being finite of the models' draws, mixed.

    There is none where a model that counts does not report the estimand.
    """
    having = [cell for cell in passed if key in cell.draws]
    silent = [
        c.model_title for c in passed if key not in c.draws and weights[c.model] >= NEGLIGIBLE
    ]
    if silent or not having:
        return {"reason": f"no draws of it from {', '.join(silent) or 'any model'}"}
    values, masses = mix(key, having, weights)
    lower, median, upper = weighted_quantiles(values, masses, (TAILS[0], 0.5, TAILS[1]))
    made: Entry = {
        "median": round_to(median),
        "lower": round_to(lower),
        "upper": round_to(upper),
        "p_positive": round_to(masses[values > 0].sum() / masses.sum()),
        "p_finite": round_to(masses[np.isfinite(values)].sum() / masses.sum()),
    }
    return made | ({"unbounded": True} if None in made.values() else {})


def mix(
    key: str, passed: Sequence[Passed], weights: Mapping[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The draws of `key` of every model that has them, and the mass of each draw."""
    having = [cell for cell in passed if key in cell.draws]
    values = [cell.draws[key].to_numpy(dtype=float) for cell in having]
    masses = [np.full(len(c.draws), weights[c.model] / len(c.draws)) for c in having]
    return np.concatenate(values), np.concatenate(masses)


def weighted_quantiles(
    values: np.ndarray, weights: np.ndarray, probabilities: Sequence[float]
) -> list[float]:
    """The smallest values at which the weights below or at them reach each probability.

    The inverse of the distribution function, as the attribution files have it.
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    places = np.searchsorted(reached, np.asarray(probabilities) - 1e-12)
    return [float(value) for value in values[order][np.minimum(places, len(values) - 1)]]


def describe(comparison: Comparison) -> dict[str, Any]:
    """The comparison for programs, as reports/summary/comparison.json has it."""
    models = {row.model: asdict(row) for row in comparison.rows}
    for numbers in models.values():
        del numbers["model"], numbers["title"]
    return {
        "unit": comparison.unit,
        "shared_units": comparison.shared,
        "reason": comparison.reason,
        "models": models,
        "averaged": {
            each.key: {"label": each.label, "unit": each.unit, "prob": INTERVAL_PROBABILITY}
            | each.averaged
            for each in comparison.estimates
        },
        "left_out": {each.model: "; ".join(each.reasons) for each in comparison.left_out},
    }


def round_to(value: float) -> float | None:
    """Six significant digits; None where there is no number."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
