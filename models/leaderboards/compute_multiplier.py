"""Score on a benchmark from effective compute: training compute times what algorithms made of it.

Equations, for row i of benchmark b, base model g, lab l and harness h::

    score_i ~ BetaBinomial(item_count_b, mean P_i, concentration 1 / dispersion^2)
    P_i     = chance_b + (top_i - chance_b) height(level_b + slope_b (log10 C_i + a_i) + shift[h])
    a_i     = g(t_i) + interaction max(t_i - t_ref, 0) (log10 C_i - log10 C_ref)
              + sum of technique gains + allocation_coefficient[side] cost[g]
              + lab_effect[l] + deviation[g]

    chance      from the card; of free-form answers, estimated (guess_rate): the commonest answers
                can be guessed, and a floor taken for skill would make early models look efficient
    top_i       ceiling_b of the card; of a model released in the first half of the base models'
                dates chance_b + early_height_b (ceiling_b - chance_b), with
                early_height_b = exp(-early_shortfall_b): no compute may bring an early method on
    height      a logistic that may be skewed, one skew for all benchmarks of a leaderboard
                (see curve.py)
    slope       logits per decade of effective compute, at half height
    level       logit at the reference compute and date, without techniques; the sampler walks in
                the logit at the mean effective compute of the benchmark's rows, which the data know
                whatever the other terms are
    shift       logits by which a harness differs from the card's reference harness; it is part of
                the measurement, not of any progress: shares speak of the reference harness
    C_i         in decades from a round reference in the middle of the data
    a_i         see `models/effective_compute/multiplier.py`; t_i is the release date in years

The model holds its rivals: a trend that is a line (drift 0), a cost of allocation that the scaling
law gives or none (coefficients 1 or 0), gains that do not depend on scale (interaction 0), a
logistic curve (skew 0), one ceiling for all (early_shortfall 0), figures of compute without bias
(errors of Berkson's kind). `VARIANTS` lists them. The data weigh these choices, and the intervals
hold the doubt.

What identifies the parts: compute, from models of one date and lab that differ in compute;
techniques, from models evaluated with and without them; the rate, from models of like compute and
different dates; the interaction, from models of like date and very different compute, early and
late. What it cannot distinguish: better data, distillation and contamination from the trend; a
technique from the date it arrived with; too few tokens from a low level where few models have too
few. With `trend: none` on the card there is no rate, no interaction and no early ceiling, and with
one laboratory no lab effect.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.linalg import helmert

from models import Card
from models.core.prior import Prior, prior_data
from models.core.variants import Parameters, Variant
from models.effective_compute import multiplier
from models.effective_compute.around import draw_around
from models.effective_compute.design import headline_key as headline_key
from models.effective_compute.simulation import DIMS as DIMS
from models.effective_compute.simulation import simulate as simulate
from models.effective_compute.truths import sample_prior as sample_prior
from models.leaderboards.accuracy import ScoreDesign, prepare
from models.leaderboards.accuracy import fix_share as fix_share
from models.leaderboards.accuracy import unit_log_likelihood as unit_log_likelihood
from models.leaderboards.accuracy_estimands import baseline as baseline
from models.leaderboards.accuracy_estimands import estimands as estimands
from models.leaderboards.curve import place

TABLE = "accuracy_leaderboard"
# Diagonal: on 200 dimensions adapting a low-rank mass matrix takes eight times what drawing takes.
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.95}
EDGE = 0.02  # of the range: scores nearer to its ends say little of the logit
LEAST_VARIANCE = 0.01  # squared logits: scores that are all alike say nothing of the slope
# Special cases: each choice that would move a headline, made once. They are data of the compiled
# model: scales of priors that are zero, or other options of the card.
_AT_ONE: Parameters = {"allocation_under": (1.0, 0.0), "allocation_over": (1.0, 0.0)}
_AT_ZERO: Parameters = {"allocation_under": (0.0, 0.0), "allocation_over": (0.0, 0.0)}
_LINE: Parameters = {"drift": (0.0,)}
_SAME_GAINS: Parameters = {"interaction": (0.0, 0.0)}
_LOGISTIC: Parameters = {"skew": (0.0, 0.0)}
_ONE_CEILING: Parameters = {"early_shortfall": (0.0,)}
_SAME_TECHNIQUES: Parameters = {"technique_by_base": (0.0,)}
_BERKSON = {"compute_error_decades": {"kind": "berkson"}}

VARIANTS = {
    "line": Variant(priors=_LINE),
    "one_bend": Variant(options={"bend": True}),
    "allocation_at_one": Variant(priors=_AT_ONE),
    "no_allocation": Variant(priors=_AT_ZERO),
    "berkson": Variant(options=_BERKSON),
    "no_interaction": Variant(priors=_SAME_GAINS),
    "logistic": Variant(priors=_LOGISTIC),
    "one_ceiling": Variant(priors=_ONE_CEILING),
    "same_techniques": Variant(priors=_SAME_TECHNIQUES),
    "all_of_these": Variant(
        priors=_LINE | _AT_ONE | _SAME_GAINS | _LOGISTIC | _ONE_CEILING | _SAME_TECHNIQUES,
        options=_BERKSON,
    ),
}


@dataclass(frozen=True)
class Priors(multiplier.MultiplierPriors):
    """In decades of effective compute, years and logits."""

    slope: Prior = Prior("LogNormal", (float(np.log(0.8)), 0.7), "logits per decade").because(
        "tenfold compute multiplies the odds by 1.3 to 12: 90 % in 0.25-2.5"
    )
    level: Prior = Prior("Normal", (0.0, 1.5), "logits").because(
        "a plain model of typical compute and date scores 8 to 92 % of the range (90 %)"
    )
    guess_rate: Prior = Prior("HalfNormal", (0.03,), "share of questions").because(
        "free-form answers are often small integers: under 6 % in 95 %"
    )
    harness_shift: Prior = Prior("Normal", (0.0, 0.3), "logits").because(
        "prompts and scoring move a score of one half by up to 12 points (90 %)"
    )
    early_shortfall: Prior = Prior("HalfNormal", (0.2,), "log of the share of the range").because(
        "early methods could go at least two thirds of the way (95 %), and most of them all of it"
    )
    skew: Prior = Prior("Normal", (1.1, 1.0), "1").because(
        "a question takes three steps, as many as 20 or none that stands out (95 % in 0.4 to 20)"
    )
    dispersion: Prior = Prior("HalfNormal", (0.1,), "share of sqrt(P (1 - P))").because(
        "prompts and harnesses move a score of one half by up to 10 points (95 %)"
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Always can: a card without a trend has no rate."""
    return ""


def data(table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
    """The value of every pm.Data of `build`, by name."""
    arrays = _list_data(prepare(table, card))
    return {name: np.asarray(value) for name, (value, _) in arrays.items()} | prior_data(priors)


def _list_data(design: ScoreDesign) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Value and dims of every pm.Data but the priors'; a row held out has no questions."""
    items = np.where(design.is_held_out, 0, design.item_count)
    correct = np.round(design.rows["score"].to_numpy() * items).astype(int)
    is_of = design.benchmark_index == np.arange(len(design.benchmarks))[:, None]
    return multiplier.list_data(design) | {
        "row_share": (is_of / is_of.sum(axis=1, keepdims=True), ("benchmark", "row")),
        "item_count": (items, ("row",)),
        "observed_correct": (correct, ("row",)),
    }


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute, date and techniques of the fitted rows, a column each."""
    return multiplier.list_regressors(prepare(table, card))


def build(table: pd.DataFrame, card: Card, priors: Any) -> Any:
    """The PyMC model over the fitted rows; dims: row, benchmark, technique, lab, base_model."""
    import pymc as pm

    design = prepare(table, card)
    coords = multiplier.list_coords(design) | {
        "guessed_benchmark": design.guessed,
        "harness": design.harnesses,
        "contrast": np.arange(len(design.benchmarks)),
    }
    with pm.Model(coords=coords) as model:
        given = multiplier.declare_data(_list_data(design))
        concentration = priors.dispersion.variable("dispersion") ** -2
        expected = _build_expected(design, priors, given, concentration)
        pm.BetaBinomial(
            "correct",
            n=given["item_count"],
            alpha=expected * concentration,
            beta=(1 - expected) * concentration,
            observed=given["observed_correct"],
            dims="row",
        )
    return model


def _build_expected(
    design: ScoreDesign, priors: Any, given: dict[str, Any], concentration: Any
) -> Any:
    """P of each row; call inside the model."""
    import pymc as pm

    index = design.benchmark_index
    chance = _build_chance(design, priors)[index]
    span = design.ceiling - chance
    if design.has_trend:
        shortfall = priors.early_shortfall.scaled_variable("early_shortfall", dims="benchmark")
        height = pm.Deterministic("early_height", pm.math.exp(-shortfall), dims="benchmark")
        span = span * pm.math.where(design.is_early, height[index], 1.0)
    power = pm.math.exp(priors.skew.scaled_variable("skew"))
    seen, information = _invert_scores(given, chance, span, concentration, power)
    mean = pm.math.dot(given["row_share"], seen)
    variance = pm.math.dot(given["row_share"], (seen - mean[index]) ** 2)
    slope = _build_slope(design, priors, pm.math.maximum(variance, LEAST_VARIANCE))
    shared = multiplier.build_shared(design, priors, given)
    level = _build_level(priors, given, slope, shared, mean)
    logit = level[index] + slope[index] * shared
    if design.harnesses:
        shift = priors.harness_shift.variable("harness_shift", dims="harness")
        logit = logit + pm.math.dot(design.has_harness, shift)
    deviation = multiplier.build_deviation(
        design, priors, given, (seen - logit) / slope[index], information * slope[index] ** 2
    )
    return chance + span * _rise(logit + slope[index] * deviation, power)


def _rise(logit: Any, power: Any) -> Any:
    """`curve.rise` of PyTensor variables."""
    import pytensor.tensor as pt

    stretch, shift = place(power, pt.log)
    return pt.exp(-power * pt.softplus(-(stretch * logit + shift)))


def _build_slope(design: ScoreDesign, priors: Any, variance: Any) -> Any:
    """The slope of each benchmark; call inside the model.

    Their logs are turned into their mean and what they differ by, which the data know unlike well:
    independent normals of one scale stay so. The sampler walks around the spread of the logits that
    the scores speak for, which moves with the curve.
    """
    import pymc as pm

    location, scale = priors.slope.parameters_as_data("slope")
    turn = helmert(len(design.benchmarks), full=True)
    center = pm.math.dot(turn, pm.math.log(variance) / (2 * scale))
    offset = draw_around("slope_offset", 0.0, 1.0, center, 1.0, dims="contrast")
    turned = pm.math.dot(turn.T, offset)
    return pm.Deterministic("slope", pm.math.exp(location + scale * turned), dims="benchmark")


def _build_level(priors: Any, given: dict[str, Any], slope: Any, shared: Any, mean: Any) -> Any:
    """The logit of each benchmark at the references; call inside the model."""
    import pymc as pm

    location, scale = priors.level.parameters_as_data("level")
    at_mean = slope * pm.math.dot(given["row_share"], shared)
    return draw_around("level", location, scale, mean - at_mean, 1.0, dims="benchmark")


def _invert_scores(
    given: dict[str, Any], chance: Any, span: Any, concentration: Any, power: Any
) -> tuple[Any, Any]:
    """The logit that each score speaks for, and its information (one over squared logits).

    Scores near chance or the ceiling are taken a little inside; a row that is held out says
    nothing.
    """
    import pymc as pm

    items = given["item_count"]
    score = given["observed_correct"] / pm.math.maximum(items, 1)
    height = pm.math.clip((score - chance) / span, EDGE, 1 - EDGE)
    mean = chance + span * height
    variance = mean * (1 - mean) * (1 / pm.math.maximum(items, 1) + 1 / (1 + concentration))
    stretch, shift = place(power, pm.math.log)
    inner = height ** (1 / power)
    steepness = span * stretch * power * height * (1 - inner)
    information = pm.math.where(pm.math.gt(items, 0), steepness**2 / variance, 0.0)
    return (pm.math.logit(inner) - shift) / stretch, information


def _build_chance(design: ScoreDesign, priors: Any) -> Any:
    """The chance level of each benchmark, the card's or fitted; call inside the model."""
    import pymc as pm

    guessed = design.guessed
    if guessed:
        guess_rate = priors.guess_rate.variable("guess_rate", dims="guessed_benchmark")
    levels = [
        guess_rate[guessed.index(name)] if name in guessed else design.facts[name].chance
        for name in design.benchmarks
    ]
    return pm.Deterministic("chance", pm.math.stack(levels), dims="benchmark")
