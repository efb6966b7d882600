"""What `apportion check` finds in a dataset, and how it says so."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipeline.commands.inspection import Findings, describe_failures, inspect
from pipeline.commands.inspection_text import describe
from pipeline.failures import Failure, SourceError
from pipeline.ingest.tables import OF_MODELS

ROOT = Path(__file__).parents[1]
Change = Callable[[str], str]


def read_registry(name: str) -> dict[str, list[str]]:
    path = {"datasets": "data/sources/datasets.yaml", "models": "models/models.yaml"}[name]
    return YAML(typ="safe").load((ROOT / path).read_text(encoding="utf-8"))[name]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copy(ROOT / "data/references.bib", tmp_path / "data")
    return tmp_path


def look(root: Path, name: str) -> Findings:
    return inspect(root, name, read_registry("datasets"), read_registry("models"))


def edit(root: Path, name: str, change: Change) -> None:
    path = root / "data/sources" / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


def test_good_dataset_is_accepted_with_all_its_rows() -> None:
    found = look(ROOT, "mmlu")
    assert found["is_accepted"]
    assert (found["rows_in"], found["rows_fitted"]) == (232, 172)
    assert found["joins"]["models"] == 163
    assert found["joins"]["without_run"][-1] == "Random baseline"


@pytest.mark.parametrize(
    "name", [each for names in read_registry("datasets").values() for each in names]
)
def test_every_dataset_is_accepted_and_described(name: str) -> None:
    found = look(ROOT, name)
    assert found["is_accepted"], describe(found)
    assert found["models"], "no model reads its table"
    assert ("compute told apart" in describe(found)) == (found["table"] in OF_MODELS)


def test_models_and_their_reasons_are_named() -> None:
    found = look(ROOT, "minerva")
    reasons = {each["model"]: each["not_fitted"] for each in found["models"]}
    assert reasons["compute_multiplier"] == ""
    assert "trend: none" in reasons["era_ceilings"]


def test_correlation_of_compute_and_date_is_that_of_the_fitted_rows() -> None:
    seen = look(ROOT, "mmlu")["identification"]
    (pair,) = [
        each
        for each in seen["correlations"]
        if {each["first"], each["second"]} == {"log10 compute", "release date"}
    ]
    assert pair["correlation"] == pytest.approx(0.485, abs=0.01)
    assert seen["is_likely"]
    assert "compute told apart from algorithms: likely" in describe(look(ROOT, "mmlu"))


def test_ranges_are_of_numbers_and_dates() -> None:
    columns = {each["column"]: each for each in look(ROOT, "imagenet_efficiency")["columns"]}
    assert columns["release_date"]["least"] < "2015" < columns["release_date"]["largest"]
    assert columns["resource"]["least"] < columns["resource"]["largest"]
    assert columns["model"]["least"] is None
    assert columns["exclusion"]["missing"] == 22


def test_factor_of_a_unit_is_shown() -> None:
    (each,) = [u for u in look(ROOT, "imagenet_efficiency")["units"] if u["factor"]]
    assert (each["column"], each["unit"], each["factor"]) == (
        "multiply_adds_per_image",
        "GMAC",
        1e9,
    )


def test_slip_of_the_pen_is_an_outlier(copy: Path) -> None:
    def slip(text: str) -> str:
        lines = text.splitlines(keepends=True)
        cells = lines[99].split(",")
        cells[3] = str(float(cells[3]) + 1)  # a digit mistyped: 2.6 becomes 3.6
        return "".join([*lines[:99], ",".join(cells), *lines[100:]])

    assert 100 not in [each["line"] for each in look(copy, "chinchilla_runs")["outliers"]]
    edit(copy, "chinchilla_runs/records.csv", slip)
    found = look(copy, "chinchilla_runs")
    assert found["outliers"][0]["line"] == 100
    assert "line 100: " in describe(found)


def test_failures_are_grouped_by_rule_with_their_lines(copy: Path) -> None:
    edit(copy, "math/records.csv", lambda text: text.replace("Minerva 540B,", "Minerva 541B,"))
    found = look(copy, "math")
    assert not found["is_accepted"]
    (group,) = found["failures_by_rule"]
    assert group["rule"] == "not in the run registry"
    assert group["count"] == len(group["lines"]) == len(found["failures"])
    assert "'Minerva 540B'" in group["remedy"]
    text = describe(found)
    assert "refused" in text
    assert f"{group['count']} x model: not in the run registry (such as 'Minerva 541B')" in text


def test_dataset_of_no_registry_line_is_told(copy: Path) -> None:
    found = inspect(copy, "math", {"accuracy_leaderboard": []}, read_registry("models"))
    assert found["is_accepted"]
    assert "not in data/sources/datasets.yaml" in describe(found)


def test_broken_card_is_a_finding(copy: Path) -> None:
    edit(copy, "math/source.yaml", lambda text: text.replace("table: accuracy", "table: acuracy"))
    found = look(copy, "math")
    assert found["reached"] == "card"
    assert "the card cannot be read" in describe(found)


def test_unknown_citation_is_found_before_anything_is_fitted(copy: Path) -> None:
    bibliography = copy / "data/references.bib"
    text = bibliography.read_text(encoding="utf-8")
    bibliography.write_text(text.replace("lewkowycz2022", "lewkovycz2022"), encoding="utf-8")
    found = look(copy, "minerva")
    assert (found["is_accepted"], found["reached"]) == (False, "card")
    assert "lewkovycz2022" in found["failures"][0]["remedy"]


def test_report_of_many_rules_is_bounded_and_counts_the_rest() -> None:
    failures = [Failure("f", n, "score", "x" * 500, f"rule {n % 100}", "mend") for n in range(1000)]
    found = {"dataset": "toy", "is_accepted": False, "reached": "rules"}
    text = describe(found | describe_failures(failures))
    assert len(text.splitlines()) < 100
    assert "700 more, by 70 other rules" in text
    assert max(map(len, text.splitlines())) < 200


def test_error_of_many_failures_is_bounded_and_counts_the_rest() -> None:
    failures = [Failure("f", n, "score", "5", "rule", "mend") for n in range(1000)]
    lines = str(SourceError(failures)).splitlines()
    assert (len(lines), lines[-1]) == (21, "and 980 more: `apportion check` counts them by rule")
    assert len(SourceError(failures).failures) == 1000
