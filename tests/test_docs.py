"""Blocks of the documents that are made, not written."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import ROOT

from pipeline.commands import dictionary
from pipeline.core.layout import Layout
from pipeline.docs import replace_block, update
from pipeline.ingest.cards import schema


def test_block_is_replaced_and_the_rest_kept() -> None:
    text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    assert replace_block(text, "x", "new") == "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n"


@pytest.mark.parametrize("text", ["", "<!-- x -->", "<!-- /x --> <!-- x -->"])
def test_missing_marker_is_an_error(text: str) -> None:
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
