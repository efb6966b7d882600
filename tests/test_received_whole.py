"""Files as people have them, handed to `apportion new` by somebody who knows no table of ours."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import invoke, read_cases
from projects import list_files

from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.stage import accept

FILES = Path(__file__).with_name("received")
CASES: dict[str, Any] = read_cases("received_whole.yaml")


@pytest.mark.parametrize("name", CASES)
def test_received_file_has_its_outcome(copied: Path, name: str) -> None:
    case, before = CASES[name], list_files(copied)
    words = ("new", "toys", "--from", str(FILES / name))
    if "refused" in case:
        code, output = invoke(*words, root=copied)
        assert (code, case["refused"] in output) == (1, True), output
        assert list_files(copied) == before
        return
    told = json.loads(invoke(*words, "--json", root=copied)[1])
    assert (told["table"], len(told["todo_lines"])) == (case["table"], case["todo"])
    sources = {each["column"]: each["source"] for each in told["columns"]}
    assert {key: sources[key] for key in case.get("columns", {})} == case.get("columns", {})
    assert len(told["notes"]) == len(set(told["notes"]))
    said = json.dumps(told, ensure_ascii=False)
    said += f"not read: {', '.join(told['ignored'])}"
    assert [each for each in case.get("said", []) if each not in said] == []
    fill_in(copied, case)
    if case["todo"] and not case.get("fill"):
        return
    assert case["checked"] in invoke("check", "toys", root=copied)[1]
    table = read_table(copied)
    for column, values in case.get("values", {}).items():
        found = table[column].head(len(values))
        shown = found.astype(str) if column.endswith("_date") else found
        assert list(shown) == (pytest.approx(values, rel=1e-6) if found.dtype == float else values)


def test_names_that_tell_how_long_a_model_thinks_and_open_guesses_are_told(copied: Path) -> None:
    invoke("new", "toys", "--from", str(FILES / "database_export.csv"), root=copied)
    card = fill_in(copied, CASES["database_export.csv"])
    found = json.loads(invoke("check", "toys", "--json", root=copied)[1])
    assert all(name.endswith(("_64K", "_high")) for name in found["efforts"])
    assert found["guesses"] == card.count("# guess: ") > 0
    told = invoke("check", "toys", root=copied)[1]
    assert "may tell how long they think (claude-3-7-sonnet-20250219_64K" in told
    assert "guesses on the card not confirmed" in told
    assert json.loads(invoke("check", "gpqa_diamond", "--json", root=copied)[1])["efforts"] == []


def fill_in(root: Path, case: dict[str, Any]) -> str:
    """What only a person can say, put on the card; the card."""
    path = root / "data/sources/toys/source.yaml"
    card = path.read_text("utf-8")
    for old, new in case.get("fill", {}).items():
        assert old in card
        card = card.replace(old, new)
    path.write_text(card, "utf-8")
    return card


def read_table(root: Path) -> pd.DataFrame:
    """The table of the dataset, as far as it could be read."""
    made: dict[str, Any] = {}
    with suppress(SourceError):
        accept(Layout(root), "toys", made.__setitem__)
    return pd.DataFrame(made.get("table"))
