"""The production of ideas below a ceiling: the same law, with a highest efficiency.

Equations (A: efficiency, that of the first year 1; K: its ceiling; I: research of a year, that of
the first 1)::

    dA/dt = theta A^(1 - fishing_out) I^stepping_on_toes (1 - (A / K)^fishing_out),   with shocks
    theta = initial_growth / (1 - K^(-fishing_out))
    log10 K = ceiling_decades
    log A_observed ~ Normal(log A, error[domain])

    stepping_on_toes  lambda: research done at once runs into itself below 1
    fishing_out       beta: the ideas found first are the easy ones
    initial_growth    of log A in the first year, per year
    ceiling_decades   above the first year, so that no parameter is counted from an outcome

The power of A / K is fishing_out so that the law has a closed solution, linear in A^fishing_out:
near its ceiling growth falls off the more sharply the larger it is. Far below, this is
idea_production.

What identifies a ceiling: growth that slows although research grows. With one ratio of efficiencies
a field nothing does, and the ceiling cannot be told from ideas running out: the posterior of
ceiling_decades is its prior, cut off below what the field has reached. Read the probabilities of a
near ceiling as those of the prior.
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
    draw_room,
    fit_growth_rates,
    list_returns,
    list_room,
    state_returns,
)
from models.production.ideas_simulation import draw_law, simulate_law

TABLE = "research_inputs"
TITLE = "Idea production with a ceiling"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.995}
DIMS = dict.fromkeys(
    ("stepping_on_toes", "fishing_out", "initial_growth", "error_decades", "ceiling_decades"),
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
    ceiling_decades: Prior = Prior(
        "LogNormal",
        (float(np.log(5.0)), 0.8),
        "decades above the first year",
        "1.3 to 19 at 90 %; Davidson & Houlden 2025 put it 6 to 16 above today's AI software",
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
    """Returns and exponents, room below the ceiling, and how often it is near."""
    return xr.Dataset(list_returns(posterior) | list_room(posterior, table, card))


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Years and growth of the research behind each observed efficiency."""
    return describe_rows(table, card)


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Growth of efficiency over growth of research, the latter by OLS."""
    return fit_growth_rates(table, card)


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Room below the ceiling, then the pictures of the law."""
    return [
        draw_room(list_room(posterior, table, card), card),
        *draw_law_figures(posterior, table, card),
    ]


def headline(card: Card) -> Headline:
    """Doublings of efficiency for a doubling of research, in the field of the card."""
    return Headline(**state_returns(card))
