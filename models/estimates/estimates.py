"""Published estimates -> numbers of a meta-analysis: values on a working scale, their errors.

The working scale has the reference of the card at zero. On `scale: log` it is the natural log of
the ratio to it, on `scale: identity` the difference from it in units of the card's `spread`.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models import Card, fitted_rows
from models.estimates.options import EstimateOptions

LOWER, POINT, UPPER = 1.0, 0.0, -1.0  # side on which the value is known to lie


def get_options(card: Card) -> EstimateOptions:
    """The options of the card, as those of the table."""
    assert isinstance(card.options, EstimateOptions)
    return card.options


def to_working(values: Any, options: EstimateOptions) -> np.ndarray:
    """Natural values on the working scale; not a number where a log has none."""
    numbers = np.asarray(values, dtype=float)
    if options.scale == "identity":
        return (numbers - options.reference) / (options.spread or 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(numbers > 0, np.log(numbers / options.reference), np.nan)


def to_natural(values: Any, options: EstimateOptions) -> Any:
    """The inverse of `to_working`, for numbers and for draws."""
    if options.scale == "identity":
        return options.reference + values * (options.spread or 1.0)
    return options.reference * np.exp(values)


def name_rows(rows: pd.DataFrame) -> list[str]:
    """Each row in words: study, and what sets the estimate apart."""
    return [
        row["study"] + (f", {row['specification']}" if pd.notna(row["specification"]) else "")
        for row in rows.to_dict("records")
    ]


def list_labels(rows: pd.DataFrame, column: str) -> list[str]:
    """Studies or domains in the order of the file."""
    return list(rows[column].drop_duplicates())


def prepare(table: pd.DataFrame, options: EstimateOptions) -> pd.DataFrame:
    """The fitted rows with their numbers on the working scale.

    Columns: value; side (lower: at least `value`, upper: at most, point); is_range; half_width of a
    range; stated_sd from the interval at its own level; unstated_factor, by which the error of a
    row without one is multiplied (0 where it has one); weight, 0 where the row is held out.
    """
    rows = fitted_rows(table)
    lower, upper, estimate = (
        to_working(rows[name], options) for name in ("lower", "upper", "estimate")
    )
    with np.errstate(invalid="ignore"):
        half, middle = (upper - lower) / 2, (upper + lower) / 2
    is_range = (rows["interval_kind"] == "range").to_numpy() & np.isfinite(half)
    factor = np.where(rows["is_primary"], 1.0, options.secondary_error_factor)
    quantile = stats.norm.ppf((1 + rows["interval_probability"].fillna(0.9).to_numpy()) / 2)
    is_stated = (rows["interval_kind"] == "probability").to_numpy() & np.isfinite(half)
    value = np.where(is_range | np.isnan(estimate), middle, estimate)
    side = rows["bound"].map({"lower": LOWER, "upper": UPPER}).fillna(POINT).to_numpy(dtype=float)
    if options.floor is not None:
        is_below = (rows["estimate"] <= options.floor).to_numpy() & (side == POINT) & ~is_range
        side = np.where(is_below, UPPER, side)
        value = np.where(is_below, float(to_working(options.floor, options)), value)
    held_out = rows.get("is_held_out", pd.Series(False, index=rows.index))
    return rows.assign(
        value=value,
        side=side,
        is_range=is_range.astype(float),
        half_width=np.where(is_range, half * factor, 1.0),
        stated_sd=np.where(is_stated, half / quantile * factor, 0.0),
        unstated_factor=np.where(is_stated | is_range, 0.0, factor),
        weight=1.0 - held_out.to_numpy(dtype=float),
    )


def find_refusal(table: pd.DataFrame, options: EstimateOptions) -> str:
    """Why no pooled value can be had of the fitted rows; empty where one can."""
    rows = fitted_rows(table)
    if rows.empty:
        return "no row is left to be pooled"
    studies = rows["study"].nunique()
    if studies < 2:
        return (
            f"all {len(rows)} rows are of one study, {rows['study'].iloc[0]}: what studies differ "
            "by cannot be known from it, so its own estimate is all there is to say"
        )
    ends = rows[["estimate", "lower", "upper"]]
    if options.scale == "log" and options.floor is None and (rows["estimate"] <= 0).any():
        lines = ", ".join(str(line) for line in rows.loc[rows["estimate"] <= 0, "line"])
        return (
            f"the scale is log and the estimates of lines {lines} are zero or below: give a "
            "`floor`, or write `scale: identity`"
        )
    is_range = rows["interval_kind"] == "range"
    if options.scale == "log" and (ends.loc[is_range, ["lower", "upper"]] <= 0).any(axis=None):
        return "the scale is log and a range reaches zero or below: it has no width there"
    prepared = prepare(table, options)
    if (prepared["side"] != POINT).all():
        return (
            f"all {len(rows)} rows are one-sided bounds: they say where the value is not, and "
            "without one estimate there is nothing to pool"
        )
    if prepared["value"].isna().any():
        lines = ", ".join(str(line) for line in prepared.loc[prepared["value"].isna(), "line"])
        return f"the estimates of lines {lines} have no value on the log scale"
    return ""


def make_rho(sigma: Any) -> Any:
    """The substitution parameter of a CES function, (sigma - 1) / sigma (Arrow et al. 1961)."""
    return (sigma - 1) / sigma
