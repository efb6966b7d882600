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

from models import Card
from models.core.estimands import describe
from models.core.prior import Prior
from models.options import ResearchInputOptions
from models.production import idea_production
from models.production.idea_law import LOG_10, prepare, trace

TABLE = "research_inputs"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.995}
baseline, build, data = idea_production.baseline, idea_production.build, idea_production.data
headline_key, regressors = idea_production.headline_key, idea_production.regressors
sample_prior, simulate = idea_production.sample_prior, idea_production.simulate
unsupported_reason = idea_production.unsupported_reason
DIMS = idea_production.DIMS | {"ceiling_decades": ("domain",)}
ROUNDING = 1e-6  # decades: nearer to its ceiling a field is at it


@dataclass(frozen=True)
class Priors(idea_production.Priors):
    """A value a field; the fields share the scale of shocks alone."""

    ceiling_decades: Prior = Prior(
        "LogNormal", (float(np.log(5.0)), 0.8), "decades above the first year"
    ).because("1.3 to 19 at 90 %; Davidson & Houlden 2025 put it 6 to 16 above today's AI software")


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Returns and exponents, room below the ceiling, and how often it is near.

    Today is the last observed year, and its efficiency the model's own.
    """
    design = prepare(table, card)
    now = trace(posterior, design)
    last = [now[domain][1].isel(x=-1) for domain in design.domains]
    today = xr.concat(last, dim="domain").assign_coords(domain=design.domains)
    room = (posterior["ceiling_decades"] - today / LOG_10).clip(min=0.0)
    room = room.where(room > ROUNDING, 0.0).transpose("chain", "draw", "domain").drop_attrs()
    factors = card.options_of(ResearchInputOptions).ceiling_within
    near = [(room < np.log10(factor)).mean("domain") for factor in factors]
    within = xr.concat(near, dim="factor").assign_coords(factor=[f"{each:g}" for each in factors])
    label = "Share of the fields with a ceiling within this many times today's efficiency"
    marks: Any = ("positive", "headline")
    return idea_production.estimands(posterior, table, card).assign(
        headroom_decades=describe(room, "Room below the ceiling", "decades", *marks),
        p_ceiling_within=describe(within.transpose(..., "factor"), label, "share", *marks),
    )
