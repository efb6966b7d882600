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
explain scores by compute, let the true compute scatter about the figure (`models/effective_compute/multiplier.py`).

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

from models import Card, Curve, Figure, Headline, Truth, fitted_rows
from models.core.dates import DAYS_A_YEAR
from models.core.figures import POSTERIOR_SERIES, make_curve, summarise
from models.core.prior import Prior, prior_data
from models.production.options import TrainingRunsOptions
from models.production.training_compute import (
    REFERENCE_DATE,
    fit_definitions,
    get_options,
    normal_position,
    prepare,
)

TABLE = "training_runs"
TITLE = "Growth of training compute"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.9}
DIMS = {"family_offset": ("family",), "run_offset": ("run",), "error_decades": ("confidence",)}
MINIMUM_RUNS = 10
REFERENCE_LOG10_FLOP = 24.0
HOVER = ("model", "lab", "release_date", "training_flop", "compute_confidence", "citation")
OTHER_DEFINITIONS = (2, 5, 10, 30, 100)  # largest of so many runs, in the picture of definitions


@dataclass(frozen=True)
class Priors:
    """In decades of FLOP and years."""

    level: Prior = Prior(
        "Normal",
        (-1.0, 1.0),
        "decades above 10^24 FLOP",
        "the middle run of early 2022 took between 10^21 and 10^25 FLOP",
    )
    mean_rate: Prior = Prior(
        "Normal",
        (0.5, 0.4),
        "decades per year",
        "from a slow fall to a factor of fourteen a year: 90 % in -0.16 to 1.16",
    )
    spread: Prior = Prior(
        "LogNormal",
        (float(np.log(0.8)), 0.5),
        "decades",
        "runs of one time differ by a factor of ten to a thousand: 90 % in 0.35 to 1.8",
    )
    spread_growth: Prior = Prior(
        "Normal",
        (0.0, 0.1),
        "per year, of the logarithm",
        "over six years the spread may halve or double",
    )
    family_share: Prior = Prior(
        "Beta",
        (2.0, 2.0),
        "share of the squared spread",
        "how far sizes of one family lie together is unknown; neither all nor nothing",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Why not: too few base runs with compute, or of too few dates; empty where neither."""
    runs = prepare(table, card)
    if len(runs) < MINIMUM_RUNS or runs["release_date"].nunique() < MINIMUM_RUNS // 2:
        return (
            f"{len(runs)} base runs of known compute at {runs['release_date'].nunique()} dates; "
            f"a trend takes {MINIMUM_RUNS} at {MINIMUM_RUNS // 2}"
        )
    lacking = sorted(set(get_options(card).named_runs) - set(runs["model"]))
    return f"named_runs that are not fitted: {', '.join(lacking)}" if lacking else ""


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Years, reported decades above the reference and their error, by run."""
    runs = prepare(table, card)
    return {
        "years": runs["years"].to_numpy(),
        "error": runs["error"].to_numpy(),
        "observed_log10_flop": runs["log10_flop"].to_numpy() - REFERENCE_LOG10_FLOP,
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over base runs with compute; dims: model, family, run (the named ones)."""
    import pymc as pm

    runs, values = prepare(table, card), data(table, card, priors)
    families = sorted(set(runs["family"]))
    coords = {
        "model": list(runs["model"]),
        "family": families,
        "run": list(get_options(card).named_runs),
    }
    family = pd.Categorical(runs["family"], categories=families).codes
    with pm.Model(coords=coords) as model:
        years = pm.Data("years", values["years"], dims="model")
        error = pm.Data("error", values["error"], dims="model")
        observed = pm.Data("observed_log10_flop", values["observed_log10_flop"], dims="model")
        level = priors.level.variable("level")
        rate = priors.mean_rate.variable("mean_rate")
        spread = priors.spread.variable("spread")
        spread_growth = priors.spread_growth.variable("spread_growth")
        share = priors.family_share.variable("family_share")
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


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Every parameter drawn from its prior; the errors are the card's."""
    options = card.options
    assert isinstance(options, TrainingRunsOptions)
    rows = fitted_rows(table)
    is_base = rows["base_model"].isna() & ~rows["is_compute_circular"]
    is_base &= rows["training_flop"].notna() & rows["release_date"].notna()
    runs = rows[is_base & ~rows["model"].isin(list(options.left_out))]
    families = sorted(set(runs["family"].fillna(runs["model"])))
    names = ("level", "mean_rate", "spread", "spread_growth", "family_share")
    truth: Truth = {name: float(getattr(priors, name).draw(rng)) for name in names}
    truth["family_offset"] = {name: float(rng.normal()) for name in families}
    truth["run_offset"] = {name: float(rng.normal()) for name in options.named_runs}
    truth["error_decades"] = options.compute_error_decades.model_dump()
    return truth


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
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
    runs, options = prepare(table, card), get_options(card)
    rate = _rate(posterior, runs, options.largest_of)
    made = {
        "growth_decades_per_year": rate.assign_attrs(
            label="Growth of training compute at the frontier",
            unit="decades per year",
            description=f"mean yearly rise of log10 of the largest of {options.largest_of} runs, "
            "from the first run to the last",
            is_headline=True,
        ),
        "growth_factor_per_year": (10.0**rate).assign_attrs(
            label="Growth of training compute at the frontier in a year",
            unit="factor",
            description="by how much the largest of so many runs grows in a year",
            is_positive=True,
            is_headline=True,
            derived_from="growth_decades_per_year",
        ),
        "middle_growth_decades_per_year": posterior["mean_rate"].assign_attrs(
            label="Growth of training compute in the middle of all runs",
            unit="decades per year",
            description="yearly rise of the mean of log10 compute over all base runs listed",
            is_headline=True,
        ),
        "largest_run_flop": _largest(posterior, runs, options.largest_of),
    }
    if options.named_runs:
        made["run_flop"] = _named(posterior, runs, options.named_runs)
    return xr.Dataset(made)


def _frontier(posterior: xr.Dataset, years: xr.DataArray, largest_of: int) -> xr.DataArray:
    """log10 FLOP of the largest of so many runs at `years` from the reference date, by draw."""
    width = posterior["spread"] * np.exp(posterior["spread_growth"] * years)
    middle = REFERENCE_LOG10_FLOP + posterior["level"] + posterior["mean_rate"] * years
    return middle + normal_position(largest_of) * width


def _rate(posterior: xr.Dataset, runs: pd.DataFrame, largest_of: int) -> xr.DataArray:
    first, last = float(runs["years"].min()), float(runs["years"].max())
    ends = _frontier(posterior, xr.DataArray([first, last], dims="end"), largest_of)
    return ends.diff("end").isel(end=0) / (last - first)


def _largest(posterior: xr.Dataset, runs: pd.DataFrame, largest_of: int) -> xr.DataArray:
    """At 1 July of each year that has a run, in FLOP."""
    dates = runs["release_date"]
    calendar = np.arange(dates.min().year, dates.max().year + 1)
    middles = pd.to_datetime([f"{year}-07-01" for year in calendar])
    years = (middles - REFERENCE_DATE).days / DAYS_A_YEAR
    labels = [str(year) for year in calendar]
    at = xr.DataArray(np.asarray(years, dtype=float), dims="year", coords={"year": labels})
    beyond = [label for label, day in zip(labels, middles, strict=True) if day > dates.max()]
    flop = 10.0 ** _frontier(posterior, at, largest_of)
    return flop.transpose("chain", "draw", "year").assign_attrs(
        label="Largest training run of the year",
        unit="FLOP",
        description=f"at 1 July, the median of the largest of {largest_of} runs",
        is_positive=True,
        labels={label: f"{label}, after the last run listed" for label in beyond},
    )


def _named(posterior: xr.Dataset, runs: pd.DataFrame, names: list[str]) -> xr.DataArray:
    """Compute of each named run, by draw: what was reported of it, with the error of its class.

    The runs of its time do not pull it towards their middle: a flagship is no typical run.
    """
    chosen = runs.set_index("model").loc[names]
    reported, error = (
        xr.DataArray(chosen[column].to_numpy(dtype=float), dims="run", coords={"run": names})
        for column in ("log10_flop", "error")
    )
    flop = 10.0 ** (reported + error * posterior["run_offset"])
    return flop.transpose("chain", "draw", "run").assign_attrs(
        label="Training compute",
        unit="FLOP",
        description="of the run: the reported figure and the error of its confidence class",
        is_positive=True,
    )


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """The release date alone."""
    return prepare(table, card)[["years"]].rename(columns={"years": "release date, years"})


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS on the largest runs at release, and quantile regression on all."""
    return fit_definitions(table, card)


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Compute against date with frontier and middle, and the rate under other definitions."""
    runs, largest_of = prepare(table, card), get_options(card).largest_of
    return [_draw_runs(posterior, runs, largest_of), _draw_definitions(posterior, table, card)]


def _draw_runs(posterior: xr.Dataset, runs: pd.DataFrame, largest_of: int) -> Figure:
    grid = np.linspace(runs["years"].min(), runs["years"].max(), 50)
    years = xr.DataArray(grid, dims="x")
    dates = REFERENCE_DATE + pd.to_timedelta(grid * DAYS_A_YEAR, unit="D").round("D")
    middle = REFERENCE_LOG10_FLOP + posterior["level"] + posterior["mean_rate"] * years
    edge = _frontier(posterior, years, largest_of)
    above = float(
        (runs["log10_flop"] > np.interp(runs["years"], grid, edge.median(("chain", "draw")))).mean()
    )
    curves = [
        make_curve(dates, 10.0**edge, f"frontier: largest of {largest_of}"),
        make_curve(dates, 10.0**middle, "middle of all runs"),
    ]
    return Figure(
        kind="scatter",
        id="compute-against-date",
        title="Training compute of every base run",
        caption=f"The upper band is what the largest of {largest_of} runs of one time takes, the "
        f"lower one the middle of all; both 90 %. {above:.0%} of the runs reported lie above the "
        "frontier.",
        frame=runs[[*HOVER, "locator"]],
        x="release_date",
        y="training_flop",
        colour="compute_confidence",
        x_title="release date",
        y_title="training compute (FLOP)",
        is_log_y=True,
        hover=HOVER,
        curve=Curve(pd.concat(curves, ignore_index=True)),
    )


def _draw_definitions(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> Figure:
    runs = prepare(table, card)
    drawn = xr.concat(
        [_rate(posterior, runs, each) for each in OTHER_DEFINITIONS], dim="definition"
    ).transpose("chain", "draw", "definition")
    own = summarise(drawn).assign(
        label=[f"largest of {each} runs" for each in OTHER_DEFINITIONS], series=POSTERIOR_SERIES
    )
    classical = fit_definitions(table, card).drop(columns=["label", "key"])
    classical = classical.rename(columns={"estimate": "median", "method": "label"})
    frame = pd.concat([own, classical.assign(series="classical, 90 %")], ignore_index=True)
    low, high = float(frame["median"].min()), float(frame["median"].max())
    return Figure(
        kind="intervals",
        id="rate-by-definition",
        title="The rate under other definitions of the frontier",
        caption=f"From {low:.2f} to {high:.2f} decades a year, a factor of {10**low:.1f} to "
        f"{10**high:.1f}. Fits to the largest at release choose rows by the outcome, and of the "
        "first years of a registry they take nearly every run, small ones too: that makes them "
        "steep. Fits to all runs lean on how many small ones are listed: that makes them flat.",
        frame=frame,
        x_title="decades per year",
    )


def headline(card: Card) -> Headline:
    """By how much the largest training runs grew a year."""
    return Headline(
        key="growth_factor_per_year",
        sentence="Training compute at the frontier grew {median} times a year (90 % interval "
        "{lower} to {upper}).",
        notes=(
            f"Frontier: what the largest of {get_options(card).largest_of} runs of one time takes. "
            "Other definitions give other rates; see the second figure.",
        ),
    )
