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
    *(
        f"data/sources/speedruns/{name}"
        for name in ("source.yaml", "records.csv", "references.bib")
    ),
    "data/sources/datasets.yaml",
}
RESULTS = {
    *(f"data/attributions/{CELL}.{kind}" for kind in ("json", "csv", "parquet")),
    *(f"data/checks/{name}" for name in (f"{CELL}.json", "speedruns.json")),
    *("data/checks/speedruns-quarantine.csv", f"data/posteriors/{CELL}.nc"),
    *(f"data/validated/speedruns.{kind}" for kind in ("json", "parquet")),
}


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
    assert play(project, new).returncode == 0
    assert set(guessed.splitlines()) <= set((project / CARD).read_text("utf-8").splitlines())
    card, bibliography, corrections = MENDED
    assert "still to be filled in" in play(project, check).stdout
    write(project, card)
    write(project, bibliography)
    assert play(project, check).stdout == refused
    write(project, corrections)
    assert play(project, check).stdout.startswith("speedruns: 6 rows in, 5 fitted")
    changed = {name for name, content in list_files(project).items() if before.get(name) != content}
    assert changed == WRITTEN
    for stage in ("ingest speedruns", "fit speedruns efficiency_frontier", "site"):
        made = play(project, f"python -m pipeline {stage}")
        assert made.returncode == 0, made.stdout + made.stderr
    made = list_files(project)
    assert RESULTS | {f"reports/html/{CELL}.html"} <= set(made)
    unfitted = [name for name in made if "efficiency_frontier" in name and name not in before]
    # the summary lists every cell of the registries, fitted or not
    others = [name for name in unfitted if "speedruns" not in name]
    assert [name for name in others if not name.startswith("reports/summary/")] == []
