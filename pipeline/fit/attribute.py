"""Posterior -> the estimands readers ask for: median and 90 % equal-tailed interval of every
quantity, and draws of each for programs that go on computing.

Summaries are taken last, over draws. An unbounded quantile is null with `unbounded: true`; a
quantity that is not reported is null with its reason. The names are stable: notebooks and claims
refer to them.
"""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import INTERVAL_PROBABILITY, flatten
from pipeline.checks.numbers import TAILS, round_to
from pipeline.core.files import write_json, write_parquet, write_text
from pipeline.core.layout import Layout

NUMBERS = ("median", "lower", "upper", "prob", "p_positive", "p_finite")
COLUMNS = ["key", "label", "unit", *NUMBERS, "reason"]
# Enough for a 90 % interval to be right within a tenth of its standard deviation.
KEPT_DRAWS = 2000


def attribute(estimands: xr.Dataset) -> dict[str, dict[str, Any]]:
    """One entry per scalar estimand, keyed `name` or `name[label]`, six significant digits."""
    return {key: _summarise(key, draws) for key, draws in flatten(estimands)}


def _summarise(key: str, draws: xr.DataArray) -> dict[str, Any]:
    said, label = draws.attrs, _label_of(key)
    words = said["label"]
    if label is not None:
        words += f": {said.get('labels', {}).get(label, label)}"
    entry: dict[str, Any] = {"label": words, "unit": said["unit"]}
    if reason := _reason_of(key, draws):
        nothing = dict.fromkeys(NUMBERS)
        return entry | nothing | {"prob": INTERVAL_PROBABILITY, "reason": reason}
    if unknown := float(draws.isnull().mean()):
        raise ValueError(
            f"{words}: {unknown:.1%} of the draws are not numbers, and no reason is given"
        )
    return entry | _quantiles(draws.to_numpy(), bool(said.get("is_positive")))


def _quantiles(draws: np.ndarray, is_positive: bool) -> dict[str, Any]:
    ends = np.quantile(draws, [TAILS[0], 0.5, TAILS[1]], method="inverted_cdf")
    lower, median, upper = (round_to(value, 6) for value in ends)
    entry = {
        "median": median,
        "lower": lower,
        "upper": upper,
        "prob": INTERVAL_PROBABILITY,
        "p_positive": None if is_positive else round_to((draws > 0).mean(), 6),
        "p_finite": round_to(np.isfinite(draws).mean(), 6),
    }
    return entry if np.isfinite(ends).all() else entry | {"unbounded": True}


def draw_frame(estimands: xr.Dataset) -> pd.DataFrame:
    """Draws of every reported scalar estimand: a column a key, chain after chain, thinned evenly.

    Rows of all columns belong together: a row is one draw of the posterior.
    """
    columns = {
        key: draws.transpose("chain", "draw").to_numpy().ravel().astype(float)
        for key, draws in flatten(estimands)
        if not _reason_of(key, draws)
    }
    frame = pd.DataFrame(columns)
    kept = min(KEPT_DRAWS, len(frame))
    return frame.iloc[np.arange(kept) * len(frame) // max(kept, 1)].reset_index(drop=True)


def _label_of(key: str) -> str | None:
    return key.partition("[")[2].removesuffix("]") or None


def _reason_of(key: str, draws: xr.DataArray) -> str | None:
    """Why the scalar estimand is not reported; None where it is."""
    reasons: dict[str | None, str] = draws.attrs.get("reasons", {})
    return reasons.get(_label_of(key))


def write_attributions(layout: Layout, name: str, estimands: xr.Dataset) -> int:
    """Write the estimands of a cell as JSON, CSV and draws; how many there are."""
    entries = attribute(estimands)
    frame = pd.DataFrame([{"key": key, **entry} for key, entry in entries.items()], columns=COLUMNS)
    path = layout.attribution(name)
    write_text(path.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))
    write_parquet(layout.draws(name), draw_frame(estimands))
    write_json(path, entries)
    return len(entries)
