"""Ours beside the classical baseline and published values, as the rows of a chart."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.ingest.cards.card import Published
from pipeline.site.charts.axes import BASELINE, OURS, PUBLISHED
from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.numbers import INTERVAL_WORDS, SHORT_INTERVAL
from pipeline.site.pages.sentences import say

LOG_RATIO = 30  # positive values that span more than this get a logarithmic axis
NUMBERS = ["median", "lower", "upper"]
COLUMNS = ["key", "panel", "label", "series", "source", "interval", *NUMBERS, "is_open"]


def compare_with_literature(
    attributions: Attributions,
    baseline: pd.DataFrame,
    published: Sequence[Published],
    always: Sequence[str] = (),
) -> pd.DataFrame:
    """Ours, the classical baseline and published values of estimands that have either, a row each.

    Estimands in `always` are there even where nothing stands beside them.
    Columns key, panel (the family), label, series, source, interval, median, lower, upper, is_open.
    """
    others = [*_baseline_rows(baseline), *_published_rows(published)]
    compared = {str(row["key"]) for row in others} & set(attributions) | set(always)
    ours = [_own_row(key, found) for key, found in attributions.items() if key in compared]
    frame = pd.DataFrame(
        [row for row in (*ours, *others) if row["key"] in compared], columns=COLUMNS
    )
    order = {key: position for position, key in enumerate(attributions)}
    frame = frame.sort_values(
        "key", key=lambda keys: keys.map(order), kind="stable", ignore_index=True
    )
    frame["panel"] = [family(key) for key in frame["key"]]
    frame["label"] = [element(key) or OURS for key in frame["key"]]
    return frame


def describe_baseline(frame: pd.DataFrame) -> str:
    """How many of the baseline's estimates lie outside our intervals; empty without a baseline."""
    ours = frame[frame["series"] == OURS].set_index("key")
    found = frame[(frame["series"] == BASELINE) & frame["median"].notna()]
    found = found[found["key"].isin(ours.index[ours["median"].notna()])]
    if found.empty:
        return ""
    beside = ours.loc[found["key"], ["lower", "upper"]].astype(float).to_numpy()
    median = found["median"].to_numpy(dtype=float)
    outside = int(((median < beside[:, 0]) | (median > beside[:, 1])).sum())
    return say("baseline", outside=outside, count=len(found))


def logarithmic_panels(frame: pd.DataFrame) -> list[str]:
    """Panels whose values are all positive and span too much for a linear axis."""
    chosen = []
    for panel, rows in frame.groupby("panel", sort=False):
        values = rows[NUMBERS].astype(float).stack()
        values = values[np.isfinite(values)]
        if len(values) and values.min() > 0 and values.max() / values.min() > LOG_RATIO:
            chosen.append(str(panel))
    return chosen


def family(key: str) -> str:
    """`name` of the key `name[label]`."""
    return key.partition("[")[0]


def element(key: str) -> str:
    """`label` of the key `name[label]`, empty for a plain `name`."""
    return key.partition("[")[2].removesuffix("]")


def _own_row(key: str, found: dict[str, Any]) -> dict[str, Any]:
    is_open = bool(found.get("unbounded")) and found["upper"] is None
    words = {"key": key, "series": OURS, "source": OURS, "interval": INTERVAL_WORDS}
    return words | {"is_open": is_open} | {name: found[name] for name in NUMBERS}


def _baseline_rows(baseline: pd.DataFrame) -> list[dict[str, Any]]:
    rows = baseline.rename(columns={"estimate": "median", "method": "source"})
    kept = rows[["key", "source", *NUMBERS]].assign(
        series=BASELINE, interval=SHORT_INTERVAL, is_open=np.isposinf(rows["upper"].astype(float))
    )
    return [{str(name): value for name, value in row.items()} for row in kept.to_dict("records")]


def _published_rows(published: Sequence[Published]) -> list[dict[str, Any]]:
    return [
        {
            "key": row.estimand,
            "series": PUBLISHED,
            "source": row.label,
            "interval": row.interval or "no interval printed",
            "median": row.estimate,
            "lower": row.lower,
            "upper": row.upper,
            "is_open": row.lower is not None and row.upper is None,
        }
        for row in published
    ]
