"""`apportion new`: what it makes, asks and refuses, and that a refusal leaves nothing."""

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML
from typer.testing import CliRunner

from pipeline import cli
from pipeline.commands.dictionary import list_tables
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest import tables
from pipeline.ingest.cards.card import SourceCard
from pipeline.ingest.sources import records, units
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


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the datasets, to be added to."""
    shutil.copytree(ROOT / "data/sources", tmp_path / "data/sources")
    shutil.copy(ROOT / "data/references.bib", tmp_path / "data/references.bib")
    (tmp_path / "models").symlink_to(ROOT / "models")
    return tmp_path


def run(root: Path, *words: str) -> tuple[int, str]:
    """Exit code and output of a command on the copy."""
    result = CliRunner().invoke(cli.app, [*words, "--root", str(root)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.replace("│", " ").split())


def write(root: Path, text: str = SCORES) -> str:
    path = root / "received.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def load(text: str) -> Any:
    return YAML(typ="safe").load(text)


def read_card(root: Path, name: str = "scores") -> tuple[str, Any]:
    """Text and values of a card."""
    text = (root / "data/sources" / name / "source.yaml").read_text(encoding="utf-8")
    return text, load(text)


def list_files(root: Path) -> dict[str, bytes]:
    """Every file below data/, hidden ones included, with its content."""
    return {
        str(path): path.read_bytes() if path.is_file() else b"" for path in root.rglob("data/**/*")
    }


def test_spreadsheet_becomes_records_as_received_and_a_card_with_marked_guesses(root: Path) -> None:
    code, output = run(root, *CREATE, "--from", write(root))
    text, card = read_card(root)
    rows = (root / "data/sources/scores/records.csv").read_text(encoding="utf-8").splitlines()
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
    steps = ["1. Fill in each TODO", "2. `apportion check scores`", "3. `dvc repro`", "4. Commit"]
    assert [step for step in steps if step not in output] == []


def test_what_only_a_person_can_say_is_todo_and_its_line_is_named(root: Path) -> None:
    _, output = run(root, *CREATE, "--from", write(root))
    _, card = read_card(root)
    assert {card[key] for key in ("title", "question", "licence", "retrieved")} == {"TODO"}
    assert card["columns"]["harness"] == card["columns"]["is_verified"] == "TODO"
    assert card["ignored"] == {"Notes": "TODO"}
    code, refused = run(root, "check", "scores")
    assert code == 1
    first = output.partition("(lines ")[2].split("-")[0]
    assert f"line {first}" in refused


@pytest.mark.parametrize(
    ("line", "extended"),
    [
        ("[a]", "[a, new]"),
        ("[a,b, ]", "[a,b, new]"),
        ("[]", "[new]"),
        ("[ a, b ] # why", "[ a, b, new] # why"),
        ("\n    - a", None),
        ("[a,\n    b]", None),
    ],
)
def test_one_line_of_the_registry_changes(tmp_path: Path, line: str, extended: str | None) -> None:
    path, text = tmp_path / "datasets.yaml", "datasets:\n  efficiency: {}\n  scaling_grid: [c]\n"
    path.write_text(text.replace("{}", line), encoding="utf-8")
    if extended is not None:
        assert extend_registry(path, "new", "efficiency") == text.replace("{}", extended)
        return
    with pytest.raises(SourceError, match="is not in one line"):
        extend_registry(path, "new", "efficiency")


@pytest.mark.parametrize("table", tables.TABLES)
def test_without_a_file_records_are_the_header_of_the_table(root: Path, table: str) -> None:
    code, output = run(root, "new", "keyed", "--table", table)
    _, card = read_card(root, "keyed")
    header = (root / "data/sources/keyed/records.csv").read_text(encoding="utf-8").strip()
    assert code == 0
    assert "1. Key the rows into data/sources/keyed/records.csv" in output
    assert header.split(",") == list(card["columns"]) == list_wanted(table, card.get("runs"))
    assert {name for name, field in SourceCard.model_fields.items() if field.is_required()} <= set(
        card
    )
    measured = {name for name, keys in card["columns"].items() if keys == {"unit": "TODO"}}
    assert measured == set(units.TARGETS) & set(card["columns"])


def test_compute_in_the_file_makes_the_runs_its_own_and_tokens_may_be_derived(root: Path) -> None:
    text = "params,model,benchmark,score,training compute (FLOP),loss\n1e9,A,MATH,0.4,1e24,2.5\n"
    run(root, *CREATE, "--from", write(root, text))
    run(root, "new", "grid", "--table", "scaling_grid", "--from", write(root, text))
    _, card = read_card(root)
    assert card["runs"] == "own"
    assert card["columns"]["training_flop"] == {"from": "training compute (FLOP)", "unit": "FLOP"}
    assert read_card(root, "grid")[1]["columns"]["training_tokens"] == {
        "derived": "tokens from 6ND"
    }


@pytest.mark.parametrize("words", [(), ("--table", "acuracy_leaderbord")])
def test_tables_are_listed_with_what_each_is_for(root: Path, words: tuple[str, ...]) -> None:
    code, output = run(root, "new", "scores", *words)
    assert code == 2
    assert [table for table in list_tables() if table not in output] == []
    assert ("did you mean 'accuracy_leaderboard'" in output) == bool(words)


BAD_NAMES = ("Scores", "my-scores", "../scores", "", "1st", "a" * 61, "a b")


@pytest.mark.parametrize(
    ("code", "told", "words"),
    [
        *((2, "", ("--table", "efficiency", "--", name)) for name in BAD_NAMES),
        (1, "exists already", ("math", "--table", "efficiency")),
        (1, "registered already, under loss", ("lm_perplexity", "--table", "efficiency")),
        (1, "1 cells where the header has 2", ("--from", "received.csv", *CREATE[1:])),
        (2, "no file", ("--from", "none.csv", *CREATE[1:])),
        (2, "--from names", ("--sheet", "Results", *CREATE[1:])),
    ],
)
def test_what_is_refused_leaves_nothing(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    told: str,
    words: tuple[str, ...],
) -> None:
    write(root, "a,b\n1\n")
    shutil.rmtree(root / "data/sources/lm_perplexity")
    before = list_files(root)
    monkeypatch.chdir(root)
    result = CliRunner().invoke(cli.app, ["new", *words])
    assert result.exit_code == code
    assert told in " ".join(result.output.replace("│", " ").split())
    assert list_files(root) == before


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", ["source.yaml", "datasets.yaml"])
def test_failure_half_way_leaves_nothing(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, at: str
) -> None:
    before, original = list_files(root), registration.write_text

    def fail(path: Path, text: str) -> None:
        if path.name == at:
            raise error
        original(path, text)

    monkeypatch.setattr(registration, "write_text", fail)
    with pytest.raises((SourceError, KeyboardInterrupt)):
        registration.add_dataset(Layout(root), "scores", "efficiency", "card", "records")
    assert list_files(root) == before


def test_records_that_check_could_not_read_are_not_made(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = list_files(root)
    monkeypatch.setattr(records, "MAXIMUM_LINES", 3)
    code, output = run(root, *CREATE, "--from", write(root))
    assert code == 1
    assert "4 lines, more than 3 lines" in output
    assert list_files(root) == before


HOSTILE = (
    '"a: b, {c} # ""d"" é\U0001f600",yes,- 1,<script>,{{ 7 }},"""q""",~,1e5,#x,TODO, b \n'
    "1,2,3,4,5,6,7,8,9,0,1\n"
)


def test_any_name_and_cell_reads_back_from_the_card(root: Path) -> None:
    assert run(root, *CREATE, "--from", write(root, HOSTILE))[0] == 0
    header = next(csv.reader(io.StringIO(HOSTILE, newline="")))
    assert set(read_card(root)[1]["ignored"]) == {name.strip() for name in header}
    text = 'benchmark name,model\n"MATH\ninjected: true\u2028x",A\n'
    words = ("new", "other", *CREATE[2:], "--from", write(root, text))
    assert run(root, *words)[0] == 0
    assert "injected" not in read_card(root, "other")[1]


@given(st.text(max_size=60))
def test_text_reads_back_as_key_and_value_and_a_comment_stays_one(text: str) -> None:
    assert load(f"{{{quote(text)}: {quote(text)}}}") == {text: text}
    assert load(f"{quote(text)}: {quote(text)}\n") == {text: text}
    assert load(f"a: b  # {comment(text)}\nc: d\n") == {"a": "b", "c": "d"}


def test_options_are_keyed_by_the_names_in_the_rows() -> None:
    options = load(render_options("accuracy_leaderboard", {"benchmark": ["MATH", "a: b"]}))
    assert list(options["options"]["benchmarks"]) == ["MATH", "a: b"]
    assert options["options"]["benchmarks"]["MATH"]["chance"] == "TODO"
    assert options["options"]["comparisons"][0]["earlier"] == {"model": "TODO", "method": "TODO"}
