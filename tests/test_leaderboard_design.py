"""The design of a leaderboard: rows as arrays, the steps that are split, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables_for_models import (
    TOY_DATE,
    TOY_LOG10_FLOP,
    make_card,
    make_leaderboard,
)

from models.effective_compute.design import Design, make_design
from models.effective_compute.steps import find_record_path, list_pairs
from models.leaderboards import compute_multiplier


def change(rows: str | list[str], **changes: Any) -> pd.DataFrame:
    """The toy leaderboard with columns of some models replaced."""
    table = make_leaderboard()
    chosen = table["model"].isin([rows] if isinstance(rows, str) else rows)
    return table.assign(**{name: table[name].mask(chosen, to) for name, to in changes.items()})


def design_of(table: pd.DataFrame | None = None, **card: Any) -> Design:
    return make_design(make_leaderboard() if table is None else table, make_card(**card))


def test_arrays_describe_their_row() -> None:
    table = make_leaderboard()
    design = design_of(table)
    for i, row in enumerate(design.rows.to_dict("records")):
        tags = {tag for j, tag in enumerate(design.tags) if design.has_tag[i, j]}
        assert tags == set(row["techniques"].split())
        assert design.continued_share[i] == pytest.approx(
            0.2 / 1.2 if "Tuned" in row["model"] else 0
        )
        assert design.labs[design.lab_index[i]] == row["lab"]
        assert design.bases[design.base_index[i]] == row["base_model"]
        assert design.benchmarks[design.benchmark_index[i]] == row["benchmark"]
    assert (design.log10_flop_reference, design.reference_date) == (TOY_LOG10_FLOP, TOY_DATE)
    np.testing.assert_allclose(10.0 ** (design.log10_compute + 24), table["training_flop"])
    np.testing.assert_allclose(design.years * 365.25, (table["release_date"] - TOY_DATE).dt.days)
    assert set(table.loc[design.is_early, "model"]) == {"Base 0", "Tuned 0", "Base 1"}


TUNED = ["Tuned 0", "Tuned 1"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (change(TUNED, techniques="tool_use majority_vote"), "'tool_use': 2"),
        (make_leaderboard().assign(base_model="Base 0"), "'domain_tuning': 1"),
        (change("Tuned 0", techniques=""), "'domain_tuning', 'majority_vote'"),
        (change("Base 3", model="Nobody"), "no fitted row of MATH has model 'Base 3'"),
        (change("Base 3", method="vote"), "no fitted row of MATH has model 'Base 3'"),
        (change("Base 3", exclusion="outlier"), "no fitted row of MATH has model 'Base 3'"),
        (change("Base 2", model="Base 3", techniques="domain_tuning"), "differ in their tech"),
    ],
)
def test_what_cannot_be_split_is_refused_by_name(table: pd.DataFrame, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        list_pairs(design_of(table))


def test_unknown_benchmark_is_refused_by_name() -> None:
    table = make_leaderboard().assign(benchmark="GSM8K")
    with pytest.raises(ValueError, match=r"says nothing of the benchmarks \['GSM8K'\]"):
        compute_multiplier.build(table, make_card(), compute_multiplier.Priors())


# The record path.

FIRST_DAY = pd.Timestamp(2020, 4, 1)


@pytest.mark.parametrize(
    ("table", "ends"),
    [
        (change("Tuned 2", score=0.9), ("Base 0", "Tuned 2")),
        (change("Tuned 2", score=0.9).iloc[::-1], ("Base 0", "Tuned 2")),
        (change("Tuned 1", release_date=FIRST_DAY), ("Tuned 1", "Tuned 3")),
        (change(["Base 2", "Tuned 3"], score=0.8), ("Base 0", "Base 2")),
        (change("Base 2", score=0.99, exclusion="outlier"), ("Base 0", "Tuned 3")),
    ],
    ids=["best", "order of rows", "better of the first day", "earlier of two best", "excluded"],
)
def test_record_path_leads_from_the_first_row_to_the_best(
    table: pd.DataFrame, ends: tuple[str, str]
) -> None:
    losses = table.assign(perplexity=60 * (1 - table["score"])).drop(columns="score")  # low is good
    for each in (table, losses):
        rows = make_design(each, make_card()).rows
        found = find_record_path(rows, "MATH")
        assert tuple(rows["model"].iloc[list(found)]) == ends
