"""Documents that are made of the code: blocks of text, and the schema that the cards follow."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, invoke
from jsonschema import Draft7Validator

from pipeline.commands import dictionary
from pipeline.core.layout import Layout
from pipeline.docs import replace_block, update
from pipeline.ingest.cards import schema
from pipeline.ingest.cards.schema import EDITOR_LINE, FILE_NAME, make_schema
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.ingest.options import OPTIONS
from pipeline.ingest.tables import TABLES
from pipeline.site import estimands


def test_block_is_replaced_and_the_rest_kept_and_a_missing_marker_is_an_error() -> None:
    text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    assert replace_block(text, "x", "new") == "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n"
    for text in ("", "<!-- x -->", "<!-- /x --> <!-- x -->"):
        with pytest.raises(ValueError, match="<!-- x -->"):
            replace_block(text, "x", "new")


NAMES = ("front", "in_full", "answers")
MADE = tuple(f"reports/summary/{name}.md" for name in NAMES)


def test_documents_are_up_to_date_after_docs(tmp_path: Path) -> None:
    for name in ("README.md", "data/README.md", *MADE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    blocks = "".join(f"<!-- {name} -->\n<!-- /{name} -->\n" for name in NAMES)
    (tmp_path / "README.md").write_text(blocks, "utf-8")
    changed = update(Layout(tmp_path))
    assert tmp_path / "README.md" in changed
    for name in MADE:
        assert (ROOT / name).read_text("utf-8").strip() in (tmp_path / "README.md").read_text(
            "utf-8"
        )
    assert update(Layout(tmp_path)) == []


def test_documents_in_git_are_up_to_date() -> None:
    layout = Layout(ROOT)
    assert dictionary.render(estimands.TABLE) in layout.data_dictionary.read_text("utf-8")
    kept = layout.data_dictionary.with_name(estimands.SCHEMA_NAME).read_text("utf-8")
    assert kept == estimands.render_schema()
    kept = (layout.sources / schema.FILE_NAME).read_text("utf-8")
    assert json.loads(kept) == json.loads(schema.render())
    for name in NAMES:
        made = (layout.summary / f"{name}.md").read_text("utf-8").strip()
        block = f"<!-- {name} -->\n{made}\n<!-- /{name} -->"
        assert block in layout.readme.read_text("utf-8")


# A check of many rows that are wrong ends with a report that can be read.

ROWS, LIMIT_LINES = 20_000, 200


@pytest.mark.slow
def test_report_on_many_rows_counts_what_it_cannot_list(copied: Path) -> None:
    counted = {"model": "not in the run registry", "score_percent": "no unit that a cell may name"}
    layout = Layout(copied)
    records = pd.read_csv(layout.records("minerva"), dtype=str, keep_default_na=False)
    rows = pd.concat([records] * (ROWS // len(records) + 1), ignore_index=True).head(ROWS)
    wrong = {name: [f"{i} u{i}" for i in range(ROWS)] for name in counted}
    rows.assign(**wrong).to_csv(layout.records("minerva"), index=False)
    code, output = invoke("check", "minerva", root=copied)
    assert code == 1
    for name, words in counted.items():
        assert f"  {ROWS} x {name}: {words}" in output
    assert len(output.splitlines()) < LIMIT_LINES


CARDS = sorted((ROOT / "data/sources").glob("*/source.yaml"))
every_card = pytest.mark.parametrize("path", CARDS, ids=lambda path: path.parent.name)


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    schema = json.loads((ROOT / "data/sources" / FILE_NAME).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def read_plain(path: Path) -> Any:
    """The card as JSON, in which dates are text."""
    return to_plain(read_tree(path, "the card", "write it"))


def to_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: to_plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [to_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value


@every_card
def test_schema_accepts_the_cards_of_the_project(path: Path, validator: Draft7Validator) -> None:
    assert [error.message for error in validator.iter_errors(read_plain(path))] == []
    assert path.read_text(encoding="utf-8").splitlines()[0] == EDITOR_LINE


@pytest.mark.parametrize("table", [*OPTIONS])
def test_every_key_is_explained(table: str) -> None:
    schema = make_schema(table)
    assert set(OPTIONS) == set(TABLES)
    objects = {"": schema} | schema["$defs"]
    silent = [
        f"{name}.{key}"
        for name, node in objects.items()
        for key, value in node.get("properties", {}).items()
        if not value.get("description")
    ]
    assert silent == []
