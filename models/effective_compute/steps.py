"""The split of every step of a leaderboard, and truths in which compute has a given share of it."""

from collections.abc import Callable
from functools import partial

import numpy as np
import xarray as xr

from models import Truth, as_draws
from models.core.shapley import Subset
from models.effective_compute.design import Design
from models.effective_compute.paths import list_pairs
from models.effective_compute.simulation import DIMS
from models.effective_compute.split import assemble, leave_out, make_step
from models.effective_compute.terms import absent_parts, divide_deviation, step_terms

# Early row, late row, effective compute and changed parts -> score or log perplexity.
Score = Callable[[int, int, np.ndarray, Subset], np.ndarray]


def split_steps(posterior: xr.Dataset, design: Design, score: Score) -> xr.Dataset:
    """Decades, shares, Shapley values and Shapley shares of every part of every step."""
    divided = divide_deviation(posterior, design)
    pairs, steps = list_pairs(design), []
    for pair in pairs:
        if pair.rows is None:
            steps.append(leave_out(pair.reason))
            continue
        early, late = step_terms(posterior, design, pair.rows, divided)
        steps.append(make_step(early, late, partial(score, *pair.rows)))
    comparisons = [pair.comparison for pair in pairs]
    return assemble(steps, comparisons, absent_parts(design), posterior["deviation_scale"])


def scale_algorithms(truth: Truth, share: float, design: Design) -> Truth:
    """The truth with its rate, or its technique gains, moved: compute has `share` of the headline.

    Gains move in the direction in which the step changes each tag.
    """
    wanted = design.options.headline_comparison
    (rows,) = (pair.rows for pair in list_pairs(design) if pair.comparison.id == wanted)
    assert rows is not None, f"{wanted}: an end has no compute"
    drawn = as_draws(truth, DIMS)
    early, late = step_terms(drawn, design, rows, divide_deviation(drawn, design))
    decades = {part: float((late[part] - early[part]).sum()) for part in late}
    missing = decades["compute"] / share - sum(decades.values())
    if "rate" in truth:
        first, last = design.years[list(rows)]
        return quicken(truth, missing / (last - first))
    change = np.diff(design.has_tag[list(rows)], axis=0)[0]
    changed = dict(zip(design.tags, np.sign(change), strict=True))
    each = missing / np.abs(change).sum()

    def move(gains: dict[str, float]) -> dict[str, float]:
        return {tag: gain + each * changed[tag] for tag, gain in gains.items()}

    moved: Truth = {"technique_gain": move(truth["technique_gain"])}
    if "technique_on_benchmark" in truth:
        on_benchmark = truth["technique_on_benchmark"].items()
        moved["technique_on_benchmark"] = {name: move(gains) for name, gains in on_benchmark}
    return truth | moved


def quicken(truth: Truth, faster: float) -> Truth:
    """The truth with the rates of all years moved alike."""
    by_year = {year: rate + faster for year, rate in truth.get("rate_by_year", {}).items()}
    moved = {"rate_by_year": by_year} if by_year else {}
    return truth | {"rate": truth["rate"] + faster} | moved
