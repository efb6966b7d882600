"""The design of a leaderboard: which row has which benchmark, tags, lab and base model, and when
and with what compute.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from models import fitted_rows
from models._dates import years_since

LOG10_FLOP_REFERENCE = 24.0  # decades of compute are counted from 1e24 FLOP
REFERENCE_DATE = pd.Timestamp(2023, 1, 1)  # years are counted from here
MINIMUM_BASE_MODELS = 3  # fewer cannot tell a technique from its models
CLASSES = ("confident", "likely", "speculative")  # of compute, the surest first


@dataclass(frozen=True)
class Design:
    """The fitted rows of a leaderboard as arrays; `rows` keeps their order."""

    rows: pd.DataFrame
    benchmarks: list[str]
    tags: list[str]
    labs: list[str]
    bases: list[str]
    benchmark_index: np.ndarray  # (row,)
    lab_index: np.ndarray  # (row,)
    base_index: np.ndarray  # (row,)
    has_tag: np.ndarray  # (row, tag), 0 or 1
    log10_compute: np.ndarray  # (row,), decades above 1e24 FLOP
    years: np.ndarray  # (row,), since the reference date
    # (base,), position in CLASSES of the surest compute among the rows: fine-tunes only add to it
    class_index: np.ndarray


def make_design(table: pd.DataFrame) -> Design:
    """The design of the fitted rows.

    Raises ValueError where a technique cannot be told from its models or from another technique.
    """
    rows = fitted_rows(table)
    benchmarks, labs, bases = (_distinct(rows[name]) for name in ("benchmark", "lab", "base_model"))
    tag_sets = [
        set(text.split()) if isinstance(text, str) else set() for text in rows["techniques"]
    ]
    tags = sorted(set().union(*tag_sets))
    has_tag = np.array([[tag in present for tag in tags] for present in tag_sets], dtype=float)
    _check_tags(rows, tags, has_tag)
    base_index = pd.Categorical(rows["base_model"], categories=bases).codes.astype(int)
    classes = pd.Series(
        pd.Categorical(rows["compute_confidence"], categories=CLASSES).codes.astype(int)
    )
    return Design(
        rows=rows,
        benchmarks=benchmarks,
        tags=tags,
        labs=labs,
        bases=bases,
        benchmark_index=pd.Categorical(rows["benchmark"], categories=benchmarks).codes.astype(int),
        lab_index=pd.Categorical(rows["lab"], categories=labs).codes.astype(int),
        base_index=base_index,
        has_tag=has_tag.reshape(len(rows), len(tags)),
        log10_compute=np.log10(rows["training_flop"].to_numpy()) - LOG10_FLOP_REFERENCE,
        years=years_since(rows["release_date"], REFERENCE_DATE).to_numpy(),
        class_index=classes.groupby(base_index).min().to_numpy(),
    )


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
