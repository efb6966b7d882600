"""The law of idea production: research inputs of fields and the efficiencies that came of them as
arrays, the closed solution, its shocks, and the density of efficiencies.

In natural logarithms and years. With S the research done so far, each year's input relative to the
first year's to the power of stepping_on_toes, the law has a closed solution for x =
efficiency^fishing_out, which `solve` gives. Noise is carried along it to first order.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, fitted_rows
from models.options import ResearchInputOptions

LOG_10 = float(np.log(10.0))
GONE = 40.0  # nats: of a shock that decayed so far nothing is left
SMALLEST = 1e-12  # share of the room to a ceiling: below, the law is that without one
LARGEST_POWER = 300.0  # log of the research in a year: beyond any ceiling; e^710 is no number


@dataclass(frozen=True)
class Design:
    """The rows of a table as intervals of research and efficiencies observed after them.

    `intervals`: field (its position), domain, year, duration, log_input (natural, relative to the
    field's first year). `observed`: field, domain, year, log_efficiency (natural, relative to the
    first year), error, label. `until` (interval, interval) and `before` (observation, interval)
    are 1 where the second is of the same field and no later than the first.
    """

    domains: list[str]
    intervals: pd.DataFrame
    observed: pd.DataFrame

    @cached_property
    def until(self) -> np.ndarray:
        """Which intervals are over when each interval is."""
        years = self.intervals["year"].to_numpy()
        is_over = years[None, :] <= years[:, None]
        return (_is_same(self.intervals, self.intervals) & is_over).astype(float)

    @cached_property
    def before(self) -> np.ndarray:
        """Which intervals are over when each efficiency is observed."""
        reached, years = self.observed["year"].to_numpy(), self.intervals["year"].to_numpy()
        is_over = years[None, :] < reached[:, None]
        return (_is_same(self.observed, self.intervals) & is_over).astype(float)

    @property
    def last(self) -> np.ndarray:
        """The interval at whose end each efficiency is observed."""
        return np.array([np.flatnonzero(row)[-1] for row in self.before])


def _is_same(rows: pd.DataFrame, columns: pd.DataFrame) -> np.ndarray:
    return np.equal.outer(rows["field"].to_numpy(), columns["field"].to_numpy())


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Why the law cannot be fitted to the table, in words; empty where it can."""
    rows = fitted_rows(table)
    lacking = sorted(
        set(rows["domain"]) - set(card.options_of(ResearchInputOptions).efficiency_error)
    )
    if lacking:
        return f"the card gives no efficiency_error for the fields {', '.join(lacking)}"
    for domain, group in rows.groupby("domain", sort=False):
        ordered = group.sort_values("year")
        if ordered["efficiency"].notna().sum() < 2:
            return f"{domain} has one efficiency; growth takes two"
        gaps = ordered["year"].iloc[:-1][ordered["research_input"].iloc[:-1].isna()]
        if len(gaps):
            return f"{domain} has no research input in its year {gaps.iloc[0]:g}"
    return ""


def prepare(table: pd.DataFrame, card: Card) -> Design:
    """Intervals and observed efficiencies of the fitted rows, field by field.

    An interval lasts from each year to the next; research after the last efficiency made nothing
    that is observed. The first efficiency of a field is the unit of the others.
    """
    rows = fitted_rows(table)
    domains = list(rows["domain"].drop_duplicates())
    rows = rows.assign(field=rows["domain"].map(domains.index)).sort_values(["field", "year"])
    by_field = rows.groupby("field")
    duration = by_field["year"].shift(-1) - rows["year"]
    first_input = by_field["research_input"].transform("first")
    is_seen = rows["efficiency"].notna()
    last = rows["field"].map(rows[is_seen].groupby("field")["year"].max())
    intervals = rows.assign(
        duration=duration, log_input=np.log(rows["research_input"] / first_input)
    )[rows["year"] < last]
    seen = rows[is_seen]
    seen = seen[seen["field"].duplicated()]
    errors = card.options_of(ResearchInputOptions).efficiency_error
    observed = seen.assign(
        log_efficiency=np.log(seen["efficiency"]),
        error=[errors[domain].decades * LOG_10 for domain in seen["domain"]],
        label=[f"{d}, year {y:g}" for d, y in zip(seen["domain"], seen["year"], strict=True)],
    )
    kept = ["field", "domain", "year"]
    return Design(
        domains,
        intervals[[*kept, "duration", "log_input"]].reset_index(drop=True),
        observed[[*kept, "log_efficiency", "error", "label"]].reset_index(drop=True),
    )


def solve(
    xp: Any, initial_growth: Any, fishing_out: Any, stock: Any, log_ceiling: Any = None
) -> tuple[Any, Any]:
    """Log of x = efficiency^fishing_out after the research `stock`, and the room used up.

    A shock to log efficiency shrinks as x grows and as room is used: exp(-(change of both)) of it
    is left at a later time. `xp` is NumPy or pytensor.tensor; `log_ceiling` is that of the ceiling
    over the first year's efficiency.
    """
    made = fishing_out * initial_growth * stock
    if log_ceiling is None:
        log_x = xp.log1p(made)
        return log_x, xp.zeros_like(log_x)
    # In this form neither a ceiling out of sight nor one just overhead overflows.
    reach = fishing_out * log_ceiling
    used = xp.maximum(made * xp.exp(-reach) / -xp.expm1(-reach), SMALLEST)
    log_x = xp.log1p(made * -xp.expm1(-used) / used)
    return log_x, used


def predict(design: Design, drawn: dict[str, Any], data: dict[str, Any]) -> tuple[Any, Any]:
    """Mean and standard deviation of each log efficiency given the field's earlier ones.

    `drawn` and `data` are PyMC variables by name. Efficiencies of one field are jointly normal; in
    this form every observation has a density of its own.
    """
    import pytensor.tensor as pt

    codes, fields = (each["field"].to_numpy() for each in (design.intervals, design.observed))
    power = drawn["stepping_on_toes"][codes] * data["log_input"]
    work = data["duration"] * pt.exp(pt.minimum(power, LARGEST_POWER))
    over = pt.dot(design.until, work)
    log_start, used_start = _solve_rows(drawn, codes, over - work)
    log_x, used = _solve_rows(drawn, codes, over)
    # Growth within an interval, by itself: of totals, rounding would pass for a shock's decay.
    decay = pt.minimum(log_x - log_start + (used - used_start), GONE)
    covariance = _covariance(design, drawn["shock_scale"], data["duration"], decay)
    return _condition(
        log_x[design.last] / drawn["fishing_out"][fields],
        covariance + pt.diag(data["error"] ** 2),
        data["observed_log_efficiency"],
    )


def _solve_rows(drawn: dict[str, Any], fields: np.ndarray, stock: Any) -> tuple[Any, Any]:
    import pytensor.tensor as pt

    ceiling = drawn.get("ceiling_decades")
    log_ceiling = None if ceiling is None else ceiling[fields] * LOG_10
    return solve(
        pt, drawn["initial_growth"][fields], drawn["fishing_out"][fields], stock, log_ceiling
    )


def _covariance(design: Design, shock_scale: Any, duration: Any, decay: Any) -> Any:
    """What shocks of all years leave in the observed efficiencies, (observation, observation).

    `decay` of an interval is the logarithm by which a shock shrinks from its start to its end.
    """
    import pytensor.tensor as pt

    after = pt.dot(design.before, decay)
    passed = pt.dot(design.until, decay)  # from the field's first year to the end of the interval
    last = pt.exp(-design.before * (after[:, None] - passed[None, :]))
    first = last * pt.exp(-decay)[None, :]
    left = design.before * duration * (first**2 + first * last + last**2) / 3  # mean of squares
    variance = shock_scale**2 * left.sum(axis=1)
    years = design.observed["year"].to_numpy()
    is_same = _is_same(design.observed, design.observed).astype(float)
    rows = np.arange(len(years))
    earlier = np.where(np.less_equal.outer(years, years), rows[:, None], rows[None, :])
    kept = pt.exp(-is_same * pt.abs(after[:, None] - after[None, :]))
    return is_same * variance[earlier] * kept


def _condition(mean: Any, covariance: Any, observed: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of each observation given those before it."""
    import pytensor.tensor as pt
    from pytensor.tensor.linalg import cholesky, solve_triangular

    root = cholesky(covariance)
    scale = pt.diag(root)
    standard = solve_triangular(root, observed - mean, lower=True)
    return mean + pt.dot(root - pt.diag(scale), standard), scale


def trace(posterior: xr.Dataset, design: Design) -> dict[str, tuple[np.ndarray, xr.DataArray]]:
    """Log efficiency (natural) of the law without shocks at the years of each field, by draw."""
    made = {}
    for domain in design.domains:
        rows = design.intervals[design.intervals["domain"] == domain]
        drawn = posterior.sel(domain=domain)
        power = drawn["stepping_on_toes"] * xr.DataArray(rows["log_input"].to_numpy(), dims="x")
        work = xr.DataArray(rows["duration"].to_numpy(), dims="x") * np.exp(power)
        stock = work.cumsum("x").pad(x=(1, 0), constant_values=0.0)
        ceiling = drawn["ceiling_decades"] * LOG_10 if "ceiling_decades" in drawn else None
        log_x, _ = solve(np, drawn["initial_growth"], drawn["fishing_out"], stock, ceiling)
        years = np.append(rows["year"], rows["year"].iloc[-1] + rows["duration"].iloc[-1])
        path = (log_x / drawn["fishing_out"]).transpose("chain", "draw", "x")
        made[domain] = years, path.drop_vars("domain")
    return made
