"""From effective compute to the score of a test of questions.

For row i of benchmark b, measured by harness h::

    P_i     = chance_b + (top_i - chance_b) logistic(level_b + slope_b effective_i + shift[h])
    score_i ~ BetaBinomial(item_count_b, mean P_i, concentration 1 / dispersion^2)

    chance      from the card; of free-form answers, estimated (guess_rate): the commonest answers
                can be guessed, and a floor taken for skill would make early models look efficient
    top         ceiling_b of the card; with eras, models released in the first half stop at
                chance_b + early_height_b (ceiling_b - chance_b)
    slope       logits per decade of effective compute
    level       logit at the reference compute and date, without techniques
    shift       logits by which a harness differs from the card's reference harness; it is part of
                the measurement, not of any progress: shares speak of the reference harness

`models/effective_compute/multiplier.py` says what effective compute is made of.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special, stats

from models import Card
from models.core.prior import Prior, prior_data
from models.effective_compute.design import Design, make_design
from models.effective_compute.multiplier import (
    MultiplierPriors,
    build_deviation,
    build_shared,
    integrate_out,
    label_units,
    multiplier_coords,
    multiplier_data,
)
from models.effective_compute.multiplier import regressors as multiplier_regressors
from models.options import AccuracyOptions

EDGE = 0.02  # of the range: scores nearer to its ends say little of the logit


@dataclass(frozen=True)
class AccuracyPriors(MultiplierPriors):
    """In decades of effective compute, years and logits."""

    slope: Prior = Prior(
        "LogNormal",
        (float(np.log(0.8)), 0.7),
        "logits per decade",
        "tenfold compute multiplies the odds by 1.3 to 12: 90 % in 0.25-2.5",
    )
    level: Prior = Prior(
        "Normal",
        (0.0, 1.5),
        "logits",
        "a plain model of typical compute and date scores 8 to 92 % of the range (90 %)",
    )
    guess_rate: Prior = Prior(
        "HalfNormal",
        (0.03,),
        "share of questions",
        "free-form answers are often small integers: under 6 % in 95 %",
    )
    harness_shift: Prior = Prior(
        "Normal",
        (0.0, 0.3),
        "logits",
        "prompts and scoring move a score of one half by up to 12 points (90 %)",
    )
    dispersion: Prior = Prior(
        "HalfNormal",
        (0.1,),
        "share of sqrt(P (1 - P))",
        "prompts and harnesses move a score of one half by up to 10 points (95 %)",
    )


@dataclass(frozen=True)
class Form:
    """What a model adds to the common equations."""

    has_interaction: bool = False
    has_eras: bool = False


def get_accuracy_options(card: Card) -> AccuracyOptions:
    """The card's options, which must be those of an accuracy leaderboard."""
    assert isinstance(card.options, AccuracyOptions)
    return card.options


def make_accuracy_design(table: pd.DataFrame, card: Card) -> Design:
    """The design of the fitted rows.

    Raises ValueError for benchmarks that the card does not describe.
    """
    options = get_accuracy_options(card)
    design = make_design(table, options.reference_harness)
    unknown = [name for name in design.benchmarks if name not in options.benchmarks]
    if unknown:
        raise ValueError(
            f"the card says nothing of the benchmarks {unknown}; "
            f"it knows {list(options.benchmarks)}"
        )
    return design


def guessed_benchmarks(design: Design, options: AccuracyOptions) -> list[str]:
    """Benchmarks of free-form answers, whose chance level is estimated."""
    return [name for name in design.benchmarks if options.benchmarks[name].chance == "estimated"]


def ceilings(design: Design, options: AccuracyOptions) -> np.ndarray:
    """Ceiling of each row, shape (row,)."""
    return np.array([options.benchmarks[name].ceiling for name in design.rows["benchmark"]])


def item_counts(design: Design, options: AccuracyOptions) -> np.ndarray:
    """Questions behind each row, shape (row,); none behind a row that is held out."""
    counts = np.array([options.benchmarks[name].item_count for name in design.rows["benchmark"]])
    return np.where(design.is_held_out, 0, counts)


def _arrays(design: Design, card: Card) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Value and dims of every pm.Data but the priors'."""
    items = item_counts(design, get_accuracy_options(card))
    return multiplier_data(design, card) | {
        "item_count": (items, ("row",)),
        "observed_correct": (np.round(design.rows["score"] * items).to_numpy(int), ("row",)),
    }


def data(table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
    """The value of every pm.Data; see the contract."""
    design = make_accuracy_design(table, card)
    arrays = {name: np.asarray(value) for name, (value, _) in _arrays(design, card).items()}
    return arrays | prior_data(priors)


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute, date and techniques of the fitted rows; see the contract."""
    return multiplier_regressors(make_accuracy_design(table, card), get_accuracy_options(card))


def build_accuracy(table: pd.DataFrame, card: Card, priors: Any, form: Form) -> Any:
    """The PyMC model over the fitted rows; dims: row, benchmark, technique, lab, base_model."""
    import pymc as pm

    design, options = make_accuracy_design(table, card), get_accuracy_options(card)
    coords = multiplier_coords(design, card) | {
        "guessed_benchmark": guessed_benchmarks(design, options),
        "harness": design.harnesses,
    }
    with pm.Model(coords=coords) as model:
        given = {
            name: pm.Data(name, value, dims=dims or None)
            for name, (value, dims) in _arrays(design, card).items()
        }
        concentration = priors.dispersion.variable("dispersion") ** -2
        expected = _build_expected(design, card, priors, given, concentration, form)
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
    design: Design, card: Card, priors: Any, given: dict[str, Any], concentration: Any, form: Form
) -> Any:
    """P of each row; call inside the model."""
    import pymc as pm

    options, index = get_accuracy_options(card), design.benchmark_index
    chance = _build_chance(design, options, priors)[index]
    slope = priors.slope.variable("slope", dims="benchmark")[index]
    level = priors.level.variable("level", dims="benchmark")[index]
    logit = level + slope * build_shared(design, card, priors, given, form.has_interaction)
    if design.harnesses:
        shift = priors.harness_shift.variable("harness_shift", dims="harness")
        logit = logit + pm.math.dot(design.has_harness, shift)
    span = ceilings(design, options) - chance
    if form.has_eras:
        height = priors.early_height.variable("early_height", dims="benchmark")
        span = span * pm.math.where(design.is_early, height[index], 1.0)
    seen, information = _invert_scores(given, chance, span, concentration)
    deviation = build_deviation(
        design, priors, given, (seen - logit) / slope, information * slope**2
    )
    return chance + span * pm.math.sigmoid(logit + slope * deviation)


def _invert_scores(
    given: dict[str, Any], chance: Any, span: Any, concentration: Any
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
    steepness = span * height * (1 - height)
    information = pm.math.where(pm.math.gt(items, 0), steepness**2 / variance, 0.0)
    return pm.math.logit(height), information


def _build_chance(design: Design, options: AccuracyOptions, priors: Any) -> Any:
    """The chance level of each benchmark, the card's or fitted; call inside the model."""
    import pymc as pm

    guessed = guessed_benchmarks(design, options)
    if guessed:
        guess_rate = priors.guess_rate.variable("guess_rate", dims="guessed_benchmark")
    levels = [
        guess_rate[guessed.index(name)] if name in guessed else options.benchmarks[name].chance
        for name in design.benchmarks
    ]
    return pm.Deterministic("chance", pm.math.stack(levels), dims="benchmark")


def top_of(posterior: xr.Dataset, card: Card, benchmark: str, is_early: bool) -> np.ndarray:
    """The best score that the methods of an era reach on a benchmark, shape (chain, draw)."""
    ceiling = get_accuracy_options(card).benchmarks[benchmark].ceiling
    chance = posterior["chance"].sel(benchmark=benchmark).to_numpy()
    if is_early and "early_height" in posterior:
        return np.asarray(
            chance
            + (ceiling - chance) * posterior["early_height"].sel(benchmark=benchmark).to_numpy()
        )
    return np.full_like(chance, ceiling)


def unit_log_likelihood(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.DataArray:
    """Log density of the rows of each base model, what is its own integrated out.

    Dims chain, draw, base_model; coordinate row_count. Integrals are sums over equal steps.
    """
    design, options = make_accuracy_design(table, card), get_accuracy_options(card)
    given = integrate_out(posterior, design, card)
    whole = make_design(table.assign(is_held_out=False), options.reference_harness)
    density = np.empty(given.scale.shape)
    for position in range(len(design.bases)):
        rows = np.flatnonzero(design.base_index == position)
        at = given.effective[..., rows, None] + given.scale[..., position, None, None] * given.nodes
        each = _row_density(posterior, whole, card, rows, at).sum(axis=-2)
        density[..., position] = special.logsumexp(each + given.log_weights, axis=-1)
    return label_units(posterior, design, density)


def _row_density(
    posterior: xr.Dataset, design: Design, card: Card, rows: np.ndarray, effective: np.ndarray
) -> np.ndarray:
    """Log density of `rows` at effective compute of shape (chain, draw, row, node)."""
    options = get_accuracy_options(card)

    def each(name: str) -> np.ndarray:
        drawn = posterior[name].isel(benchmark=design.benchmark_index[rows])
        return np.asarray(drawn.to_numpy()[..., None])

    logit = each("level") + each("slope") * effective
    if design.harnesses:
        shift = posterior["harness_shift"].to_numpy() @ design.has_harness[rows].T
        logit = logit + shift[..., None]
    span = ceilings(design, options)[rows][:, None] - each("chance")
    if "early_height" in posterior:
        span = span * np.where(design.is_early[rows][:, None], each("early_height"), 1.0)
    expected = each("chance") + span * special.expit(logit)
    items = item_counts(design, options)[rows][:, None]
    correct = np.round(design.rows["score"].to_numpy()[rows][:, None] * items)
    concentration = posterior["dispersion"].to_numpy()[..., None, None] ** -2
    return np.asarray(
        stats.betabinom.logpmf(
            correct, items, expected * concentration, (1 - expected) * concentration
        )
    )
