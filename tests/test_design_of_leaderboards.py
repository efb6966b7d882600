"""The design of a leaderboard: rows as arrays, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from tables_for_models import TOY_DATE, TOY_LOG10_FLOP, make_leaderboard

from models.effective_compute.design import find_side, make_design
from models.options import Side


def test_excluded_rows_are_left_out() -> None:
    table = make_leaderboard()
    table.loc[0, "exclusion"] = "no compute"
    assert make_design(table).rows["line"].tolist() == table["line"].tolist()[1:]


def test_arrays_speak_of_their_row() -> None:
    design = make_design(make_leaderboard())
    for i, row in enumerate(design.rows.to_dict("records")):
        tags = {tag for j, tag in enumerate(design.tags) if design.has_tag[i, j]}
        assert tags == set(row["techniques"].split())
        assert design.labs[design.lab_index[i]] == row["lab"]
        assert design.bases[design.base_index[i]] == row["base_model"]
        assert design.benchmarks[design.benchmark_index[i]] == row["benchmark"]


def test_compute_is_counted_from_the_median_rounded_to_a_decade() -> None:
    table = make_leaderboard()
    design = make_design(table)
    assert design.log10_flop_reference == TOY_LOG10_FLOP
    np.testing.assert_allclose(10.0 ** (design.log10_compute + 24), table["training_flop"])


def test_years_are_counted_from_the_first_day_of_the_median_models_year() -> None:
    table = make_leaderboard()
    design = make_design(table)
    assert design.reference_date == TOY_DATE
    days = (table["release_date"] - TOY_DATE).dt.days
    np.testing.assert_allclose(design.years * 365.25, days)


def test_references_do_not_move_with_the_scores() -> None:
    first = make_design(make_leaderboard())
    second = make_design(make_leaderboard().assign(score=0.5))
    assert first.log10_flop_reference == second.log10_flop_reference
    assert first.reference_date == second.reference_date


def test_early_models_are_those_before_the_median_base_model() -> None:
    table = make_leaderboard()
    early = set(table.loc[make_design(table).is_early, "model"])
    assert early == {"Base 0", "Tuned 0", "Base 1"}  # Tuned 1 came a day after the median


def test_harnesses_are_those_beside_the_reference() -> None:
    table = make_leaderboard()
    table.loc[[1, 2], "harness"] = ["uniform", "other"]
    design = make_design(table, "reported")
    assert design.harnesses == ["uniform", "other"]
    assert design.has_harness.sum(axis=1).tolist() == [0, 1, 1, 0, 0, 0, 0, 0]
    assert design.has_harness[1].tolist() == [1, 0]


def test_one_harness_needs_no_shift() -> None:
    design = make_design(make_leaderboard(), "reported")
    assert design.harnesses == []
    assert design.has_harness.shape == (8, 0)


def test_rows_without_compute_are_left_out_and_named() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 1", "training_flop"] = np.nan
    design = make_design(table)
    assert design.without_compute == {"Base 1"}
    assert "Base 1" not in set(design.rows["model"])


def test_model_with_compute_in_another_row_is_not_without_compute() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 1", "training_flop"] = np.nan
    table["model"] = table["model"].replace("Tuned 1", "Base 1")
    assert make_design(table).without_compute == set()


def test_size_of_a_base_model_is_the_least_of_its_rows() -> None:
    table = make_leaderboard()
    design = make_design(table)
    known = dict(zip(design.bases, design.training_tokens, strict=True))
    tokens = table.set_index("model")["training_tokens"]
    assert known["Base 0"] == tokens["Base 0"] < tokens["Tuned 0"]
    assert np.isnan(known["Base 2"])


def test_size_of_a_model_that_is_not_dense_is_unknown() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Tuned 3", "is_dense"] = False
    design = make_design(table)
    assert np.isnan([design.parameters[3], design.training_tokens[3]]).all()
    assert np.isfinite(design.parameters[:3]).all()


@pytest.mark.parametrize("held", [[], [0, 3]])
def test_held_out_rows_keep_their_place(held: list[int]) -> None:
    table = make_leaderboard()
    table["is_held_out"] = table.index.isin(held)
    design = make_design(table)
    assert len(design.rows) == len(table)
    assert np.flatnonzero(design.is_held_out).tolist() == held


def test_no_row_is_held_out_where_nothing_is_said() -> None:
    assert not make_design(make_leaderboard()).is_held_out.any()


def test_surest_class_of_a_base_model_is_taken() -> None:
    table = make_leaderboard().assign(compute_confidence="confident")
    table.loc[table["base_model"] == "Base 1", "compute_confidence"] = ["likely", "speculative"]
    design = make_design(table)
    assert dict(zip(design.bases, design.class_index, strict=True))["Base 1"] == 1
    assert sum(design.class_index) == 1


def test_empty_technique_is_no_tag() -> None:
    table = make_leaderboard()
    table["techniques"] = None
    design = make_design(table)
    assert design.tags == []
    assert design.has_tag.shape == (len(table), 0)


def test_technique_of_two_base_models_is_refused_by_name() -> None:
    table = make_leaderboard()
    table.loc[table["base_model"].isin(["Base 0", "Base 1"]), "techniques"] += " tool_use"
    with pytest.raises(ValueError, match=r"'tool_use': 2"):
        make_design(table)


def test_many_rows_of_one_base_model_do_not_identify_a_technique() -> None:
    table = make_leaderboard().assign(base_model="Base 0")
    with pytest.raises(ValueError, match=r"'domain_tuning': 1"):
        make_design(table)


def test_techniques_that_always_occur_together_are_refused() -> None:
    table = make_leaderboard()
    table["techniques"] = table["techniques"].replace("domain_tuning", "")
    with pytest.raises(ValueError, match="'domain_tuning', 'majority_vote'"):
        make_design(table)


def test_side_is_the_row_of_its_model_and_method() -> None:
    design = make_design(make_leaderboard())
    row = find_side(design, "MATH", Side(model="Tuned 2", method="vote"))
    assert design.rows["model"].iloc[row] == "Tuned 2"
    assert design.rows["method"].iloc[row] == "vote"


@pytest.mark.parametrize(
    ("benchmark", "model", "method"),
    [("MATH", "Nobody", "vote"), ("MATH", "Base 1", "vote"), ("GSM8K", "Base 1", "direct")],
)
def test_side_without_a_row_is_refused(benchmark: str, model: str, method: str) -> None:
    with pytest.raises(ValueError, match=f"no fitted row of {benchmark} has model '{model}'"):
        find_side(make_design(make_leaderboard()), benchmark, Side(model=model, method=method))


def test_side_whose_row_is_excluded_is_refused() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 1", "exclusion"] = "circular compute"
    with pytest.raises(ValueError, match="no fitted row"):
        find_side(make_design(table), "MATH", Side(model="Base 1", method="direct"))


def test_side_of_differing_techniques_is_refused() -> None:
    table = make_leaderboard()
    other = table[table["model"] == "Base 1"].assign(techniques="domain_tuning")
    table = pd.concat([table, other], ignore_index=True)
    with pytest.raises(ValueError, match="differ in their techniques"):
        find_side(make_design(table), "MATH", Side(model="Base 1", method="direct"))
