"""Calibration studies, on a toy whose posterior is exact: right intervals pass, wrong ones fail."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from toy_model import STEP, ExactRefitter, Toy, make_card, make_table, make_toy_study
from typer.testing import CliRunner

from models import as_draws
from pipeline import cli
from pipeline.checks.fingerprint import fingerprint, is_same, measure_p_value
from pipeline.failures import SourceError
from pipeline.studies import calibrate, designs, trials
from pipeline.studies.coverage import study_coverage, study_fixed_share
from pipeline.studies.designs import (
    compare_widths,
    copy_models,
    draw_truth_at,
    overlay,
    permute_compute,
    scale_compute,
    study_design,
)
from pipeline.studies.perturb import mistake_compute, study_priors, study_wrong_compute
from pipeline.studies.trials import Progress, count_failures, run_trial

RATE = "rate_decades_per_year"


@pytest.fixture(scope="module")
def right() -> dict[str, Any]:
    return study_coverage(make_toy_study(), 200)


def test_right_intervals_hold_the_truth_as_often_as_they_say(right: dict[str, Any]) -> None:
    assert set(right["estimands"]) == {RATE, STEP}
    for each in right["estimands"].values():
        assert each["intervals"] == 200
        assert each["share"] == pytest.approx(0.9, abs=0.06)
        assert each["mean_rank"] == pytest.approx(0.5, abs=0.06)
        assert each["rank_p"] > 0.005


def test_intervals_that_are_too_narrow_are_found_out() -> None:
    found = study_coverage(make_toy_study(Toy(simulated_noise=1.0)), 60)
    assert found["estimands"][RATE]["share"] < 0.75


@pytest.mark.parametrize(("covered", "is_likely"), [(270, True), (300, False), (240, False)])
def test_coverage_is_tested_against_the_binomial(covered: int, is_likely: bool) -> None:
    assert (measure_p_value(covered, 300, 0.9) > 0.01) is is_likely


def test_jobs_change_nothing(right: dict[str, Any]) -> None:
    assert study_coverage(make_toy_study(jobs=3), 200) == right


def test_failed_refits_are_counted_and_named() -> None:
    found = study_coverage(make_toy_study(failing=4), 40)
    assert 0 < found["failed"] < 40
    assert found["estimands"][RATE]["intervals"] == 40 - found["failed"]
    assert [each["reason"] for each in found["failures"]] == ["a toy's"] * found["failed"]


def test_truths_that_give_no_outcome_are_counted() -> None:
    trial = run_trial(make_toy_study(Toy(simulated_noise=-1.0)), "coverage", 0)
    assert trial.reason.startswith("simulation: ")
    assert count_failures([trial])["failed"] == 1


def test_drawing_again_by_a_rule_on_data_leaves_the_rate_of_coverage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trials, "is_possible", lambda simulated, *_: simulated["score"].max() < 24)
    found = study_coverage(make_toy_study(), 200)
    assert found["redrawn"] > 100
    assert found["estimands"][RATE]["share"] == pytest.approx(0.9, abs=0.06)


def test_study_that_only_draws_the_impossible_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "is_possible", lambda *_: False)
    assert run_trial(make_toy_study(), "coverage", 0).reason.endswith("the table cannot hold")


@pytest.mark.parametrize(("perplexity", "can_be"), [(20.0, True), (1.0, False), (1e7, False)])
def test_outcomes_beyond_the_ranges_of_the_table_are_impossible(
    perplexity: float, can_be: bool
) -> None:
    real = pd.DataFrame({"perplexity": [30.0, 40.0], "parameters": [-1.0, -1.0]})
    simulated = real.assign(perplexity=[30.0, perplexity])
    assert trials.is_possible(simulated, real, "loss_leaderboard") is can_be


def test_divergences_are_added_up(right: dict[str, Any]) -> None:
    assert right["divergences"] == 200  # one each, says the toy


def test_fixed_shares_are_the_truths_and_are_covered() -> None:
    found = study_fixed_share(make_toy_study(), 360)
    assert found["estimand"] == STEP
    assert list(found["shares"]) == ["0.2", "0.5", "0.8"]
    for each in found["shares"].values():
        assert each["datasets"] == 60
        assert abs(each["mean_bias"]) < each["mean_width"] / 2
        assert {"covered", "share", "median_bias"} <= set(each)


def test_share_without_a_report_is_divided_from_decades() -> None:
    study = make_toy_study()
    truth = study.model.sample_prior(
        study.table, study.card, study.priors, np.random.default_rng(1)
    )
    fixed = Toy().fix_share(truth, 0.3, study.table, study.card)
    measured = study.measure(as_draws(fixed, study.model.DIMS), study.table)
    assert measured[STEP] == pytest.approx([0.3])


@pytest.fixture(scope="module")
def priors() -> dict[str, Any]:
    return study_priors(make_toy_study())


def test_only_priors_with_a_scale_are_widened(priors: dict[str, Any]) -> None:
    assert {name: set(each) for name, each in priors["shifts"].items()} == {"rate": {"2", "0.5"}}
    assert priors["without_scale"] == ["weight"]
    assert priors["not_used"] == ["absent"]


def test_narrow_prior_pulls_to_its_centre_and_wide_one_lets_go(priors: dict[str, Any]) -> None:
    narrow, wide = (priors["shifts"]["rate"][factor][RATE] for factor in ("0.5", "2"))
    toward = np.sign(0.5 - priors["baseline"][RATE]["median"])
    assert np.sign(narrow) == toward
    assert narrow * toward > wide * toward
    assert abs(priors["noise"][RATE]) < 0.05


def test_failed_baseline_is_said() -> None:
    assert "a toy's" in study_priors(make_toy_study(failing=1))["reason"]
    assert "a toy's" in study_wrong_compute(make_toy_study(failing=1))["reason"]
    assert "a toy's" in study_design(make_toy_study(failing=1))["reason"]


def test_wrong_compute_moves_the_rate() -> None:
    found = study_wrong_compute(make_toy_study())
    assert len(found["shifts"]) == 10
    assert found["largest"] == max(map(abs, found["shifts"]))
    assert found["largest"] > 10 * abs(found["noise"])


def test_half_of_the_closed_models_are_mistaken_by_three() -> None:
    table = make_table()
    wrong = mistake_compute(table, np.random.default_rng(1))
    assert wrong is not None
    factor = wrong["training_flop"] / table["training_flop"]
    assert (factor[table["is_open_weights"]] == 1).all()
    changed = factor[factor != 1]
    assert len(changed) == 3
    assert np.allclose(np.abs(np.log(changed)), np.log(3))


def test_run_of_the_registry_that_is_its_own_base_is_mistaken_alone() -> None:
    table = make_table().assign(base_model=None, is_open_weights=False)
    wrong = mistake_compute(table, np.random.default_rng(1))
    assert wrong is not None
    assert (wrong["training_flop"] != table["training_flop"]).sum() == len(table) // 2


def test_wrong_compute_says_why_it_does_not_apply() -> None:
    study = make_toy_study(Toy(reads_compute=False))
    assert "does not read" in study_wrong_compute(study)["reason"]
    assert (
        mistake_compute(make_table().assign(is_open_weights=True), np.random.default_rng(1)) is None
    )


def test_more_models_narrow_the_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(designs, "Refitter", ExactRefitter)
    found = study_design(make_toy_study())
    made = found["designs"]
    assert found["estimand"] == STEP
    assert made["as_it_is"]["ratio"] == 1
    assert [each["base_models"] for each in made.values()] == [12, 24, 60, 12]
    assert made["five_times"]["ratio"] < made["twice"]["ratio"] < 1
    assert all(
        each["ratio_lower"] <= each["ratio"] <= each["ratio_upper"] for each in made.values()
    )


def test_ratio_of_widths_is_taken_pair_by_pair_with_the_interval_of_its_mean() -> None:
    found = compare_widths([0.5, 0.6, None, 0.4], [1.0, 1.0, 1.0, 1.0])
    logs = np.log([0.5, 0.6, 0.4])
    half = 2.920 * logs.std(ddof=1) / np.sqrt(3)  # Student's t with 2 degrees of freedom, 95 %
    assert found["ratio"] == pytest.approx(np.exp(logs.mean()), rel=1e-3)
    assert found["ratio_lower"] == pytest.approx(np.exp(logs.mean() - half), rel=1e-3)
    assert found["ratio_upper"] == pytest.approx(np.exp(logs.mean() + half), rel=1e-3)
    assert compare_widths([0.5, 0.6], [1.0, 1.0])["ratio_lower"] is None
    assert compare_widths([None], [1.0])["ratio"] is None


def test_copies_are_other_models_of_other_compute_and_date() -> None:
    rows = make_table()
    copy = copy_models(rows, "copy 2", np.random.default_rng(1))
    assert not set(copy["model"]) & set(rows["model"])
    assert not (copy["training_flop"] == rows["training_flop"]).any()
    assert (copy["release_date"] != rows["release_date"]).any()
    assert copy["is_open_weights"].equals(rows["is_open_weights"])


def test_sizes_grow_with_compute() -> None:
    rows = make_table()
    scaled = scale_compute(rows, pd.Series(2.0, rows.index))
    product = scaled["parameters"] * scaled["training_tokens"]
    assert np.allclose(scaled["training_flop"] / rows["training_flop"], 100)
    assert np.allclose(product / (rows["parameters"] * rows["training_tokens"]), 100)


def test_permuted_compute_is_the_same_compute_with_both_ends_in_place() -> None:
    rows = make_table()
    options: Any = make_card().options
    permuted = permute_compute(rows, options, np.random.default_rng(1))
    assert np.allclose(sorted(permuted["training_flop"]), sorted(rows["training_flop"]))
    ends = permuted["training_flop"].iloc[[0, -1]] / rows["training_flop"].iloc[[0, -1]]
    assert ends.tolist() == [1.0, 1.0]
    assert not np.allclose(permuted["training_flop"], rows["training_flop"])


def test_truth_of_a_design_has_the_medians_and_new_deviations() -> None:
    study = make_toy_study()
    posterior = study.refit_real("design", 0)
    truth = draw_truth_at(study, posterior, study.table, 0)
    assert truth["rate"] == pytest.approx(float(posterior["rate"].median()))
    medians = posterior["deviation"].median(("chain", "draw"))
    assert not np.allclose(list(truth["deviation"].values()), medians)


def test_overlay_takes_known_values_by_label() -> None:
    drawn = {"rate": 1.0, "deviation": {"A": 1.0, "B": 2.0}}
    known = {"rate": 3.0, "deviation": {"A": 4.0, "C": 5.0}, "other": 6.0}
    assert overlay(drawn, known) == {"rate": 3.0, "deviation": {"A": 4.0, "B": 2.0}}


# The fingerprint.

MODEL = '"""A model."""\nfrom models._shared import scale\nRATE = 1.0\n'
SHARED = "def scale(x):\n    return 2 * x\n"


def digest(folder: Path, model: str = MODEL, shared: str = SHARED, **options: Any) -> Any:
    folder.mkdir(exist_ok=True)
    (folder / "toy.py").write_text(model, encoding="utf-8")
    (folder / "_shared.py").write_text(shared, encoding="utf-8")
    changed = make_card().options.model_copy(update=options)
    return fingerprint(make_table(), changed, "toy", folder)


@pytest.mark.parametrize(
    "words",
    [
        {"model": MODEL.replace("A model.", "Another word.")},
        {"model": MODEL + "# a comment\n"},
        {"shared": SHARED.replace("    return", '    """Twice."""\n    return')},
        {"allocation_reason": "in other words"},
    ],
)
def test_fingerprint_is_blind_to_words(tmp_path: Path, words: dict[str, Any]) -> None:
    assert digest(tmp_path, **words) == digest(tmp_path)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("model", {"model": MODEL.replace("1.0", "1.1")}),
        ("model", {"shared": SHARED.replace("2", "3")}),
        ("card", {"trend": "none"}),
    ],
)
def test_fingerprint_changes_with_a_constant(
    tmp_path: Path, part: str, change: dict[str, Any]
) -> None:
    before, after = digest(tmp_path), digest(tmp_path, **change)
    assert {name for name in before if before[name] != after[name]} == {part}


def test_fingerprint_changes_with_a_value_of_the_table(tmp_path: Path) -> None:
    before = digest(tmp_path)
    changed = make_table().assign(score=0.5)
    assert fingerprint(changed, make_card().options, "toy", tmp_path)["table"] != before["table"]


OWN = pd.DataFrame({"is_own": [False, True], "estimate": [0.5, 0.4], "lower": [0.2, np.nan]})
RATES = pd.DataFrame({"posterior": ["a-b", "c-d"], "rate": [0.4, 0.6], "rate_sd": [0.1, 0.2]})


@pytest.mark.parametrize(
    ("table", "row", "column", "factor", "same"),
    [
        (OWN, 1, "estimate", 1.09, True),  # of our own posterior, and near
        (OWN, 1, "estimate", 1.2, False),
        (OWN, 0, "estimate", 1.001, False),  # published: not one digit may differ
        (RATES, 0, "rate_sd", 0.95, True),
        (RATES, 1, "rate", 0.7, False),
    ],
)
def test_figures_of_our_own_posteriors_may_differ_by_a_tenth(
    tmp_path: Path, table: pd.DataFrame, row: int, column: str, factor: float, same: bool
) -> None:
    digest(tmp_path)
    changed = table.copy()
    changed.loc[row, column] *= factor
    one, other = (
        fingerprint(each, make_card().options, "toy", tmp_path) for each in (table, changed)
    )
    assert is_same(one, json.loads(json.dumps(other))) is same


def test_another_number_of_our_own_figures_is_another_table(tmp_path: Path) -> None:
    digest(tmp_path)
    options = make_card().options
    one, other = (fingerprint(each, options, "toy", tmp_path) for each in (RATES, RATES.iloc[:1]))
    assert not is_same(one, other)


# The file and the command.


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose one cell is the toy."""
    digest(tmp_path / "models")
    monkeypatch.setattr(calibrate, "Refitter", ExactRefitter)
    monkeypatch.setattr(designs, "Refitter", ExactRefitter)
    monkeypatch.setattr(calibrate.models, "load", lambda *_: Toy())
    monkeypatch.setattr(calibrate, "read_cell", lambda *_: (make_table(), make_card()))
    return tmp_path


def run(root: Path, *parts: str, datasets: int = 6, jobs: int = 1) -> dict[str, Any]:
    path = calibrate.calibrate(root, "toy", "toy", list(parts), datasets, jobs, seed=1)
    assert isinstance(path, Path)
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_file_has_every_part_and_the_fingerprint(root: Path) -> None:
    study = run(root, *calibrate.PARTS)
    assert list(study) == ["dataset", "model", "seed", "settings", "fingerprint", *calibrate.PARTS]
    assert set(study["fingerprint"]) == {"table", "card", "model"}


def test_parts_left_out_are_kept_while_they_are_current(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(root, "priors")
    assert list(run(root, "coverage"))[-2:] == ["coverage", "priors"]
    assert "will go" not in capsys.readouterr().err
    (root / "models/toy.py").write_text(MODEL + "NEW = 1\n", encoding="utf-8")
    assert "priors" not in run(root, "coverage")
    assert "toy-toy.json: priors will go: made with another fingerprint" in capsys.readouterr().err


def test_file_is_the_same_whatever_the_jobs(root: Path) -> None:
    assert run(root, *calibrate.PARTS, jobs=2) == run(root, *calibrate.PARTS)


def test_model_that_cannot_be_fitted_is_not_studied(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate.models, "load", lambda *_: Toy(reason="too few rows"))
    assert calibrate.calibrate(root, "toy", "toy", [], 1, 1, 1) == "too few rows"
    assert not (root / "data").exists()


def test_table_that_is_not_made_yet_is_named(tmp_path: Path) -> None:
    source = Path(cli.__file__).parents[1] / "data/sources/imagenet_efficiency"
    target = tmp_path / "data/sources/imagenet_efficiency"
    target.parent.mkdir(parents=True)
    target.symlink_to(source)
    with pytest.raises(SourceError, match="dvc repro"):
        calibrate.read_cell(tmp_path, "imagenet_efficiency")


def test_command_studies_the_cells_that_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(calibrate, "calibrate", lambda *each: asked.append(each) or "too few rows")
    words = ["calibrate", "chinchilla_runs", "--only", "priors,design", "--jobs", "2"]
    result = CliRunner().invoke(cli.app, words)
    assert result.exit_code == 0
    assert "chinchilla_runs-scaling_law: not studied: too few rows" in result.output
    assert [each[1:6] for each in asked] == [
        ("chinchilla_runs", "scaling_law", ["priors", "design"], 300, 2)
    ]


@pytest.mark.parametrize("words", [["nothing"], ["math", "--only", "luck"]])
def test_command_refuses_what_there_is_not(words: list[str]) -> None:
    result = CliRunner().invoke(cli.app, ["calibrate", *words])
    assert result.exit_code == 2


def test_command_and_study_have_the_same_parts_and_seed() -> None:
    assert tuple(calibrate.PARTS) == cli.STUDIES


def test_progress_says_how_long_to_go(capsys: pytest.CaptureFixture[str]) -> None:
    assert Progress("toy").follow(iter("abc"), 3) == ["a", "b", "c"]
    assert "toy: 3 of 3" in capsys.readouterr().err
