"""The data dictionary in data/README.md says what the table classes say."""

from conftest import ROOT

from pipeline.commands.dictionary import render

START, END = "<!-- tables -->", "<!-- /tables -->"


def test_dictionary_is_generated_from_the_table_classes() -> None:
    text = (ROOT / "data/README.md").read_text(encoding="utf-8")
    assert (text.count(START), text.count(END)) == (1, 1)
    block = text[text.index(START) + len(START) : text.index(END)]
    assert block.strip() == render().strip()
