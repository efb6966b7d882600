"""What readers ask of an accuracy leaderboard: rates, gains, the split, and the reverse test."""

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import special

from models import Card, Truth, as_draws
from models.core.rates import doubling_time_months
from models.core.shapley import Subset
from models.effective_compute.design import Design, find_record_path
from models.effective_compute.multiplier import (
    divide_deviation,
    get_options,
    row_terms,
    share_interaction,
)
from models.effective_compute.reverse import describe_reverse_tests
from models.effective_compute.simulation import DIMS
from models.effective_compute.split import PARTS
from models.effective_compute.steps import Pair, list_pairs, split_steps
from models.leaderboards.accuracy import make_accuracy_design, top_of

STATED_COMPUTES = (0.1, 0.5, 0.9)  # quantiles of the rows' compute, rounded to whole decades


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Every estimand that the posterior's variables allow, on dims chain, draw[, label]."""
    design = make_accuracy_design(table, card)
    made = xr.Dataset()
    if "rate" in posterior:
        made = made.merge(_rates(posterior, design))
    if "interaction" in posterior:
        made = made.merge(_gains_by_scale(posterior, design))
    made = made.merge(_measurement(posterior))
    if design.tags:
        made = made.merge(_technique_gains(posterior, design, card))
    pairs = list_pairs(design, card)
    made = made.merge(split_steps(posterior, design, card, pairs, _score(posterior, design, card)))
    return made.merge(_reverse_tests(posterior, design, card))


def _rates(posterior: xr.Dataset, design: Design) -> xr.Dataset:
    at = f" at 1e{design.log10_flop_reference:.0f} FLOP" if "interaction" in posterior else ""
    rate = posterior["rate"].assign_attrs(
        label=f"Rate of algorithmic progress{at}",
        unit="decades per year",
        description="yearly gain in effective compute at the same compute, technique and lab",
        is_headline=True,
    )
    doubling = doubling_time_months(posterior["rate"])
    return xr.Dataset(
        {
            "rate_decades_per_year": rate,
            "doubling_time_months": doubling.assign_attrs(derived_from="rate_decades_per_year"),
        }
    )


def _gains_by_scale(posterior: xr.Dataset, design: Design) -> xr.Dataset:
    """How the rate depends on compute, and the gain of the whole period at stated computes."""
    stated = np.unique(np.round(np.quantile(design.log10_compute, STATED_COMPUTES)))
    labels = [f"1e{value + design.log10_flop_reference:.0f}" for value in stated]
    compute = xr.DataArray(stated, dims="flop", coords={"flop": labels})
    first, last = design.years.min(), design.years.max()
    yearly = posterior["rate"] + posterior["interaction"] * compute
    # C' of the first date that equals C of the last: C' + (rate + i C') t1 = C + (rate + i C) t2
    gain = yearly * (last - first) / (1 + posterior["interaction"] * first)
    period = (
        f"{design.rows['release_date'].min():%Y-%m} to {design.rows['release_date'].max():%Y-%m}"
    )
    return xr.Dataset(
        {
            "interaction": posterior["interaction"].assign_attrs(
                label="Change of the rate with scale",
                unit="decades per year and decade of compute",
                description="above zero, larger runs gain more from a year of algorithms",
                is_headline=True,
            ),
            "rate_at_compute": yearly.transpose("chain", "draw", "flop").assign_attrs(
                key="rate_decades_per_year_at",
                label="Rate of algorithmic progress at a stated compute (FLOP)",
                unit="decades per year",
                description="rate + interaction x decades from the reference compute",
            ),
            "compute_equivalent_gain_decades": gain.transpose("chain", "draw", "flop").assign_attrs(
                label=f"Compute-equivalent gain of the period {period} at a stated compute (FLOP)",
                unit="decades",
                description="decades more compute that the first date's algorithms would take for "
                "what the stated compute gives with the last date's",
            ),
        }
    )


def _measurement(posterior: xr.Dataset) -> xr.Dataset:
    """Guessing, slope, harness and era: how effective compute shows in the score."""
    words: dict[str, tuple[str, str, str, str, bool]] = {
        "guess_rate": ("guess_rate", "Rate of guessing", "share", "score without any skill", True),
        "score_slope": (
            "slope",
            "Slope of the score",
            "logits per decade",
            "logits of the score's range per decade of effective compute",
            True,
        ),
        "harness_shift": (
            "harness_shift",
            "Shift of a harness",
            "logits",
            "how much higher it scores than the reference harness at the same skill",
            False,
        ),
        "early_height": (
            "early_height",
            "Reach of the early methods",
            "share",
            "of the range from chance to the ceiling, open to methods of the first half",
            True,
        ),
    }
    return xr.Dataset(
        {
            key: posterior[name].assign_attrs(
                label=label, unit=unit, description=description, is_positive=is_positive
            )
            for key, (name, label, unit, description, is_positive) in words.items()
            if name in posterior
        }
    )


def _technique_gains(posterior: xr.Dataset, design: Design, card: Card) -> xr.Dataset:
    labels = {tag: get_options(card).techniques[tag].label for tag in design.tags}
    gain = posterior["technique_gain"]
    return xr.Dataset(
        {
            "technique_gain_decades": gain.assign_attrs(
                labels=labels,
                label="Gain of a technique",
                unit="decades",
                description="decades of training compute that it is worth",
                is_headline=True,
            ),
            "technique_gain_factor": (10**gain).assign_attrs(
                labels=labels,
                label="Compute-equivalent gain of a technique",
                unit="factor",
                description="how much more training compute would have given the same",
                is_positive=True,
                derived_from="technique_gain_decades",
            ),
        }
    )


def _score(posterior: xr.Dataset, design: Design, card: Card) -> Any:
    """The fitted score of a step under the reference harness.

    With eras, what an era's methods can reach changes together with the trend.
    """
    known = {
        name: tuple(
            posterior[each].sel(benchmark=name).to_numpy() for each in ("slope", "level", "chance")
        )
        for name in design.benchmarks
    }
    tops = {
        (name, is_early): top_of(posterior, card, name, is_early)
        for name in design.benchmarks
        for is_early in (False, True)
    }

    def score(first: int, last: int, effective: np.ndarray, changed: Subset) -> np.ndarray:
        benchmark = design.benchmarks[design.benchmark_index[first]]
        slope, level, chance = known[benchmark]
        row = last if "trend" in changed else first
        top = tops[benchmark, bool(design.is_early[row])]
        return np.asarray(chance + (top - chance) * special.expit(level + slope * effective))

    return score


def _reverse_tests(posterior: xr.Dataset, design: Design, card: Card) -> xr.Dataset:
    """Compute with which the earliest model's method would score as the best model does."""
    needed: dict[str, np.ndarray] = {}
    for benchmark in design.benchmarks:
        first, best = find_record_path(design, benchmark)
        if first != best:
            name = design.rows["model"].iloc[first]
            label = name if len(design.benchmarks) == 1 else f"{benchmark}: {name}"
            needed[label] = _needed_flop(posterior, design, card, first, best)
    return describe_reverse_tests(needed, posterior["deviation_scale"], card, "score_slope")


def _needed_flop(
    posterior: xr.Dataset, design: Design, card: Card, first: int, best: int
) -> np.ndarray:
    """FLOP by draw; infinite where the early method's top is below the best fitted score."""
    divided = divide_deviation(posterior, design, get_options(card))
    early, late = (row_terms(posterior, design, row, divided) for row in (first, best))
    early, late = share_interaction(posterior, design, (first, best), early, late)
    effective = sum(late.values(), np.zeros_like(late["compute"]))
    benchmark = design.benchmarks[design.benchmark_index[first]]
    drawn = posterior[["slope", "level", "chance"]].sel(benchmark=benchmark)
    slope, level, chance = (drawn[name].to_numpy() for name in ("slope", "level", "chance"))
    tops = [top_of(posterior, card, benchmark, bool(design.is_early[row])) for row in (first, best)]
    height = special.expit(level + slope * effective) * (tops[1] - chance) / (tops[0] - chance)
    reached = (special.logit(np.minimum(height, 1.0)) - level) / slope  # infinite at one
    others = sum(
        (values for part, values in early.items() if part not in ("compute", "trend")),
        np.zeros_like(slope),
    )
    years = design.years[first]
    steepness, constant = np.ones_like(slope), others
    if "rate" in posterior:
        constant = constant + posterior["rate"].to_numpy() * years
    if "interaction" in posterior:
        steepness = 1 + posterior["interaction"].to_numpy() * years
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        decades = np.where(steepness > 0, (reached - constant) / steepness, np.inf)
        flop = 10.0 ** (decades + design.log10_flop_reference)
    return np.asarray(flop)


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with its rate, or its technique gains, moved to give the headline that share."""
    design = make_accuracy_design(table, card)
    headline = get_options(card).headline_comparison
    pair: Pair = next(p for p in list_pairs(design, card) if p.comparison.id == headline)
    made = estimands(as_draws(truth, DIMS), table, card).sel(comparison=headline)
    decades = {part: float(made[f"decades_{part}"].sum()) for part in PARTS}
    missing = decades["compute"] / share - sum(np.nan_to_num(v) for v in decades.values())
    assert pair.rows is not None, f"{pair.comparison.id}: an end has no compute"
    first, last = pair.rows
    if "rate" in truth:
        return truth | {
            "rate": truth["rate"] + missing / (design.years[last] - design.years[first])
        }
    changed = dict(zip(design.tags, design.has_tag[last] - design.has_tag[first], strict=True))
    return truth | _move_gains(truth, missing / sum(abs(v) for v in changed.values()), changed)


def _move_gains(truth: Truth, each: float, changed: dict[str, float]) -> Truth:
    """Gains moved by `each` decades in the direction in which the step changes each tag."""
    gain = {tag: value + each * changed[tag] for tag, value in truth["technique_gain"].items()}
    if "technique_on_benchmark" not in truth:
        return {"technique_gain": gain}
    varied = {
        name: {tag: value + each * changed[tag] for tag, value in gains.items()}
        for name, gains in truth["technique_on_benchmark"].items()
    }
    return {"technique_gain": gain, "technique_on_benchmark": varied}
