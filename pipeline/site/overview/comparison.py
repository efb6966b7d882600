"""Check and attribution files of one dataset's models -> how they compare, and their average.

Models are compared by the predictive density of what was left out, unit by unit, over the units
that all of them read. They are averaged by stacking (Yao et al. 2018, doi:10.1214/17-BA1091): the
weights whose mixture would have predicted the left-out units best. The averaged estimand is the
mixture of the models' draws with these weights; its quantiles are weighted ones, so nothing of it
is drawn at random. How much the weights owe to single units is said by the Bayesian bootstrap
(Rubin 1981, doi:10.1214/aos/1176345338): the units are given random masses and stacked again.

`arviz_stats.compare` stacks too, but wants an ELPD object a model, would have to be told the shared
units all the same, and takes two seconds to import; the maximum below is ten lines of SciPy.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize

from models import INTERVAL_PROBABILITY

MINIMUM_UNITS = 5  # shared: with fewer, weights follow single units
NEGLIGIBLE = 0.01  # weight of a model that the average may do without
LOWEST = -60.0  # log density below the best model's at which a unit stops counting further
CERTIFIED = 1e-4  # mean log density by which the weights may fall short of the best
TAILS = ((1 - INTERVAL_PROBABILITY) / 2, (1 + INTERVAL_PROBABILITY) / 2)
RESTACKED = 200  # times
RESTACKING_SEED = 20261122
RATE = "rate_decades_per_year"
SPLIT = "share_compute"
REVERSE = "reverse_test_flop"
Entry = dict[str, Any]  # median, lower, upper and unbounded, or a reason, as in attribution files


@dataclass(frozen=True)
class Candidate:
    """A posterior that may be compared: what its check and attribution files say, and its draws.

    `draws` has a column an estimand and no columns where there is no file of draws.
    """

    model: str
    title: str
    unit: str
    method: str
    density: pd.Series
    row_counts: pd.Series
    attributions: dict[str, Entry]
    draws: pd.DataFrame


@dataclass(frozen=True)
class Row:
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
class LeftOut:
    """A model that is not compared, and why."""

    model: str
    title: str
    reason: str


@dataclass(frozen=True)
class Comparison:
    """The models of one dataset side by side; `reason` says why there are no weights."""

    dataset: str
    title: str
    headline: str
    unit: str
    shared: int
    rows: list[Row]
    estimates: list[Estimate]
    reason: str = ""
    left_out: list[LeftOut] = field(default_factory=list)


def read_candidate(
    model: str, title: str, check: dict[str, Any], attributions: dict[str, Entry], draws: Path
) -> Candidate:
    """The candidate that the files of a posterior make; without draws where `draws` is missing."""
    return Candidate(
        model=model,
        title=title,
        unit=str(check.get("unit") or "unit"),
        method=str(check.get("elpd_method") or "not measured"),
        density=pd.Series(check.get("elpd_by_unit") or {}, dtype=float).dropna(),
        row_counts=pd.Series(check.get("rows_by_unit") or {}, dtype=float),
        attributions=attributions,
        draws=pd.read_parquet(draws) if draws.is_file() else pd.DataFrame(),
    )


def compare(
    dataset: str,
    title: str,
    candidates: Sequence[Candidate],
    headline: str,
    left_out: Iterable[LeftOut] = (),
) -> Comparison:
    """The passing models of a dataset: weights, differences, and estimates with their average."""
    densities = align(candidates)
    densities.columns = pd.Index([candidate.model for candidate in candidates])
    unit, shared = candidates[0].unit, len(densities)
    reason = _why_not_compared(candidates) or _why_no_weights(shared)
    rows = [Row(c.model, c.title, c.method, len(c.density)) for c in candidates]
    if shared and not _why_not_compared(candidates):
        rows = _differ(candidates, densities)
    if not reason:
        rows = _weigh(rows, densities)
    weights = {row.model: row.weight for row in rows if row.weight is not None}
    keys = list_keys(candidates, headline)
    return Comparison(
        dataset,
        title,
        headline,
        unit,
        shared,
        sorted(rows, key=lambda row: (-(row.weight or 0.0), -(row.difference or 0.0))),
        [estimate(key, candidates, weights, reason) for key in keys],
        reason,
        list(left_out),
    )


def _why_not_compared(candidates: Sequence[Candidate]) -> str:
    lacking = [c.title for c in candidates if c.density.empty]
    if lacking:
        return f"no predictive density by unit of {', '.join(lacking)}"
    units = sorted({c.unit for c in candidates})
    if len(units) > 1:
        return f"different units are left out: {', '.join(units)}"
    kinds = sorted({name_kind(c.method) for c in candidates})
    if len(kinds) > 1:
        return f"units are left out in different ways: {', '.join(kinds)}"
    return ""


def _why_no_weights(shared: int) -> str:
    if shared < MINIMUM_UNITS:
        return f"the models share {shared} unit{'s' * (shared != 1)}, under {MINIMUM_UNITS}"
    return ""


def _differ(candidates: Sequence[Candidate], densities: pd.DataFrame) -> list[Row]:
    """Densities of the shared units and their differences, which few units have as well."""
    best = densities.sum().idxmax()
    made = []
    for candidate in candidates:
        density = densities[candidate.model]
        difference, error = (
            round_to(each) for each in measure_difference(density, densities[best])
        )
        made.append(
            Row(
                candidate.model,
                candidate.title,
                candidate.method,
                len(candidate.density),
                round_to(density.sum()),
                difference,
                error,
            )
        )
    return made


def _weigh(rows: Sequence[Row], densities: pd.DataFrame) -> list[Row]:
    weights, again = stack(densities), bootstrap_weights(densities).quantile(list(TAILS))
    return [
        replace(
            row,
            weight=round(float(weights[row.model]), 3),
            weight_lower=round(float(again[row.model].iloc[0]), 3),
            weight_upper=round(float(again[row.model].iloc[1]), 3),
        )
        for row in rows
    ]


def align(candidates: Sequence[Candidate]) -> pd.DataFrame:
    """The densities of the units that all have with the same rows: a row a unit, a column each."""
    densities = [candidate.density for candidate in candidates]
    joined = pd.concat(densities, axis=1, join="inner", ignore_index=True).sort_index()
    counts = pd.concat(
        [candidate.row_counts.reindex(joined.index) for candidate in candidates], axis=1
    )
    return joined[counts.max(axis=1) == counts.min(axis=1)]


def name_kind(method: str) -> str:
    """What a density was given: all other units, or all other folds. The two do not compare."""
    return "one at a time" if method.startswith("PSIS-LOO") else method


def measure_difference(density: pd.Series, best: pd.Series) -> tuple[float, float]:
    """Sum of the differences to `best` over the units, and the standard error of that sum."""
    each = density - best
    return float(each.sum()), float(math.sqrt(len(each) * each.var(ddof=0)))


def stack(densities: pd.DataFrame) -> pd.Series:
    """Stacking weights: the mixture of the columns with the largest mean log density of the rows.

    `densities` are logs. The objective is concave; that no other weights do better by more than
    `CERTIFIED` is tested, and ArithmeticError raised where it does not hold.
    """
    relative, count = _relate(densities), len(densities)
    weights = _maximise(relative, np.full(count, 1 / count))
    shortfall = float((relative / (relative @ weights)[:, None]).mean(axis=0).max()) - 1
    if not shortfall < CERTIFIED:  # it bounds the gap: the objective is concave
        raise ArithmeticError(f"stacking stopped {shortfall:.2g} from the best weights")
    return pd.Series(weights, index=densities.columns)


def bootstrap_weights(densities: pd.DataFrame) -> pd.DataFrame:
    """The weights under `RESTACKED` draws of the units' masses (uniform on the simplex)."""
    relative, rng = _relate(densities), np.random.default_rng(RESTACKING_SEED)
    masses = rng.dirichlet(np.ones(len(densities)), RESTACKED)
    return pd.DataFrame([_maximise(relative, each) for each in masses], columns=densities.columns)


def _relate(densities: pd.DataFrame) -> np.ndarray:
    """Densities relative to the best column of each row."""
    logs = densities.to_numpy(dtype=float)
    return np.asarray(np.exp(np.maximum(logs - logs.max(axis=1, keepdims=True), LOWEST)))


def _maximise(relative: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """The weights of the columns with the largest mean log density, rows counted by `masses`."""
    count = relative.shape[1]
    found = optimize.minimize(
        lambda weights: -float(masses @ np.log(relative @ weights)),
        np.full(count, 1 / count),
        jac=lambda weights: -(masses @ (relative / (relative @ weights)[:, None])),
        method="SLSQP",
        bounds=[(1e-9, 1.0)] * count,
        constraints={"type": "eq", "fun": lambda weights: weights.sum() - 1},
        options={"ftol": 1e-12, "maxiter": 1000},
    )
    return np.asarray(found.x / found.x.sum())


def list_keys(candidates: Sequence[Candidate], headline: str) -> list[str]:
    """What is averaged: headline, rate, compute share of every comparison, and reverse tests."""
    known = dict.fromkeys(key for c in candidates for key in c.attributions)
    families = [key for name in (SPLIT, REVERSE) for key in known if key.startswith(f"{name}[")]
    return [key for key in dict.fromkeys([headline, RATE, *families]) if key in known]


def estimate(
    key: str, candidates: Sequence[Candidate], weights: dict[str, float], reason: str
) -> Estimate:
    """The estimand `key` of every model and their average, or why there is none."""
    by_model = {c.model: c.attributions[key] for c in candidates if key in c.attributions}
    first = next(iter(by_model.values()))
    averaged = {"reason": reason} if reason else average(key, candidates, weights)
    return Estimate(key, first["label"], first["unit"], by_model, averaged)


def average(key: str, candidates: Sequence[Candidate], weights: dict[str, float]) -> Entry:
    """Median, interval, probabilities above zero and of being finite of the models' draws, mixed.

    There is none where a model that counts does not report the estimand.
    """
    with_key = [c for c in candidates if key in c.draws]
    silent = [c.title for c in candidates if c not in with_key and weights[c.model] >= NEGLIGIBLE]
    if silent or not with_key:
        return {"reason": f"no draws of it from {', '.join(silent) or 'any model'}"}
    values, masses = mix(key, with_key, weights)
    lower, median, upper = weighted_quantiles(values, masses, (TAILS[0], 0.5, TAILS[1]))
    made: Entry = {
        name: round_to(value)
        for name, value in (("median", median), ("lower", lower), ("upper", upper))
    }
    shares = {
        name: round_to(masses[mask].sum() / masses.sum())
        for name, mask in (("p_positive", values > 0), ("p_finite", np.isfinite(values)))
    }
    return made | shares | ({"unbounded": True} if None in made.values() else {})


def mix(
    key: str, candidates: Sequence[Candidate], weights: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """The draws of `key` of every model that has them, and the mass of each draw."""
    with_key = [c for c in candidates if key in c.draws]
    values = np.concatenate([c.draws[key].to_numpy(dtype=float) for c in with_key])
    masses = np.concatenate(
        [np.full(len(c.draws), weights[c.model] / len(c.draws)) for c in with_key]
    )
    return values, masses


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
    fit = ("method", "units", "elpd", "difference", "difference_se")
    numbers = (*fit, "weight", "weight_lower", "weight_upper")
    return {
        "unit": comparison.unit,
        "shared_units": comparison.shared,
        "reason": comparison.reason,
        "models": {
            row.model: {name: getattr(row, name) for name in numbers} for row in comparison.rows
        },
        "averaged": {
            each.key: {"label": each.label, "unit": each.unit, "prob": INTERVAL_PROBABILITY}
            | each.averaged
            for each in comparison.estimates
        },
        "left_out": {each.model: each.reason for each in comparison.left_out},
    }


def round_to(value: float) -> float | None:
    """Six significant digits; None where there is no number."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
