"""Adding a dataset as CONTRIBUTING.md says it: what is printed is what happens."""

import subprocess
from pathlib import Path

import pytest
from projects import list_files, make_project
from projects import run as run_command
from worked_examples import Block, read_blocks

CARD = "data/sources/speedruns/source.yaml"
CELL = "speedruns-efficiency_frontier"
BLOCKS = read_blocks("Add a dataset")
COMMANDS = [line for block in BLOCKS if block.language == "sh" for line in block.commands]
SPREADSHEET, *MENDED = [block for block in BLOCKS if block.file]
WRITTEN = {
    *(f"data/sources/speedruns/{name}" for name in ("source.yaml", "records.csv")),
    "data/sources/datasets.yaml",
}
RESULTS = {
    *(f"data/attributions/{CELL}.{kind}" for kind in ("json", "csv", "parquet")),
    *(f"data/checks/{name}" for name in (f"{CELL}.json", "speedruns.json")),
    *("data/checks/speedruns-quarantine.csv", f"data/posteriors/{CELL}.nc"),
    *(f"data/validated/speedruns.{kind}" for kind in ("json", "parquet")),
}


STAGES = ("ingest speedruns", "fit speedruns efficiency_frontier", "site")


ANSWERS = ("data/checks/claims.json", "reports/summary/answers.md")


def read_answers(project: Path) -> list[bytes]:
    return [(project / name).read_bytes() for name in ANSWERS]


def read_answers_without(project: Path) -> list[bytes]:
    """What the project answers where the dataset is not in the registry; then it is again."""
    registry = project / "data/sources/datasets.yaml"
    text = registry.read_text("utf-8")
    registry.write_text(text.replace(", speedruns", ""), "utf-8")
    assert play(project, "python -m pipeline site").returncode == 0
    registry.write_text(text, "utf-8")
    return read_answers(project)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path / "project")


def play(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    """A printed command, run as printed."""
    return run_command(project, *command.split())


def write(project: Path, block: Block) -> None:
    """A printed file: whole, or added to what is there of it."""
    path, is_added = project / block.file, block.text.startswith("corrections")
    before = path.read_text(encoding="utf-8") if is_added else ""
    path.write_text(before + block.text, encoding="utf-8")


@pytest.mark.slow
def test_the_printed_dataset_is_made_refused_mended_and_fitted(project: Path) -> None:
    before = list_files(project)
    new, check, *_ = COMMANDS
    guessed, refused = [block.text for block in BLOCKS if block.language == "text"]
    write(project, SPREADSHEET)
    assert refused in play(project, new).stdout
    assert set(guessed.splitlines()) <= set((project / CARD).read_text("utf-8").splitlines())
    corrections, card, bibliography = MENDED
    assert play(project, check).stdout == refused
    write(project, corrections)
    draft = play(project, check).stdout
    assert draft.startswith("speedruns: 6 rows in, 5 fitted\n  a draft: fitted, with a page")
    changed = {name for name, content in list_files(project).items() if before.get(name) != content}
    assert changed == WRITTEN
    for stage in STAGES:
        made = play(project, f"python -m pipeline {stage}")
        assert made.returncode == 0, made.stdout + made.stderr
    page = (project / f"reports/html/{CELL}.html").read_text("utf-8")
    assert "<strong>Draft.</strong>" in page
    assert read_answers(project) == read_answers_without(project)
    write(project, card)
    write(project, bibliography)
    documented = play(project, check).stdout
    assert documented.startswith("speedruns: 6 rows in, 5 fitted\n  left to defaults")
    made = list_files(project)
    assert set(made) >= RESULTS
    unfitted = [name for name in made if "efficiency_frontier" in name and name not in before]
    # the summary lists every cell of the registries, fitted or not
    others = [name for name in unfitted if "speedruns" not in name]
    assert [name for name in others if not name.startswith("reports/summary/")] == []


def test_the_printed_commands_are_those_of_the_project() -> None:
    words = [command.split()[:2] for command in COMMANDS]
    assert words[0] == ["apportion", "new"]
    assert words[1] == ["apportion", "check"]
    assert ["dvc", "repro"] in words
    assert ["apportion", "open"] in words
