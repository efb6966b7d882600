"""The classical twin: least squares of log2 horizons on the date, and on compute and date."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from models import INTERVAL_PROBABILITY, Card
from models.core.dates import DAYS_A_YEAR
from models.effective_compute.baseline import Classical
from models.horizons.design import Design, find_records, prepare, read_figures
from models.horizons.horizon_estimands import find_row, name_periods

DRAWS_SEED = 20230101
MINIMUM_ROWS = 6


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Growth and doubling times by OLS and WLS of published horizons on the date, of all models
    and of those that were best at release, as METR fits them; and compute's share of each step by
    OLS on compute and date of the models whose compute is known, errors robust.
    """
    design = prepare(table, card)
    frame = design.rows.assign(
        log2_horizon=np.log2(design.rows["horizon_minutes"]),
        years=design.years,
        weight=design.error**-2,
        decades=read_figures(design.rows),
    )
    is_record, late = find_records(design.rows), design.years >= design.bend_years
    whole, _, since = name_periods(design)
    rows = [
        *_fit_dates(frame, whole, "OLS, all models"),
        *_fit_dates(frame[is_record], whole, "OLS, best at release"),
        *_fit_dates(frame[late], since, "OLS, all models"),
        *_fit_dates(frame[late], since, "WLS, all models", is_weighted=True),
        *_fit_dates(frame[late & is_record], since, "OLS, best at release"),
        *_fit_compute(frame[frame["decades"].notna()], design),
    ]
    return pd.DataFrame(rows)


def _fit_dates(
    frame: pd.DataFrame, period: str, method: str, is_weighted: bool = False
) -> list[dict[str, Any]]:
    if len(frame) < MINIMUM_ROWS:
        return []
    weights = frame["weight"] if is_weighted else 1.0
    fit = smf.wls("log2_horizon ~ years", frame, weights=weights).fit()
    lower, upper = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["years"]
    growth = np.array([fit.params["years"], lower, upper])
    days = np.where(growth > 0, DAYS_A_YEAR / growth, np.inf)[[0, 2, 1]]
    quantities = {"growth_doublings_per_year": growth, "doubling_time_days": days}
    return [
        {"key": f"{name}[{period}]", "label": period, "method": f"{method} ({len(frame)})"}
        | dict(zip(("estimate", "lower", "upper"), values.tolist(), strict=True))
        for name, values in quantities.items()
    ]


def _fit_compute(frame: pd.DataFrame, design: Design) -> list[dict[str, Any]]:
    fit = smf.ols("log2_horizon ~ decades + years", frame).fit(cov_type="HC3")
    classical = Classical(fit, DRAWS_SEED)
    classical.add("horizon_slope", lambda each: each["decades"])
    for each in design.options.comparisons:
        ends = [find_row(design, side) for side in (each.earlier, each.later)]
        if set(ends) <= set(frame.index):
            classical.add_share(each.id, partial(_divide, frame, ends))
    method = f"OLS on compute and date, robust errors ({len(frame)})"
    return [row | {"method": method} for row in classical.rows]


def _divide(
    frame: pd.DataFrame, ends: list[int], coefficients: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Decades of compute and of the trend for each row of coefficients."""
    decades, years = (np.diff(frame.loc[ends, name])[0] for name in ("decades", "years"))
    trend = coefficients["years"].to_numpy() * years / coefficients["decades"].to_numpy()
    return {"compute": np.full(len(coefficients), decades), "trend": trend}
