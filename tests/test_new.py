"""`apportion new`: what it makes, asks and refuses, and that a refusal leaves nothing."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from ruamel.yaml import YAML
from typer.testing import CliRunner

from pipeline import cli
from pipeline.commands import dictionary
from pipeline.ingest import tables
from pipeline.ingest.sources import records, units
from pipeline.layout import Layout
from pipeline.new_dataset import command, registration
from pipeline.new_dataset.draft import list_wanted

SCORES = """\
System;Task;Top-1 accuracy;Date of evaluation;Shots;Prompting;Source;Notes
GPT-4;MATH;42,5;14/03/2023;4;chain-of-thought;Table 3;
Minerva 540B;MATH;33,6;29/06/2022;4;chain-of-thought;Table 3;old
;;;;;;;
Llama 2 70B;GSM8K;13,5;18.07.2023;4;chain-of-thought;Table 3;
"""
CREATE = ("new", "scores", "--table", "accuracy_leaderboard")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the datasets, to be added to."""
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copy(ROOT / "data/references.bib", tmp_path / "data/references.bib")
    shutil.copytree(ROOT / "models", tmp_path / "models")
    return tmp_path


def run(root: Path, *words: str, answers: str = "") -> tuple[int, str]:
    """Exit code and output of a command on the copy."""
    result = CliRunner().invoke(cli.app, [*words, "--root", str(root)], input=answers)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def write(root: Path, text: str = SCORES, name: str = "received.csv") -> str:
    path = root / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def read_card(root: Path, name: str = "scores") -> tuple[str, Any]:
    """Text and values of a card."""
    text = (root / "data/sources" / name / "source.yaml").read_text(encoding="utf-8")
    return text, YAML(typ="safe").load(text)


def list_files(root: Path) -> dict[str, bytes]:
    """Every file below data/, hidden ones included, with its content."""
    return {
        str(path): path.read_bytes() if path.is_file() else b"" for path in root.rglob("data/**/*")
    }


def test_spreadsheet_becomes_records_with_every_cell_as_received(root: Path) -> None:
    code, output = run(root, *CREATE, "--from", write(root))
    records = (root / "data/sources/scores/records.csv").read_text(encoding="utf-8")
    assert code == 0
    assert "3 rows; blank rows left out: 1" in output
    assert records.splitlines()[1] == 'GPT-4,MATH,"42,5",14/03/2023,4,chain-of-thought,Table 3,'
    assert len(records.splitlines()) == 4


def test_columns_units_decimal_mark_and_date_order_are_guessed_and_marked(root: Path) -> None:
    run(root, *CREATE, "--from", write(root))
    text, card = read_card(root)
    assert card["columns"]["model"] == {"from": "System"}
    assert card["columns"]["score"] == {
        "from": "Top-1 accuracy",
        "decimal": "comma",
        "unit": "percent",
    }
    assert card["columns"]["eval_date"] == {"from": "Date of evaluation", "order": "dmy"}
    marked = [line for line in text.splitlines() if "# guess: " in line]
    assert {line.split(":")[0].strip() for line in marked} >= {"model", "score", "eval_date"}


def test_what_only_a_person_can_say_is_todo_and_the_line_is_named(root: Path) -> None:
    _, output = run(root, *CREATE, "--from", write(root), "--json")
    text, card = read_card(root)
    told = json.loads(output)["todo_lines"]
    values = [card[key] for key in ("title", "question", "description", "licence", "retrieved")]
    assert values == ["TODO"] * 5
    assert card["columns"]["harness"] == card["columns"]["is_verified"] == "TODO"
    assert card["ignored"] == {"Notes": "TODO"}
    lines = text.splitlines()
    assert told == sorted(told)
    assert all("TODO" in lines[number - 1] for number in told)
    assert lines[told[0] - 1].startswith("title:")


def test_first_line_points_editors_to_the_schema(root: Path) -> None:
    run(root, *CREATE)
    text, _ = read_card(root)
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../card.schema.json"


def test_check_names_the_line_of_a_value_that_is_left(root: Path) -> None:
    run(root, *CREATE, "--from", write(root))
    text, _ = read_card(root)
    line = [each.split(":")[0] for each in text.splitlines()].index("retrieved") + 1
    code, output = run(root, "check", "scores")
    assert code == 1
    assert f"line {line}" in output


def test_registry_gains_the_name_and_keeps_everything_else(root: Path) -> None:
    registry = root / "data/sources/datasets.yaml"
    before = registry.read_text(encoding="utf-8").splitlines()
    run(root, *CREATE)
    after = registry.read_text(encoding="utf-8").splitlines()
    changed = [(old, now) for old, now in zip(before, after, strict=True) if old != now]
    assert len(changed) == 1
    assert changed[0][1] == changed[0][0].replace("]", ", scores]")


@pytest.mark.parametrize("table", tables.TABLES)
def test_without_a_file_records_are_the_header_of_the_table(root: Path, table: str) -> None:
    code, output = run(root, "new", "keyed", "--table", table)
    _, card = read_card(root, "keyed")
    header = (root / "data/sources/keyed/records.csv").read_text(encoding="utf-8").strip()
    assert code == 0
    assert "1. Key the rows into data/sources/keyed/records.csv" in output
    assert header.split(",") == list(card["columns"]) == list_wanted(table, card.get("runs"))
    assert not tables.FILLED_BY_INGEST & set(card["columns"])
    measured = {name for name, keys in card["columns"].items() if keys == {"unit": "TODO"}}
    assert measured == set(units.TARGETS) & set(card["columns"])
    assert not any(keys for name, keys in card["columns"].items() if name not in measured)


def test_next_steps_are_numbered_commands(root: Path) -> None:
    _, output = run(root, *CREATE, "--from", write(root))
    assert "1. Fill in each TODO" in output
    assert "2. `apportion check scores`" in output
    assert "3. `dvc repro`" in output
    assert "4. Commit data/sources/scores" in output


def test_output_for_scripts_is_tab_separated(root: Path) -> None:
    words = [*CREATE, "--from", write(root), "--root", str(root)]
    lines = CliRunner().invoke(cli.app, words).output.splitlines()
    assert lines[0].split("\t") == ["column", "from", "certainty", "keys", "look_at"]
    assert lines[1].split("\t")[:3] == ["benchmark", "Task", "guess"]


def test_compute_in_the_file_makes_the_runs_its_own(root: Path) -> None:
    text = "model,benchmark,score,training compute (FLOP)\nA,MATH,0.4,1e24\n"
    run(root, *CREATE, "--from", write(root, text))
    _, card = read_card(root)
    assert card["runs"] == "own"
    assert card["columns"]["training_flop"] == {"from": "training compute (FLOP)", "unit": "FLOP"}


def test_tokens_of_a_grid_without_them_are_derived(root: Path) -> None:
    text = "params,training compute (FLOP),loss\n1e9,1e20,2.5\n"
    run(root, "new", "grid", "--table", "scaling_grid", "--from", write(root, text))
    _, card = read_card(root, "grid")
    assert card["columns"]["training_tokens"] == {"derived": "tokens from 6ND"}


@pytest.mark.parametrize("words", [(), ("--table",), ("--table", "accuracy"), ("--help",)])
def test_tables_are_listed_with_what_each_is_for(root: Path, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli.app, ["new", "scores", *words])
    output = " ".join(result.output.replace("│", " ").split())
    assert result.exit_code == (0 if words == ("--help",) else 2)
    for name in tables.TABLES:
        assert f"{name}: {dictionary.describe_table(name)}" in output


def test_wrong_table_names_the_nearest(root: Path) -> None:
    code, output = run(root, "new", "scores", "--table", "acuracy_leaderbord")
    assert code == 2
    assert "did you mean 'accuracy_leaderboard'" in output


@pytest.mark.parametrize("name", ["Scores", "my-scores", "../scores", "", "1st", "a" * 61, "a b"])
def test_bad_name_is_a_wrong_command_and_nothing_is_made(root: Path, name: str) -> None:
    before = list_files(root)
    code, _ = run(root, "new", "--table", "efficiency", "--", name)
    assert code == 2
    assert list_files(root) == before


@pytest.mark.parametrize("name", ["math", "training_runs"])
def test_folder_that_exists_is_not_touched(root: Path, name: str) -> None:
    before = list_files(root)
    table = "training_runs" if name == "training_runs" else "efficiency"
    code, output = run(root, "new", name, "--table", table)
    assert code == 1
    assert "exists already" in output
    assert list_files(root) == before


def test_name_of_the_registry_without_a_folder_is_refused(root: Path) -> None:
    shutil.rmtree(root / "data/sources/math")
    before = list_files(root)
    code, output = run(root, "new", "math", "--table", "efficiency")
    assert code == 1
    assert "registered already, under accuracy_leaderboard" in output
    assert list_files(root) == before


def test_refused_file_leaves_nothing(root: Path) -> None:
    before = list_files(root)
    code, output = run(root, *CREATE, "--from", write(root, "a,b\n1\n"))
    assert code == 1
    assert "1 cells where the header has 2" in output
    assert list_files(root) == before


def test_refusal_for_scripts_is_json_with_every_failure(root: Path) -> None:
    code, output = run(root, *CREATE, "--from", write(root, "a,b\n1\n"), "--json")
    told = json.loads(output)
    assert (code, told["is_made"]) == (1, False)
    assert told["failures"][0]["line"] == 2


@pytest.mark.parametrize("failing", ["replace", "write_text"])
def test_failure_half_way_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    before = list_files(root)
    original = registration.write_text

    def fail(*arguments: Any) -> None:
        if failing == "write_text" and arguments[0].name != "datasets.yaml":
            original(*arguments)
            return
        raise OSError(28, "No space left on device")

    place = registration.os if failing == "replace" else registration
    monkeypatch.setattr(place, failing, fail)
    code, output = run(root, *CREATE)
    assert code == 1
    assert "No space left on device" in output
    assert list_files(root) == before


def test_interruption_half_way_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = list_files(root)

    def interrupt(path: Path, content: str) -> None:
        if path.name == "datasets.yaml":
            raise KeyboardInterrupt
        path.write_text(content, encoding="utf-8")

    monkeypatch.setattr(registration, "write_text", interrupt)
    with pytest.raises(KeyboardInterrupt):
        registration.add_dataset(Layout(root), "scores", "efficiency", "card", "records")
    assert list_files(root) == before


def test_missing_file_and_sheet_without_file_are_wrong_commands(root: Path) -> None:
    assert run(root, *CREATE, "--from", str(root / "none.csv"))[0] == 2
    assert run(root, *CREATE, "--sheet", "Results")[0] == 2


@pytest.fixture
def _talking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "is_terminal", lambda: True)


@pytest.mark.usefixtures("_talking")
def test_person_confirms_corrects_and_declines_guesses(root: Path) -> None:
    # benchmark, model: yes; method: another column, after one that there is not; score: no
    answers = "\n".join(["", "y", "Prompts", "Notes", "n", "", "", ""]) + "\n"
    code, output = run(root, *CREATE, "--from", write(root), answers=answers)
    text, card = read_card(root)
    assert code == 0
    assert "no column 'Prompts'; there are: System, Task" in output
    assert "score <- 'Top-1 accuracy'; decimal: comma; unit: percent; first cell '42,5'" in output
    assert card["columns"]["method"] == {"from": "Notes"}
    assert card["columns"]["score"] == "TODO"
    assert set(card["ignored"]) == {"Top-1 accuracy", "Prompting"}
    assert "model: {from: System}  # guess, confirmed" in text


@pytest.mark.usefixtures("_talking")
def test_dialogue_that_ends_early_makes_nothing(root: Path) -> None:
    before = list_files(root)
    code, _ = run(root, *CREATE, "--from", write(root), answers="\n\n")
    assert code == 1
    assert list_files(root) == before


@pytest.mark.usefixtures("_talking")
def test_yes_asks_nothing(root: Path) -> None:
    code, output = run(root, *CREATE, "--from", write(root), "--yes")
    assert code == 0
    assert "<-" not in output


HOSTILE = (
    '"a: b, {c} # ""d"" é\U0001f600",yes,- 1,<script>,{{ 7 }},"""q""",~,1e5,#x,TODO\n'
    "1,2,3,4,5,6,7,8,9,0\n"
)


def test_any_name_of_a_column_reads_back_from_the_card(root: Path) -> None:
    code, _ = run(root, *CREATE, "--from", write(root, HOSTILE))
    _, card = read_card(root)
    header = next(csv.reader(io.StringIO(HOSTILE, newline="")))
    assert code == 0
    assert set(card["ignored"]) == set(header)


def test_records_that_check_could_not_read_are_not_made(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list_files(root)
    monkeypatch.setattr(records, "MAXIMUM_LINES", 3)
    code, output = run(root, *CREATE, "--from", write(root))
    assert code == 1
    assert "4 lines, more than 3 lines" in output
    assert list_files(root) == before


def test_names_of_columns_are_stripped_as_check_strips_them(root: Path) -> None:
    run(root, *CREATE, "--from", write(root, " model ,other \nA,1\n"))
    _, card = read_card(root)
    assert card["columns"]["model"] == {}
    assert list(card["ignored"]) == ["other"]


def test_cells_cannot_break_out_of_a_comment(root: Path) -> None:
    text = 'benchmark name,model\n"MATH\ninjected: true\u2028x",A\n'
    assert run(root, *CREATE, "--from", write(root, text))[0] == 0
    _, card = read_card(root)
    assert "injected" not in card
