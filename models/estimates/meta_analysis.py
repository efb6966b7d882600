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
from scipy import stats

from models import Card, Figure, Headline, Truth, fitted_rows
from models.core.prior import Prior, prior_data
from models.core.rates import doubling_time_months
from models.estimates.estimates import (
    LOWER,
    POINT,
    UPPER,
    find_refusal,
    get_options,
    list_labels,
    make_rho,
    prepare,
    to_natural,
    to_working,
)
from models.estimates.meta_baseline import pool_classically
from models.estimates.meta_charts import draw_domains, draw_forest, draw_funnel, draw_specifications

TABLE = "published_estimates"
TITLE = "Meta-analysis"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.99}
DIMS = {"domain_effect": ("domain",), "study_effect": ("study",)}
ROW_DATA = ("side", "is_range", "half_width", "stated_sd", "unstated_factor", "weight")
FAR = 9.0  # standard deviations above which a normal distribution function is 1 to every digit


@dataclass(frozen=True)
class Priors:
    """On the working scale: natural logs, or units of the card's spread."""

    mean: Prior = Prior(
        "Normal",
        (0.0, 1.0),
        "natural log, or the card's spread",
        "the reference is a round value near the estimates: within a factor of 5 of it at 90 %",
    )
    domain_sd: Prior = Prior(
        "HalfNormal",
        (0.7,),
        "natural log, or the card's spread",
        "fields may differ by a factor of 2 and hardly by 4: 90 % below 1.15",
    )
    study_sd: Prior = Prior(
        "HalfNormal",
        (0.4,),
        "natural log, or the card's spread",
        "methods shift all results of a study by up to a factor of 2: 90 % below 0.66",
    )
    residual_sd: Prior = Prior(
        "LogNormal",
        (np.log(0.25), 0.4),
        "natural log, or the card's spread",
        "specifications of one study differ by tens of percent, and never by nothing: 90 % in "
        "0.13-0.48",
    )
    unstated_sd: Prior = Prior(
        "LogNormal",
        (np.log(0.4), 0.4),
        "natural log, or the card's spread",
        "error where none is stated: those that are stated lie at 0.1 to 0.8, 90 % in 0.2-0.8",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """A single study, bounds alone, or values that the scale cannot hold; else empty."""
    return find_refusal(table, get_options(card))


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """The rows on the working scale, and the parameters of the priors."""
    rows = prepare(table, get_options(card))
    return {
        "observed_value": rows["value"].to_numpy(),
        **{name: rows[name].to_numpy(dtype=float) for name in ROW_DATA},
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: row, domain, study."""
    import pymc as pm

    rows = fitted_rows(table)
    values = data(table, card, priors)
    domains, studies = list_labels(rows, "domain"), list_labels(rows, "study")
    domain_index = pd.Categorical(rows["domain"], categories=domains).codes
    study_index = pd.Categorical(rows["study"], categories=studies).codes
    coords = {"row": np.arange(len(rows)), "domain": domains, "study": studies}
    with pm.Model(coords=coords) as model:
        observed = pm.Data("observed_value", values["observed_value"], dims="row")
        given = {name: pm.Data(name, values[name], dims="row") for name in ROW_DATA}
        mean = priors.mean.variable("mean")
        domain_sd = priors.domain_sd.variable("domain_sd")
        study_sd = priors.study_sd.variable("study_sd")
        residual_sd = priors.residual_sd.variable("residual_sd")
        unstated_sd = priors.unstated_sd.variable("unstated_sd")
        # non-centred: many domains and studies have one row
        domain_offset = pm.Normal("domain_offset", 0, 1, dims="domain")
        study_offset = pm.Normal("study_offset", 0, 1, dims="study")
        pm.Normal("new_domain_offset", 0, 1)  # of a domain that no row speaks of
        domain_effect = pm.Deterministic("domain_effect", domain_sd * domain_offset, dims="domain")
        study_effect = pm.Deterministic("study_effect", study_sd * study_offset, dims="study")
        error = pm.math.sqrt(
            given["stated_sd"] ** 2 + (given["unstated_factor"] * unstated_sd) ** 2 + residual_sd**2
        )
        pm.CustomDist(
            "value",
            mean + domain_effect[domain_index] + study_effect[study_index],
            error,
            *(given[name] for name in ("side", "is_range", "half_width", "weight")),
            logp=_log_density,
            random=_draw_rows,
            observed=observed,
            dims="row",
        )
    return model


def _log_density(
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


def _draw_rows(
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


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Every parameter drawn from its prior, and the scale that the card gives."""
    rows, options = fitted_rows(table), card.options
    drawn = {
        name: float(getattr(priors, name).draw(rng))
        for name in ("mean", "domain_sd", "study_sd", "residual_sd", "unstated_sd")
    }
    domains, studies = (dict.fromkeys(rows[name]) for name in ("domain", "study"))
    return drawn | {
        "domain_effect": {name: float(rng.normal(0, drawn["domain_sd"])) for name in domains},
        "study_effect": {name: float(rng.normal(0, drawn["study_sd"])) for name in studies},
        "new_domain_offset": float(rng.normal()),
        "is_log": float(getattr(options, "scale", "") == "log"),
        "reference": float(getattr(options, "reference", 0.0)),
        "spread": float(getattr(options, "spread", None) or 1.0),
        "secondary_error_factor": float(getattr(options, "secondary_error_factor", 1.0)),
    }


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The rows with estimates and intervals drawn from `truth`; a bound may change its side.

    Intervals keep their width on the working scale. One that the log scale cannot hold stays as it
    is: its row has no error of its own in the fit either.
    """
    simulated = fitted_rows(table).copy()
    for line, row in simulated.iterrows():
        place = truth["domain_effect"][row["domain"]] + truth["study_effect"][row["study"]]
        moved = _simulate_row(row, truth["mean"] + place, truth, rng)
        for name, value in moved.items():
            simulated.loc[line, name] = value
    return simulated


def _simulate_row(
    row: pd.Series, location: float, truth: Truth, rng: np.random.Generator
) -> dict[str, Any]:
    """The changed cells of one row."""
    reference, spread = truth["reference"], truth["spread"]

    def scale(number: float) -> float:
        if not truth["is_log"]:
            return float((number - reference) / spread)
        return float(np.log(number / reference)) if number > 0 else np.nan

    def unscale(number: float) -> float:
        return float(reference * np.exp(number) if truth["is_log"] else reference + number * spread)

    factor = 1.0 if row["is_primary"] else truth["secondary_error_factor"]
    low, high = scale(row["lower"]), scale(row["upper"])
    has_width = np.isfinite(high - low)
    true = rng.normal(location, truth["residual_sd"])
    if pd.notna(row["bound"]):
        seen = rng.normal(true, factor * truth["unstated_sd"])
        return {"bound": "lower" if seen > scale(row["estimate"]) else "upper"}
    middle = (low + high) / 2
    if row["interval_kind"] == "range" and has_width:
        seen = true + rng.uniform(-1, 1) * factor * (high - low) / 2
        shift = seen - middle
    else:
        error = truth["unstated_sd"]
        if row["interval_kind"] == "probability" and has_width:
            error = (high - low) / 2 / stats.norm.ppf((1 + row["interval_probability"]) / 2)
        seen = rng.normal(true, factor * error)
        before = middle if pd.isna(row["estimate"]) else scale(row["estimate"])
        shift = seen - before
    changed = {"lower": unscale(low + shift), "upper": unscale(high + shift)} if has_width else {}
    if pd.notna(row["estimate"]):
        at = scale(row["estimate"]) + shift
        changed["estimate"] = unscale(at if np.isfinite(at) else seen)
    return changed


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Pooled value, spreads, domains, the next domain, and where they lie against thresholds."""
    options = get_options(card)
    pooled = to_natural(posterior["mean"], options)
    by_domain = to_natural(posterior["mean"] + posterior["domain_effect"], options)
    new = posterior["mean"] + posterior["domain_sd"] * posterior["new_domain_offset"]
    is_positive = options.scale == "log"
    words = {"unit": options.unit, "is_positive": is_positive}
    made = {
        "pooled": pooled.assign_attrs(
            label=f"{options.quantity}, pooled",
            description="middle of the distribution of domains; half of them lie above",
            is_headline=True,
            **words,
        ),
        "domain_value": by_domain.assign_attrs(
            label=f"{options.quantity}, by domain",
            description="value of the domain, whatever the study",
            is_headline=True,
            **words,
        ),
        "predictive": to_natural(new, options).assign_attrs(
            label=f"{options.quantity}, in a domain not yet studied",
            description="drawn from the distribution of domains",
            is_headline=True,
            **words,
        ),
    }
    made |= _spreads(posterior, options.scale == "log", options.unit)
    made |= _exceedances(posterior, pooled, card)
    if options.has_rho:
        made |= _rhos(pooled, by_domain)
    if options.unit == "decades per year":
        made["doubling_time_months"] = doubling_time_months(pooled).assign_attrs(
            derived_from="pooled"
        )
    return xr.Dataset(made)


def _spreads(posterior: xr.Dataset, is_log: bool, unit: str) -> dict[str, xr.DataArray]:
    scale = "natural logs" if is_log else f"the card's spread, {unit}"
    return {
        f"between_{name}_sd": posterior[f"{name}_sd"].assign_attrs(
            label=f"Spread between {plural}",
            unit=scale,
            description=f"standard deviation of the {name} effects",
            is_positive=True,
        )
        for name, plural in (("domain", "domains"), ("study", "studies"))
    }


def _exceedances(
    posterior: xr.Dataset, pooled: xr.DataArray, card: Card
) -> dict[str, xr.DataArray]:
    """For each threshold the pooled value less it, and the share of domains above it."""
    options = get_options(card)
    if not options.thresholds:
        return {}
    coords = {"threshold": [f"{value:g}" for value in options.thresholds]}
    natural = xr.DataArray(options.thresholds, dims="threshold", coords=coords)
    working = xr.DataArray(to_working(options.thresholds, options), dims="threshold", coords=coords)
    standard = (posterior["mean"] - working) / posterior["domain_sd"]
    above = xr.apply_ufunc(stats.norm.cdf, standard)
    order = ("chain", "draw", "threshold")
    return {
        "pooled_minus": (pooled - natural)
        .transpose(*order)
        .assign_attrs(
            label=f"{options.quantity}, pooled, less the threshold",
            unit=options.unit,
            description="its probability of being positive is that of a pooled value above",
            derived_from="pooled",
        ),
        "p_above": above.transpose(*order).assign_attrs(
            label="Share of domains above",
            unit="share of domains",
            description="probability that a domain not yet studied lies above, by draw",
            is_positive=True,
        ),
    }


def _rhos(pooled: xr.DataArray, by_domain: xr.DataArray) -> dict[str, xr.DataArray]:
    words = {
        "label": "Substitution parameter rho",
        "unit": "1",
        "description": "(sigma - 1) / sigma, by draw: 0 is Cobb-Douglas, far below 0 a bottleneck",
    }
    return {
        "rho": make_rho(by_domain).assign_attrs(words, derived_from="domain_value"),
        "pooled_rho": make_rho(pooled).assign_attrs(
            words, key="rho", label="Substitution parameter rho, pooled", derived_from="pooled"
        ),
    }


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """What kind of evidence each row is, 0 or 1 each."""
    rows = prepare(table, get_options(card))
    return pd.DataFrame(
        {
            "read in the study itself": rows["is_primary"].astype(float),
            "error stated": (rows["unstated_factor"] == 0).astype(float),
            "one-sided bound": rows["side"].isin([LOWER, UPPER]).astype(float),
            "shares its study": rows["study"].duplicated(keep=False).astype(float),
            "shares its domain": rows["domain"].duplicated(keep=False).astype(float),
        }
    )


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """DerSimonian and Laird's random effects, and a common effect, on the rows that are points."""
    rows = prepare(table, get_options(card))
    return pool_classically(rows[rows["side"] == POINT], get_options(card), Priors().unstated_sd)


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Every study beside its domain, the domains, opposed specifications, and the funnel."""
    options = get_options(card)
    rows = prepare(table, options)
    by_domain = to_natural(posterior["mean"] + posterior["domain_effect"], options)
    found = estimands(posterior, table, card)
    figures = [
        draw_forest(rows, by_domain, options),
        draw_domains(found, options),
        draw_specifications(rows, by_domain, options),
        draw_funnel(rows, options, Priors().unstated_sd),
    ]
    return [figure for figure in figures if figure is not None]


def headline(card: Card) -> Headline:
    """The pooled value in the words of the card."""
    options = get_options(card)
    return Headline(key="pooled", sentence=options.headline, notes=tuple(options.notes))
