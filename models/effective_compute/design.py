"""The design of a leaderboard: which row has which benchmark, tags, lab and base model, and when
and with what compute.
"""

import re
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from models import fitted_rows
from models.core.dates import years_since

MINIMUM_BASE_MODELS = 3  # fewer cannot tell a technique from its models
CLASSES = ("confident", "likely", "speculative")  # of compute, the surest first


@dataclass(frozen=True)
class Design:
    """The fitted rows of a leaderboard as arrays; `rows` keeps their order.

    Compute and dates are counted from round references in their middle, so that parameters keep
    their meaning and the sampler sees little correlation.
    """

    rows: pd.DataFrame
    without_compute: set[str]  # models of fitted rows that have no compute figure
    benchmarks: list[str]
    tags: list[str]
    labs: list[str]
    bases: list[str]
    harnesses: list[str]  # those that are not the card's reference
    benchmark_index: np.ndarray  # (row,)
    lab_index: np.ndarray  # (row,)
    base_index: np.ndarray  # (row,)
    has_tag: np.ndarray  # (row, tag), 0 or 1
    has_harness: np.ndarray  # (row, harness), 0 or 1
    log10_flop_reference: float  # decades of compute are counted from here: the median, rounded
    reference_date: pd.Timestamp  # years are counted from here: 1 January of the median year
    log10_compute: np.ndarray  # (row,), decades above the reference
    years: np.ndarray  # (row,), since the reference date
    is_early: np.ndarray  # (row,), released on or before the median release date of the base models
    is_held_out: np.ndarray  # (row,), left out of the likelihood
    # (base,), position in CLASSES of the surest compute among the rows: fine-tunes only add to it
    class_index: np.ndarray
    # (base,), of dense models; NaN elsewhere. Fine-tunes only add tokens: the least are the base's
    parameters: np.ndarray
    training_tokens: np.ndarray


def make_design(table: pd.DataFrame, reference_harness: str = "") -> Design:
    """The design of the fitted rows that have a compute figure.

    An optional column `is_held_out` marks rows that keep their place and leave the likelihood.
    Raises ValueError where a technique cannot be told from its models or from another technique.
    """
    rows = fitted_rows(table)
    without_compute = set(rows.loc[rows["training_flop"].isna(), "model"])
    rows = rows[rows["training_flop"].notna()].reset_index(drop=True)
    benchmarks, labs, bases = (_distinct(rows[name]) for name in ("benchmark", "lab", "base_model"))
    harnesses = [name for name in _distinct(rows["harness"]) if name != reference_harness]
    tag_sets = [
        set(text.split()) if isinstance(text, str) else set() for text in rows["techniques"]
    ]
    tags = sorted(set().union(*tag_sets))
    has_tag = np.array([[tag in present for tag in tags] for present in tag_sets], dtype=float)
    _check_tags(rows, tags, has_tag)
    base_index = _positions(rows["base_model"], bases)
    by_base = rows.groupby(base_index)
    classes = pd.Series(_positions(rows["compute_confidence"], list(CLASSES)))
    first_dates = by_base["release_date"].min()
    reference_date = pd.Timestamp(int(first_dates.dt.year.median()), 1, 1)
    log10_flop = np.log10(rows["training_flop"].to_numpy())
    reference = float(np.round(np.median(log10_flop)))
    is_dense = by_base["is_dense"].all()
    return Design(
        rows=rows,
        without_compute=without_compute - set(rows["model"]),
        benchmarks=benchmarks,
        tags=tags,
        labs=labs,
        bases=bases,
        harnesses=harnesses,
        benchmark_index=_positions(rows["benchmark"], benchmarks),
        lab_index=_positions(rows["lab"], labs),
        base_index=base_index,
        has_tag=has_tag.reshape(len(rows), len(tags)),
        has_harness=np.array(
            [[name == each for each in harnesses] for name in rows["harness"]], dtype=float
        ).reshape(len(rows), len(harnesses)),
        log10_flop_reference=reference,
        reference_date=reference_date,
        log10_compute=log10_flop - reference,
        years=years_since(rows["release_date"], reference_date).to_numpy(),
        is_early=(rows["release_date"] <= first_dates.median()).to_numpy(),
        is_held_out=_held_out(rows),
        class_index=classes.groupby(base_index).min().to_numpy(),
        parameters=by_base["parameters"].min().where(is_dense).to_numpy(),
        training_tokens=by_base["training_tokens"].min().where(is_dense).to_numpy(),
    )


def _held_out(rows: pd.DataFrame) -> np.ndarray:
    return np.asarray(rows.get("is_held_out", pd.Series(False, index=rows.index)), dtype=bool)


def _positions(values: pd.Series, categories: list[str]) -> np.ndarray:
    return pd.Categorical(values, categories=categories).codes.astype(int)


def _distinct(values: pd.Series) -> list[str]:
    return [str(value) for value in values.drop_duplicates()]


def _check_tags(rows: pd.DataFrame, tags: list[str], has_tag: np.ndarray) -> None:
    counts = {
        tag: rows.loc[has_tag[:, i] == 1, "base_model"].nunique() for i, tag in enumerate(tags)
    }
    few = {tag: count for tag, count in counts.items() if count < MINIMUM_BASE_MODELS}
    if few:
        raise ValueError(
            f"techniques with fewer than {MINIMUM_BASE_MODELS} base models "
            f"among the fitted rows: {few}. "
            "Pool the tag with its neighbour on the card, or exclude its rows by name"
        )
    together = [
        (first, second)
        for (i, first), (j, second) in combinations(enumerate(tags), 2)
        if (has_tag[:, i] == has_tag[:, j]).all()
    ]
    if together:
        raise ValueError(
            f"techniques that always occur together cannot be told apart: {together}. Pool them"
        )


def find_side(design: Design, benchmark: str, side: Any) -> int:
    """Position of the first fitted row of `side` (model and method).

    Rows of one model and method differ in score only. Raises ValueError where there is none, or
    where their tags differ.
    """
    rows = design.rows
    mask = (
        (rows["benchmark"] == benchmark)
        & (rows["model"] == side.model)
        & (rows["method"] == side.method)
    )
    found = np.flatnonzero(mask.to_numpy())
    if not len(found):
        raise ValueError(
            f"no fitted row of {benchmark} has model {side.model!r} and method {side.method!r}"
        )
    if len({tuple(design.has_tag[row]) for row in found}) > 1:
        raise ValueError(
            f"rows of {side.model!r} with method {side.method!r} differ in their techniques"
        )
    return int(found[0])


def find_record_path(
    design: Design, benchmark: str, is_better_high: bool = True
) -> tuple[int, int]:
    """Positions of the first row by release date and of the best: the ends of the record path.

    Of several rows on the first date, the best is taken; of several best, the earliest.
    """
    column = "score" if is_better_high else "perplexity"
    rows = design.rows[design.rows["benchmark"] == benchmark]
    order = ["release_date", column]
    first = rows.sort_values(order, ascending=[True, not is_better_high], kind="stable").index[0]
    best = rows.sort_values(order[::-1], ascending=[not is_better_high, True], kind="stable").index[
        0
    ]
    return int(first), int(best)


def name_benchmark(benchmark: str, comparisons: list[Any]) -> str:
    """The benchmark's part of comparison ids: that of the card's, or its name in lower case."""
    known = [each.id.split("-")[0] for each in comparisons if each.benchmark == benchmark]
    if known:
        return known[0]
    joined = re.sub(r"-(?=\d)", "", benchmark.lower())  # top-5 is top5
    return re.sub(r"[^a-z0-9]+", "_", joined).strip("_")
