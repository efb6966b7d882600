"""Ours beside the classical baseline and published values, as the rows of a chart."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.ingest.cards.card import Published
from pipeline.site.charts.axes import BASELINE, OURS, PUBLISHED
from pipeline.site.figures.kinds import order_by
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
    rows = [
        {"key": key, "series": OURS, "source": OURS, "interval": INTERVAL_WORDS}
        | {name: found[name] for name in NUMBERS}
        | {"is_open": bool(found.get("unbounded")) and found["upper"] is None}
        for key, found in attributions.items()
    ]
    others = [
        {"key": row["key"], "series": BASELINE, "source": row["method"], "interval": SHORT_INTERVAL}
        | {"median": row["estimate"], "lower": row["lower"], "upper": row["upper"]}
        | {"is_open": row["upper"] == np.inf}
        for row in baseline.to_dict("records")
    ]
    others += [
        {"key": row.estimand, "series": PUBLISHED, "source": row.label}
        | {"interval": row.interval or "no interval printed"}
        | {"median": row.estimate, "lower": row.lower, "upper": row.upper}
        | {"is_open": row.lower is not None and row.upper is None}
        for row in published
    ]
    compared = {row["key"] for row in others} & set(attributions) | set(always)
    kept = [row for row in rows + others if row["key"] in compared]
    frame = order_by(pd.DataFrame(kept, columns=COLUMNS), "key", list(attributions))
    return frame.reset_index(drop=True).assign(
        panel=[family(key) for key in frame["key"]],
        label=[element(key) or OURS for key in frame["key"]],
    )


def describe_baseline(frame: pd.DataFrame) -> str:
    """How many of the baseline's estimates lie outside our intervals; empty without a baseline."""
    numbers = frame.dropna(subset="median")
    ours = numbers[numbers["series"] == OURS].set_index("key")[["lower", "upper"]].astype(float)
    found = numbers[numbers["series"] == BASELINE].join(ours.add_suffix("_of_ours"), "key", "inner")
    below = found["median"] < found["lower_of_ours"]
    outside = int((below | (found["median"] > found["upper_of_ours"])).sum())
    return "" if found.empty else say("baseline", outside=outside, count=len(found))


def logarithmic_panels(frame: pd.DataFrame) -> list[str]:
    """Panels whose values are all positive and span too much for a linear axis."""
    values = frame.set_index("panel")[NUMBERS].astype(float).stack()
    found = values[np.isfinite(values)].groupby("panel", sort=False).agg(["min", "max"])
    is_wide = (found["min"] > 0) & (found["max"] > LOG_RATIO * found["min"])
    return [str(panel) for panel in found.index[is_wide]]


def family(key: str) -> str:
    """`name` of the key `name[label]`."""
    return key.partition("[")[0]


def element(key: str) -> str:
    """`label` of the key `name[label]`, empty for a plain `name`."""
    return key.partition("[")[2].removesuffix("]")
