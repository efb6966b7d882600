"""Names of datasets and models, and the registries: every wrong one is reported with its line."""

from pathlib import Path

import pytest
from conftest import ROOT, read_cases

from pipeline.core.failures import Failure, SourceError
from pipeline.ingest.cards.dataset_names import (
    FILES,
    MAXIMUM_LENGTH,
    NAMESAKES,
    STAGES,
    check_dataset_name,
    list_models,
    suggest_name,
)
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.ingest.tables import TABLES

CASES = read_cases("registries.yaml")
SOURCES = ROOT / "data/sources"
HOSTILE = [
    *("", " ", ".", "..", "../x", "a/b", "a\\b", "/etc/passwd", "~", "a.b", "-a", "a-b", "a b"),
    *("A", "1a", "_a", "a_", "a__b", "é", "a\n", "a\0", "a\u202e", "ａ", "$(x)", "a;b", "C:"),  # noqa: RUF001  a wide letter is meant
    *("con", "nul", "com1", "lpt9", "aux", "x" * (MAXIMUM_LENGTH + 1)),
]


@pytest.mark.parametrize("name", ["math", "a", "mmlu_2024", "x" * MAXIMUM_LENGTH, "training_runs"])
def test_plain_name_is_accepted(name: str) -> None:
    check_dataset_name(name)


@pytest.mark.parametrize(
    "name", [*HOSTILE, *sorted({*TABLES, *list_models(), *STAGES, *FILES} - set(NAMESAKES))]
)
def test_wrong_name_is_refused_with_one_that_would_do(name: str) -> None:
    with pytest.raises(ValueError, match="name") as raised:
        check_dataset_name(name)
    assert repr(suggest_name(name)) in raised.value.args[1]
    check_dataset_name(suggest_name(name))


@pytest.mark.parametrize("name", NAMESAKES)
def test_only_a_dataset_of_the_table_is_called_like_it(name: str) -> None:
    check_dataset_name(name, name)
    with pytest.raises(ValueError, match="not to efficiency"):
        check_dataset_name(name, "efficiency")


def find_faults(folder: Path, lists: str, key: str = "datasets") -> list[Failure]:
    path = folder / f"{key}.yaml"
    path.write_text(f"{key}:\n{lists}", encoding="utf-8")
    read, known = (read_datasets, SOURCES) if key == "datasets" else (read_models, ROOT / "models")
    with pytest.raises(SourceError) as raised:
        read(path, known)
    return raised.value.failures


def test_registries_of_the_project_are_read() -> None:
    datasets = read_datasets(SOURCES / "datasets.yaml", SOURCES)
    assert datasets["training_runs"] == ["training_runs"]
    models = read_models(ROOT / "models/models.yaml", ROOT / "models")
    assert models["scaling_grid"] == ["scaling_law"]
    assert {name for names in models.values() for name in names} <= set(list_models())


@pytest.mark.parametrize(("lists", "line", "value", "rule"), CASES["datasets"])
def test_wrong_dataset_is_reported_at_its_line(
    tmp_path: Path, lists: str, line: int, value: str, rule: str
) -> None:
    (fault,) = find_faults(tmp_path, lists)
    assert (fault.line, fault.value) == (line, value)
    assert rule in f"{fault.rule}. {fault.remedy}"


@pytest.mark.parametrize("name", ["scaling_low", "_prior", "../scaling_law", "os.path"])
def test_wrong_model_is_reported_at_its_line(tmp_path: Path, name: str) -> None:
    (fault,) = find_faults(tmp_path, f"  efficiency:\n    - {name}\n", "models")
    assert (fault.line, fault.value) == (3, name)
    assert "model" in fault.rule


def test_missing_registry_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the list of the datasets is missing"):
        read_datasets(tmp_path / "datasets.yaml")
