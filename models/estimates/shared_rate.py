"""One rate of algorithmic progress for all leaderboards, and how far each departs from it.

Equations::

    told_d ~ Normal(rate_d, error_d)               what the data of leaderboard d say of its rate
    rate_d ~ Normal(mean, between_sd)              leaderboards d = 1, ..., D
    1 / error_d^2 = 1 / reported_sd_d^2 - 1 / prior_sd_d^2
    told_d = error_d^2 (reported_d / reported_sd_d^2 - prior_mean_d / prior_sd_d^2)

    reported_d, reported_sd_d   rate of the posterior fitted to leaderboard d alone, and how well it
                                is known; decades per year
    prior_mean_d, prior_sd_d    of the prior of the rate in that fit; decades per year
    mean, between_sd            of the rates of leaderboards; decades per year

A posterior holds the prior of its fit beside the data. Were it taken for data, that prior would
count once a leaderboard, though it is one belief. It is divided out: both are taken for normal, and
precisions subtract. The mean over leaderboards then has the one prior stated here.

What identifies the parts: the rate of each leaderboard, from its own data; mean and spread, from
how the rates scatter beyond their errors. What cannot be told with a handful of leaderboards: the
spread, which then leans on its prior, and with it the rate of a leaderboard not yet seen; nor
whether a rate departs for its domain, its years or its model. Leaderboards count as independent:
those that score the same training runs share their errors, and the mean is less certain than said.
The normal distribution of rates is a choice: it gives a leaderboard not yet seen some chance of
regress though none of those seen shows it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats
from statsmodels.stats.meta_analysis import combine_effects

from models import INTERVAL_PROBABILITY, Card, Figure, Headline, Truth, fitted_rows
from models.core.figures import POSTERIOR_SERIES, make_intervals, summarise
from models.core.prior import Prior, prior_data
from models.estimates.options import OwnRateOptions

TABLE = "own_rates"
TITLE = "One rate for all leaderboards"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.99}
DIMS = {"rate": ("domain",)}
MINIMUM_ROWS = 2
UNPOOLED, POOLED, OVERALL = "its own data alone", "partially pooled", "of all leaderboards"
WORDS = {"unit": "decades per year"}


@dataclass(frozen=True)
class Priors:
    """In decades per year."""

    mean: Prior = Prior(
        "Normal",
        (0.4, 0.6),
        "decades per year",
        "as for one leaderboard: published rates are 0.2 to 1.2; regress is not ruled out",
    )
    between_sd: Prior = Prior(
        "HalfNormal",
        (0.5,),
        "decades per year",
        "published rates of fields differ by up to one decade a year: 90 % below 0.8, and none at "
        "all is not ruled out",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Fewer than two leaderboards; else empty."""
    count = len(fitted_rows(table))
    if count < MINIMUM_ROWS:
        return (
            f"the number of leaderboards whose rate may be quoted is {count}, and what they share "
            f"needs {MINIMUM_ROWS}"
        )
    return ""


def divide_out_prior(rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """What the data of each leaderboard say of its rate, and the error: decades per year.

    Precisions of the normal distributions subtract; the table holds no posterior as wide as its
    prior.
    """
    reported, prior = 1 / rows["rate_sd"] ** 2, 1 / rows["prior_sd"] ** 2
    told = (reported * rows["rate"] - prior * rows["prior_mean"]) / (reported - prior)
    return told.to_numpy(dtype=float), (reported - prior).pow(-0.5).to_numpy(dtype=float)


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """What the leaderboards say of their rates, the errors, and the parameters of the priors."""
    told, error = divide_out_prior(fitted_rows(table))
    return {"observed_rate": told, "error": error, **prior_data(priors)}


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the leaderboards; dim: domain, one a leaderboard."""
    import pymc as pm

    values = data(table, card, priors)
    with pm.Model(coords={"domain": list(fitted_rows(table)["domain"])}) as model:
        observed = pm.Data("observed_rate", values["observed_rate"], dims="domain")
        error = pm.Data("error", values["error"], dims="domain")
        mean = priors.mean.variable("mean")
        between_sd = priors.between_sd.variable("between_sd")
        offset = pm.Normal("domain_offset", 0, 1, dims="domain")
        pm.Normal("new_domain_offset", 0, 1)
        rate = pm.Deterministic("rate", mean + between_sd * offset, dims="domain")
        pm.Normal("told_rate", rate, error, observed=observed, dims="domain")
    return model


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Mean and spread drawn from their priors, and the rate of every leaderboard from them."""
    mean, spread = (float(prior.draw(rng)) for prior in (priors.mean, priors.between_sd))
    rates = {name: float(rng.normal(mean, spread)) for name in fitted_rows(table)["domain"]}
    return {
        "mean": mean,
        "between_sd": spread,
        "rate": rates,
        "new_domain_offset": float(rng.normal()),
    }


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The rows with the rates that fits to data from `truth` would report, their prior included.

    A fit reports the mean of its prior and of what its data say, weighed by their precision.
    """
    rows, simulated = fitted_rows(table), []
    for _, row in rows.iterrows():
        weight = row["rate_sd"] ** 2 / row["prior_sd"] ** 2  # of the prior in the posterior
        error = row["rate_sd"] / np.sqrt(1 - weight)
        told = rng.normal(truth["rate"][row["domain"]], error)
        simulated.append(weight * row["prior_mean"] + (1 - weight) * told)
    return rows.assign(rate=simulated)


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Mean, spread, every leaderboard's rate, the next one's, and how far apart they are."""
    rates = posterior["rate"].transpose("chain", "draw", "domain")
    mean, spread = posterior["mean"], posterior["between_sd"]
    new = mean + spread * posterior["new_domain_offset"]
    slowest, fastest = rates.min("domain"), rates.max("domain")
    above = xr.apply_ufunc(stats.norm.cdf, mean / spread)
    return xr.Dataset(
        {
            "mean": mean.assign_attrs(
                label="Rate of algorithmic progress, mean over leaderboards",
                description="mean of the distribution of leaderboards",
                is_headline=True,
                **WORDS,
            ),
            "between_sd": spread.assign_attrs(
                label="Spread of the rates between leaderboards",
                description="standard deviation of the distribution of leaderboards",
                is_positive=True,
                is_headline=True,
                **WORDS,
            ),
            "predictive": new.assign_attrs(
                label="Rate of algorithmic progress on a leaderboard not yet seen",
                description="drawn from the distribution of leaderboards",
                is_headline=True,
                **WORDS,
            ),
            "rate_by_domain": rates.assign_attrs(
                key="rate",
                label="Rate of algorithmic progress, partially pooled",
                description="of the leaderboard, drawn towards the mean by what the others say",
                **WORDS,
            ),
            "slowest": slowest.assign_attrs(
                label="Rate of algorithmic progress on the slowest leaderboard",
                description="least of the rates, draw by draw: positive where all of them are",
                **WORDS,
            ),
            "fastest_over_slowest": (fastest / slowest)
            .where(slowest > 0, np.inf)
            .assign_attrs(
                label="Fastest leaderboard over the slowest",
                unit="factor",
                description="greatest over least of the rates, draw by draw; no upper bound where "
                "the least may be zero",
                is_positive=True,
            ),
            "p_positive": above.assign_attrs(
                label="Share of leaderboards whose rate is above zero",
                unit="share of leaderboards",
                description="probability that a leaderboard not yet seen has progress, by draw",
                is_positive=True,
            ),
            "shrinkage": _shrink(spread, table),
        }
    )


def _shrink(spread: xr.DataArray, table: pd.DataFrame) -> xr.DataArray:
    """By how much of its distance to the mean each leaderboard's rate is drawn to it."""
    rows = fitted_rows(table)
    _, error = divide_out_prior(rows)
    squared = xr.DataArray(error**2, dims="domain", coords={"domain": list(rows["domain"])})
    share = (squared / (squared + spread**2)).transpose("chain", "draw", "domain")
    return share.assign_attrs(
        label="Drawn to the mean by the other leaderboards",
        unit="share of the distance",
        description="error^2 / (error^2 + between_sd^2): 0 keeps the leaderboard's own rate, 1 is "
        "complete pooling",
        is_positive=True,
    )


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """How well each leaderboard knows its rate: nothing explains the rates themselves."""
    return pd.DataFrame({"error of the rate": fitted_rows(table)["rate_sd"]})


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """DerSimonian & Laird 1986 on the rates without their priors, and the common effect."""
    told, error = divide_out_prior(fitted_rows(table))
    found = combine_effects(told, error**2, method_re="dl")
    summary = found.summary_frame(alpha=1 - INTERVAL_PROBABILITY)
    methods = {
        "random effect": f"DerSimonian & Laird, {len(told)} leaderboards",
        "fixed effect": f"common effect, {len(told)} leaderboards",
    }
    return pd.DataFrame(
        [
            ["mean", "mean", words]
            + [float(summary.loc[name, column]) for column in ("eff", "ci_low", "ci_upp")]
            for name, words in methods.items()
        ],
        columns=["key", "label", "method", "estimate", "lower", "upper"],
    )


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Every leaderboard before and after pooling with the whole, and how far each is drawn."""
    found = estimands(posterior, table, card)
    return [draw_rates(found, fitted_rows(table)), draw_shrinkage(found["shrinkage"])]


def draw_rates(found: xr.Dataset, rows: pd.DataFrame) -> Figure:
    """Rates of the leaderboards on their own and pooled; the mean and the next leaderboard's."""
    told, error = divide_out_prior(rows)
    reach = error * stats.norm.ppf((1 + INTERVAL_PROBABILITY) / 2)
    alone = pd.DataFrame(
        {"label": rows["domain"], "median": told, "lower": told - reach, "upper": told + reach}
    ).assign(series=UNPOOLED)
    pooled = make_intervals(found["rate_by_domain"]).assign(series=POOLED)
    whole = {"Mean": "mean", "A leaderboard not yet seen": "predictive"}
    overall = [
        summarise(found[name].expand_dims("whole")).assign(label=label, series=OVERALL)
        for label, name in whole.items()
    ]
    order = [*rows["domain"], *whole]
    frame = pd.concat([alone, pooled, *overall], ignore_index=True)
    return Figure(
        kind="intervals",
        id="pooling",
        title="What the leaderboards tell each other",
        caption="Each leaderboard's rate by its own data, the prior of its fit divided out, and "
        "drawn towards the mean by the others: the wider its own interval, the more. "
        f"{INTERVAL_PROBABILITY:.0%} intervals. The last row is where a leaderboard not yet seen "
        "would lie; it is as wide as the spread between the few that there are.".replace(
            "%", "\N{NO-BREAK SPACE}%"
        ),
        frame=frame.sort_values("label", kind="stable", key=lambda each: each.map(order.index)),
        x_title="decades per year",
    )


def draw_shrinkage(share: xr.DataArray) -> Figure:
    """How far each leaderboard is drawn to the mean."""
    return Figure(
        kind="intervals",
        id="shrinkage",
        title="How far each is drawn to the mean",
        caption="Share of the distance between a leaderboard's own rate and the mean: at 0 it "
        "keeps its own, at 1 it is taken for the mean. Wide intervals: with few leaderboards the "
        "spread between them is not well known.",
        frame=make_intervals(share).assign(series=POSTERIOR_SERIES),
        x_title="share of the distance",
    )


def headline(card: Card) -> Headline:
    """The mean over leaderboards."""
    return Headline(
        key="mean",
        sentence="Over our leaderboards algorithms improve by {median} decades a year in the mean "
        "(90 % interval {lower} to {upper}).",
        notes=tuple(_options(card).notes),
    )


def _options(card: Card) -> OwnRateOptions:
    assert isinstance(card.options, OwnRateOptions)
    return card.options
