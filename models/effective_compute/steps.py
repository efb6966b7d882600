"""The steps that a leaderboard's card names and the record path of each benchmark; their split, and
truths in which compute has a given share of it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import xarray as xr

from models import Truth, as_draws
from models.core.shapley import Subset
from models.effective_compute.design import Design
from models.effective_compute.simulation import DIMS
from models.effective_compute.split import RECORD_PATH, assemble, leave_out, make_step
from models.effective_compute.terms import absent_parts, divide_deviation, step_terms
from models.options import Comparison, Side

# Early row, late row, effective compute and changed parts -> score or log perplexity.
Score = Callable[[int, int, np.ndarray, Subset], np.ndarray]


@dataclass(frozen=True)
class Pair:
    """One step with the positions of the rows at its ends."""

    comparison: Comparison
    rows: tuple[int, int] | None
    reason: str = ""  # why there are no rows


def list_pairs(design: Design) -> list[Pair]:
    """The card's comparisons, then the record path of every benchmark."""
    comparisons = design.options.comparisons
    return [
        *(_find_pair(design, each) for each in comparisons),
        *list_record_paths(design.rows, comparisons),
    ]


def _find_pair(design: Design, comparison: Comparison) -> Pair:
    """The rows at both ends, or why an end has none: it is not fitted, or its compute not known."""
    sides = (comparison.earlier, comparison.later)
    if {side.model for side in sides} & design.without_compute:
        return Pair(comparison, None, "the training compute of one end is not known")
    if not all(side.is_fitted for side in sides):
        return Pair(comparison, None, "one end is left out of the fit")
    first, last = (find_side(design, comparison.benchmark, side) for side in sides)
    return Pair(comparison, (first, last))


def find_side(design: Design, benchmark: str, side: Side) -> int:
    """Position of the first fitted row of `side` (model and method).

    Rows of one model and method differ in score only. Raises ValueError where there is none, or
    where their tags differ.
    """
    found = np.flatnonzero(is_of_side(design.rows, benchmark, side))
    if not len(found):
        raise ValueError(
            f"no fitted row of {benchmark} has model {side.model!r} and method {side.method!r}"
        )
    if len({tuple(design.has_tag[row]) for row in found}) > 1:
        raise ValueError(
            f"rows of {side.model!r} with method {side.method!r} differ in their techniques"
        )
    return int(found[0])


def is_of_side(rows: pd.DataFrame, benchmark: str, side: Side) -> pd.Series:
    """Which rows are of the benchmark, model and method of `side`."""
    wanted = {"benchmark": benchmark, "model": side.model, "method": side.method}
    return (rows[list(wanted)] == pd.Series(wanted)).all(axis=1)


def list_record_paths(rows: pd.DataFrame, comparisons: Sequence[Comparison]) -> list[Pair]:
    """The step from the first row to the best of every benchmark, where they differ."""
    pairs = []
    for benchmark in rows["benchmark"].drop_duplicates():
        ends = find_record_path(rows, benchmark)
        earlier, later = (
            Side(model=row["model"], method=row["method"])
            for row in (rows.iloc[end] for end in ends)
        )
        name = name_benchmark(benchmark, comparisons) + RECORD_PATH
        step = Comparison(id=name, benchmark=benchmark, earlier=earlier, later=later)
        if ends[0] != ends[1]:
            pairs.append(Pair(step, ends))
    return pairs


def find_record_path(rows: pd.DataFrame, benchmark: str) -> tuple[int, int]:
    """Positions of the first row by release date and of the best: the ends of the record path.

    The best has the highest score or the lowest perplexity. Of several rows on the first date, the
    best is taken; of several best, the earliest.
    """
    is_loss = "perplexity" in rows
    column = "perplexity" if is_loss else "score"
    found = rows[rows["benchmark"] == benchmark]
    by_date = found.sort_values(["release_date", column], ascending=[True, is_loss], kind="stable")
    by_rank = found.sort_values([column, "release_date"], ascending=[is_loss, True], kind="stable")
    return int(by_date.index[0]), int(by_rank.index[0])


def label_early(rows: pd.DataFrame, pair: Pair) -> str:
    """The model at the early end of a record path, after its benchmark where there are several."""
    name = pair.comparison.earlier.model
    return name if len(set(rows["benchmark"])) == 1 else f"{pair.comparison.benchmark}: {name}"


def name_benchmark(benchmark: str, comparisons: Sequence[Comparison]) -> str:
    """The benchmark's part of comparison ids: that of the card's, or its name in lower case."""
    known = [each.id.split("-")[0] for each in comparisons if each.benchmark == benchmark]
    if known:
        return known[0]
    joined = re.sub(r"-(?=\d)", "", benchmark.lower())  # top-5 is top5
    return re.sub(r"[^a-z0-9]+", "_", joined).strip("_")


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
