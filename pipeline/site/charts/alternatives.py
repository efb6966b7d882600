"""Alternative text of charts: what a reader who cannot see one is told, made from its numbers."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.site.pages.numbers import format_number
from pipeline.site.pages.sentences import say

DESCRIBED_ROWS = 8  # rows whose numbers are spelled out
DESCRIBED_DIGITS = 3
PRIOR, POSTERIOR = "prior", "posterior"


def number(value: float) -> str:
    """A number to the digits that alternative text has."""
    return format_number(float(value), DESCRIBED_DIGITS)


def interval(median: float, lower: float, upper: float) -> str:
    """A median with its interval."""
    return f"{number(median)} ({number(lower)} to {number(upper)})"


def describe_reach(values: pd.Series) -> str:
    """From the smallest to the largest value; dates as days."""
    low, high = values.min(), values.max()
    if pd.api.types.is_datetime64_any_dtype(values):
        return f"from {low:%Y-%m-%d} to {high:%Y-%m-%d}"
    return f"from {number(low)} to {number(high)}"


def describe_rows(rows: list[str]) -> str:
    """The first rows in words, and how many more there are."""
    more = f"; and {len(rows) - DESCRIBED_ROWS} more" if len(rows) > DESCRIBED_ROWS else ""
    return f"{'; '.join(rows[:DESCRIBED_ROWS])}{more}"


def describe_intervals(frame: pd.DataFrame) -> str:
    """Estimates with their intervals (columns label, series, shown)."""
    names = frame["label"].astype(str)
    if len(set(frame["series"])) > 1:
        same = frame["label"] == frame["series"]
        names = names.where(same, names + ", " + frame["series"].astype(str))
    rows = [f"{name}: {shown}" for name, shown in zip(names, frame["shown"], strict=True)]
    return say("alt_intervals", count=len(rows), rows=describe_rows(rows))


def describe_curves(frame: pd.DataFrame) -> str:
    """The median and interval of every series of a curve at the middle of its x."""
    rows = []
    for series, curve in frame.groupby("series", sort=False):
        at: Any = curve.sort_values("x").iloc[len(curve) // 2].to_dict()
        rows.append(f"{series} {interval(at['median'], at['lower'], at['upper'])}")
    middle: Any = frame["x"].sort_values().iloc[len(frame) // 2]
    where = f"{middle:%Y-%m-%d}" if isinstance(middle, pd.Timestamp) else number(middle)
    return say("alt_curves", where=where, rows="; ".join(rows))


def describe_densities(frame: pd.DataFrame) -> str:
    """Where the posterior lies and how much higher it peaks than the prior, off the curves."""
    curves = {str(name): rows for name, rows in frame.groupby("series")}
    posterior = curves[POSTERIOR]
    mass = posterior["density"].cumsum() / posterior["density"].sum()
    ends = [float(posterior["x"].iloc[int(np.searchsorted(mass, p))]) for p in (0.05, 0.5, 0.95)]
    ratio = posterior["density"].max() / max(float(curves[PRIOR]["density"].max()), 1e-300)
    return say("alt_densities", interval=interval(ends[1], ends[0], ends[2]), ratio=ratio)


def describe_predictions(frame: pd.DataFrame) -> str:
    """How many observed values lie outside of their intervals, on which side, the farthest one."""
    width = (frame["upper"] - frame["lower"]).replace(0, np.nan)
    beyond = (frame["observed"] - frame["median"]).abs() / width
    row: Any = None if beyond.isna().all() else frame.loc[[beyond.idxmax()]].iloc[0].to_dict()
    return say(
        "alt_predictions",
        count=len(frame),
        reach=describe_reach(frame["observed"]),
        width=number(width.median()),
        above=int((frame["observed"] > frame["upper"]).sum()),
        below=int((frame["observed"] < frame["lower"]).sum()),
        row=row,
        predicted=row and interval(row["median"], row["lower"], row["upper"]),
    )


def describe_groups(frame: pd.DataFrame) -> str:
    """Observed and predicted mean of each group."""
    columns = [frame[name] for name in ("label", "observed", "median", "lower", "upper")]
    rows = [
        f"{label}: observed {number(observed)}, predicted {interval(*numbers)}"
        for label, observed, *numbers in zip(*columns, strict=True)
    ]
    outside = int((~frame["is_inside"]).sum())
    return f"{outside} of {len(rows)} groups lie outside. {describe_rows(rows)}."


def describe_differences(frame: pd.DataFrame) -> str:
    """The largest distance of each series from the uniform distribution, and whether it leaves."""
    rows = []
    for series, curve in frame.groupby("series", sort=False):
        at: Any = curve.loc[[curve["difference"].abs().idxmax()]].iloc[0]
        leaves = (curve["difference"] > curve["upper"]) | (curve["difference"] < curve["lower"])
        share = format_number(100 * float(leaves.mean()))
        inside = f"outside of the band over {share} % of the ranks" if leaves.any() else "inside"
        largest = f"{number(at['difference'])} at {number(at['x'])}"
        rows.append(f"{series}: largest difference {largest}, {inside}")
    reach = number(max(frame["upper"].max(), -frame["lower"].min()))
    return say("alt_differences", reach=reach, rows=describe_rows(rows))
