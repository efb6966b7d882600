"""The design of a leaderboard: rows as arrays, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from tables_for_models import make_leaderboard

from models._design import find_side, make_design
from models._options import Side


def test_excluded_rows_are_left_out() -> None:
    table = make_leaderboard()
    table.loc[0, "exclusion"] = "no compute"
    assert make_design(table).rows["line"].tolist() == table["line"].tolist()[1:]


def test_arrays_speak_of_their_row() -> None:
    design = make_design(make_leaderboard())
    for i, row in design.rows.iterrows():
        tags = {tag for j, tag in enumerate(design.tags) if design.has_tag[i, j]}
        assert tags == set(row["techniques"].split())
        assert design.labs[design.lab_index[i]] == row["lab"]
        assert design.bases[design.base_index[i]] == row["base_model"]
        assert design.benchmarks[design.benchmark_index[i]] == row["benchmark"]


def test_compute_is_counted_in_decades_from_1e24_flop() -> None:
    table = make_leaderboard().assign(training_flop=1e22)
    np.testing.assert_allclose(make_design(table).log10_compute, -2.0)


def test_years_are_counted_from_the_start_of_2023() -> None:
    table = make_leaderboard().assign(release_date=pd.Timestamp(2021, 1, 1))
    np.testing.assert_allclose(make_design(table).years, -2.0, atol=0.002)


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
    assert design.rows.loc[row, ["model", "method"]].tolist() == ["Tuned 2", "vote"]


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
