"""Published estimates -> numbers of a meta-analysis: values on a working scale, their errors.

The working scale has the reference of the card at zero. On `scale: log` it is the natural log of
the ratio to it, on `scale: identity` the difference from it in units of the card's `spread`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models import Card, fitted_rows
from models.options import EstimateOptions

LOWER, POINT, UPPER = 1.0, 0.0, -1.0  # side on which the value is known to lie
NUMBERS = ("side", "is_range", "half_width", "stated_sd", "unstated_factor", "weight")


@dataclass(frozen=True)
class Design:
    """The fitted rows with their numbers on the working scale.

    Columns added: value; side (lower: at least `value`, upper: at most, point); is_range;
    half_width of a range; stated_sd from the interval at its own level; unstated_factor, by which
    the error of a row without one is multiplied (0 where it has one); weight, 0 where the row is
    held out.
    """

    rows: pd.DataFrame
    options: EstimateOptions

    def labels(self, column: str) -> list[str]:
        """Studies or domains in the order of the file."""
        return list(self.rows[column].drop_duplicates())

    def codes(self, column: str) -> np.ndarray:
        """The position of each row's study or domain among those labels."""
        return np.asarray(pd.Categorical(self.rows[column], self.labels(column)).codes)


def prepare(table: pd.DataFrame, card: Card) -> Design:
    """The fitted rows on the working scale of the card."""
    rows, options = fitted_rows(table), card.options_of(EstimateOptions)
    lower, upper, estimate = (
        to_working(rows[name], options) for name in ("lower", "upper", "estimate")
    )
    half, middle = (upper - lower) / 2, (upper + lower) / 2
    is_range = (rows["interval_kind"] == "range").to_numpy() & np.isfinite(half)
    is_stated = (rows["interval_kind"] == "probability").to_numpy() & np.isfinite(half)
    factor = np.where(rows["is_primary"], 1.0, options.secondary_error_factor)
    quantile = stats.norm.ppf((1 + rows["interval_probability"].fillna(0.9).to_numpy()) / 2)
    value = np.where(is_range | np.isnan(estimate), middle, estimate)
    side = rows["bound"].map({"lower": LOWER, "upper": UPPER}).fillna(POINT).to_numpy(dtype=float)
    if options.floor is not None:
        is_below = (rows["estimate"] <= options.floor).to_numpy() & (side == POINT) & ~is_range
        side = np.where(is_below, UPPER, side)
        value = np.where(is_below, to_working(options.floor, options), value)
    held_out = rows.get("is_held_out", pd.Series(False, index=rows.index))
    numbers = {
        "value": value,
        "side": side,
        "is_range": is_range.astype(float),
        "half_width": np.where(is_range, half * factor, 1.0),
        "stated_sd": np.where(is_stated, half / quantile * factor, 0.0),
        "unstated_factor": np.where(is_stated | is_range, 0.0, factor),
        "weight": 1.0 - held_out.to_numpy(dtype=float),
    }
    return Design(rows.assign(**numbers), options)


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


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Why no pooled value can be had of the fitted rows; empty where one can."""
    if fitted_rows(table).empty:
        return "no row is left to be pooled"
    design = prepare(table, card)
    rows = design.rows
    if len(design.labels("study")) < 2:
        return (
            f"all {len(rows)} rows are of one study, {rows['study'].iloc[0]}: what studies differ "
            "by cannot be known from it, so its own estimate is all there is to say"
        )
    if fault := _find_logless(design):
        return fault
    if (rows["side"] != POINT).all():
        return (
            f"all {len(rows)} rows are one-sided bounds: they say where the value is not, and "
            "without one estimate there is nothing to pool"
        )
    if lines := _lines(rows[rows["value"].isna()]):
        return f"the estimates of lines {lines} have no value on the log scale"
    return ""


def _find_logless(design: Design) -> str:
    """Why a log scale cannot hold the printed numbers; empty where it can, or on another scale."""
    rows, options = design.rows, design.options
    if options.scale != "log":
        return ""
    lines = _lines(rows[rows["estimate"] <= 0])
    if options.floor is None and lines:
        return (
            f"the scale is log and the estimates of lines {lines} are zero or below: give a "
            "`floor`, or write `scale: identity`"
        )
    if (rows.loc[rows["interval_kind"] == "range", ["lower", "upper"]] <= 0).any(axis=None):
        return "the scale is log and a range reaches zero or below: it has no width there"
    return ""


def _lines(rows: pd.DataFrame) -> str:
    return ", ".join(str(line) for line in rows["line"])
