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
import xarray as xr

from models import Card, Figure, Headline, Truth
from models.core.prior import Prior
from models.production.ideas import build_ideas, find_fault, make_data
from models.production.ideas_report import (
    describe_rows,
    draw_law_figures,
    fit_growth_rates,
    list_returns,
    state_returns,
)
from models.production.ideas_simulation import draw_law, simulate_law

TABLE = "research_inputs"
TITLE = "Idea production"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.95}
DIMS = dict.fromkeys(
    ("stepping_on_toes", "fishing_out", "initial_growth", "error_decades"),
    ("domain",),
)


@dataclass(frozen=True)
class Priors:
    """A value a field; the fields share the scale of shocks alone."""

    stepping_on_toes: Prior = Prior(
        "LogNormal",
        (0.0, 1.0),
        "1",
        "growth models take 0.5 to 1; published fits of software reach 6: 90 % in 0.19 to 5.2",
    )
    fishing_out: Prior = Prior(
        "LogNormal",
        (0.0, 1.0),
        "1",
        "1 is growth that slows like one over the efficiency reached: 90 % in 0.19 to 5.2",
    )
    initial_growth: Prior = Prior(
        "LogNormal",
        (float(np.log(0.3)), 1.0),
        "per year",
        "of log efficiency in the first year: from 6 % a year to more than fourfold at 90 %",
    )
    shock_scale: Prior = Prior(
        "HalfNormal",
        (0.1,),
        "per root year",
        "lucky and unlucky years: a tenth of the efficiency is usual, a quarter is rare",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Empty where each field has two efficiencies and research in every year between."""
    return find_fault(table, card)


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Research by interval, observed efficiencies and their errors, parameters of the priors."""
    return make_data(table, card, priors)


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: domain, interval, observation."""
    return build_ideas(table, card, priors)


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Every parameter drawn from its prior, a value a field."""
    return draw_law(table, card, priors, rng)


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The table with efficiencies drawn from `truth` in fifty steps a year."""
    return simulate_law(table, truth, rng)


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Returns to research and its two exponents, a field each."""
    return xr.Dataset(list_returns(posterior))


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Years and growth of the research behind each observed efficiency."""
    return describe_rows(table, card)


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Growth of efficiency over growth of research, the latter by OLS."""
    return fit_growth_rates(table, card)


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Returns by field, the two exponents, fitted paths and research."""
    return draw_law_figures(posterior, table, card)


def headline(card: Card) -> Headline:
    """Doublings of efficiency for a doubling of research, in the field of the card."""
    return Headline(**state_returns(card))
