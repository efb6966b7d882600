"""The classical twin of the accuracy models: OLS of logits with robust or clustered errors."""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import special

from models import Card
from models.effective_compute.baseline import Classical
from models.effective_compute.paths import find_side
from models.leaderboards.accuracy import ScoreDesign, prepare
from models.options import Comparison

# Fewer clusters than this give a covariance of too low a rank or too small a scale.
MINIMUM_CLUSTERS = 20
DRAWS_SEED = 20220630


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of logits on compute, date and technique: rate, gains, slope and compute shares.

    The logit is of the place of the score between chance and ceiling. Simpler than the model: no
    guessing on free-form answers, no lab effects, no deviations, one slope for all benchmarks.
    Ratios to the slope get percentile intervals from draws of the coefficients' normal
    distribution.
    """
    design = prepare(table, card)
    fit, errors = _fit_logits(design)
    classical = Classical(fit, DRAWS_SEED)
    for tag in design.tags:
        classical.add(f"technique_gain_decades[{tag}]", partial(_divide_by_slope, f"tag_{tag}"))
    rate = partial(_divide_by_slope, "years")
    if design.has_trend:
        classical.add("rate_decades_per_year", rate)
    if len(design.benchmarks) == 1:
        classical.add(f"score_slope[{design.benchmarks[0]}]", lambda each: each["log10_compute"])
    if design.has_trend:
        classical.add_doubling_time(rate)
    for each in design.options.comparisons:
        classical.add_share(each.id, partial(_classical_decades, design, each))
    method = f"OLS of logits, no labs, no guessing, {errors}"
    return pd.DataFrame(classical.rows).assign(method=method)


def _divide_by_slope(name: str, coefficients: pd.DataFrame) -> pd.Series:
    return coefficients[name] / coefficients["log10_compute"]


def _classical_decades(
    design: ScoreDesign, comparison: Comparison, coefficients: pd.DataFrame
) -> dict[str, np.ndarray]:
    """Decades of compute, technique and trend for each row of coefficients."""
    sides = (comparison.earlier, comparison.later)
    early, late = (find_side(design, comparison.benchmark, side) for side in sides)
    slope = coefficients["log10_compute"].to_numpy()
    gains = coefficients[[f"tag_{tag}" for tag in design.tags]].to_numpy()
    parts = {
        "compute": np.full(len(slope), design.log10_compute[late] - design.log10_compute[early]),
        "technique": gains @ (design.has_tag[late] - design.has_tag[early]) / slope,
    }
    if design.has_trend:
        years = design.years[late] - design.years[early]
        parts["trend"] = coefficients["years"].to_numpy() * years / slope
    return parts


def _fit_logits(design: ScoreDesign) -> tuple[Any, str]:
    """The fit and what its standard errors are."""
    half_item = 0.5 / design.item_count  # keeps logits finite for scores at or below chance
    frame = pd.DataFrame(design.has_tag, columns=[f"tag_{tag}" for tag in design.tags]).assign(
        logit=special.logit(np.clip(measure_height(design), half_item, 1 - half_item)),
        log10_compute=design.log10_compute,
        years=design.years,
        benchmark=design.rows["benchmark"],
    )
    terms = ["log10_compute", *(f"tag_{tag}" for tag in design.tags)]
    terms += ["years"] if design.has_trend else []
    terms += ["C(benchmark)"] if len(design.benchmarks) > 1 else []
    for position, harness in enumerate(design.harnesses):
        frame[f"harness_{harness}"] = design.has_harness[:, position]
        terms.append(f"harness_{harness}")
    model = smf.ols("logit ~ " + " + ".join(terms), frame)
    if len(design.bases) < MINIMUM_CLUSTERS:
        return model.fit(cov_type="HC3"), "robust errors"
    groups = {"groups": design.base_index}
    return model.fit(cov_type="cluster", cov_kwds=groups), "clustered by base model"


def measure_height(design: ScoreDesign) -> pd.Series:
    """The place of each score between chance and the ceiling, without guessing: 0 to 1."""
    levels = [design.facts[name].chance for name in design.rows["benchmark"]]
    chance = np.array([0.0 if level == "estimated" else float(level) for level in levels])
    return (design.rows["score"] - chance) / (design.ceiling - chance)
