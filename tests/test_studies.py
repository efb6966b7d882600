"""Studies: what they were made with, and what coverage of 90 % intervals says of a model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.core.layout import Layout
from pipeline.studies.record import describe_inputs, hash_package, is_current
from pipeline.studies.verdict import judge_calibration, list_shifts

CELL = "toys-toy"


def make_study(failed: int = 0, **shares: float | None) -> dict[str, Any]:
    estimands = {key: {"share": share} for key, share in shares.items()}
    coverage = {"datasets": 100, "failed": failed, "estimands": estimands}
    return {"coverage": coverage, "design": {"sizes": [1]}}


@pytest.mark.parametrize(
    ("study", "verdict", "reason"),
    [
        (make_study(rate=0.85, chance=0.2), True, ""),  # chance is no headline
        (make_study(rate=0.95), True, ""),
        (make_study(rate=0.84), False, "rate 84%"),
        (make_study(rate=0.96), False, "rate 96%"),
        (make_study(rate=0.9, failed=10), False, "10 of 100 refits failed"),
        (make_study(chance=0.9), None, "not measured"),
        (make_study(rate=None), None, "not measured"),
        ({}, None, "not measured"),
    ],
)
def test_headlines_are_calibrated_within_five_points(
    study: dict[str, Any], verdict: bool | None, reason: str
) -> None:
    judged = judge_calibration(study, True, ["rate"])
    assert judged["is_calibrated"] is verdict
    assert reason in judged["calibration_reason"]


def test_numbers_of_an_old_study_are_shown_and_judge_nothing() -> None:
    study = make_study(rate=0.5)
    judged = judge_calibration(study, False, ["rate"])
    assert judged["is_calibrated"] is None
    assert "earlier version" in judged["calibration_reason"]
    assert judged["calibration"] == study["coverage"]
    assert judged["study"]["design"] == {"sizes": [1]}


def test_shifts_are_listed_with_prior_and_quantity() -> None:
    study = {"priors": {"shifts": {"rate": {"2": {"a": 0.1, "b": None}, "0.5": {"reason": "r"}}}}}
    assert list_shifts(study) == [("a", "rate", 0.1)]
    assert list_shifts(None) == list_shifts({"priors": {"reason": "failed"}}) == []


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project with one cell, whose model imports a second package."""
    files = {
        "models/__init__.py": "",
        "models/family/toy.py": "from models.options import X\nfrom models.shared.scale import Y\n",
        "models/options/__init__.py": "",
        "models/shared/scale.py": "Y = 2\n",
        "models/other/apart.py": "",
        "data/validated/toys.json": "{}",
        "data/sources/toys/records.csv": "score\n1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    write_table(Layout(tmp_path), score=1.0)
    return Layout(tmp_path)


def write_table(layout: Layout, **row: Any) -> None:
    pd.DataFrame([row]).to_parquet(layout.table("toys"))


@pytest.mark.parametrize(
    ("changed", "is_same"),
    [
        ("models/family/toy.py", False),
        ("models/shared/scale.py", False),
        ("data/validated/toys.json", False),
        ("models/other/apart.py", True),
        ("models/options/__init__.py", True),
        ("models/__init__.py", True),
    ],
)
def test_study_is_current_while_its_packages_and_options_are(
    layout: Layout, changed: str, is_same: bool
) -> None:
    study = {"made_with": describe_inputs(layout, CELL)}
    assert is_current(layout, CELL, json.loads(json.dumps(study)))
    (layout.root / changed).write_text("NEW = 1\n", encoding="utf-8")
    assert is_current(layout, CELL, study) is is_same


@pytest.mark.parametrize(("is_own", "is_same"), [({}, False), ({"is_own": True}, True)])
def test_figures_of_our_own_posteriors_may_move(
    layout: Layout, is_own: dict[str, Any], is_same: bool
) -> None:
    write_table(layout, score=1.0, **is_own)
    study = {"made_with": describe_inputs(layout, CELL)}
    write_table(layout, score=1.001, **is_own)
    assert is_current(layout, CELL, study) is is_same
    layout.table("toys").unlink()  # not made yet, as in a fresh clone
    assert is_current(layout, CELL, study)
    assert not is_current(layout, CELL, {})


@pytest.mark.slow
def test_package_has_the_hash_that_dvc_gives_it(layout: Layout) -> None:
    for command in (["init", "--no-scm", "--quiet"], ["add", "--quiet", "models"]):
        dvc = Path(sys.executable).with_name("dvc")
        subprocess.run([dvc, *command], cwd=layout.root, check=True)
    known = (layout.root / "models.dvc").read_text(encoding="utf-8")
    assert f"md5: {hash_package(layout.root / 'models')}\n" in known
