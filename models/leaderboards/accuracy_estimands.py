"""What readers ask of an accuracy leaderboard: rates, gains, the split, and the reverse test; and
the classical twin, OLS of logits with robust or clustered errors.
"""

from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
from scipy import special

from models import Card
from models.core.estimands import describe
from models.core.shapley import Subset
from models.effective_compute.baseline import Classical
from models.effective_compute.estimands import (
    describe_gains,
    describe_rates,
    describe_rates_over_steps,
    describe_reverse_tests,
)
from models.effective_compute.steps import (
    Pair,
    Score,
    find_side,
    label_early,
    list_pairs,
    list_record_paths,
    split_steps,
)
from models.effective_compute.terms import Divided, divide_deviation, row_terms, step_terms
from models.leaderboards.accuracy import ScoreDesign, measure_height, prepare
from models.leaderboards.curve import invert, rise
from models.options import Comparison

# Fewer clusters than this give a covariance of too low a rank or too small a scale.
MINIMUM_CLUSTERS = 20
DRAWS_SEED = 20220630
STATED_COMPUTES = (0.1, 0.5, 0.9)  # quantiles of the rows' compute, rounded to whole decades
# Estimand: variable, label, unit, whether it is positive by construction.
MEASUREMENT = {
    "guess_rate": ("guess_rate", "Rate of guessing", "share", True),
    "score_slope": ("slope", "Slope of the score at half height", "logits per decade", True),
    "score_skew": ("skew", "Skew of the score's curve", "1", False),
    "harness_shift": ("harness_shift", "Shift of a harness", "logits", False),
    "early_height": ("early_height", "Reach of the early methods", "share", True),
}


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Every estimand that the posterior's variables allow, on dims chain, draw[, label]."""
    design = prepare(table, card)
    split = split_steps(posterior, design, _make_score(posterior, design))
    at = f" at 1e{design.log10_flop_reference:.0f} FLOP"
    groups = []
    if "rate" in posterior:
        groups.append(describe_rates(posterior, design.trend, design.years, at))
    if "interaction" in posterior:
        groups.append(_gains_by_scale(posterior, design))
    groups.append(_measurement(posterior))
    if design.allocation is not None:
        groups.append(_coefficients(posterior))
    if design.tags:
        groups.append(describe_gains(posterior))
    groups.append(split)
    if "rate" in posterior:
        ends = [pair.rows for pair in list_pairs(design)]
        spans = [float(np.diff(design.years[list(rows)])[0]) if rows else 0.0 for rows in ends]
        groups.append(describe_rates_over_steps(split, spans))
    groups.append(_reverse_tests(posterior, design, card))
    return xr.merge(groups, compat="no_conflicts", join="outer")


def _coefficients(posterior: xr.Dataset) -> xr.Dataset:
    """What the scaling law's cost of a wrong division is worth to the score, on either side."""
    sides = ["under", "over"]
    both = xr.concat([posterior[f"allocation_{side}"] for side in sides], dim="side")
    drawn = both.assign_coords(side=sides).transpose("chain", "draw", "side")
    label = "Coefficient of the cost of allocation (1 as the law has it, 0 no cost)"
    return xr.Dataset({"allocation_coefficient": describe(drawn, label, "1")})


def _gains_by_scale(posterior: xr.Dataset, design: ScoreDesign) -> xr.Dataset:
    """How the rate depends on compute, and the gain of the whole period at stated computes.

    The gain is the compute that the first date's algorithms would need, beyond the stated one, for
    what the stated one gives with the last date's.
    """
    stated = np.unique(np.round(np.quantile(design.log10_compute, STATED_COMPUTES)))
    labels = [f"1e{value + design.log10_flop_reference:.0f}" for value in stated]
    compute = xr.DataArray(stated, dims="flop", coords={"flop": labels})
    first, last = design.years.min(), design.years.max()
    # C' of the first date that equals C of the last: C' + rate t1 = C + rate t2 + interaction C t2
    gain = posterior["rate"] * (last - first) + posterior["interaction"] * compute * last
    yearly = gain / (last - first)
    period = " to ".join(
        f"{date:%Y-%m}" for date in design.rows["release_date"].agg(["min", "max"])
    )
    at = "at a stated compute (FLOP)"
    by_scale = describe(
        posterior["interaction"],
        f"Change of the rate with scale, since {design.reference_date:%Y}",
        "decades per year and decade of compute",
        "headline",
    )
    rate, unit = f"Rate of algorithmic progress {at}", "decades per year"
    yearly, gain = (each.transpose("chain", "draw", "flop") for each in (yearly, gain))
    label = f"Compute-equivalent gain of the period {period} {at}"
    return xr.Dataset(
        {
            "interaction": by_scale,
            "rate_at_compute": describe(yearly, rate, unit, key="rate_decades_per_year_at"),
            "compute_equivalent_gain_decades": describe(gain, label, "decades"),
        }
    )


def _measurement(posterior: xr.Dataset) -> xr.Dataset:
    """Guessing, slope, harness and era: how effective compute shows in the score."""
    return xr.Dataset(
        {
            key: posterior[name].assign_attrs(label=label, unit=unit, is_positive=is_positive)
            for key, (name, label, unit, is_positive) in MEASUREMENT.items()
            if name in posterior
        }
    )


def _draw_curve(posterior: xr.Dataset, benchmark: str) -> list[np.ndarray]:
    """Level, slope, chance and power of one benchmark's curve, each of shape (chain, draw)."""
    drawn = posterior.sel(benchmark=benchmark)
    named = [drawn[name].to_numpy() for name in ("level", "slope", "chance")]
    return [*named, np.exp(drawn["skew"].to_numpy())]


def _reach(posterior: xr.Dataset, design: ScoreDesign, row: int) -> np.ndarray:
    """The best score that the methods of a row's era reach on its benchmark: (chain, draw)."""
    drawn = posterior.sel(benchmark=design.rows["benchmark"].iloc[row])
    chance, ceiling = drawn["chance"].to_numpy(), design.ceiling[row]
    if design.is_early[row] and "early_height" in posterior:
        return np.asarray(chance + (ceiling - chance) * drawn["early_height"].to_numpy())
    return np.full_like(chance, ceiling)


def _make_score(posterior: xr.Dataset, design: ScoreDesign) -> Score:
    """The fitted score of a step under the reference harness.

    With eras, what an era's methods can reach changes together with the trend. A step's score is
    asked for once a subset of its parts: curves and reaches are read once.
    """
    draw_curve = cache(partial(_draw_curve, posterior))
    reach = cache(partial(_reach, posterior, design))
    benchmarks = list(design.rows["benchmark"])

    def score(first: int, last: int, effective: np.ndarray, changed: Subset) -> np.ndarray:
        level, slope, chance, power = draw_curve(benchmarks[first])
        top = reach(last if "trend" in changed else first)
        return np.asarray(chance + (top - chance) * rise(level + slope * effective, power))

    return score


def _reverse_tests(posterior: xr.Dataset, design: ScoreDesign, card: Card) -> xr.Dataset:
    """Compute with which the earliest model's method would score as the best model does."""
    divided = divide_deviation(posterior, design)
    needed = {
        label_early(design.rows, pair): _needed_flop(posterior, design, pair, divided)
        for pair in list_record_paths(design.rows, design.options.comparisons)
    }
    return describe_reverse_tests(needed, posterior["deviation_scale"], card, "score_slope")


def _needed_flop(
    posterior: xr.Dataset, design: ScoreDesign, pair: Pair, divided: Divided
) -> np.ndarray:
    """FLOP by draw; infinite where the early method's top is below the best fitted score."""
    assert pair.rows is not None
    first = pair.rows[0]
    early, late = step_terms(posterior, design, pair.rows, divided)
    level, slope, chance, power = _draw_curve(posterior, pair.comparison.benchmark)
    tops = [_reach(posterior, design, row) for row in pair.rows]
    effective = sum(late.values(), np.zeros_like(slope))
    height = rise(level + slope * effective, power) * (tops[1] - chance) / (tops[0] - chance)
    reached = (invert(np.minimum(height, 1.0), power) - level) / slope  # infinite at one
    kept = (each for part, each in early.items() if part not in ("compute", "trend"))
    steepness, constant = np.ones_like(slope), sum(kept, np.zeros_like(slope))
    if "rate" in posterior:
        constant = constant + row_terms(posterior, design, np.array([first]))["trend"][..., 0]
    if "interaction" in posterior:
        steepness = 1 + posterior["interaction"].to_numpy() * design.later_years[first]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        decades = np.where(steepness > 0, (reached - constant) / steepness, np.inf)
        return np.asarray(10.0 ** (decades + design.log10_flop_reference))


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
