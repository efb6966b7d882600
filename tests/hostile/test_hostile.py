"""Hostile inputs: each is refused with what helps, or does no harm, and nothing is written."""

import sys
from collections import Counter
from pathlib import Path

import in_received
import in_records
import in_yaml
import pytest
import test_large
from cases import NEUTRALISED, REFUSED, Case, Kind
from toy_project import hash_tree, write_project

from pipeline import cli
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.ingest.sources.records import read_records

CASES = [*in_records.CASES, *in_yaml.CASES, *in_received.CASES]
FEWEST, FEWEST_OF_A_KIND = 150, 4


def run(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> int:
    """The exit code of the command line in the folder where it runs."""
    monkeypatch.setattr(sys, "argv", ["apportion", *command])
    monkeypatch.setenv("COLUMNS", "1000")  # usage errors are framed, and wrapped at this width
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def is_steering(sign: str) -> bool:
    """Whether a terminal would do something else than to print the character."""
    return not sign.isprintable() and sign not in "\n\t"


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(f"{case.kind}: {case.name[:60]}"))
def test_hostile_input_is_refused_or_neutralised(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_project(tmp_path)
    case.put(root)
    monkeypatch.chdir(root)
    before = hash_tree(root)
    code = run(monkeypatch, case.command)
    told = "".join(capsys.readouterr())
    output = " ".join(told.replace("│", " ").split())
    assert code == case.code, told
    for words in (*case.words, case.place):
        assert words in output, told
    assert "Traceback" not in told
    assert not any(map(is_steering, told))
    assert code != REFUSED or "remedy: " in output.lower()
    is_made = case.command[0] == "new" and code == NEUTRALISED
    assert (hash_tree(root) == before) is not is_made


MADE = [case for case in CASES if case.command[0] == "new" and case.code == NEUTRALISED]


@pytest.mark.parametrize("case", MADE, ids=lambda case: case.name)
def test_what_is_made_of_a_hostile_file_can_be_read(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = write_project(tmp_path)
    case.put(root)
    monkeypatch.chdir(root)
    assert run(monkeypatch, case.command) == NEUTRALISED
    made = root / "data/sources/made"
    card = read_tree(made / "source.yaml", "the card", "")
    records = read_records(made / "records.csv")
    named = {source["from"] for source in card["columns"].values() if "from" in source}
    assert named | set(card.get("ignored", {})) <= set(records)
    capsys.readouterr()
    assert run(monkeypatch, ("check", "made")) == REFUSED
    assert "still to be filled in" in capsys.readouterr().out


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_hostile_input_has_its_cases(kind: Kind) -> None:
    counts = Counter(case.kind for case in CASES)
    counts[Kind.LARGE] += len(test_large.CASES)
    assert counts[kind] >= FEWEST_OF_A_KIND


def test_cases_are_many_and_each_stands_once() -> None:
    names = [(case.kind, case.name) for case in CASES]
    assert len(names) >= FEWEST
    assert [name for name, count in Counter(names).items() if count > 1] == []


def test_small_repository_passes_without_hostile_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_project(tmp_path))
    assert [run(monkeypatch, ("check", *words)) for words in ((), ("toy",), ("scores",))] == [0] * 3
