"""The law of idea production on a `research_inputs` table: what the models with and without a
ceiling share.

In natural logarithms and years. With S the research done so far, each year's input relative to the
first year's to the power of stepping_on_toes, the law has a closed solution for x =
efficiency^fishing_out, which `solve` gives. Noise is carried along it to first order.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import Card, fitted_rows
from models.core.prior import list_priors, prior_data
from models.production.options import EfficiencyError, ResearchInputOptions

LOG_10 = float(np.log(10.0))
GONE = 40.0  # nats: of a shock that decayed so far nothing is left
SMALLEST = 1e-12  # share of the room to a ceiling: below, the law is that without one


@dataclass(frozen=True)
class Series:
    """The rows of a table as intervals of research and efficiencies observed after them.

    `intervals`: domain, year, duration, log_input (natural, relative to the field's first year).
    `observed`: domain, year, log_efficiency (natural, relative to the first year), error, label.
    `until` (interval, interval) and `before` (observation, interval) are 1 where the second is of
    the same field and no later than the first.
    """

    domains: list[str]
    intervals: pd.DataFrame
    observed: pd.DataFrame

    @property
    def until(self) -> np.ndarray:
        """Which intervals are over when each interval is."""
        same = _is_same(self.intervals, self.intervals)
        years = self.intervals["year"].to_numpy()
        return (same & (years[None, :] <= years[:, None])).astype(float)

    @property
    def before(self) -> np.ndarray:
        """Which intervals are over when each efficiency is observed."""
        same = _is_same(self.observed, self.intervals)
        reached, years = self.observed["year"].to_numpy(), self.intervals["year"].to_numpy()
        return (same & (years[None, :] < reached[:, None])).astype(float)

    @property
    def last(self) -> np.ndarray:
        """The interval at whose end each efficiency is observed."""
        return np.array([np.flatnonzero(row)[-1] for row in self.before])

    @property
    def is_same_field(self) -> np.ndarray:
        """Which observations share a field, (observation, observation)."""
        return _is_same(self.observed, self.observed).astype(float)

    @property
    def earlier(self) -> np.ndarray:
        """The earlier one of each pair of observations, (observation, observation)."""
        years, numbers = self.observed["year"].to_numpy(), np.arange(len(self.observed))
        is_first = years[:, None] <= years[None, :]
        return np.where(is_first, numbers[:, None], numbers[None, :])

    def codes(self, frame: pd.DataFrame) -> np.ndarray:
        """The position of each row's field."""
        return np.asarray(pd.Categorical(frame["domain"], categories=self.domains).codes, dtype=int)


def _is_same(rows: pd.DataFrame, columns: pd.DataFrame) -> np.ndarray:
    return np.asarray(rows["domain"].to_numpy()[:, None] == columns["domain"].to_numpy()[None, :])


def find_fault(table: pd.DataFrame, card: Card) -> str:
    """Why the law cannot be fitted to the table, in words; empty where it can."""
    rows = fitted_rows(table)
    lacking = sorted(set(rows["domain"]) - set(get_options(card).efficiency_error))
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


def read_series(table: pd.DataFrame, card: Card) -> Series:
    """Intervals and observed efficiencies of the fitted rows."""
    rows = fitted_rows(table)
    errors = get_options(card).efficiency_error
    domains = list(rows["domain"].drop_duplicates())
    groups = [rows[rows["domain"] == domain].sort_values("year") for domain in domains]
    intervals = pd.concat([_list_intervals(group) for group in groups], ignore_index=True)
    observed = pd.concat(
        [_list_observed(group, errors[name]) for name, group in zip(domains, groups, strict=True)],
        ignore_index=True,
    )
    return Series(domains, intervals, observed)


def _list_intervals(group: pd.DataFrame) -> pd.DataFrame:
    """A row from each year to the next; the last year's research made nothing that is observed."""
    last = group.loc[group["efficiency"].notna(), "year"].max()
    kept = group[group["year"] <= last]
    return pd.DataFrame(
        {
            "domain": kept["domain"].iloc[:-1],
            "year": kept["year"].iloc[:-1],
            "duration": np.diff(kept["year"]),
            "log_input": np.log(kept["research_input"] / kept["research_input"].iloc[0]).iloc[:-1],
        }
    )


def _list_observed(group: pd.DataFrame, error: EfficiencyError) -> pd.DataFrame:
    later = group[group["efficiency"].notna()].iloc[1:]
    labels = [f"{d}, year {y:g}" for d, y in zip(later["domain"], later["year"], strict=True)]
    return pd.DataFrame(
        {
            "domain": later["domain"],
            "year": later["year"],
            "log_efficiency": np.log(later["efficiency"]),
            "error": error.decades * LOG_10,
            "label": labels,
        }
    )


def get_options(card: Card) -> ResearchInputOptions:
    """The card's options. Raises AssertionError for the card of another table."""
    assert isinstance(card.options, ResearchInputOptions)
    return card.options


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


def make_data(table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
    """The value of every pm.Data of `build_ideas`."""
    series = read_series(table, card)
    return {
        "log_input": series.intervals["log_input"].to_numpy(),
        "duration": series.intervals["duration"].to_numpy(),
        "error": series.observed["error"].to_numpy(),
        "observed_log_efficiency": series.observed["log_efficiency"].to_numpy(),
        **prior_data(priors),
    }


def build_ideas(table: pd.DataFrame, card: Card, priors: Any) -> Any:
    """The PyMC model, with a ceiling where the priors have one; dims domain, interval, observation.

    Efficiencies of one field are jointly normal. Each is written given the field's earlier ones, so
    that every observation has a density of its own.
    """
    import pymc as pm
    import pytensor.tensor as pt

    series, values = read_series(table, card), make_data(table, card, priors)
    coords = {
        "domain": series.domains,
        "interval": np.arange(len(series.intervals)),
        "observation": list(series.observed["label"]),
    }
    with pm.Model(coords=coords) as model:
        log_input = pm.Data("log_input", values["log_input"], dims="interval")
        duration = pm.Data("duration", values["duration"], dims="interval")
        error = pm.Data("error", values["error"], dims="observation")
        observed = pm.Data(
            "observed_log_efficiency", values["observed_log_efficiency"], dims="observation"
        )
        drawn = {
            name: prior.variable(name, dims=None if name == "shock_scale" else "domain")
            for name, prior in list_priors(priors)
        }
        work = duration * pt.exp(
            drawn["stepping_on_toes"][series.codes(series.intervals)] * log_input
        )
        over = pt.dot(series.until, work)
        codes, fields = series.codes(series.intervals), series.codes(series.observed)
        log_start, used_start = _solve_rows(drawn, codes, over - work)
        log_x, used = _solve_rows(drawn, codes, over)
        # Growth within an interval, by itself: of totals, rounding would pass for a shock's decay.
        decay = pt.minimum(log_x - log_start + (used - used_start), GONE)
        covariance = _covariance(series, drawn["shock_scale"], duration, decay)
        mean, scale = _condition(
            log_x[series.last] / drawn["fishing_out"][fields],
            covariance + pt.diag(error**2),
            observed,
        )
        pm.Normal("log_efficiency", mean, scale, observed=observed, dims="observation")
    return model


def _solve_rows(drawn: dict[str, Any], fields: np.ndarray, stock: Any) -> tuple[Any, Any]:
    import pytensor.tensor as pt

    ceiling = drawn.get("ceiling_decades")
    log_ceiling = None if ceiling is None else ceiling[fields] * LOG_10
    return solve(
        pt, drawn["initial_growth"][fields], drawn["fishing_out"][fields], stock, log_ceiling
    )


def _covariance(series: Series, shock_scale: Any, duration: Any, decay: Any) -> Any:
    """What shocks of all years leave in the observed efficiencies, (observation, observation).

    `decay` of an interval is the logarithm by which a shock shrinks from its start to its end.
    """
    import pytensor.tensor as pt

    after = pt.dot(series.before, decay)
    passed = pt.dot(series.until, decay)  # from the field's first year to the end of the interval
    last = pt.exp(-series.before * (after[:, None] - passed[None, :]))
    first = last * pt.exp(-decay)[None, :]
    left = series.before * duration * (first**2 + first * last + last**2) / 3  # mean of squares
    variance = shock_scale**2 * left.sum(axis=1)
    kept = pt.exp(-series.is_same_field * pt.abs(after[:, None] - after[None, :]))
    return series.is_same_field * variance[series.earlier] * kept


def _condition(mean: Any, covariance: Any, observed: Any) -> tuple[Any, Any]:
    """Mean and standard deviation of each observation given those before it."""
    import pytensor.tensor as pt
    from pytensor.tensor.linalg import cholesky, solve_triangular

    root = cholesky(covariance)
    scale = pt.diag(root)
    standard = solve_triangular(root, observed - mean, lower=True)
    return mean + pt.dot(root - pt.diag(scale), standard), scale
