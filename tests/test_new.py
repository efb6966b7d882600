"""`apportion new`: what it makes, asks and refuses, and that a refusal leaves nothing."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import invoke, unwrap
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.commands.dictionary import list_tables
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest import tables
from pipeline.ingest.sources import units
from pipeline.new_dataset import registration
from pipeline.new_dataset.card import comment, quote, render_options
from pipeline.new_dataset.draft import list_wanted
from pipeline.new_dataset.registration import extend_registry

SCORES = """\
System;Task;Top-1 accuracy;Date of evaluation;Shots;Prompting;Source;Notes
GPT-4;MATH;42,5;14/03/2023;4;chain-of-thought;Table 3;
Minerva 540B;MATH;33,6;29/06/2022;4;chain-of-thought;Table 3;old
;;;;;;;
Llama 2 70B;GSM8K;13,5;18.07.2023;4;chain-of-thought;Table 3;
"""
CREATE = ("new", "scores", "--table", "accuracy_leaderboard")


def run(copied: Path, *words: str, answers: str = "") -> tuple[int, str]:
    """Exit code and output of a command on the copy."""
    code, output = invoke(*words, root=copied, answers=answers)
    return code, unwrap(output)


def write(copied: Path, text: str = SCORES) -> str:
    path = copied / "received.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


def read_card(copied: Path, name: str = "scores") -> tuple[str, Any]:
    """Text and values of a card."""
    text = (copied / "data/sources" / name / "source.yaml").read_text(encoding="utf-8")
    return text, load(text)


def list_files(copied: Path) -> dict[str, bytes]:
    """Every file below data/, hidden ones included, with its content."""
    paths = copied.rglob("data/**/*")
    return {str(path): path.read_bytes() if path.is_file() else b"" for path in paths}


def test_spreadsheet_becomes_records_as_received_and_a_card_with_marked_guesses(
    copied: Path,
) -> None:
    registry = copied / "data/sources/datasets.yaml"
    extended = registry.read_text(encoding="utf-8").replace("_aime]", "_aime, scores]")
    code, output = run(copied, *CREATE, "--from", write(copied))
    assert registry.read_text(encoding="utf-8") == extended
    text, card = read_card(copied)
    rows = (copied / "data/sources/scores/records.csv").read_text(encoding="utf-8").splitlines()
    assert (code, len(rows)) == (0, 4)
    assert "3 rows; blank rows left out: 1" in output
    assert rows[1] == 'GPT-4,MATH,"42,5",14/03/2023,4,chain-of-thought,Table 3,'
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../card.schema.json"
    columns = card["columns"]
    assert columns["model"] == {"from": "System"}
    assert columns["score"] == {"from": "Top-1 accuracy", "decimal": "comma", "unit": "percent"}
    assert columns["eval_date"] == {"from": "Date of evaluation", "order": "dmy"}
    marked = {line.split(":")[0].strip() for line in text.splitlines() if "# guess: " in line}
    assert marked >= {"model", "score", "eval_date"}
    steps = ["1. Look at the guesses", "2. `apportion check scores`", "3. `dvc repro`", "4. Commit"]
    steps += ["scores: 3 rows in, 3 fitted", "to be more than a draft it lacks the source"]
    assert [step for step in steps if step not in output] == []


def test_what_only_a_person_can_say_is_todo_and_its_line_is_named(copied: Path) -> None:
    text = SCORES.replace("Task", "Set").replace("42,5", "425,5")
    _, output = run(copied, *CREATE, "--from", write(copied, text), "--json")
    text, card = read_card(copied)
    told, lines = json.loads(output)["todo_lines"], text.splitlines()
    assert card["columns"]["benchmark"] == card["columns"]["score"]["unit"] == "TODO"
    assert card["ignored"] == ["Set", "Notes"]
    assert len(told) == len(json.loads(output)["questions"]) == 2
    assert all("TODO" in lines[number - 1] for number in told)
    code, output = run(copied, "check", "scores")
    assert code == 1
    assert f"line {told[0]}" in output


@pytest.mark.parametrize(
    ("line", "extended"),
    [
        ("[a]", "[a, new]"),
        ("[]", "[new]"),
        ("[a, b] # why", "[a, b, new] # why"),
        ("\n  - a", "\n  - a\n  - new"),
    ],
)
def test_one_list_of_the_registry_changes(tmp_path: Path, line: str, extended: str) -> None:
    path, text = tmp_path / "datasets.yaml", "# why\ndatasets:\n  efficiency: {}\n  own: [c]\n"
    path.write_text(text.replace("{}", line), encoding="utf-8")
    made = text.replace("{}", extended).replace(": \n", ":\n")
    assert extend_registry(path, "new", "efficiency") == made


@pytest.mark.parametrize("table", tables.TABLES)
def test_without_a_file_records_are_the_header_of_the_table(copied: Path, table: str) -> None:
    code, output = run(copied, "new", "keyed", "--table", table)
    _, card = read_card(copied, "keyed")
    header = (copied / "data/sources/keyed/records.csv").read_text(encoding="utf-8").strip()
    assert code == 0
    assert "1. Key the rows into data/sources/keyed/records.csv" in output
    assert header.split(",") == list(card["columns"]) == list_wanted(table, card.get("runs"))
    assert {"table", "retrieved", "columns"} <= set(card)
    measured = {name for name, keys in card["columns"].items() if keys == {"unit": "TODO"}}
    assert measured == set(units.TARGETS) & set(card["columns"])


def test_compute_in_the_file_makes_the_runs_its_own_and_tokens_may_be_derived(copied: Path) -> None:
    text = "params,model,benchmark,score,training compute (FLOP),loss\n1e9,A,MATH,0.4,1e24,2.5\n"
    run(copied, *CREATE, "--from", write(copied, text))
    run(copied, "new", "grid", "--table", "scaling_grid", "--from", write(copied, text))
    _, card = read_card(copied)
    assert card["runs"] == "both"
    assert card["columns"]["training_flop"] == {"from": "training compute (FLOP)", "unit": "FLOP"}
    assert "training_tokens" not in read_card(copied, "grid")[1]["columns"]


@pytest.mark.parametrize(
    "words", [(), ("--table",), ("--table", "acuracy_leaderbord"), ("--help",)]
)
def test_tables_are_listed_with_what_each_is_for(copied: Path, words: tuple[str, ...]) -> None:
    code, output = invoke("new", "scores", *words, root=None)
    output = unwrap(output)
    assert code == (0 if words == ("--help",) else 2)
    assert [table for table in list_tables() if table not in output] == []
    assert ("did you mean 'accuracy_leaderboard'" in output) == (len(words) == 2)


@pytest.mark.parametrize(
    ("code", "told", "words"),
    [
        (2, "call it 'scores'", ("../scores", "--table", "efficiency")),
        (1, "exists already", ("math", "--table", "efficiency")),
        (1, "registered already, under loss", ("lm_perplexity", "--table", "efficiency")),
        (1, "1 cells where the header has 2", ("--from", "received.csv", *CREATE[1:])),
        (2, "no file", ("--from", "none.csv", *CREATE[1:])),
        (2, "--from names", ("--sheet", "Results", *CREATE[1:])),
    ],
)
def test_what_is_refused_leaves_nothing(
    copied: Path, monkeypatch: pytest.MonkeyPatch, code: int, told: str, words: tuple[str, ...]
) -> None:
    write(copied, "a,b\n1\n")
    shutil.rmtree(copied / "data/sources/lm_perplexity")
    before = list_files(copied)
    monkeypatch.chdir(copied)
    found, output = invoke("new", *words, root=None)
    assert found == code
    assert told in unwrap(output)
    assert list_files(copied) == before


def test_refusal_for_scripts_is_json_and_guesses_are_tab_separated(copied: Path) -> None:
    words = (*CREATE, "--json", "--from", write(copied, "a,b\n1\n"))
    told = json.loads(invoke(*words, root=copied)[1])
    assert (told["is_made"], told["failures"][0]["line"]) == (False, 2)
    lines = invoke(*CREATE, "--from", write(copied), root=copied)[1].splitlines()
    assert lines[0].split("\t") == ["column", "from", "certainty", "keys", "evidence"]
    assert lines[1].split("\t")[:3] == ["benchmark", "Task", "guess"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", ["source.yaml", "datasets.yaml"])
def test_failure_half_way_leaves_nothing(
    copied: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, at: str
) -> None:
    before, original = list_files(copied), registration.write_text

    def fail(path: Path, text: str) -> None:
        if path.name == at:
            raise error
        original(path, text)

    monkeypatch.setattr(registration, "write_text", fail)
    with pytest.raises((SourceError, KeyboardInterrupt)):
        registration.add_dataset(Layout(copied), "scores", "efficiency", "card", "records")
    assert list_files(copied) == before


@given(st.text(max_size=60))
def test_text_reads_back_as_key_and_value_and_a_comment_stays_one(text: str) -> None:
    assert load(f"{{{quote(text)}: {quote(text)}}}") == {text: text}
    assert load(f"{quote(text)}: {quote(text)}\n") == {text: text}
    assert load(f"a: b  # {comment(text)}\nc: d\n") == {"a": "b", "c": "d"}


def test_benchmarks_without_a_catalogue_are_asked_for_and_other_tables_say_all() -> None:
    options = load(render_options("accuracy_leaderboard", ["a: b"]))
    assert options == {"options": {"benchmarks": {"a: b": {"item_count": "TODO"}}}}
    assert render_options("efficiency", []) == ""
    asked = load(render_options("published_estimates", []))["options"]
    assert {"quantity", "unit", "scale", "reference", "headline"} <= set(asked)
