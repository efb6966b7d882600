"""The steps of a leaderboard: the card's comparisons and the record path, found and split."""

import numpy as np
import pandas as pd
import pytest
from tables_for_models import (
    BETWEEN,
    NOTHING,
    RECORD,
    WITHIN,
    load_real,
    make_card,
    make_leaderboard,
    make_loss_leaderboard,
    make_posterior,
)

from models.effective_compute.design import find_record_path, make_design, name_benchmark
from models.effective_compute.steps import list_pairs
from models.leaderboards import compute_multiplier
from models.options import AccuracyOptions


def find_ends(table: pd.DataFrame, is_better_high: bool = True) -> tuple[str, str]:
    """Models at both ends of the toy's record path."""
    design = make_design(table)
    first, last = find_record_path(design, "MATH", is_better_high)
    return design.rows["model"].iloc[first], design.rows["model"].iloc[last]


def test_record_path_leads_from_the_first_row_to_the_best() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Tuned 2", "score"] = 0.9
    assert find_ends(table) == ("Base 0", "Tuned 2")


def test_order_of_the_rows_does_not_matter() -> None:
    table = make_leaderboard()
    assert find_ends(table.iloc[::-1].reset_index(drop=True)) == find_ends(table)


def test_of_two_rows_on_the_first_day_the_better_starts_the_path() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Tuned 1", "release_date"] = table["release_date"].min()
    assert find_ends(table)[0] == "Tuned 1"


def test_of_two_best_rows_the_earlier_ends_the_path() -> None:
    table = make_leaderboard()
    table.loc[table["model"].isin(["Base 2", "Tuned 3"]), "score"] = 0.8
    assert find_ends(table)[1] == "Base 2"


def test_lowest_perplexity_ends_the_path() -> None:
    table = make_loss_leaderboard()
    table.loc[table["model"] == "Tuned 2", "perplexity"] = 4.0
    table.loc[table["model"] == "Base 1", "perplexity"] = 400.0
    assert find_ends(table, is_better_high=False) == ("Base 0", "Tuned 2")


def test_of_two_perplexities_on_the_first_day_the_lower_starts_the_path() -> None:
    table = make_loss_leaderboard()
    table.loc[table["model"] == "Tuned 1", "release_date"] = table["release_date"].min()
    assert find_ends(table, is_better_high=False)[0] == "Tuned 1"


def test_excluded_row_is_no_record() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 2", "score"] = 0.99
    table.loc[table["model"] == "Base 2", "exclusion"] = "outlier"
    assert find_ends(table)[1] == "Tuned 3"


def test_record_path_stands_after_the_comparisons_of_the_card() -> None:
    pairs = list_pairs(make_design(make_leaderboard()), make_card())
    assert [pair.comparison.id for pair in pairs] == [WITHIN, BETWEEN, NOTHING, RECORD]
    assert pairs[-1].rows == (0, 7)


def test_record_path_says_whom_it_connects() -> None:
    (*_, path) = list_pairs(make_design(make_leaderboard()), make_card())
    assert path.comparison.label == "MATH, first to last record (Base 0 to Tuned 3)"


def test_first_row_that_is_best_leaves_no_path() -> None:
    table = make_leaderboard()
    table.loc[0, "score"] = 0.99
    pairs = list_pairs(make_design(table), make_card())
    assert [pair.comparison.id for pair in pairs] == [WITHIN, BETWEEN, NOTHING]


@pytest.mark.parametrize("dataset", ["minerva", "imagenet", "mmlu"])
def test_each_benchmark_has_a_record_path_of_its_own(dataset: str) -> None:
    table, card = load_real(dataset)
    design = make_design(table)
    paths = [p.comparison for p in list_pairs(design, card) if p.comparison.id.endswith("_record")]
    assert [path.benchmark for path in paths] == design.benchmarks
    assert len({path.id for path in paths}) == len(paths)


@pytest.mark.parametrize(
    ("benchmark", "slug"),
    [("MATH", "math"), ("ImageNet top-5", "imagenet_top5"), ("MMLU-STEM", "mmlu_stem")],
)
def test_benchmark_without_comparisons_is_named_after_itself(benchmark: str, slug: str) -> None:
    assert name_benchmark(benchmark, []) == slug


def test_benchmark_is_named_as_in_the_comparisons() -> None:
    options = make_card().options
    assert isinstance(options, AccuracyOptions)
    renamed = [
        c.model_copy(update={"id": f"maths-{i}-b"}) for i, c in enumerate(options.comparisons)
    ]
    assert name_benchmark("MATH", renamed) == "maths"


def test_step_from_a_model_without_compute_is_left_out_with_its_reason() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 3", "training_flop"] = np.nan
    made = compute_multiplier.estimands(make_posterior(), table, make_card())
    for kind in ("decades", "share", "shapley", "shapley_share"):
        compute = made[f"{kind}_compute"]
        assert compute.attrs["reasons"][WITHIN] == "the training compute of one end is not known"
        assert compute.sel(comparison=WITHIN).isnull().all()
        assert compute.sel(comparison=BETWEEN).notnull().all()


def test_step_from_a_model_that_is_not_there_is_refused() -> None:
    table = make_leaderboard()
    table.loc[table["model"] == "Base 3", "exclusion"] = "outlier"
    with pytest.raises(ValueError, match="no fitted row of MATH has model 'Base 3'"):
        list_pairs(make_design(table), make_card())


def test_record_path_is_split_as_a_comparison_of_the_same_ends() -> None:
    made = compute_multiplier.estimands(make_posterior(), make_leaderboard(), make_card())
    for name in ("decades_compute", "shapley_trend", "share_algorithms"):
        path, step = (made[name].sel(comparison=each).to_numpy() for each in (RECORD, BETWEEN))
        np.testing.assert_array_equal(path, step)
