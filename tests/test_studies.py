"""Studies: what they were made with, and what coverage of 90 % intervals says of a model."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipeline.core.layout import Layout
from pipeline.studies.record import describe_inputs, describe_specifications, is_current
from pipeline.studies.structures import EARLY, LATE, add_halves, bend_rates, find_bend
from pipeline.studies.verdict import judge_calibration

CELL, RATE = "toys-toy", "rate_decades_per_year"


@pytest.mark.parametrize(
    ("shares", "failed", "is_current", "verdict", "reason"),
    [
        ({"rate": 0.85, "chance": 0.2}, 0, True, True, ""),  # chance is no headline
        ({"rate": 0.8467}, 0, True, False, "rate 84.7 % (85 of 100)"),
        ({"rate": 0.95}, 0, True, True, ""),
        ({"rate": 0.84}, 0, True, False, "outside 85 to 95 %: rate 84.0 % (84 of 100)"),
        ({"rate": 0.96}, 0, True, False, "rate 96.0 % (96 of 100)"),
        ({"rate": 0.9}, 10, True, False, "10 of 100 refits failed"),
        ({"chance": 0.9}, 0, True, None, "not measured"),
        ({"rate": None}, 0, True, None, "not measured"),
        ({"rate": 0.5}, 0, False, None, "earlier version"),
    ],
)
def test_headlines_are_calibrated_within_five_points_in_a_study_that_is_current(
    shares: dict[str, float | None], failed: int, is_current: bool, verdict: bool, reason: str
) -> None:
    coverage = {"datasets": 100, "failed": failed}
    coverage["estimands"] = {
        key: {"share": share, "covered": round(100 * (share or 0)), "intervals": 100}
        for key, share in shares.items()
    }
    judged = judge_calibration({"coverage": coverage, "design": "x"}, is_current, ["rate"])
    assert judged["is_calibrated"] is verdict
    assert reason in judged["calibration_reason"]
    assert (judged["calibration"], judged["study"]["design"]) == (coverage, "x")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project with one cell, whose model imports a second package."""
    files = {
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
    ],
)
def test_study_is_current_while_its_packages_and_options_are(
    layout: Layout, changed: str, is_same: bool
) -> None:
    study = {"made_with": describe_inputs(layout, CELL)}
    assert is_current(describe_inputs(layout, CELL), json.loads(json.dumps(study)))
    (layout.root / changed).write_text("NEW = 1\n", encoding="utf-8")
    assert is_current(describe_inputs(layout, CELL), study) is is_same


def test_specifications_are_current_while_the_choices_of_their_own_model_are(
    layout: Layout,
) -> None:
    def write(toy: str, other: str) -> None:
        text = f"toy: {{trend: {{title: {toy}}}}}\nanother: {{trend: {{title: {other}}}}}\n"
        layout.specifications.write_text(text, encoding="utf-8")

    write("line", "line")
    study = {"made_with": describe_specifications(layout, CELL)}
    write("line", "bend")
    assert is_current(describe_specifications(layout, CELL), study)
    write("bend", "line")
    assert not is_current(describe_specifications(layout, CELL), study)
    layout.specifications.write_text("another: {}\n", encoding="utf-8")  # the model's are gone
    assert not is_current(describe_specifications(layout, CELL), study)


@pytest.mark.parametrize(("is_own", "is_same"), [({}, False), ({"is_own": True}, True)])
def test_figures_of_our_own_posteriors_may_move(
    layout: Layout, is_own: dict[str, Any], is_same: bool
) -> None:
    write_table(layout, score=1.0, **is_own)
    study = {"made_with": describe_inputs(layout, CELL)}
    write_table(layout, score=1.001, **is_own)
    assert is_current(describe_inputs(layout, CELL), study) is is_same
    layout.table("toys").unlink()  # not made yet, as in a fresh clone
    assert is_current(describe_inputs(layout, CELL), study)
    assert not is_current(describe_inputs(layout, CELL), {})


def test_rates_bend_in_the_median_year_of_the_base_models_with_their_mean_over_the_days() -> None:
    dates = ["2020-01-01", "2021-07-01", "2022-03-01", "2022-09-01", "2022-12-31"]
    named = {"model": list("abcde"), "base_model": list("abcce"), "exclusion": [None] * 5}
    table = pd.DataFrame(named | {"release_date": pd.to_datetime(dates)})
    assert find_bend(table) == 2021  # 2020, 2021, 2022, 2022: the lower middle, rounded down
    truth = {"rate": 0.4, "rate_by_year": dict.fromkeys(("2020", "2021", "2022"), 0.4)}
    made = bend_rates(table, truth, (0.1, 1.0))
    assert made["rate_by_year"] == {"2020": 0.1, "2021": 1.0, "2022": 1.0}
    assert made["rate"] == pytest.approx((366 * 0.1 + (365 + 364) * 1.0) / (366 + 729))
    drawn = {"": 9.0, "[2019]": 1.0, "[2020]": 5.0, "[2021]": 7.0, "[2022]": 3.0}
    draws = pd.DataFrame({f"{RATE}{year}": [rate] for year, rate in drawn.items()})
    found = add_halves(draws, 2021)  # without the two years that meet at the bend
    assert found[[EARLY, LATE]].to_numpy().tolist() == [[1.0, 3.0]]
    assert LATE not in add_halves(draws, 2022)
