"""Calibration studies, on a toy whose posterior is exact: right intervals pass, wrong ones fail."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from toy_model import STEP, ExactRecipe, Toy, make_card, make_table, make_toy_study
from typer.testing import CliRunner

from pipeline import cli
from pipeline.checks.refit import RefitError
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.studies import calibrate, designs, trials
from pipeline.studies.coverage import study_coverage, study_fixed_share
from pipeline.studies.designs import compare_widths, study_design
from pipeline.studies.engine import Engine
from pipeline.studies.perturb import study_priors, study_wrong_compute
from pipeline.studies.trials import run_trial

RATE = "rate_decades_per_year"


def test_right_intervals_hold_the_truth_as_often_as_they_say() -> None:
    right = study_coverage(make_toy_study(), 120)
    assert set(right["estimands"]) == {RATE, STEP}
    assert right["divergences"] == 120  # one each, says the toy
    for each in right["estimands"].values():
        assert each["intervals"] == 120
        assert each["share"] == pytest.approx(0.9, abs=0.08)
        assert each["mean_rank"] == pytest.approx(0.5, abs=0.08)
        assert each["rank_p"] > 0.005
        assert sum(each["rank_counts"]) == 120


def test_intervals_that_are_too_narrow_are_found_out() -> None:
    found = study_coverage(make_toy_study(Toy(simulated_noise=1.0)), 60)
    assert found["estimands"][RATE]["share"] < 0.75


def test_wrong_link_is_found_out_by_coverage_and_by_ranks() -> None:
    """Scores that saturate where the model has a line: gains look smaller than they were."""
    found = study_coverage(make_toy_study(Toy(link=lambda score: 22 + np.tanh(score - 22))), 60)
    rate = found["estimands"][RATE]
    assert rate["share"] < 0.75
    assert rate["mean_rank"] > 0.6
    assert rate["rank_p"] < 0.001


def test_failed_refits_are_counted_and_named() -> None:
    found = study_coverage(make_toy_study(failing=4), 40)
    assert 0 < found["failed"] < 40
    assert found["estimands"][RATE]["intervals"] == 40 - found["failed"]
    assert [each["reason"] for each in found["failures"]] == ["a toy's"] * found["failed"]
    impossible = study_coverage(make_toy_study(Toy(simulated_noise=-1.0)), 2)
    assert (impossible["failed"], impossible["estimands"]) == (2, {})
    assert impossible["failures"][0]["reason"].startswith("simulation: ")


def test_drawing_again_by_a_rule_on_data_leaves_the_rate_of_coverage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trials, "is_possible", lambda simulated, *_: simulated["score"].max() < 24)
    found = study_coverage(make_toy_study(), 100)
    assert found["redrawn"] > 50
    assert found["estimands"][RATE]["share"] == pytest.approx(0.9, abs=0.08)
    monkeypatch.setattr(trials, "is_possible", lambda *_: False)
    with pytest.raises(RefitError, match="the table cannot hold"):
        run_trial(make_toy_study(), "coverage", 0)


def test_outcomes_beyond_the_ranges_of_the_table_are_impossible() -> None:
    real = pd.DataFrame({"perplexity": [30.0, 40.0], "parameters": [-1.0, -1.0]})
    for perplexity, can_be in ((20.0, True), (1.0, False), (1e7, False)):
        simulated = real.assign(perplexity=[30.0, perplexity])
        assert trials.is_possible(simulated, real, "loss_leaderboard") is can_be


def test_fixed_shares_are_the_truths_and_are_covered() -> None:
    found = study_fixed_share(make_toy_study(), 120)
    assert found["estimand"] == STEP
    assert list(found["shares"]) == ["0.2", "0.5", "0.8"]
    for each in found["shares"].values():
        assert each["datasets"] == 20
        assert abs(each["mean_bias"]) < each["mean_width"] / 2
        assert {"covered", "share", "median_bias"} <= set(each)


def test_narrow_prior_pulls_to_its_centre_and_wide_one_lets_go() -> None:
    found = study_priors(make_toy_study())
    assert {name: set(each) for name, each in found["shifts"].items()} == {"rate": {"2", "0.5"}}
    assert (found["without_scale"], found["not_used"]) == (["weight"], ["absent"])
    narrow, wide = (found["shifts"]["rate"][factor][RATE] for factor in ("0.5", "2"))
    toward = np.sign(0.5 - found["baseline"][RATE]["median"])
    assert np.sign(narrow) == toward
    assert narrow * toward > wide * toward
    assert abs(found["noise"][RATE]) < 0.05


@pytest.mark.parametrize("study", [study_priors, study_wrong_compute, study_design])
def test_failed_baseline_is_said(study: Any) -> None:
    assert "a toy's" in study(make_toy_study(failing=1))["reason"]


def test_wrong_compute_moves_the_rate() -> None:
    found = study_wrong_compute(make_toy_study())
    assert len(found["shifts"]) == 10
    assert found["largest"] == max(map(abs, found["shifts"]))
    assert found["largest"] > 10 * abs(found["noise"])


def test_more_models_narrow_the_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designs, "Recipe", ExactRecipe)
    found = study_design(make_toy_study())
    made = found["designs"]
    assert found["estimand"] == STEP
    assert made["as_it_is"]["ratio"] == 1
    assert [each["base_models"] for each in made.values()] == [12, 24, 60, 22, 22, 12]
    assert made["five_times"]["ratio"] < made["twice"]["ratio"] < 1
    for each in made.values():
        assert 0 <= each["decisive"] <= each["datasets"]
        assert each["ratio_lower"] <= each["ratio"] <= each["ratio_upper"]


def test_models_are_added_where_date_and_compute_part() -> None:
    study = make_toy_study()
    for name, is_late in (("small_late", True), ("big_early", False)):
        rows = designs.make_design_table(study, name)
        added = rows["model"].str.endswith("(run again)")
        assert added.sum() == designs.ADDED
        old, new = rows[~added], rows[added]
        assert (new["release_date"].median() > old["release_date"].median()) == is_late
        assert (new["training_flop"].median() < old["training_flop"].median()) == is_late
        decades = np.log10(new["training_flop"])
        assert abs(np.corrcoef(decades, new["release_date"].astype("int64"))[0, 1]) < 0.9
        np.testing.assert_allclose(new["parameters"] / 1e9, new["training_tokens"] / 1e12)


def test_ratio_of_widths_is_taken_pair_by_pair_with_the_interval_of_its_mean() -> None:
    found = compare_widths(pd.Series([0.5, 0.6, np.nan, 0.4]), pd.Series([1.0] * 4))
    logs = np.log([0.5, 0.6, 0.4])
    half = 2.920 * logs.std(ddof=1) / np.sqrt(3)  # Student's t with 2 degrees of freedom, 95 %
    bounds = [found[name] for name in ("ratio_lower", "ratio", "ratio_upper")]
    assert bounds == pytest.approx(np.exp(logs.mean() + half * np.array([-1, 0, 1])), rel=1e-3)
    assert np.isnan(compare_widths(pd.Series([0.5, 0.6]), pd.Series([1.0, 1.0]))["ratio_lower"])


# The file and the command.


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose one cell is the toy."""
    (tmp_path / "models/toys").mkdir(parents=True)
    (tmp_path / "models/toys/toy.py").write_text("RATE = 1.0\n", encoding="utf-8")
    monkeypatch.setattr(calibrate, "Recipe", ExactRecipe)
    monkeypatch.setattr(designs, "Recipe", ExactRecipe)
    monkeypatch.setattr(calibrate.models, "load", lambda *_: Toy())
    monkeypatch.setattr(calibrate, "read_cell", lambda *_: (make_table(), make_card()))
    return tmp_path


def run(root: Path, *parts: str) -> dict[str, Any]:
    path = calibrate.calibrate(Layout(root), ("toy", "toy"), list(parts), 6, Engine(), seed=1)
    assert isinstance(path, Path)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_file_has_every_part_and_is_the_same_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: designs.DESIGNS[name] for name in ("as_it_is", "big_early")}
    monkeypatch.setattr(designs, "DESIGNS", few)
    study = run(root, *calibrate.PARTS)
    assert list(study) == ["dataset", "model", "seed", "settings", "made_with", *calibrate.PARTS]
    assert run(root, *calibrate.PARTS) == study


def test_parts_left_out_are_kept_while_they_are_current(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root, "priors")
    assert list(run(root, "coverage"))[-2:] == ["coverage", "priors"]
    assert "will go" not in capsys.readouterr().err
    (root / "models/toys/toy.py").write_text("RATE = 1.1\n", encoding="utf-8")
    assert "priors" not in run(root, "coverage")
    assert "toy-toy.json: priors will go: made with another made_with" in capsys.readouterr().err


def test_what_cannot_be_studied_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate.models, "load", lambda *_: Toy(reason="too few rows"))
    assert calibrate.calibrate(Layout(root), ("toy", "toy"), [], 1, Engine(), 1) == "too few rows"
    assert not (root / "data").exists()
    monkeypatch.undo()
    with pytest.raises(SourceError, match="dvc repro"):  # to make the table
        calibrate.read_cell(Layout(root), "imagenet_efficiency")
    for words in (["nothing"], ["math", "--only", "luck"]):
        assert CliRunner().invoke(cli.app, ["calibrate", *words]).exit_code == 2
