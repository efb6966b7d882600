"""Published estimates of one quantity, pooled: random effects over domains and over studies.

Equations::

    value_i ~ Normal(m_i, error_i)                           a point estimate
    value_i = t_i + Uniform(-half_i, half_i)                 the middle of a range
    P(side of value_i) = normal cdf((m_i - value_i) / error_i)   a one-sided bound, or its mirror
    t_i ~ Normal(m_i, residual_sd)
    m_i = mean + domain_effect[domain_i] + study_effect[study_i]
    domain_effect ~ Normal(0, domain_sd)      study_effect ~ Normal(0, study_sd)
    error_i^2 = (k_i stated_i)^2 + residual_sd^2      or (k_i unstated_sd)^2 + residual_sd^2

    value_i      the estimate on the working scale: log of the ratio to the card's reference, or the
                 difference from it in units of the card's spread
    stated_i     half the interval over the normal quantile of its own level: an interval that is
                 asymmetric in natural units is read on the log scale, where it is less so
    half_i       half a range without a probability, read as uniform (on the log scale log-uniform)
    unstated_sd  error of an estimate without an interval, and of the value at which a bound stands
    residual_sd  what estimates of one study in one domain differ by beyond their stated errors
    k_i          1 for a figure read in its own study; the card's factor for one read elsewhere

The estimates of one study share its effect and so are correlated. An elasticity at or below the
card's floor enters as a bound, at most the floor: on the log scale it has no value of its own.
A bound says on which side of a value the quantity lies, and no more.

What identifies the pooled value: studies that agree across domains. The spread between domains is
known from domains with several studies, and from one study that covers several. With five to
fifteen rows the three spreads are known less well than the pooled value, and lean on their priors.
What cannot be told apart: a domain that one study alone covers from what is particular to that
study there, and publication by result from real differences between small and large studies.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.random import Generator
from scipy import stats

from models import Card, Truth, fitted_rows
from models.core.estimands import describe, doubling_time_months
from models.core.prior import Prior, list_priors, prior_data
from models.estimates.classical import measure_errors, pool
from models.estimates.estimates import NUMBERS, POINT, prepare, to_natural, to_working
from models.estimates.estimates import unsupported_reason as unsupported_reason
from models.estimates.meta_simulation import simulate as simulate
from models.options import EstimateOptions

TABLE = "published_estimates"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.99, "draws": 3000}
DIMS = {"domain_effect": ("domain",), "study_effect": ("study",)}
FAR = 9.0  # standard deviations above which a normal distribution function is 1 to every digit


@dataclass(frozen=True)
class Priors:
    """On the working scale: natural logs, or units of the card's spread."""

    mean: Prior = Prior("Normal", (0.0, 1.0), "natural log, or the card's spread").because(
        "the reference is a round value near the estimates: within a factor of 5 of it at 90 %"
    )
    domain_sd: Prior = Prior("HalfNormal", (0.7,), "natural log, or the card's spread").because(
        "fields may differ by a factor of 2 and hardly by 4: 90 % below 1.15"
    )
    study_sd: Prior = Prior("HalfNormal", (0.4,), "natural log, or the card's spread").because(
        "methods shift all results of a study by up to a factor of 2: 90 % below 0.66"
    )
    residual_sd: Prior = Prior(
        "LogNormal", (np.log(0.25), 0.4), "natural log, or the card's spread"
    ).because(
        "specifications of one study differ by tens of percent, and never by nothing: 90 % in "
        "0.13-0.48"
    )
    unstated_sd: Prior = Prior(
        "LogNormal", (np.log(0.4), 0.4), "natural log, or the card's spread"
    ).because(
        "error where none is stated: those that are stated lie at 0.1 to 0.8, 90 % in 0.2-0.8"
    )


def headline_key(card: Card) -> str:
    """The pooled value."""
    return "pooled"


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """The rows on the working scale, and the parameters of the priors."""
    rows = prepare(table, card).rows
    return {
        "observed_value": rows["value"].to_numpy(),
        **{name: rows[name].to_numpy(dtype=float) for name in NUMBERS},
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: row, domain, study."""
    import pymc as pm

    design, values = prepare(table, card), data(table, card, priors)
    labels = {name: design.labels(name) for name in ("domain", "study")}
    with pm.Model(coords={"row": np.arange(len(design.rows)), **labels}) as model:
        observed = pm.Data("observed_value", values["observed_value"], dims="row")
        given = {name: pm.Data(name, values[name], dims="row") for name in NUMBERS}
        drawn = {name: prior.variable(name) for name, prior in list_priors(priors)}
        # non-centred: many domains and studies have one row
        domain_offset = pm.Normal("domain_offset", 0, 1, dims="domain")
        study_offset = pm.Normal("study_offset", 0, 1, dims="study")
        pm.Normal("new_domain_offset", 0, 1)  # of a domain that no row speaks of
        domain = pm.Deterministic(
            "domain_effect", drawn["domain_sd"] * domain_offset, dims="domain"
        )
        study = pm.Deterministic("study_effect", drawn["study_sd"] * study_offset, dims="study")
        unstated = given["unstated_factor"] * drawn["unstated_sd"]
        error = pm.math.sqrt(given["stated_sd"] ** 2 + unstated**2 + drawn["residual_sd"] ** 2)
        pm.CustomDist(
            "value",
            drawn["mean"] + domain[design.codes("domain")] + study[design.codes("study")],
            error,
            *(given[name] for name in ("side", "is_range", "half_width", "weight")),
            logp=log_density,
            random=draw_rows,
            observed=observed,
            dims="row",
        )
    return model


def log_density(
    value: Any, location: Any, error: Any, side: Any, is_range: Any, half_width: Any, weight: Any
) -> Any:
    """Log density of a point or of the middle of a range, log probability of a bound."""
    import pymc as pm
    from pymc.distributions.dist_math import normal_lcdf

    def lcdf(standard: Any) -> Any:
        """Log of the normal distribution function; far up its slope would not be a number."""
        return normal_lcdf(0, 1, pm.math.minimum(standard, FAR))

    point = pm.logp(pm.Normal.dist(location, error), value)
    bound = lcdf(side * (location - value) / error)
    low, high = (value - half_width - location) / error, (value + half_width - location) / error
    # in the lower tail, where the difference of two probabilities keeps its digits
    is_above = low + high > 0
    left, right = pm.math.switch(is_above, -high, low), pm.math.switch(is_above, -low, high)
    inside = pm.math.logdiffexp(lcdf(right), lcdf(left))
    spread = inside - pm.math.log(2 * half_width)
    known = pm.math.switch(pm.math.eq(is_range, 1), spread, point)
    return weight * pm.math.switch(pm.math.eq(side, 0), known, bound)


def draw_rows(
    location: Any,
    error: Any,
    side: Any,
    is_range: Any,
    half_width: Any,
    weight: Any,
    rng: np.random.Generator,
    size: Any = None,
) -> np.ndarray:
    """Draws for the predictive checks; of a bound, the value that it bounds."""
    within = is_range * rng.uniform(-1, 1, size) * half_width
    return np.asarray(rng.normal(location, error, size) + within)


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Every parameter drawn from its prior, and the scale that the card gives."""
    rows = fitted_rows(table)
    options: Any = card.options
    drawn = {name: float(prior.draw(rng)) for name, prior in list_priors(priors)}
    effects = {
        f"{name}_effect": {
            label: float(rng.normal(0, drawn[f"{name}_sd"])) for label in dict.fromkeys(rows[name])
        }
        for name in ("domain", "study")
    }
    return {
        **drawn,
        **effects,
        "new_domain_offset": float(rng.normal()),
        "is_log": float(options.scale == "log"),
        "reference": options.reference,
        "spread": options.spread or 1.0,
        "secondary_error_factor": options.secondary_error_factor,
    }


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Pooled value, spreads, domains, the next domain, and where they lie against thresholds."""
    options = card.options_of(EstimateOptions)
    mean, spread = posterior["mean"], posterior["domain_sd"]
    pooled = to_natural(mean, options)
    by_domain = to_natural(mean + posterior["domain_effect"], options)
    new = to_natural(mean + spread * posterior["new_domain_offset"], options)
    unit, words = options.unit, options.quantity
    on_log = options.scale == "log"
    made = {
        "pooled": describe(pooled, f"{words}, pooled", unit, "headline"),
        "domain_value": describe(by_domain, f"{words}, by domain", unit, "headline"),
        "predictive": describe(new, f"{words}, in a domain not yet studied", unit, "headline"),
    }
    made = {name: draws.assign_attrs(is_positive=on_log) for name, draws in made.items()}
    working = "natural logs" if on_log else f"the card's spread, {unit}"
    for name, plural in (("domain", "domains"), ("study", "studies")):
        made[f"between_{name}_sd"] = describe(
            posterior[f"{name}_sd"], f"Spread between {plural}", working, "positive"
        )
    if options.thresholds:
        made |= _exceedances(posterior, pooled, options)
    if options.has_rho:
        rho, of = "Substitution parameter rho", {"derived_from": "pooled", "key": "rho"}
        made["rho"] = describe(make_rho(by_domain), rho, "1", derived_from="domain_value")
        made["pooled_rho"] = describe(make_rho(pooled), f"{rho}, pooled", "1", **of)
    if unit == "decades per year":
        months = doubling_time_months(pooled)
        made["doubling_time_months"] = months.assign_attrs(derived_from="pooled")
    return xr.Dataset(made)


def _exceedances(
    posterior: xr.Dataset, pooled: xr.DataArray, options: EstimateOptions
) -> dict[str, xr.DataArray]:
    """For each threshold the pooled value less it, and the share of domains above it."""
    coords = {"threshold": [f"{value:g}" for value in options.thresholds]}
    natural = xr.DataArray(options.thresholds, coords, "threshold")
    working = xr.DataArray(to_working(options.thresholds, options), coords, "threshold")
    above = xr.apply_ufunc(stats.norm.cdf, (posterior["mean"] - working) / posterior["domain_sd"])
    minus, above = (each.transpose(..., "threshold") for each in (pooled - natural, above))
    label = f"{options.quantity}, pooled, less the threshold"
    return {
        "pooled_minus": describe(minus, label, options.unit, derived_from="pooled"),
        "p_above": describe(above, "Share of domains above", "share of domains", "positive"),
    }


def make_rho(sigma: Any) -> Any:
    """The substitution parameter of a CES function, (sigma - 1) / sigma (Arrow et al. 1961)."""
    return (sigma - 1) / sigma


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """What kind of evidence each row is, 0 or 1 each."""
    rows = prepare(table, card).rows
    kinds = {
        "read in the study itself": rows["is_primary"],
        "error stated": rows["unstated_factor"] == 0,
        "one-sided bound": rows["side"] != POINT,
        "shares its study": rows["study"].duplicated(keep=False),
        "shares its domain": rows["domain"].duplicated(keep=False),
    }
    return pd.DataFrame(kinds).astype(float)


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """DerSimonian and Laird's random effects, and a common effect, on the rows that are points."""
    rows = prepare(table, card).rows
    points = rows[rows["side"] == POINT]
    errors = measure_errors(points, unstated_median())
    return pool(
        "pooled",
        points["value"].to_numpy(),
        errors,
        "rows taken as independent",
        lambda value: to_natural(value, card.options_of(EstimateOptions)),
    )


def unstated_median() -> float:
    """The prior's median of an error that is not stated, on the working scale."""
    return float(np.exp(Priors().unstated_sd.parameters[0]))
