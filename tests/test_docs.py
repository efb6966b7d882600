"""Blocks of the documents that are made, not written."""

import re
from pathlib import Path

import pytest
from real_overview import read_overview

from pipeline.docs import replace_block
from pipeline.site.overview import page as overview

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


def test_answers_of_the_readme_are_those_of_the_attribution_files() -> None:
    answers = (ROOT / "reports/summary/answers.md").read_text(encoding="utf-8")
    assert answers == overview.write_answers(read_overview())


def test_picture_of_the_readme_says_what_the_attribution_files_say() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (path,) = re.findall(r"!\[[^]]+\]\((reports/summary/answers\.svg)\)", readme)
    kept = (ROOT / path).read_text(encoding="utf-8")
    made = overview.draw_picture(overview.draw_headlines(read_overview().primaries))
    assert list_words(kept) == list_words(made)


def list_words(picture: str) -> list[str]:
    """What an SVG prints and what it tells readers who do not see it, in its order."""
    return re.findall(r'aria-label="([^"]*)"|>([^<>]*\w[^<>]*)<', picture)
