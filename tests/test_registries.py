"""The registries: every wrong table and name is reported with its line."""

from pathlib import Path

import pytest
from conftest import ROOT

from pipeline.failures import Failure, SourceError
from pipeline.ingest.registries import read_datasets, read_models

SOURCES = ROOT / "data/sources"


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


@pytest.mark.parametrize(
    ("lists", "line", "value", "rule"),
    [
        ("  efficiency: [imagenet_eficiency]\n", 2, "imagenet_eficiency", "no such dataset"),
        ("  efficiency: []\n  scaling_gird: []\n", 3, "", "no such table"),
        ("  efficiency:\n    - math\n    - ../math\n", 4, "../math", "words of a-z and 0-9"),
        ("  efficiency: [con]\n", 2, "con", "device on Windows"),
        ("  efficiency: [training_runs]\n", 2, "training_runs", "the run registry"),
        ("  efficiency: [math]\n  scaling_grid: [math]\n", 3, "math", "under efficiency already"),
        ("  efficiency: [math, math]\n", 2, "math", "under efficiency already"),
        ("  efficiency: math\n", 2, "", "must be a list"),
        ("  efficiency:\n", 2, "", "must be a list"),
        ("  efficiency: [1]\n", 2, "1", "must be a name"),
        ("  efficiency: [[a]]\n", 2, "", "must be a name"),
        ("  - math\n", 1, "", "must be a mapping"),
        ("", 1, "", "must be a mapping"),
        ("  efficiency: []\nmodels: {}\n", 3, "", "there is no such key"),
        ("  efficiency: &a [math]\n", 2, "", "the anchor &a"),
    ],
)
def test_wrong_dataset_is_reported_at_its_line(
    tmp_path: Path, lists: str, line: int, value: str, rule: str
) -> None:
    (fault,) = find_faults(tmp_path, lists)
    assert (fault.line, fault.value) == (line, value)
    assert rule in fault.rule


def test_nearest_dataset_and_table_are_named(tmp_path: Path) -> None:
    lists = "  eficiency: []\n  scaling_grid: [chinchila_runs]\n"
    table, dataset = find_faults(tmp_path, lists)
    assert "did you mean 'efficiency'" in table.remedy
    assert "did you mean 'chinchilla_runs'" in dataset.remedy


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("scaling_low", "no such model"),
        ("_prior", "a model's name"),
        ("../scaling_law", "a model's name"),
        ("os.path", "a model's name"),
    ],
)
def test_wrong_model_is_reported_at_its_line(tmp_path: Path, name: str, rule: str) -> None:
    (fault,) = find_faults(tmp_path, f"  efficiency:\n    - {name}\n", "models")
    assert (fault.line, fault.value) == (3, name)
    assert rule in fault.rule


def test_missing_registry_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the list of the datasets is missing"):
        read_datasets(tmp_path / "datasets.yaml")
