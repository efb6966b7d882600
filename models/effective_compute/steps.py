"""The steps of a leaderboard that are split: the card's comparisons and the record path."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from models import Card
from models.core.shapley import Subset
from models.effective_compute.design import Design, find_record_path, find_side, name_benchmark
from models.effective_compute.multiplier import (
    absent_parts,
    divide_deviation,
    get_options,
    row_terms,
    share_interaction,
)
from models.effective_compute.split import KINDS, LOSS_KINDS, assemble, leave_out, make_step
from models.options import Comparison, Side

Score = Callable[[int, int, np.ndarray, Subset], np.ndarray]


@dataclass(frozen=True)
class Pair:
    """One step with the rows of the design at its ends."""

    comparison: Comparison
    rows: tuple[int, int] | None
    reason: str = ""  # why there are no rows


def list_pairs(design: Design, card: Card, is_better_high: bool = True) -> list[Pair]:
    """The card's comparisons, then the record path of every benchmark: first row to best."""
    options = get_options(card)
    pairs = [_find_pair(design, each) for each in options.comparisons]
    for benchmark in design.benchmarks:
        first, best = find_record_path(design, benchmark, is_better_high)
        if first != best:
            pairs.append(Pair(_name_path(design, card, benchmark, first, best), (first, best)))
    return pairs


def _find_pair(design: Design, comparison: Comparison) -> Pair:
    """The rows at both ends, or why an end has none: it is not fitted, or its compute not known."""
    sides = (comparison.earlier, comparison.later)
    if {side.model for side in sides} & design.without_compute:
        return Pair(comparison, None, "the training compute of one end is not known")
    if not all(side.is_fitted for side in sides):
        return Pair(comparison, None, "one end is left out of the fit")
    first, last = (find_side(design, comparison.benchmark, side) for side in sides)
    return Pair(comparison, (first, last))


def _name_path(design: Design, card: Card, benchmark: str, first: int, best: int) -> Comparison:
    sides = [
        Side(model=row["model"], method=row["method"])
        for row in (design.rows.iloc[first], design.rows.iloc[best])
    ]
    options = get_options(card)
    return Comparison(
        id=f"{name_benchmark(benchmark, options.comparisons)}-first_record-last_record",
        label=f"{options.benchmarks[benchmark].label}, first to last record "
        f"({sides[0].model} to {sides[1].model})",
        benchmark=benchmark,
        earlier=sides[0],
        later=sides[1],
    )


def split_steps(
    posterior: xr.Dataset,
    design: Design,
    card: Card,
    pairs: list[Pair],
    score: Score,
    is_loss: bool = False,
) -> xr.Dataset:
    """Decades, shares, Shapley values and Shapley shares of every part of every pair.

    `score(early row, late row, effective, changed parts)` gives the fitted score, or with `is_loss`
    the fitted log perplexity.
    """
    change = "change of log perplexity" if is_loss else "change of the score"
    divided = divide_deviation(posterior, design, get_options(card))
    steps = []
    for pair in pairs:
        if pair.rows is None:
            steps.append(leave_out(pair.reason))
            continue
        first, last = pair.rows
        early, late = share_interaction(
            posterior,
            design,
            pair.rows,
            *(row_terms(posterior, design, row, divided) for row in pair.rows),
        )

        def at(
            effective: np.ndarray, changed: Subset, first: int = first, last: int = last
        ) -> np.ndarray:
            return score(first, last, effective, changed)

        steps.append(make_step(early, late, at, change))
    return assemble(
        steps,
        [pair.comparison for pair in pairs],
        absent_parts(design, card),
        posterior["deviation_scale"],
        LOSS_KINDS if is_loss else KINDS,
    )
