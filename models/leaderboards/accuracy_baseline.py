"""The classical twin of the accuracy models: OLS of logits with robust or clustered errors."""

from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
from scipy import special

from models import INTERVAL_PROBABILITY, Card
from models.core.rates import to_doubling_time
from models.effective_compute.design import Design, find_side
from models.effective_compute.multiplier import get_options
from models.effective_compute.split import SMALL_TOTAL_DECADES, divide
from models.leaderboards.accuracy import (
    ceilings,
    get_accuracy_options,
    item_counts,
    make_accuracy_design,
)
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
    design, options = make_accuracy_design(table, card), get_options(card)
    fit, errors = _fit_logits(design, card)
    rng = np.random.default_rng(DRAWS_SEED)
    names = list(fit.params.index)
    draws = pd.DataFrame(
        rng.multivariate_normal(fit.params, fit.cov_params(), 20_000), columns=names
    )
    frames = (fit.params.to_frame().T, draws)
    quantities = {f"technique_gain_decades[{tag}]": f"tag_{tag}" for tag in design.tags}
    if options.trend == "linear":
        quantities["rate_decades_per_year"] = "years"
    rows = [
        _baseline_row(key, *(frame[name] / frame["log10_compute"] for frame in frames))
        for key, name in quantities.items()
    ]
    if len(design.benchmarks) == 1:
        slopes = [frame["log10_compute"] for frame in frames]
        rows.append(_baseline_row(f"score_slope[{design.benchmarks[0]}]", *slopes))
    if options.trend == "linear":
        months = [to_doubling_time(frame["years"] / frame["log10_compute"]) for frame in frames]
        rows.append(_baseline_row("doubling_time_months", *months))
    for each in options.comparisons:
        parts = [_classical_decades(frame, design, each) for frame in frames]
        shares, reasons = zip(
            *(divide(part, SMALL_TOTAL_DECADES, "decades") for part in parts), strict=True
        )
        if not any(reasons):
            rows.append(_baseline_row(f"share_compute[{each.id}]", *(s["compute"] for s in shares)))
    return pd.DataFrame(rows).assign(method=f"OLS of logits, no labs, no guessing, {errors}")


def _classical_decades(
    frame: pd.DataFrame, design: Design, comparison: Comparison
) -> dict[str, np.ndarray]:
    """Decades of compute, technique and trend for each row of coefficients."""
    sides = (comparison.earlier, comparison.later)
    early, late = (find_side(design, comparison.benchmark, side) for side in sides)
    slope = frame["log10_compute"].to_numpy()
    tags = frame[[f"tag_{tag}" for tag in design.tags]].to_numpy()
    compute = design.log10_compute[late] - design.log10_compute[early]
    parts = {
        "compute": np.full(len(frame), compute),
        "technique": tags @ (design.has_tag[late] - design.has_tag[early]) / slope,
    }
    if "years" in frame:
        parts["trend"] = (
            frame["years"].to_numpy() * (design.years[late] - design.years[early]) / slope
        )
    return parts


def _fit_logits(design: Design, card: Card) -> tuple[Any, str]:
    """The fit and what its standard errors are."""
    options = get_accuracy_options(card)
    ceiling, items = ceilings(design, options), item_counts(design, options)
    levels = [options.benchmarks[name].chance for name in design.rows["benchmark"]]
    chance = np.array([0.0 if level == "estimated" else level for level in levels])
    height = (design.rows["score"] - chance) / (ceiling - chance)
    half_item = 0.5 / items  # keeps logits finite for scores at or below chance
    frame = pd.DataFrame(design.has_tag, columns=[f"tag_{tag}" for tag in design.tags]).assign(
        logit=special.logit(np.clip(height, half_item, 1 - half_item)),
        log10_compute=design.log10_compute,
        years=design.years,
        benchmark=design.rows["benchmark"],
    )
    terms = ["log10_compute", *(f"tag_{tag}" for tag in design.tags)]
    terms += ["years"] if options.trend == "linear" else []
    terms += ["C(benchmark)"] if len(design.benchmarks) > 1 else []
    for position, harness in enumerate(design.harnesses):
        frame[f"harness_{harness}"] = design.has_harness[:, position]
        terms.append(f"harness_{harness}")
    model = smf.ols("logit ~ " + " + ".join(terms), frame)
    if len(design.bases) < MINIMUM_CLUSTERS:
        return model.fit(cov_type="HC3"), "robust errors"
    groups = {"groups": design.base_index}
    return model.fit(cov_type="cluster", cov_kwds=groups), "clustered by base model"


def _baseline_row(key: str, point: Any, draws: Any) -> dict[str, Any]:
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail], method="inverted_cdf")
    return {
        "key": key,
        "label": key,
        "estimate": float(np.asarray(point)[0]),
        "lower": lower,
        "upper": upper,
    }
