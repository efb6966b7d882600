"""From effective compute to the score of a test of questions.

For row i of benchmark b, measured by harness h::

    P_i     = chance_b + (top_i - chance_b) height(level_b + slope_b effective_i + shift[h])
    score_i ~ BetaBinomial(item_count_b, mean P_i, concentration 1 / dispersion^2)

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

`models/effective_compute/multiplier.py` says what effective compute is made of.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special
from scipy.linalg import helmert

from models import Card, Truth
from models.core.prior import Prior, prior_data
from models.effective_compute.around import draw_around
from models.effective_compute.design import Design, make_design
from models.effective_compute.multiplier import (
    MultiplierPriors,
    build_deviation,
    build_shared,
    declare_data,
    list_regressors,
    multiplier_coords,
    multiplier_data,
)
from models.effective_compute.steps import scale_algorithms
from models.effective_compute.units import integrate_units
from models.leaderboards.curve import place, rise
from models.options import AccuracyOptions, Benchmark

EDGE = 0.02  # of the range: scores nearer to its ends say little of the logit


@dataclass(frozen=True)
class AccuracyPriors(MultiplierPriors):
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


@dataclass(frozen=True)
class ScoreDesign(Design):
    """The design of a leaderboard of tests with what the card says of each test."""

    facts: dict[str, Benchmark]
    ceiling: np.ndarray  # (row,)
    item_count: np.ndarray  # (row,), questions behind each score

    @property
    def guessed(self) -> list[str]:
        """Benchmarks of free-form answers, whose chance level is estimated."""
        return [name for name in self.benchmarks if self.facts[name].chance == "estimated"]


def prepare(table: pd.DataFrame, card: Card) -> ScoreDesign:
    """The design of the fitted rows.

    Raises ValueError for benchmarks that the card does not describe.
    """
    assert isinstance(card.options, AccuracyOptions)
    design, facts = make_design(table, card), dict(card.options.benchmarks)
    if unknown := [name for name in design.benchmarks if name not in facts]:
        raise ValueError(
            f"the card says nothing of the benchmarks {unknown}; it knows {list(facts)}"
        )
    rows = [facts[name] for name in design.rows["benchmark"]]
    return ScoreDesign(
        **vars(design),
        facts=facts,
        ceiling=np.array([each.ceiling for each in rows]),
        item_count=np.array([each.item_count for each in rows]),
    )


def data(table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
    """The value of every pm.Data of `build`, by name."""
    arrays = _list_data(prepare(table, card))
    return {name: np.asarray(value) for name, (value, _) in arrays.items()} | prior_data(priors)


def _list_data(design: ScoreDesign) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Value and dims of every pm.Data but the priors'; a row held out has no questions."""
    items = np.where(design.is_held_out, 0, design.item_count)
    correct = np.round(design.rows["score"].to_numpy() * items).astype(int)
    is_of = design.benchmark_index == np.arange(len(design.benchmarks))[:, None]
    return multiplier_data(design) | {
        "row_share": (is_of / is_of.sum(axis=1, keepdims=True), ("benchmark", "row")),
        "item_count": (items, ("row",)),
        "observed_correct": (correct, ("row",)),
    }


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute, date and techniques of the fitted rows, a column each."""
    return list_regressors(prepare(table, card))


def build(table: pd.DataFrame, card: Card, priors: Any) -> Any:
    """The PyMC model over the fitted rows; dims: row, benchmark, technique, lab, base_model."""
    import pymc as pm

    design = prepare(table, card)
    coords = multiplier_coords(design) | {
        "guessed_benchmark": design.guessed,
        "harness": design.harnesses,
        "contrast": np.arange(len(design.benchmarks)),
    }
    with pm.Model(coords=coords) as model:
        given = declare_data(_list_data(design))
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
    slope = _build_slope(design, priors, variance)
    shared = build_shared(design, priors, given)
    level = _build_level(priors, given, slope, shared, mean)
    logit = level[index] + slope[index] * shared
    if design.harnesses:
        shift = priors.harness_shift.variable("harness_shift", dims="harness")
        logit = logit + pm.math.dot(design.has_harness, shift)
    deviation = build_deviation(
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


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with its algorithms moved: compute has `share` of the headline comparison."""
    return scale_algorithms(truth, share, prepare(table, card))


def unit_log_likelihood(
    posterior: xr.Dataset, table: pd.DataFrame, card: Card, only: Collection[str] | None = None
) -> xr.DataArray:
    """Log density of the rows of each base model, what is its own integrated out.

    Dims chain, draw, base_model; coordinate row_count. Rows that were held out are in.
    """
    design = prepare(table, card)

    def each(name: str, rows: np.ndarray) -> np.ndarray:
        drawn = posterior[name].isel(benchmark=design.benchmark_index[rows])
        return np.asarray(drawn.to_numpy()[..., None])

    def density(rows: np.ndarray, effective: np.ndarray) -> np.ndarray:
        logit = each("level", rows) + each("slope", rows) * effective
        if design.harnesses:
            shift = posterior["harness_shift"].to_numpy() @ design.has_harness[rows].T
            logit = logit + shift[..., None]
        span = design.ceiling[rows][:, None] - each("chance", rows)
        if "early_height" in posterior:
            span = span * np.where(design.is_early[rows][:, None], each("early_height", rows), 1.0)
        power = np.exp(posterior["skew"].to_numpy())[..., None, None]
        expected = each("chance", rows) + span * rise(logit, power)
        items = design.item_count[rows][:, None]
        correct = np.round(design.rows["score"].to_numpy()[rows][:, None] * items)
        total = posterior["dispersion"].to_numpy()[..., None, None] ** -2
        right, wrong = expected * total, (1 - expected) * total
        count = -np.log(items + 1) - special.betaln(items - correct + 1, correct + 1)
        count = count + special.gammaln(total) - special.gammaln(items + total)
        return np.asarray(  # SciPy's betabinom, with what all nodes share taken once
            count
            + (special.gammaln(correct + right) - special.gammaln(right))
            + (special.gammaln(items - correct + wrong) - special.gammaln(wrong))
        )

    return integrate_units(posterior, design, density, only)
