"""What `apportion check` finds in a dataset, and how it says so."""

from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from pipeline.commands.inspection import Findings, describe, describe_failures, inspect
from pipeline.core.failures import Failure, SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.ingest.tables import OF_MODELS

DATASETS, MODELS = read_datasets(Layout(ROOT).datasets), read_models(Layout(ROOT).models)


def look(name: str, root: Path = ROOT) -> Findings:
    return inspect(Layout(root), name, DATASETS, MODELS)


@pytest.fixture
def edit(copied: Path) -> Callable[[str, Callable[[str], str]], Path]:
    """Changes a file below data/ of a copy; returns the copy."""

    def change(name: str, how: Callable[[str], str]) -> Path:
        path = copied / "data" / name
        path.write_text(how(path.read_text(encoding="utf-8")), encoding="utf-8")
        return copied

    return change


@pytest.mark.parametrize("name", [each for names in DATASETS.values() for each in names])
def test_every_dataset_is_accepted_and_described(name: str) -> None:
    found = look(name)
    assert found["is_accepted"], describe(found)
    assert found["models"], "no model reads its table"
    assert ("compute told apart" in describe(found)) == (found["table"] in OF_MODELS)


def test_rows_joins_and_correlation_are_those_of_the_data() -> None:
    found = look("mmlu")
    assert (found["rows_in"], found["rows_fitted"]) == (232, 166)
    assert found["joins"]["models"] == 163
    assert found["joins"]["without_run"][-1] == "Random baseline"
    (pair,) = [
        each["correlation"]
        for each in found["identification"]["correlations"]
        if {each["first"], each["second"]} == {"log10 compute", "release date"}
    ]
    assert pair == pytest.approx(0.497, abs=0.01)
    assert "compute told apart from algorithms: likely, by dates" in describe(found)


def test_ranges_and_units_of_columns() -> None:
    found = look("imagenet_efficiency")
    columns = {each["column"]: each for each in found["columns"]}
    assert columns["release_date"]["least"] < "2015" < columns["release_date"]["largest"]
    assert columns["model"]["least"] is None
    assert columns["exclusion"]["missing"] == 22
    converted = [(u["column"], u["unit"], u["factor"]) for u in found["units"] if u["factor"]]
    assert converted == [("multiply_adds_per_image", "GMAC", 1e9)]


def test_mistyped_digit_is_an_outlier(edit: Callable[..., Path]) -> None:
    def mistype(text: str) -> str:
        lines = text.splitlines(keepends=True)
        cells = lines[99].split(",")
        cells[3] = str(float(cells[3]) + 1)  # 2.6 becomes 3.6
        return "".join([*lines[:99], ",".join(cells), *lines[100:]])

    assert 100 not in [each["line"] for each in look("chinchilla_runs")["outliers"]]
    found = look("chinchilla_runs", edit("sources/chinchilla_runs/records.csv", mistype))
    assert found["outliers"][0]["line"] == 100
    assert "line 100: " in describe(found)


def test_failures_are_grouped_by_rule_with_their_lines(edit: Callable[..., Path]) -> None:
    root = edit(
        "sources/math/records.csv", lambda text: text.replace("Minerva 540B,", "Minerva 541B,")
    )
    found = look("math", root)
    assert not found["is_accepted"]
    (group,) = found["failures_by_rule"]
    assert group["count"] == len(group["lines"]) == len(found["failures"])
    assert "'Minerva 540B'" in group["remedy"]
    said = f"{group['count']} x model: not in the run registry (such as 'Minerva 541B')"
    assert said in describe(found)


def test_dataset_of_no_registry_line_is_told_and_repeats_are_counted() -> None:
    found = inspect(Layout(ROOT), "math", {"accuracy_leaderboard": []}, MODELS)
    assert "not in data/sources/datasets.yaml" in describe(found)
    repeats = [{"of": {"benchmark": "M", "model": "A"}, "lines": [2, 3]}] * 6
    text = describe(found | {"repeats": repeats})
    assert "6 models were measured more than once; each row counts in the fit:" in text
    assert "    M, A: lines 2, 3\n    M, A: lines 2, 3\n" in text
    assert "and 1 more (--json has all)" in text


def test_report_of_many_failures_is_bounded_and_counts_the_rest() -> None:
    failures = [Failure("f", n, "score", "x" * 500, f"rule {n % 100}", "do") for n in range(1000)]
    found = {"dataset": "toy", "is_accepted": False, "reached": "rules"}
    text = describe(found | describe_failures(failures))
    assert len(text.splitlines()) < 100
    assert "700 more, by 70 other rules" in text
    assert max(map(len, text.splitlines())) < 200
    lines = str(SourceError([Failure("f", n, "score", "5", "rule", "do") for n in range(1000)]))
    assert lines.splitlines()[20:] == ["and 980 more: `apportion check` counts them by rule"]
