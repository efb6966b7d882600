"""The `apportion` command: what it prints and how it ends."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT
from typer.testing import CliRunner

from pipeline import cli


def run(*words: str, root: Path = ROOT) -> tuple[int, str]:
    """Exit code and output of a command on the project."""
    result = CliRunner().invoke(cli.app, [*words, "--root", str(root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository with the datasets and models, and without results."""
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copy(ROOT / "data/references.bib", tmp_path / "data")
    (tmp_path / "models").symlink_to(ROOT / "models")
    return tmp_path


def test_refused_card_ends_check_with_one(copy: Path) -> None:
    (copy / "data/sources/minerva/source.yaml").unlink()
    code, output = run("check", "minerva", root=copy)
    assert code == 1
    assert "the card is missing" in output


def test_check_counts_rows_for_people_and_scripts() -> None:
    code, output = run("check", "math")
    assert code == 0
    assert "math: 176 rows in, 140 fitted" in output
    assert "16 excluded: circular compute" in output
    assert json.loads(run("check", "minerva", "--json")[1])["rows_fitted"] == 36


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "mml"), "did you mean 'mmlu'"),
        (("check", ".."), "no dataset '..'"),
        (("calibrate", "mmlu", "scaling_law"), "no cell mmlu scaling_law"),
        (("calibrate", "mmlu", "--only", "coverag"), "no part ['coverag']"),
    ],
)
def test_wrong_name_is_a_wrong_command(copy: Path, words: tuple[str, ...], told: str) -> None:
    code, output = run(*words, root=copy)
    assert code == 2
    assert told in " ".join(output.replace("│", " ").split())


def test_bad_input_is_printed_without_a_traceback(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = copy / "data/sources/datasets.yaml"
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("[minerva, math,", "[minerva, maths,"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["apportion", "check", "--root", str(copy)])
    with pytest.raises(SystemExit, match="1"):
        cli.main()
    line = next(n for n, each in enumerate(text.splitlines(), 1) if "minerva" in each)
    said = capsys.readouterr().err
    assert f"datasets.yaml:{line}: datasets.accuracy_leaderboard.1 'maths'" in said
    assert "did you mean 'math'" in said


@pytest.mark.parametrize(
    ("words", "package", "function", "given"),
    [
        ("ingest math", "ingest", "ingest_dataset", ["math"]),
        ("fit math compute_multiplier", "fit", "fit_cell", ["math", "compute_multiplier"]),
        ("fit math", "fit", "fit_dataset", ["math"]),
        ("synthesise", "synthesis", "synthesise", []),
        ("simulate", "takeoff", "simulate", []),
        ("site", "site", "build_site", []),
    ],
)
def test_stage_commands_run_their_stage_and_print_its_line(
    words: str, package: str, function: str, given: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    stage = SimpleNamespace(fit_cell=None, fit_dataset=None)
    setattr(stage, function, lambda *given: told.extend(given) or "done: 3 rows")
    monkeypatch.setitem(sys.modules, f"pipeline.{package}.stage", stage)
    assert run(*words.split()) == (0, "done: 3 rows\n")
    assert (told[0].root, [each for each in told if isinstance(each, str)]) == (ROOT, given)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, pipeline.cli; print({'pandas', 'numpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
