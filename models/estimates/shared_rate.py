"""One rate of algorithmic progress for all leaderboards, and how far each departs from it.

Equations::

    told ~ MvNormal(rate, S)                       what the data of the leaderboards say of rates
    S_dd = error_d^2,  S_de = error_d error_e likeness shared_de
    rate_d ~ Normal(mean, between_sd)              leaderboards d = 1, ..., D
    1 / error_d^2 = 1 / reported_sd_d^2 - 1 / prior_sd_d^2
    told_d = error_d^2 (reported_d / reported_sd_d^2 - prior_mean_d / prior_sd_d^2)

    reported_d, reported_sd_d   rate of the posterior fitted to leaderboard d alone, and how well it
                                is known; decades per year
    prior_mean_d, prior_sd_d    of the prior of the rate in that fit; decades per year
    shared_de                   base models that stand on both leaderboards, over the geometric mean
                                of how many stand on each
    likeness                    correlation of the errors of two leaderboards of the same models
    mean, between_sd            of the rates of leaderboards; decades per year

A posterior holds the prior of its fit beside the data. Were it taken for data, that prior would
count once a leaderboard, though it is one belief. It is divided out: both are taken for normal, and
precisions subtract. The mean over leaderboards then has the one prior stated here.

What identifies the parts: the rate of each leaderboard, from its own data; mean and spread, from
how the rates scatter beyond their errors. What cannot be told with a handful of leaderboards: the
spread, which then leans on its prior, and with it the rate of a leaderboard not yet seen; nor
whether a rate departs for its domain, its years or its model; nor how alike the errors of two
leaderboards of the same models are, which keeps its prior.
The normal distribution of rates is a choice: it gives a leaderboard not yet seen some chance of
regress though none of those seen shows it.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.random import Generator
from scipy import stats

from models import Card, Truth, fitted_rows
from models.core.estimands import describe
from models.core.prior import Prior, list_priors, prior_data
from models.estimates.classical import pool
from models.options import SEPARATOR

TABLE = "own_rates"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.99}
DIMS = {"rate": ("domain",)}
MINIMUM_ROWS = 2


@dataclass(frozen=True)
class Priors:
    """In decades per year."""

    mean: Prior = Prior("Normal", (0.4, 0.6), "decades per year").because(
        "as for one leaderboard: published rates are 0.2 to 1.2; regress is not ruled out"
    )
    between_sd: Prior = Prior("HalfNormal", (0.5,), "decades per year").because(
        "published rates of fields differ by up to one decade a year: 90 % below 0.8, and none at "
        "all is not ruled out"
    )
    likeness: Prior = Prior("Beta", (2.0, 2.0), "correlation").because(
        "errors of compute and the models' own quality are shared, scores and tests are not: 90 % "
        "in 0.14 to 0.86"
    )


@dataclass(frozen=True)
class Design:
    """What the data of each leaderboard say of its rate, and the error, in decades per year.

    `shared`, shape (domain, domain): base models on both over the geometric mean of both counts.
    """

    domains: list[str]
    told: np.ndarray
    error: np.ndarray
    shared: np.ndarray


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Fewer than two leaderboards; else empty."""
    if (count := len(fitted_rows(table))) >= MINIMUM_ROWS:
        return ""
    words = "the number of leaderboards whose rate may be quoted is"
    return f"{words} {count}, and what they share needs {MINIMUM_ROWS}"


def headline_key(card: Card) -> str:
    """The mean over leaderboards."""
    return "mean"


def prepare(table: pd.DataFrame) -> Design:
    """The reported rates with their priors divided out: precisions of normals subtract.

    The table holds no posterior as wide as its prior.
    """
    rows = fitted_rows(table)
    reported, prior = 1 / rows["rate_sd"] ** 2, 1 / rows["prior_sd"] ** 2
    told = (reported * rows["rate"] - prior * rows["prior_mean"]) / (reported - prior)
    error, shared = (reported - prior).pow(-0.5), _count_shared(rows["base_models"])
    return Design(list(rows["domain"]), told.to_numpy(float), error.to_numpy(float), shared)


def _count_shared(base_models: pd.Series) -> np.ndarray:
    """How far each pair of leaderboards has the same base models: 0 to 1, on the diagonal 1."""
    held = [set(str(each).split(SEPARATOR)) - {""} for each in base_models.fillna("")]
    shared = [[len(a & b) / max(np.sqrt(len(a) * len(b)), 1.0) for b in held] for a in held]
    return np.where(np.eye(len(held)) > 0, 1.0, np.array(shared))


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """What the leaderboards say of their rates, the errors, and the parameters of the priors."""
    design = prepare(table)
    made = {"observed_rate": design.told, "error": design.error, "shared": design.shared}
    return made | prior_data(priors)


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the leaderboards; dim: domain, one a leaderboard."""
    import pymc as pm
    import pytensor.tensor as pt

    design = prepare(table)
    coords = {"domain": design.domains, "other_domain": design.domains}
    with pm.Model(coords=coords) as model:
        observed = pm.Data("observed_rate", design.told, dims="domain")
        error = pm.Data("error", design.error, dims="domain")
        mean = priors.mean.variable("mean")
        between_sd = priors.between_sd.variable("between_sd")
        offset = pm.Normal("domain_offset", 0, 1, dims="domain")
        pm.Normal("new_domain_offset", 0, 1)
        rate = pm.Deterministic("rate", mean + between_sd * offset, dims="domain")
        likeness = priors.likeness.variable("likeness")
        shared = pm.Data("shared", design.shared, dims=("domain", "other_domain"))
        own = pt.eye(len(design.domains))
        covariance = pt.outer(error, error) * (own + (1 - own) * likeness * shared)
        pm.CustomDist(
            "told_rate",
            rate,
            pt.linalg.cholesky(covariance),
            dist=_draw_told,
            logp=_weigh_told,
            observed=observed,
            dims="domain",
        )
    return model


def _draw_told(rate: Any, factor: Any, size: Any) -> Any:
    """Normal around `rate` with the covariance of which `factor` is the Cholesky factor."""
    import pymc as pm

    return rate + pm.math.dot(factor, pm.Normal.dist(0, 1, size=rate.shape))


def _weigh_told(value: Any, rate: Any, factor: Any) -> Any:
    """Log density of each leaderboard given those before it; they sum to the joint density."""
    import pymc as pm
    import pytensor.tensor as pt

    standard = pt.linalg.solve_triangular(factor, value - rate, lower=True)
    return pm.logp(pm.Normal.dist(0, 1), standard) - pt.log(pt.diagonal(factor))


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Mean and spread drawn from their priors, and the rate of every leaderboard from them."""
    drawn: Truth = {name: float(prior.draw(rng)) for name, prior in list_priors(priors)}
    drawn["rate"] = {
        name: float(rng.normal(drawn["mean"], drawn["between_sd"]))
        for name in fitted_rows(table)["domain"]
    }
    drawn["new_domain_offset"] = float(rng.normal())
    return drawn


def simulate(table: pd.DataFrame, truth: Truth, rng: Generator) -> pd.DataFrame:
    """The rows with the rates that fits to data from `truth` would report, their prior included.

    A fit reports the mean of its prior and of what its data say, weighed by their precision.
    """
    rows = fitted_rows(table)
    weight = (rows["rate_sd"] ** 2 / rows["prior_sd"] ** 2).to_numpy()  # of the prior
    error = rows["rate_sd"].to_numpy() / np.sqrt(1 - weight)
    bases = [set(str(text).split(SEPARATOR)) - {""} for text in rows["base_models"].fillna("")]
    correlation = np.eye(len(rows))
    for i, j in combinations(range(len(rows)), 2):
        both = len(bases[i] & bases[j]) / max(1.0, (len(bases[i]) * len(bases[j])) ** 0.5)
        correlation[i, j] = correlation[j, i] = truth["likeness"] * both
    rate = rows["domain"].map(truth["rate"]).to_numpy(dtype=float)
    told = rng.multivariate_normal(rate, correlation * np.outer(error, error))
    simulated = weight * rows["prior_mean"].to_numpy() + (1 - weight) * told
    return rows.assign(rate=simulated)


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Mean, spread, every leaderboard's rate, the next one's, and how far apart they are."""
    rates = posterior["rate"].transpose("chain", "draw", "domain")
    mean, spread = posterior["mean"], posterior["between_sd"]
    slowest, fastest = rates.min("domain"), rates.max("domain")
    design = prepare(table)
    variance = xr.DataArray(design.error**2, {"domain": design.domains}, "domain")
    shrinkage = (variance / (variance + spread**2)).transpose("chain", "draw", "domain")
    above = xr.apply_ufunc(stats.norm.cdf, mean / spread)
    apart = (fastest / slowest).where(slowest > 0, np.inf)
    new = mean + spread * posterior["new_domain_offset"]
    rate, unit = "Rate of algorithmic progress", "decades per year"
    made = {
        "mean": describe(mean, f"{rate}, mean over leaderboards", unit, "headline"),
        "between_sd": describe(
            spread, "Spread of the rates between leaderboards", unit, "positive", "headline"
        ),
        "predictive": describe(new, f"{rate} on a leaderboard not yet seen", unit, "headline"),
        "rate_by_domain": describe(rates, f"{rate}, partially pooled", unit, key="rate"),
        "slowest": describe(slowest, f"{rate} on the slowest leaderboard", unit),
    }
    ratio = "Fastest leaderboard over the slowest"
    positive = "Share of leaderboards whose rate is above zero"
    drawn = "Drawn to the mean by the other leaderboards"
    made |= {
        "fastest_over_slowest": describe(apart, ratio, "factor", "positive"),
        "p_positive": describe(above, positive, "share of leaderboards", "positive"),
        "shrinkage": describe(shrinkage, drawn, "share of the distance", "positive"),
    }
    return xr.Dataset(made)


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """How well each leaderboard knows its rate: nothing explains the rates themselves."""
    return pd.DataFrame({"error of the rate": fitted_rows(table)["rate_sd"]})


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """DerSimonian & Laird 1986 on the rates without their priors, and the common effect."""
    design = prepare(table)
    return pool("mean", design.told, design.error, "leaderboards")
