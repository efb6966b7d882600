"""Blocks of the documents that are made, and reports on many wrong rows."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, invoke

from pipeline.commands import dictionary
from pipeline.core.layout import Layout
from pipeline.docs import replace_block, update
from pipeline.ingest.cards import schema


def test_block_is_replaced_and_the_rest_kept_and_a_missing_marker_is_an_error() -> None:
    text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    assert replace_block(text, "x", "new") == "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n"
    for text in ("", "<!-- x -->", "<!-- /x --> <!-- x -->"):
        with pytest.raises(ValueError, match="<!-- x -->"):
            replace_block(text, "x", "new")


def test_documents_are_up_to_date_after_docs(tmp_path: Path) -> None:
    for name in ("README.md", "data/README.md", "reports/summary/answers.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "README.md").write_text("a\n<!-- answers -->\n<!-- /answers -->\n", "utf-8")
    changed = update(Layout(tmp_path))
    assert tmp_path / "README.md" in changed
    answers = (ROOT / "reports/summary/answers.md").read_text("utf-8").strip()
    assert answers in (tmp_path / "README.md").read_text("utf-8")
    assert update(Layout(tmp_path)) == []


def test_documents_in_git_are_up_to_date() -> None:
    layout = Layout(ROOT)
    assert dictionary.render() in layout.data_dictionary.read_text("utf-8")
    kept = (layout.sources / schema.FILE_NAME).read_text("utf-8")
    assert json.loads(kept) == json.loads(schema.render())
    answers = (layout.summary / "answers.md").read_text("utf-8").strip()
    assert f"<!-- answers -->\n{answers}\n<!-- /answers -->" in layout.readme.read_text("utf-8")


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
