"""Blocks of the documents that are made, not written."""

from pathlib import Path

import pytest

from pipeline.docs import replace_block

ROOT = Path(__file__).parents[1]


def test_block_is_replaced_and_the_rest_kept() -> None:
    text = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n"
    assert replace_block(text, "x", "new") == "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n"


@pytest.mark.parametrize("text", ["", "<!-- x -->", "<!-- /x --> <!-- x -->"])
def test_missing_marker_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="<!-- x -->"):
        replace_block(text, "x", "new")


def test_readme_shows_the_answers_that_the_pipeline_made() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    answers = (ROOT / "reports/summary/answers.md").read_text(encoding="utf-8").strip()
    assert f"<!-- answers -->\n{answers}\n<!-- /answers -->" in readme
