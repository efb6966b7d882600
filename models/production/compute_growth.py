"""Growth of training compute: the spread of all runs, and its upper edge, the frontier.

Equations (t: years from the reference date, by release)::

    log10 C_i = level + mean_rate t_i + deviation[family_i] + own_i
    deviation[family] ~ Normal(0, s(t_i) sqrt(family_share))
    own_i             ~ Normal(0, s(t_i) sqrt(1 - family_share))
    s(t)              = spread exp(spread_growth t)
    log10 C_i reported ~ Normal(log10 C_i, error[compute_confidence_i])
    frontier(t)       = level + mean_rate t + q s(t)

    level          decades above 10^24 FLOP of the run in the middle of all at the reference date
    spread         decades, standard deviation over runs at the reference date
    q              quantile of the standard normal at 0.5^(1/n): the median of the largest of n runs

The frontier is what the largest of n runs of one time takes (n from the card, ten by default), and
`growth_decades_per_year` its mean rise from the first run to the last. It rises with the middle of
all runs and with their spread. Runs trained further, runs whose compute was imputed from scores,
and those that the card names are left out; sizes of one family share a deviation, since they are no
independent choices.

Compute is the outcome here, and a reported figure scatters about it; the leaderboards, which
explain scores by compute, let the true compute scatter about the figure.

Why no stochastic frontier: runs lie above and below their middle alike (a half-normal distance from
an edge fits no better than a normal one), so that there is no sharp edge to find. What identifies
the rate: runs of different dates and of all sizes. What cannot be told: growth of the largest runs
from a change in which runs the registry lists; it lists more small ones in later years, and few of
any before 2020. How far the answer depends on the definition stands on the page.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.random import Generator

from models import Card, Truth, fitted_rows
from models.core.dates import DAYS_A_YEAR
from models.core.estimands import describe
from models.core.prior import Prior, list_priors, prior_data
from models.options import TrainingRunsOptions
from models.production.training_compute import (
    REFERENCE_DATE,
    Design,
    fit_definitions,
    normal_position,
    prepare,
)

TABLE = "training_runs"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.9}
DIMS = {"family_offset": ("family",), "run_offset": ("run",), "error_decades": ("confidence",)}
MINIMUM_RUNS = 10
REFERENCE_LOG10_FLOP = 24.0
ORDER = ("chain", "draw", ...)


@dataclass(frozen=True)
class Priors:
    """In decades of FLOP and years."""

    level: Prior = Prior("Normal", (-1.0, 1.0), "decades above 10^24 FLOP").because(
        "the middle run of early 2022 took between 10^21 and 10^25 FLOP"
    )
    mean_rate: Prior = Prior("Normal", (0.5, 0.4), "decades per year").because(
        "from a slow fall to a factor of fourteen a year: 90 % in -0.16 to 1.16"
    )
    spread: Prior = Prior("LogNormal", (float(np.log(0.8)), 0.5), "decades").because(
        "runs of one time differ by a factor of ten to a thousand: 90 % in 0.35 to 1.8"
    )
    spread_growth: Prior = Prior("Normal", (0.0, 0.1), "per year, of the logarithm").because(
        "over six years the spread may halve or double"
    )
    family_share: Prior = Prior("Beta", (2.0, 2.0), "share of the squared spread").because(
        "how far sizes of one family lie together is unknown; neither all nor nothing"
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Why not: too few base runs with compute, or of too few dates; empty where neither."""
    runs = prepare(table, card).runs
    dates = runs["release_date"].nunique()
    if len(runs) < MINIMUM_RUNS or dates < MINIMUM_RUNS // 2:
        return (
            f"{len(runs)} base runs of known compute at {dates} dates; "
            f"a trend takes {MINIMUM_RUNS} at {MINIMUM_RUNS // 2}"
        )
    lacking = sorted(set(card.options_of(TrainingRunsOptions).named_runs) - set(runs["model"]))
    return f"named_runs that are not fitted: {', '.join(lacking)}" if lacking else ""


def headline_key(card: Card) -> str:
    """By how much the largest training runs grew a year."""
    return "growth_factor_per_year"


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Years, reported decades above the reference and their error, by run."""
    runs = prepare(table, card).runs
    return {
        "years": runs["years"].to_numpy(),
        "error": runs["error"].to_numpy(),
        "observed_log10_flop": runs["log10_flop"].to_numpy() - REFERENCE_LOG10_FLOP,
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over base runs with compute; dims: model, family, run (the named ones)."""
    import pymc as pm

    design, values = prepare(table, card), data(table, card, priors)
    coords = {
        "model": list(design.runs["model"]),
        "family": design.families,
        "run": card.options_of(TrainingRunsOptions).named_runs,
    }
    family = pd.Categorical(design.runs["family"], categories=design.families).codes
    with pm.Model(coords=coords) as model:
        names = ("years", "error", "observed_log10_flop")
        years, error, observed = (pm.Data(name, values[name], dims="model") for name in names)
        level, rate, spread, spread_growth, share = (
            prior.variable(name) for name, prior in list_priors(priors)
        )
        offset = pm.Normal("family_offset", 0, 1, dims="family")
        # Not seen by the data: how far the figure of each named run is off, in its own error.
        if coords["run"]:
            pm.Normal("run_offset", 0, 1, dims="run")
        width = spread * pm.math.exp(spread_growth * years)
        middle = level + rate * years + width * pm.math.sqrt(share) * offset[family]
        own = width * pm.math.sqrt(1 - share)
        pm.Normal(
            "log10_flop", middle, pm.math.sqrt(own**2 + error**2), observed=observed, dims="model"
        )
    return model


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Every parameter drawn from its prior; the errors are the card's."""
    options: Any = card.options
    rows = fitted_rows(table)
    is_base = rows["base_model"].isna() & ~rows["is_compute_circular"]
    is_base &= rows["training_flop"].notna() & rows["release_date"].notna()
    runs = rows[is_base & ~rows["model"].isin(list(options.left_out))]
    families = sorted(set(runs["family"].fillna(runs["model"])))
    truth: Truth = {name: float(prior.draw(rng)) for name, prior in list_priors(priors)}
    truth["family_offset"] = {name: float(rng.normal()) for name in families}
    truth["run_offset"] = {name: float(rng.normal()) for name in options.named_runs}
    truth["error_decades"] = options.compute_error_decades.model_dump(exclude={"kind"})
    return truth


def simulate(table: pd.DataFrame, truth: Truth, rng: Generator) -> pd.DataFrame:
    """The table with the compute of the fitted runs drawn from `truth`."""
    simulated = fitted_rows(table).copy()
    years = (simulated["release_date"] - pd.Timestamp(2022, 1, 1)).dt.days / 365.25
    width = truth["spread"] * np.exp(truth["spread_growth"] * years)
    own = rng.normal(size=len(simulated)) * np.sqrt(1 - truth["family_share"])
    family = simulated["family"].fillna(simulated["model"])
    shared = family.map(truth["family_offset"]) * np.sqrt(truth["family_share"])
    error = simulated["compute_confidence"].map(truth["error_decades"])
    decades = truth["level"] + truth["mean_rate"] * years + width * (shared + own)
    reported = 10.0 ** (24.0 + decades + rng.normal(size=len(simulated)) * error)
    is_base = simulated["base_model"].isna() & simulated["training_flop"].notna()
    known = is_base & reported.notna()
    simulated["training_flop"] = simulated["training_flop"].mask(known, reported)
    return simulated


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Yearly rise of the frontier, the largest run of each year, and the compute of named runs."""
    design, options = prepare(table, card), card.options_of(TrainingRunsOptions)
    rate = find_rate(posterior, design, options.largest_of)
    growth, decades = "Growth of training compute", "decades per year"
    largest, middle = "Largest training run of the year", f"{growth} in the middle of all runs"
    mean = posterior["mean_rate"]
    factor = f"{growth} at the frontier in a year"
    marks: Any = ("factor", "positive", "headline")
    yearly = describe(10.0**rate, factor, *marks, derived_from="growth_decades_per_year")
    made = {
        "growth_decades_per_year": describe(rate, f"{growth} at the frontier", decades, "headline"),
        "growth_factor_per_year": yearly,
        "middle_growth_decades_per_year": describe(mean, middle, decades, "headline"),
        "largest_run_flop": describe(_largest(posterior, design), largest, "FLOP", "positive"),
    }
    if options.named_runs:
        named = _named(posterior, design, options.named_runs)
        made["run_flop"] = describe(named, "Training compute", "FLOP", "positive")
    return xr.Dataset(made)


def find_middle(posterior: xr.Dataset, years: xr.DataArray) -> xr.DataArray:
    """log10 FLOP of the middle of all runs at `years` from the reference date, by draw."""
    return REFERENCE_LOG10_FLOP + posterior["level"] + posterior["mean_rate"] * years


def find_frontier(posterior: xr.Dataset, years: xr.DataArray, largest_of: int) -> xr.DataArray:
    """log10 FLOP of the largest of so many runs at `years` from the reference date, by draw."""
    width = posterior["spread"] * np.exp(posterior["spread_growth"] * years)
    return find_middle(posterior, years) + normal_position(largest_of) * width


def find_rate(posterior: xr.Dataset, design: Design, largest_of: int) -> xr.DataArray:
    """Mean yearly rise of the frontier from the first run to the last, in decades, by draw."""
    first, last = float(design.runs["years"].min()), float(design.runs["years"].max())
    ends = find_frontier(posterior, xr.DataArray([first, last], dims="end"), largest_of)
    return ends.diff("end").isel(end=0) / (last - first)


def _largest(posterior: xr.Dataset, design: Design) -> xr.DataArray:
    """FLOP of the largest run at 1 July of each year that has a run."""
    released = design.runs["release_date"].dt.year
    labels = [str(year) for year in range(released.min(), released.max() + 1)]
    middles = pd.to_datetime([f"{year}-07-01" for year in labels])
    years = np.asarray((middles - REFERENCE_DATE).days / DAYS_A_YEAR, dtype=float)
    at = xr.DataArray(years, {"year": labels}, "year")
    last, named = design.runs["release_date"].max(), zip(labels, middles, strict=True)
    beyond = {label: f"{label}, after the last run listed" for label, day in named if day > last}
    flop = (10.0 ** find_frontier(posterior, at, design.largest_of)).transpose(*ORDER)
    return flop.assign_attrs(labels=beyond)


def _named(posterior: xr.Dataset, design: Design, names: list[str]) -> xr.DataArray:
    """Compute of each named run, by draw: what was reported of it, with the error of its class.

    The runs of its time do not pull it towards their middle: a flagship is no typical run.
    """
    chosen = design.runs.set_index("model").loc[names]
    reported, error = (
        xr.DataArray(chosen[column].to_numpy(dtype=float), {"run": names}, "run")
        for column in ("log10_flop", "error")
    )
    return (10.0 ** (reported + error * posterior["run_offset"])).transpose(*ORDER)


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """The release date alone."""
    return pd.DataFrame({"release date, years": prepare(table, card).runs["years"]})


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS on the largest runs at release, and quantile regression on all."""
    return fit_definitions(prepare(table, card))
