"""Adding a dataset as CONTRIBUTING.md says it: what is printed is what happens."""

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import ROOT
from projects import SUMMARY_OF_ALL, list_changes, list_stages
from projects import run as run_command
from ruamel.yaml import YAML
from typer.testing import CliRunner
from worked_examples import Block, read_blocks

from pipeline import cli

CARD = "data/sources/speedruns/source.yaml"
CELL = "speedruns-efficiency_frontier"
RESULTS = {
    *(f"data/attributions/{CELL}.{kind}" for kind in ("json", "csv")),
    *(f"data/checks/{name}" for name in (f"{CELL}.json", "speedruns.json")),
    "data/checks/speedruns-quarantine.csv",
    f"reports/summary/metrics/{CELL}.json",
}
UPSTREAM = "data/sources/epoch_models"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the datasets, with an empty folder for the spreadsheet beside it."""
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copy(ROOT / "data/references.bib", tmp_path / "data/references.bib")
    shutil.copytree(ROOT / "models", tmp_path / "models")
    return tmp_path


def run(root: Path, command: str) -> tuple[int, str]:
    """Exit code and output of a printed `apportion` command, run in the copy."""
    words = [str(root / word) if word.endswith(".csv") else word for word in command.split()[1:]]
    result = CliRunner().invoke(cli.app, [*words, "--root", str(root)])
    return result.exit_code, result.output.replace(f"{root}/", "")


def write(root: Path, block: Block) -> None:
    """A printed file: whole, or added to what is there of it."""
    path = root / block.file
    is_whole = block.text.startswith(("#", "Goal"))
    before = path.read_text(encoding="utf-8") if path.is_file() and not is_whole else ""
    path.write_text(before + block.text, encoding="utf-8")


def list_commands(blocks: list[Block]) -> list[str]:
    shell = [block for block in blocks if block.language == "sh"]
    return [command for block in shell for command in block.commands]


def test_the_printed_dataset_is_made_refused_mended_and_accepted(root: Path) -> None:
    blocks = read_blocks("Add a dataset")
    spreadsheet, card, bibliography, corrections, left_out = [b for b in blocks if b.file]
    guessed, cells, rules = [block.text for block in blocks if block.language == "text"]
    new, check, *_ = list_commands(blocks)
    write(root, spreadsheet)
    assert run(root, new)[0] == 0
    assert set(guessed.splitlines()) <= set((root / CARD).read_text("utf-8").splitlines())
    write(root, card)
    write(root, bibliography)
    assert run(root, check) == (1, cells)
    write(root, corrections)
    assert run(root, check) == (1, rules)
    write(root, left_out)
    code, output = run(root, check)
    assert code == 0
    assert output.startswith("speedruns: 7 rows in, 6 fitted")


def test_card_made_for_the_printed_spreadsheet_is_refused_as_it_is(root: Path) -> None:
    blocks = read_blocks("Add a dataset")
    write(root, next(block for block in blocks if block.file == "speedruns.csv"))
    new, check, *_ = list_commands(blocks)
    run(root, new)
    code, output = run(root, check)
    assert code == 1
    assert "columns.resource_kind" in output


def test_the_printed_commands_are_those_of_the_project() -> None:
    words = [command.split()[:2] for command in list_commands(read_blocks("Add a dataset"))]
    assert words[0] == ["apportion", "new"]
    assert ["dvc", "repro"] in words
    assert ["apportion", "open"] in words
    followed = list_commands(read_blocks("Follow an upstream file"))
    assert any(command.startswith("dvc import-url https://epoch.ai/") for command in followed)
    assert f"dvc update {UPSTREAM}/records.csv.dvc" in followed


def make_upstream(root: Path, rename: str = "") -> None:
    """The printed card with three rows of its columns; `rename` is called otherwise upstream."""
    (card,) = [block for block in read_blocks("Follow an upstream file") if block.file]
    (root / UPSTREAM).mkdir()
    write(root, card)
    values = {
        "Model": "ABC",
        "Organization": ["Lab", "Lab", "University"],
        "Publication date": ["2020-05-28", "2022-04-04", "2023-03-15"],
        "Parameters": ["1.75e11", "540350000000", ""],
        "Training dataset size (total)": ["3.7e11", "", ""],
        "Training compute (FLOP)": ["3.14e+23", "2.5e24", ""],
        "Confidence": ["Confident", "Unknown", ""],
        "Link": "123",
    }
    for name in YAML(typ="safe").load(card.text)["ignored"]:
        values[name] = "xyz"
    header = [f"{name}s" if name == rename else name for name in values]
    rows = [",".join(row) for row in zip(*values.values(), strict=True)]
    text = "\n".join([",".join(header), *rows]) + "\n"
    (root / UPSTREAM / "records.csv").write_text(text, encoding="utf-8")


def test_the_printed_card_reads_the_upstream_file(root: Path) -> None:
    make_upstream(root)
    code, output = run(root, "apportion check epoch_models")
    assert code == 0, output
    assert "epoch_models: 3 rows in, 3 fitted" in output


def test_column_that_upstream_renames_is_named(root: Path) -> None:
    make_upstream(root, rename="Publication date")
    code, output = run(root, "apportion check epoch_models")
    assert code == 1
    assert "Publication date: the card reads this column and the file lacks it" in output
    assert "did you mean 'Publication dates'" in output


@pytest.mark.slow
def test_the_printed_dataset_runs_its_own_cells_alone(project: Path) -> None:
    blocks = read_blocks("Add a dataset")
    spreadsheet, card, bibliography, corrections, left_out = [b for b in blocks if b.file]
    new, check, *_ = list_commands(blocks)
    write(project, spreadsheet)
    assert play(project, new).returncode == 0
    for blocks_mended in ([card, bibliography], [corrections], [left_out]):
        assert play(project, check).returncode == 1
        for block in blocks_mended:
            write(project, block)
    (project / spreadsheet.file).unlink()
    assert play(project, check).returncode == 0
    made = play(project, "dvc repro")
    assert made.returncode == 0, made.stdout + made.stderr
    own = [f"{name}_efficiency@speedruns" for name in ("ingest", "validate")]
    cell = [f"{name}_efficiency@{CELL}" for name in ("fit", "check", "attribute", "report")]
    assert list_stages(made) == sorted([*own, *cell, "overview"])
    assert (project / f"reports/html/{CELL}.html").is_file()
    changed = list_changes(project)
    written = {CARD, "data/sources/speedruns/records.csv", bibliography.file}
    registry = {"data/sources/datasets.yaml", "dvc.lock"}
    assert written | registry | RESULTS <= changed
    assert changed - written - registry - RESULTS <= SUMMARY_OF_ALL
    assert count_changed_lines(project, "data/sources/datasets.yaml") == (1, 1)


def play(project: Path, command: str) -> subprocess.CompletedProcess[str]:
    """A printed command, run as printed."""
    return run_command(project, *command.split())


def count_changed_lines(project: Path, name: str) -> tuple[int, int]:
    """Lines of the file that were added and removed."""
    added, removed, _ = run_command(project, "git", "diff", "--numstat", name).stdout.split()
    return int(added), int(removed)
