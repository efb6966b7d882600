"""The leaderboards of Epoch AI's harness: names, budgets of thinking, compute, ceilings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import Dataset, read_dataset

from pipeline.ingest.options import AccuracyOptions

SETTING = r"_(\d+K|x?high|medium|low)$"  # of an API name: a budget or an effort of thinking
# Llama: the registry has 6ND of 15T tokens. The two others: the database has had several figures.
OTHER_COMPUTE = {"Llama 3 70B Instruct", "Llama 3.1 70B Instruct", "Llama 3.1 8B Instruct"}
OTHER_COMPUTE |= {"DeepSeek-R1", "GPT-4.5 preview"}


@pytest.fixture(scope="module", params=["gpqa_diamond", "otis_mock_aime"])
def board(request: pytest.FixtureRequest, root: Path, runs: pd.DataFrame) -> Dataset:
    return read_dataset(root / "data/sources" / request.param, runs)


def test_settings_of_an_api_name_are_methods_of_one_model(board: Dataset) -> None:
    printed = board.records["model_version"]
    named = board.records[["model"]].assign(api=printed.str.replace(SETTING, "", regex=True))
    assert named.drop_duplicates()["api"].is_unique
    setting = printed.str.extract(SETTING)[0]
    words = "thinking, " + setting.str.replace("K", "K tokens").where(
        setting.str.endswith("K", na=False), setting + " effort"
    )
    has_setting = setting.notna()
    assert board.records["method"][has_setting].tolist() == words[has_setting].tolist()
    assert set(board.records["method"][~has_setting]) == {"chain-of-thought", "thinking"}


def test_budgets_count_in_thousands_of_tokens_against_a_plain_answer(board: Dataset) -> None:
    rows = board.table
    budget = rows["method"].str.extract(r"(\d+)K tokens")[0].astype(float)
    plain = rows["method"] == "chain-of-thought"
    expected = budget.mask(plain, 1.0)
    pd.testing.assert_series_equal(rows["sample_count"], expected, check_names=False)
    options = board.card.options
    assert isinstance(options, AccuracyOptions)
    assert options.techniques["thinking"].part == "inference"
    assert set(options.techniques["thinking"].methods) == set(rows["method"][~plain])
    thinks = rows["techniques"].str.contains("thinking")
    assert rows["techniques"][thinks].str.contains("reasoning_training").all()


def test_scores_are_of_a_day_after_the_release(board: Dataset) -> None:
    rows = board.table.dropna(subset="release_date")
    assert (rows["eval_date"] >= rows["release_date"]).all()


def test_ceiling_is_the_best_score_and_its_standard_error(board: Dataset) -> None:
    best = board.records.astype({"score": float, "standard_error": float}).nlargest(1, "score")
    options = board.card.options
    assert isinstance(options, AccuracyOptions)
    (facts,) = options.benchmarks.values()
    reached = float((best["score"] + best["standard_error"]).iloc[0])
    assert facts.ceiling == pytest.approx(reached, abs=1e-3)


def test_compute_is_that_of_the_leaderboard_but_for_named_models(board: Dataset) -> None:
    printed = pd.to_numeric(board.records["training_flop"].replace("", np.nan))
    decades = np.log10(board.table["training_flop"] / printed).abs()
    assert set(board.table["model"][decades > np.log10(1.05)]) == OTHER_COMPUTE
    assert decades.max() < 0.3


def test_scores_that_no_guesser_has_are_left_out_and_no_others(
    root: Path, runs: pd.DataFrame
) -> None:
    board = read_dataset(root / "data/sources/gpqa_diamond", runs)
    score, error = (board.records[name].astype(float) for name in ("score", "standard_error"))
    excluded = board.table["exclusion"] == "impossible figure"
    assert excluded.tolist() == (score + 5 * error < 0.25).tolist()


def test_compute_read_off_scores_explains_none(board: Dataset) -> None:
    circular = board.validated.query("is_compute_circular")
    assert {"Claude 2", "GPT-4.5 preview", "Gemini 1.0 Pro"} <= set(circular["model"])
    assert circular["exclusion"].notna().all()
