"""Studies: what they were made with, and what coverage of 90 % intervals says of a model."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.core.layout import Layout
from pipeline.studies.record import describe_inputs, hash_package, is_current
from pipeline.studies.structures import EARLY, LATE, add_halves, bend_rates, find_bend
from pipeline.studies.verdict import judge_calibration

CELL = "toys-toy"


def make_study(failed: int = 0, **shares: float | None) -> dict[str, Any]:
    estimands = {key: {"share": share} for key, share in shares.items()}
    coverage = {"datasets": 100, "failed": failed, "estimands": estimands}
    return {"coverage": coverage, "design": {"sizes": [1]}}


def test_headlines_are_calibrated_within_five_points() -> None:
    for study, verdict, reason in (
        (make_study(rate=0.85, chance=0.2), True, ""),  # chance is no headline
        (make_study(rate=0.95), True, ""),
        (make_study(rate=0.84), False, "rate 84%"),
        (make_study(rate=0.96), False, "rate 96%"),
        (make_study(rate=0.9, failed=10), False, "10 of 100 refits failed"),
        (make_study(chance=0.9), None, "not measured"),
        (make_study(rate=None), None, "not measured"),
        ({}, None, "not measured"),
    ):
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


# Truths of another structure: a sharp bend, and the rates on either side of it.


def make_dates() -> pd.DataFrame:
    dates = pd.to_datetime(["2020-01-01", "2021-07-01", "2022-03-01", "2022-09-01", "2022-12-31"])
    return pd.DataFrame(
        {
            "model": list("abcde"),
            "base_model": list("abcce"),
            "release_date": dates,
            "exclusion": pd.Series([None] * 5, dtype="str"),
        }
    )


def test_bend_falls_into_the_median_year_of_the_base_models() -> None:
    table = make_dates()
    assert find_bend(table) == 2021  # 2020, 2021, 2022, 2022: the lower middle, rounded down
    assert find_bend(table.assign(exclusion=["x", *[None] * 4])) == 2022


def test_rates_change_at_the_bend_and_their_mean_is_over_the_days_between() -> None:
    truth = {"rate": 0.4, "rate_by_year": dict.fromkeys(("2020", "2021", "2022"), 0.4)}
    made = bend_rates(make_dates(), truth, (0.1, 1.0))
    assert made["rate_by_year"] == {"2020": 0.1, "2021": 1.0, "2022": 1.0}
    assert made["rate"] == pytest.approx((366 * 0.1 + (365 + 364) * 1.0) / (366 + 729))


def test_halves_leave_out_the_years_that_meet_at_the_bend() -> None:
    rates = {"": [9.0, 9.0], "[2018]": [0.0, 1.0], "[2019]": [1.0, 2.0], "[2020]": [5.0, 5.0]}
    rates |= {"[2021]": [7.0, 7.0], "[2022]": [3.0, 4.0]}
    draws = pd.DataFrame({f"rate_decades_per_year{year}": drawn for year, drawn in rates.items()})
    found = add_halves(draws, 2021)
    assert np.array_equal(found[EARLY], [0.5, 1.5])
    assert np.array_equal(found[LATE], [3.0, 4.0])
    assert LATE not in add_halves(draws, 2022)
