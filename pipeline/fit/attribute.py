"""Posterior -> the estimands readers ask for: median and 90 % equal-tailed interval of every
quantity, and draws of each for programs that go on computing.

Summaries are taken last, over draws. An unbounded quantile is null with `unbounded: true`; a
quantity that is not reported is null with its reason. The names are stable: notebooks and claims
refer to them.
"""

import math
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY, estimand_key, flatten
from pipeline.core.files import write_json, write_parquet, write_text
from pipeline.core.layout import Layout

COLUMNS = [
    "key",
    "label",
    "unit",
    "median",
    "lower",
    "upper",
    "prob",
    "p_positive",
    "p_finite",
    "reason",
]
# Enough for a 90 % interval to be right within a tenth of its standard deviation.
KEPT_DRAWS = 2000


def attribute(estimands: xr.Dataset) -> dict[str, dict[str, Any]]:
    """One entry per scalar estimand, keyed `name` or `name[label]`, six significant digits."""
    entries: dict[str, dict[str, Any]] = {}
    for name, variable in estimands.data_vars.items():
        key = estimand_key(str(name), variable)
        labels = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        if not labels:
            entries[key] = _summarise(variable.to_numpy(), variable.attrs, None)
            continue
        (dim,) = labels
        for label in variable[dim].values:
            entries[f"{key}[{label}]"] = _summarise(
                variable.sel({dim: label}).to_numpy(), variable.attrs, str(label)
            )
    return entries


def _summarise(draws: np.ndarray, attributes: dict[str, Any], label: str | None) -> dict[str, Any]:
    words = attributes.get("labels", {}).get(label, label)
    entry: dict[str, Any] = {
        "label": attributes["label"] if label is None else f"{attributes['label']}: {words}",
        "unit": attributes["unit"],
    }
    reason = attributes.get("reasons", {}).get(label)
    if reason:
        nothing = dict.fromkeys(("median", "lower", "upper"))
        return (
            entry
            | nothing
            | {"prob": INTERVAL_PROBABILITY, "p_positive": None, "p_finite": None, "reason": reason}
        )
    if np.isnan(draws).any():
        raise ValueError(
            f"{entry['label']}: {np.isnan(draws).mean():.1%} of the draws are not numbers, "
            "and no reason is given"
        )
    return entry | _quantiles(draws, bool(attributes.get("is_positive")))


def _quantiles(draws: np.ndarray, is_positive: bool) -> dict[str, Any]:
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, median, upper = np.quantile(draws, [tail, 0.5, 1 - tail], method="inverted_cdf")
    entry = {
        "median": _round(median),
        "lower": _round(lower),
        "upper": _round(upper),
        "prob": INTERVAL_PROBABILITY,
        "p_positive": None if is_positive else _round((draws > 0).mean()),
        "p_finite": _round(np.isfinite(draws).mean()),
    }
    return (
        entry
        if all(math.isfinite(value) for value in (lower, median, upper))
        else entry | {"unbounded": True}
    )


def draw_frame(estimands: xr.Dataset) -> pd.DataFrame:
    """Draws of every reported scalar estimand: a column a key, chain after chain, thinned evenly.

    Rows of all columns belong together: a row is one draw of the posterior.
    """
    columns = {
        key: draws.transpose("chain", "draw").to_numpy().ravel().astype(float)
        for name, variable in estimands.data_vars.items()
        for key, draws in flatten(variable.to_dataset(name=name))
        if not _reason_of(key, variable)
    }
    frame = pd.DataFrame(columns)
    kept = min(KEPT_DRAWS, len(frame))
    return frame.iloc[np.arange(kept) * len(frame) // max(kept, 1)].reset_index(drop=True)


def _reason_of(key: str, variable: xr.DataArray) -> str | None:
    """Why the scalar estimand `key` of `variable` is not reported; None where it is."""
    label = key.partition("[")[2].removesuffix("]") or None
    reasons: dict[str | None, str] = variable.attrs.get("reasons", {})
    return reasons.get(label)


def _round(value: float) -> float | None:
    return float(f"{value:.6g}") if math.isfinite(value) else None


def write_attributions(layout: Layout, name: str, estimands: xr.Dataset) -> int:
    """Write the estimands of a cell as JSON, CSV and draws; how many there are."""
    entries = attribute(estimands)
    frame = pd.DataFrame([{"key": key, **entry} for key, entry in entries.items()], columns=COLUMNS)
    path = layout.attribution(name)
    write_text(path.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))
    write_parquet(layout.draws(name), draw_frame(estimands))
    write_json(path, entries)
    return len(entries)
