"""Time horizon from training compute and date: which of them horizons grew with.

Equations, for row i of base model b, t_i its release in years since the reference date::

    log2 horizon_i ~ Normal(h_i, error_i)
    h_i       = level + slope (c_b + added_i) + g(t_i) + unexplained_b
    g(t)      = rate t - change min(t - t_bend, 0)
    c_b       = (1 - weight_b) trend_b + weight_b figure_b + scatter_b z_b
    trend_b   = k_0 + k_1 t_b + k_2 min(t_b - t_bend, 0) + k_3 open_b,   k ~ Normal(k_hat, V)
    unexplained_b ~ Normal(0, spread)

    horizon    minutes that people take for the tasks of which the model completes half
    error      of the published interval (see design.py)
    level      log2 minutes at 10^25 FLOP and the reference date
    slope      doublings of the horizon per decade of training compute
    rate       doublings a year at fixed compute since the bend; `change` less before it
    c_b        decades of training compute above 10^25 FLOP; `added` is what later training of the
               same base model is reported to have added
    k          trend of compute, for base models with open weights and without: its estimate from
               the figures and their errors (k_hat, V), before horizons say more
    weight_b   of the base model's own figure: below one by its error, zero where there is none

Effective compute in decades is c + g / slope + unexplained / slope, so that the parts of a step
are those of models/__init__.py: compute, trend and unexplained.

One likelihood for all rows. A model with a figure says what compute and date did together and,
beside models of its date with more or less compute, which of them did it. A model without a figure
has the compute that the trend gives it, with its scatter: its horizon speaks for
slope (k_0 + k_1 t + ...) + rate t, the growth in total, and no more than that for either.

What identifies the slope: models of like date and unlike compute, in these data those with open
weights beside those without. What it cannot distinguish: compute from whatever else laboratories
with more compute do better; and compute from the date, as far as the largest runs grew steadily.
Better data, distillation, training to reason and compute at inference count as trend.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import Card
from models.core.prior import Prior, prior_data
from models.core.variants import Variant
from models.horizons.design import GROWTH, HELD_OUT_ERROR, PERIODS, TERMS, Design, prepare
from models.horizons.horizon_baseline import baseline as baseline
from models.horizons.horizon_estimands import estimands as estimands
from models.horizons.horizon_estimands import fix_share as fix_share
from models.horizons.horizon_estimands import headline_key as headline_key
from models.horizons.horizon_estimands import unit_log_likelihood as unit_log_likelihood
from models.horizons.horizon_simulation import DIMS as DIMS
from models.horizons.horizon_simulation import sample_prior as sample_prior
from models.horizons.horizon_simulation import simulate as simulate

TABLE = "horizon_leaderboard"
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.95, "draws": 3000}
LONG_STUDIES = True  # with chains of 500 draws its 90 % intervals held 0.83 of simulated truths
MINIMUM_FIGURES = 6  # base models with a figure: four coefficients of the trend, and some scatter

_EXACT = {"confident": 0.001, "likely": 0.001, "speculative": 0.001}
VARIANTS = {
    "line": Variant(priors={"change": (0.0, 0.0)}),
    "berkson": Variant(options={"compute_error_decades": {"kind": "berkson"}}),
    "exact_compute": Variant(options={"compute_error_decades": _EXACT}),
    "narrow_compute": Variant(options={"compute_scatter_decades": 0.25}),
    "wide_compute": Variant(options={"compute_scatter_decades": 1.0}),
    "since_bend": Variant(options={"rows": "since_bend"}),
    "records": Variant(options={"rows": "records"}),
    "without_openai": Variant(options={"without_lab": "OpenAI"}),
    "without_anthropic": Variant(options={"without_lab": "Anthropic"}),
    "without_deepseek": Variant(options={"without_lab": "DeepSeek"}),
}


@dataclass(frozen=True)
class Priors:
    """In doublings of the horizon, decades of compute and years."""

    level: Prior = Prior("Normal", (3.0, 2.0), "log2 minutes").because(
        "10^25 FLOP, about GPT-4's, with the methods of the middle of the data: 50 s to 80 min"
    )
    slope: Prior = Prior("LogNormal", (float(np.log(1.2)), 0.7), "doublings per decade").because(
        "tenfold compute makes horizons 1.3 to 14 times as long (90 %); were it all of the growth, "
        "it would be some 2 doublings"
    )
    rate: Prior = Prior("Normal", (1.0, 1.0), "doublings per year").because(
        "horizons double once in six to seven months in all (Kwa et al. 2025): at fixed compute "
        "from none of that to more than all of it"
    )
    change: Prior = Prior("Normal", (0.0, 0.7), "doublings per year").because(
        "one bend that may be none; most of the growth before it goes on"
    )
    spread: Prior = Prior("HalfNormal", (0.7,), "doublings").because(
        "one standard deviation between models of one compute and date is below a factor of 2.6 "
        "(95 %)"
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Why not: too few base models whose compute is known; empty where there are enough."""
    design = prepare(table, card)
    count = int(design.has_figure.sum())
    if count < MINIMUM_FIGURES:
        return f"{count} base models of known compute; a split takes {MINIMUM_FIGURES}"
    known, wanted = (
        np.linalg.matrix_rank(each) for each in (design.terms[design.has_figure], design.terms)
    )
    if known < wanted:
        return "models of known compute are all on one side of the bend, or all open or all closed"
    return ""


def data(table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
    """The value of every pm.Data of `build`, by name."""
    values = {name: value for name, (value, _) in _list_data(prepare(table, card)).items()}
    return values | prior_data(priors)


def _list_data(design: Design) -> dict[str, tuple[np.ndarray, tuple[str, ...]]]:
    """Value and dims of every pm.Data but the priors'."""
    return {
        "years": (design.years, ("row",)),
        "years_before": (design.count_before(design.years), ("row",)),
        "added": (design.added, ("row",)),
        "error": (np.where(design.is_held_out, HELD_OUT_ERROR, design.error), ("row",)),
        "trend_location": (design.terms @ design.location, ("base_model",)),
        "trend_basis": (design.terms @ design.spread, ("base_model", "term")),
        "growth_location": (GROWTH @ design.location, ("period",)),
        "growth_basis": (GROWTH @ design.spread, ("period", "term")),
        "figure": (design.figure, ("base_model",)),
        "weight": (design.weight, ("base_model",)),
        "scatter": (design.scatter, ("base_model",)),
        "observed_log2_horizon": (design.log2_horizon, ("row",)),
    }


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute and date of the fitted rows; compute that is not known is that of the trend."""
    design = prepare(table, card)
    known = design.weight * design.figure + (1 - design.weight) * (design.terms @ design.location)
    compute = known[design.base_index] + design.added
    return pd.DataFrame({"training compute, decades": compute, "release date, years": design.years})


def build(table: pd.DataFrame, card: Card, priors: Any) -> Any:
    """The PyMC model over the fitted rows; dims: row, base_model, term, period."""
    import pymc as pm

    design = prepare(table, card)
    coords = {"row": np.arange(len(design.rows)), "base_model": design.bases}
    with pm.Model(coords=coords | {"term": TERMS, "period": PERIODS}) as model:
        given = {
            name: pm.Data(name, value, dims=dims)
            for name, (value, dims) in _list_data(design).items()
        }
        compute = _build_compute(given)
        level, slope = priors.level.variable("level"), priors.slope.variable("slope")
        rate, change = priors.rate.variable("rate"), priors.change.scaled_variable("change")
        spread = priors.spread.variable("spread")
        offset = pm.Normal("unexplained_offset", 0, 1, dims="base_model")
        unexplained = pm.Deterministic("unexplained", spread * offset, dims="base_model")
        expected = level + slope * (compute[design.base_index] + given["added"])
        expected = expected + rate * given["years"] - change * given["years_before"]
        pm.Normal(
            "log2_horizon",
            expected + unexplained[design.base_index],
            given["error"],
            observed=given["observed_log2_horizon"],
            dims="row",
        )
    return model


def _build_compute(given: dict[str, Any]) -> Any:
    """Compute of every base model and its growth in each period; call inside the model."""
    import pymc as pm

    trend_offset = pm.Normal("compute_trend_offset", 0, 1, dims="term")
    own_offset = pm.Normal("compute_offset", 0, 1, dims="base_model")
    trend = given["trend_location"] + pm.math.dot(given["trend_basis"], trend_offset)
    growth = given["growth_location"] + pm.math.dot(given["growth_basis"], trend_offset)
    pm.Deterministic("compute_growth", growth, dims="period")
    pulled = (1 - given["weight"]) * trend + given["weight"] * given["figure"]
    compute = pulled + given["scatter"] * own_offset
    return pm.Deterministic("compute", compute, dims="base_model")
