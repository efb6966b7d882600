"""Adding a model as CONTRIBUTING.md says it: one file, one line, and only its own cells run."""

import re
from pathlib import Path

import pytest
from projects import SUMMARY_OF_ALL, list_changes, list_stages, run
from worked_examples import Block, read_blocks

pytestmark = pytest.mark.slow

CELL = "imagenet_efficiency-average_run"
KEPT = {
    f"data/checks/{CELL}.json",
    *(f"data/attributions/{CELL}.{kind}" for kind in ("json", "csv")),
    f"reports/summary/metrics/{CELL}.json",
}


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    """What the section prints."""
    return read_blocks("Add a model")


def write(project: Path, blocks: list[Block]) -> None:
    """The printed files and the printed line of the registry."""
    for block in blocks:
        if block.file.endswith(".py"):
            (project / block.file).write_text(block.text, encoding="utf-8")
    (line,) = [block for block in blocks if block.file == "models/models.yaml"]
    table = line.text.partition(":")[0]
    before = (project / line.file).read_text(encoding="utf-8")
    after = re.sub(rf"^{table}:.*\n", line.text, before, flags=re.MULTILINE)
    (project / line.file).write_text(after, encoding="utf-8")


def test_the_printed_model_runs_its_own_cells_alone(project: Path, blocks: list[Block]) -> None:
    write(project, blocks)
    made = run(project, "dvc", "repro")
    assert made.returncode == 0, made.stdout + made.stderr
    own = [f"{name}_efficiency@{CELL}" for name in ("fit", "check", "attribute", "report")]
    assert list_stages(made) == sorted([*own, "overview"])
    assert (project / f"reports/html/{CELL}.html").is_file()
    written = {"models/average_run.py", "models/models.yaml", "tests/test_average_run.py"}
    changed = list_changes(project)
    assert written | KEPT | {"dvc.lock"} <= changed
    assert changed - written - KEPT - {"dvc.lock"} <= SUMMARY_OF_ALL


def test_the_printed_recovery_test_passes(project: Path, blocks: list[Block]) -> None:
    write(project, blocks)
    made = run(project, "python", "-m", "pytest", "--no-cov", "-q", "tests/test_average_run.py")
    assert made.returncode == 0, made.stdout + made.stderr


def test_the_printed_model_is_written_as_the_project_is(project: Path, blocks: list[Block]) -> None:
    write(project, blocks)
    files = [block.file for block in blocks if block.file.endswith(".py")]
    assert run(project, "ruff", "check", *files).stdout == "All checks passed!\n"
    assert "already formatted" in run(project, "ruff", "format", "--check", *files).stdout
    checked = run(project, "mypy", "models/average_run.py")
    assert "Success" in checked.stdout, checked.stdout
