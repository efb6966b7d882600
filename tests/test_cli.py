"""The `apportion` command: what it prints and how it ends."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ROOT, invoke, unwrap

from pipeline import cli
from pipeline.commands.listing import COLUMNS


def test_list_shows_the_headlines_that_the_attribution_files_have() -> None:
    cells: list[dict[str, Any]] = json.loads(invoke("list", "--json")[1])
    told = [cell for cell in cells if cell["median"] is not None]
    for cell in told:
        name = f"{cell['dataset']}-{cell['model']}.json"
        made = json.loads((ROOT / "data/attributions" / name).read_text(encoding="utf-8"))
        numbers = ("median", "lower", "upper", "unit")
        assert [cell[n] for n in numbers] == [made[cell["headline"]][n] for n in numbers]
    assert {"math", "mmlu", "imagenet"} <= {cell["dataset"] for cell in told}


def test_list_is_tab_separated_for_scripts_and_a_table_in_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = [line.split("\t") for line in invoke("list")[1].strip().splitlines()]
    assert tuple(lines[0]) == COLUMNS
    assert ["math", "compute_multiplier"] in [[line[0], line[3]] for line in lines]
    monkeypatch.setattr(cli, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))
    assert "months: Doubling" in unwrap(invoke("list")[1])


def test_refused_card_is_listed_and_ends_check_with_one(copied: Path) -> None:
    (copied / "data/sources/minerva/source.yaml").unlink()
    cells = json.loads(invoke("list", "--json", root=copied)[1])
    refused = [cell for cell in cells if cell["verdict"] == "refused"]
    assert {cell["dataset"] for cell in refused} == {"minerva"}
    assert "the card is missing" in refused[0]["reason"]
    code, output = invoke("check", "minerva", "--json", root=copied)
    assert (code, json.loads(output)["reached"]) == (1, "card")
    code, output = invoke("check", "math", root=copied)
    assert code == 0
    assert "math: 176 rows in, 140 fitted" in output
    assert "16 excluded: circular compute" in output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "mml"), "did you mean 'mmlu'"),
        (("check", ".."), "no dataset '..'"),
        (("open", "mmlu-scale"), "no page 'mmlu-scale'"),
        (("calibrate", "mmlu", "scaling_law"), "no cell mmlu scaling_law"),
        (("calibrate", "mmlu", "--only", "coverag"), "no part ['coverag']"),
    ],
)
def test_wrong_name_is_a_wrong_command(copied: Path, words: tuple[str, ...], told: str) -> None:
    code, output = invoke(*words, root=copied)
    assert code == 2
    assert told in unwrap(output)


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ([], "index"),
        (["research_inputs"], "research_inputs-idea_production_ceiling"),  # the one that passed
        (["mmlu-compute_multiplier"], "mmlu-compute_multiplier"),
    ],
)
def test_open_shows_the_page(
    copied: Path, name: list[str], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = {"mmlu-compute_multiplier": "fail", "research_inputs-idea_production": "fail"}
    verdicts |= {"research_inputs-idea_production_ceiling": "pass"}
    for each in ("index", *verdicts):
        (copied / "reports/html").mkdir(parents=True, exist_ok=True)
        (copied / f"reports/html/{each}.html").touch()
    (copied / "data/checks").mkdir()
    empty = {"headlines": [], "prior_sensitivity": {}, "driven_by_prior": [], "driven_by": {}}
    empty |= {"identification": None, "reasons": ["divergent"]}
    for each, verdict in verdicts.items():
        check = json.dumps(empty | {"verdict": verdict})
        (copied / f"data/checks/{each}.json").write_text(check, encoding="utf-8")
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    made = copied / f"reports/html/{page}.html"
    assert invoke("open", *name, root=copied) == (0, f"{made}\n")
    assert opened == [made.as_uri()]


def test_bad_input_is_printed_without_a_traceback(
    copied: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    registry = copied / "data/sources/datasets.yaml"
    text = registry.read_text(encoding="utf-8")
    registry.write_text(text.replace("[minerva, math,", "[minerva, maths,"), encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["apportion", "list", "--root", str(copied)])
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
    assert invoke(*words.split()) == (0, "done: 3 rows\n")
    assert (told[0].root, [each for each in told if isinstance(each, str)]) == (ROOT, given)


def test_help_imports_nothing_heavy() -> None:
    code = "import sys, pipeline.cli; print({'pandas', 'numpy', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
