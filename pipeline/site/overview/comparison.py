"""The models of one dataset that passed -> which of them predicts better what was left out."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.site.overview.cells import Apart, Passed
from pipeline.studies.verdict import RATE as RATE

SPLIT = "share_compute"
NUMBERS = ("elpd", "difference", "difference_se")
Entry = dict[str, Any]  # median, lower, upper and unbounded, or a reason, as in attribution files


class Comparison(NamedTuple):
    """The models of one dataset, the best first; `reason` says why they cannot be compared.

    `rows` have model, title, method and units of each, and over the units that all models share its
    elpd, the difference to the best and the standard error of that, if they can be compared.
    """

    dataset: str
    title: str
    unit: str
    shared: int
    rows: list[dict[str, Any]]
    reason: str
    left_out: list[Apart]


def compare(passed: Sequence[Passed], apart: Iterable[Apart] = ()) -> Comparison:
    """The passing models of a dataset, and how far each predicts worse than the best."""
    densities, first = align(passed), passed[0]
    reason = _find_obstacle(passed) or ("" if len(densities) else "the models share no unit")
    numbers = {} if reason else _differ(densities)
    rows: list[dict[str, Any]] = [
        {"model": cell.model, "title": cell.model_title, "method": _read(cell, "elpd_method")}
        | {"units": len(_read_density(cell))}
        | {name: numbers[name][cell.model] if numbers else None for name in NUMBERS}
        for cell in passed
    ]
    rows.sort(key=lambda row: -(row["difference"] or 0.0))
    unit, shared = _read(first, "unit"), len(densities)
    return Comparison(first.dataset, first.title, unit, shared, rows, reason, list(apart))


def _read_density(cell: Passed) -> pd.Series:
    """The log predictive density of every unit that was left out."""
    return pd.Series(cell.check.get("elpd_by_unit") or {}, dtype=float).dropna()


def _read(cell: Passed, name: str) -> str:
    return str(cell.check.get(name) or {"unit": "unit"}.get(name, "not measured"))


def _find_obstacle(passed: Sequence[Passed]) -> str:
    """Why the densities cannot be compared; empty where they can."""
    if lacking := [cell.model_title for cell in passed if _read_density(cell).empty]:
        return f"no predictive density by unit of {', '.join(lacking)}"
    units = sorted({_read(cell, "unit") for cell in passed})
    if len(units) > 1:
        return f"different units are left out: {', '.join(units)}"
    # given all other units, or all other folds: the two do not compare
    methods = [_read(cell, "elpd_method") for cell in passed]
    kinds = sorted({"one at a time" if m.startswith("PSIS-LOO") else m for m in methods})
    return f"units are left out in different ways: {', '.join(kinds)}" if len(kinds) > 1 else ""


def align(passed: Sequence[Passed]) -> pd.DataFrame:
    """Densities of the units that all models read with the same rows: one column per model."""
    found = {cell.model: _read_density(cell) for cell in passed}
    joined = pd.concat(found, axis=1, join="inner").sort_index()
    counts = pd.DataFrame({cell.model: cell.check.get("rows_by_unit") or {} for cell in passed})
    counts = counts.reindex(joined.index).astype(float)
    return joined[counts.max(axis=1) == counts.min(axis=1)]


def _differ(densities: pd.DataFrame) -> dict[str, pd.Series]:
    """Densities of the shared units, and the sums of their differences to those of the best."""
    differences = densities.sub(densities[densities.sum().idxmax()], axis=0)
    error = np.sqrt(len(densities) * differences.var(ddof=0))
    columns = (densities.sum(), differences.sum(), error)
    return {name: each.map(round_to) for name, each in zip(NUMBERS, columns, strict=True)}


def describe(made: Comparison) -> dict[str, Any]:
    """The comparison for programs, as reports/summary/comparison.json has it."""
    told = ("method", "units", *NUMBERS)
    return {
        "unit": made.unit,
        "shared_units": made.shared,
        "reason": made.reason,
        "models": {row["model"]: {name: row[name] for name in told} for row in made.rows},
        "left_out": {each.model: "; ".join(each.reasons) for each in made.left_out},
    }


def round_to(value: float) -> float | None:
    """Six significant digits; None where there is no number."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
