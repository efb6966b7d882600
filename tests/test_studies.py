"""Studies: coverage of 90 % intervals judges a model, a study of something else does not."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.checks.study import judge_calibration, list_shifts, read_study


def make_study(failed: int = 0, **shares: float | None) -> dict[str, Any]:
    estimands = {key: {"share": share} for key, share in shares.items()}
    coverage = {"datasets": 100, "failed": failed, "estimands": estimands}
    return {"coverage": coverage, "design": {"sizes": [1]}, "fingerprint": {}}


@pytest.mark.parametrize(
    ("share", "is_calibrated"), [(0.85, True), (0.95, True), (0.84, False), (0.96, False)]
)
def test_intervals_hold_what_they_promise_within_five_points(
    share: float, is_calibrated: bool
) -> None:
    judged = judge_calibration(make_study(rate=share), True, ["rate"])
    assert judged["is_calibrated"] is is_calibrated
    assert ("rate" in judged["calibration_reason"]) is not is_calibrated


def test_quantities_that_are_no_headline_do_not_judge() -> None:
    assert judge_calibration(make_study(rate=0.9, chance=0.2), True, ["rate"])["is_calibrated"]


def test_study_that_measured_no_headline_gives_no_verdict() -> None:
    for study in (make_study(chance=0.9), make_study(rate=None), {"fingerprint": {}}):
        judged = judge_calibration(study, True, ["rate"])
        assert (judged["is_calibrated"], judged["calibration_reason"]) == (None, "not measured")


def test_refits_that_failed_often_spoil_the_study() -> None:
    judged = judge_calibration(make_study(failed=10, rate=0.9), True, ["rate"])
    assert judged["is_calibrated"] is False
    assert judged["calibration_reason"] == "10 of 100 refits failed"


def test_numbers_of_an_old_study_are_shown_and_judge_nothing() -> None:
    study = make_study(rate=0.5)
    judged = judge_calibration(study, False, ["rate"])
    assert judged["is_calibrated"] is None
    assert "earlier version" in judged["calibration_reason"]
    assert judged["calibration"] == study["coverage"]
    assert judged["study"]["design"] == {"sizes": [1]}


def test_study_is_read_by_the_name_of_its_cell(tmp_path: Path) -> None:
    (tmp_path / "toys-toy.json").write_text(json.dumps(make_study(rate=0.9)), encoding="utf-8")
    assert read_study(tmp_path, "toys", "toy") == make_study(rate=0.9)
    assert read_study(tmp_path, "toys", "other") is None
    assert read_study(None, "toys", "toy") is None


def test_shifts_are_listed_with_prior_and_quantity() -> None:
    study = {"priors": {"shifts": {"rate": {"2": {"a": 0.1, "b": None}, "0.5": {"reason": "r"}}}}}
    assert list_shifts(study) == [("a", "rate", 0.1)]
    assert list_shifts(None) == list_shifts({"priors": {"reason": "failed"}}) == []
