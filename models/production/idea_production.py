"""The production of ideas: how research turns into efficiency, field by field.

Equations (A: efficiency, that of the first year 1; I: research of a year, that of the first 1)::

    dA/dt = initial_growth A^(1 - fishing_out) I^stepping_on_toes,   with shocks:
    d log A = initial_growth A^(-fishing_out) I^stepping_on_toes dt + shock_scale dW
    log A_observed ~ Normal(log A, error[domain])
    returns_to_research = stepping_on_toes / fishing_out

    stepping_on_toes  lambda: research done at once runs into itself below 1
    fishing_out       beta: the ideas found first are the easy ones
    initial_growth    theta I_0^lambda: growth of log A in the first year, per year
    shock_scale       of log A, per root year

With I constant within a year and no shocks, A^fishing_out = 1 + fishing_out initial_growth S, S the
sum over years of I^stepping_on_toes. Shocks are carried along that path to first order: one at time
s is worth (A_s / A_t)^fishing_out of itself at t, since a field that is ahead grows more slowly.

What identifies the returns: over long growth, log A is about returns times log I, so that the
ratio is known where research grew a lot. What cannot be told apart: the two exponents, on one ratio
of efficiencies a field (the posterior follows lines of constant ratio); and the returns from the
growth of the first year, which only its prior says.

Erdil, Besiroglu & Ho 2024 fit the same law. Their medians return here when the efficiencies are
taken as exact and the growth of the first year as near the average of the period, as the straight
line says that they draw between first and last year (tests/test_idea_production.py). Neither is
observed: the error of the efficiencies and a first year that is free are what widens the intervals.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
from numpy.random import Generator

from models import INTERVAL_PROBABILITY, Card, Truth, fitted_rows
from models.core.estimands import describe
from models.core.prior import Prior, list_priors, prior_data
from models.options import ResearchInputOptions
from models.production.idea_law import LOG_10, predict, prepare
from models.production.idea_law import unsupported_reason as unsupported_reason
from models.production.idea_simulation import simulate as simulate

TABLE = "research_inputs"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.95}
DIMS = dict.fromkeys(
    ("stepping_on_toes", "fishing_out", "initial_growth", "error_decades"), ("domain",)
)


@dataclass(frozen=True)
class Priors:
    """A value a field; the fields share the scale of shocks alone."""

    stepping_on_toes: Prior = Prior("LogNormal", (0.0, 1.0), "1").because(
        "growth models take 0.5 to 1; published fits of software reach 6: 90 % in 0.19 to 5.2"
    )
    fishing_out: Prior = Prior("LogNormal", (0.0, 1.0), "1").because(
        "1 is growth that slows like one over the efficiency reached: 90 % in 0.19 to 5.2"
    )
    initial_growth: Prior = Prior("LogNormal", (float(np.log(0.3)), 1.0), "per year").because(
        "of log efficiency in the first year: from 6 % a year to more than fourfold at 90 %"
    )
    shock_scale: Prior = Prior("HalfNormal", (0.1,), "per root year").because(
        "lucky and unlucky years: a tenth of the efficiency is usual, a quarter is rare"
    )


def headline_key(card: Card) -> str:
    """Doublings of efficiency for a doubling of research, in the field of the card."""
    return f"returns_to_research[{card.options_of(ResearchInputOptions).headline_domain}]"


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Research by interval, observed efficiencies and their errors, parameters of the priors."""
    design = prepare(table, card)
    return {
        "log_input": design.intervals["log_input"].to_numpy(),
        "duration": design.intervals["duration"].to_numpy(),
        "error": design.observed["error"].to_numpy(),
        "observed_log_efficiency": design.observed["log_efficiency"].to_numpy(),
        **prior_data(priors),
    }


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model, with a ceiling where the priors have one.

    Dims: domain, interval, observation.
    """
    import pymc as pm

    design, values = prepare(table, card), data(table, card, priors)
    coords = {
        "domain": design.domains,
        "interval": np.arange(len(design.intervals)),
        "observation": list(design.observed["label"]),
    }
    dims = {"log_input": "interval", "duration": "interval"}
    with pm.Model(coords=coords) as model:
        given = {
            name: pm.Data(name, values[name], dims=dims.get(name, "observation"))
            for name in ("log_input", "duration", "error", "observed_log_efficiency")
        }
        drawn = {
            name: prior.variable(name, dims=None if name == "shock_scale" else "domain")
            for name, prior in list_priors(priors)
        }
        mean, scale = predict(design, drawn, given)
        observed = given["observed_log_efficiency"]
        pm.Normal("log_efficiency", mean, scale, observed=observed, dims="observation")
    return model


def sample_prior(table: pd.DataFrame, card: Card, priors: Priors, rng: Generator) -> Truth:
    """Every parameter drawn from its prior, a value a field, and the error of its efficiencies."""
    domains = list(fitted_rows(table)["domain"].drop_duplicates())
    truth: Truth = {
        name: float(prior.draw(rng))
        if name == "shock_scale"
        else {domain: float(prior.draw(rng)) for domain in domains}
        for name, prior in list_priors(priors)
    }
    options: Any = card.options
    errors = options.efficiency_error
    return truth | {"error_decades": {domain: errors[domain].decades for domain in domains}}


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Returns to research and its two exponents, a field each."""
    toes, fishing = posterior["stepping_on_toes"], posterior["fishing_out"]
    marks: Any = ("positive", "headline")
    made = {
        "returns_to_research": (toes / fishing, "Returns to research", "doublings per doubling"),
        "stepping_on_toes": (toes, "Exponent of research", "1"),
        "fishing_out": (fishing, "Exponent of ideas found", "1"),
    }
    return xr.Dataset({name: describe(*each, *marks) for name, each in made.items()})


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Years and growth of the research behind each observed efficiency."""
    design = prepare(table, card)
    grown = design.intervals["log_input"].to_numpy()[design.last] / LOG_10
    return pd.DataFrame(
        {"years of research": design.observed["year"], "growth of research in decades": grown}
    )


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Growth of efficiency over growth of research: the returns if both grew at constant rates.

    The growth of research and its interval are those of an OLS line through its logarithm; the
    efficiency is taken as exact.
    """
    design, made = prepare(table, card), []
    final = design.observed.groupby("domain").last()
    growths = final["log_efficiency"] / final["year"]
    for domain, rows in design.intervals.groupby("domain", sort=False):
        growth = growths[str(domain)]
        fit = smf.ols("log_input ~ year", rows).fit()
        low, high = fit.conf_int(alpha=1 - INTERVAL_PROBABILITY).loc["year"]
        made.append(
            {
                "key": f"returns_to_research[{domain}]",
                "label": domain,
                "method": f"ratio of growth rates, OLS on {len(rows)} years",
                "estimate": growth / fit.params["year"],
                "lower": growth / high,
                "upper": growth / low if low > 0 else np.nan,
            }
        )
    return pd.DataFrame(made)
