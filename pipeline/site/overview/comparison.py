"""The models of one dataset that passed -> which of them predicts better what was left out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pipeline.site.overview.cells import Apart, Passed

RATE = "rate_decades_per_year"
SPLIT = "share_compute"
Entry = dict[str, Any]  # median, lower, upper and unbounded, or a reason, as in attribution files


@dataclass(frozen=True)
class Score:
    """A model in the comparison: elpd over the shared units, difference to the best."""

    model: str
    title: str
    method: str
    units: int
    elpd: float | None = None
    difference: float | None = None
    difference_se: float | None = None


@dataclass(frozen=True)
class Comparison:
    """The models of one dataset, the best first; `reason` says why they cannot be compared."""

    dataset: str
    title: str
    unit: str
    shared: int
    rows: list[Score]
    reason: str = ""
    left_out: list[Apart] = field(default_factory=list)


def compare(passed: Sequence[Passed], apart: Iterable[Apart] = ()) -> Comparison:
    """The passing models of a dataset, and how far each predicts worse than the best."""
    densities = align(passed)
    reason = _find_obstacle(passed) or ("" if len(densities) else "the models share no unit")
    numbers = {} if reason else _differ(densities)
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
    return Comparison(
        passed[0].dataset,
        passed[0].title,
        _name_unit(passed[0]),
        len(densities),
        sorted(rows, key=lambda row: -(row.difference or 0.0)),
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
        "left_out": {each.model: "; ".join(each.reasons) for each in comparison.left_out},
    }


def round_to(value: float) -> float | None:
    """Six significant digits; None where there is no number."""
    return float(f"{value:.6g}") if math.isfinite(value) else None
