"""Hostile inputs: each is refused with what helps, or does no harm, and nothing is written."""

import sys
from pathlib import Path
from typing import Any

import pytest
from attacks import attack, hash_tree, read_yaml, write_project
from conftest import unwrap

from pipeline import cli
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.ingest.sources.records import read_records

CASES = [
    {"kind": kind, "command": ["check", "toy"], "place": "", "code": 1, "put": []} | case
    for kind, cases in read_yaml("hostile.yaml").items()
    for case in cases
]


def run(monkeypatch: pytest.MonkeyPatch, *command: str) -> int:
    """The exit code of the command line in the folder where it runs."""
    monkeypatch.setattr(sys, "argv", ["apportion", *command])
    monkeypatch.setenv("COLUMNS", "1000")  # usage errors are framed, and wrapped at this width
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def is_steering(sign: str) -> bool:
    """Whether a terminal would do something else than to print the character."""
    return not sign.isprintable() and sign not in "\n\t"


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(f"{case['kind']}: {case['name']}"))
def test_hostile_input_is_refused_or_neutralised(
    case: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = write_project(tmp_path)
    for how in case["put"]:
        attack(root, how)
    monkeypatch.chdir(root)
    before = hash_tree(root)
    code = run(monkeypatch, *case["command"])
    told = "".join(capsys.readouterr())
    output = unwrap(told)
    assert code == case["code"], told
    for words in (*case["words"], case["place"]):
        assert words in output, told
    assert "Traceback" not in told
    assert not any(map(is_steering, told))
    assert code != 1 or "remedy: " in output.lower()
    is_made = case["command"][0] == "new" and code == 0
    assert (hash_tree(root) == before) is not is_made
    if is_made:
        check_what_was_made(root / "data/sources/made")
        assert run(monkeypatch, "check", "made") == 1
        assert "still to be filled in" in capsys.readouterr().out


def check_what_was_made(made: Path) -> None:
    """The card names columns of the records, and both can be read."""
    card = read_tree(made / "source.yaml", "the card", "")
    named = {source["from"] for source in card["columns"].values() if "from" in source}
    assert named | set(card.get("ignored", {})) <= set(read_records(made / "records.csv"))


def test_small_project_passes_without_hostile_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write_project(tmp_path))
    assert [run(monkeypatch, "check", *words) for words in ((), ("toy",), ("scores",))] == [0] * 3
