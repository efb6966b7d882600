"""No sentence of the overview or the README joins two models or averages over any.

Both print answers; each rests on one posterior that passed, and what the README tells beside them
is tied to the file that it comes from.
"""

import re

import pytest
from committed import read_committed
from printed import find_numbers, is_printed
from real_overview import read_overview

from pipeline.site.overview.page import write_answers

AVERAGES = (
    r"\b(stack(?:ed|ing)|model[- ]averag\w*|(?<!nothing is )averaged over models"
    r"|weight of (?:a |the )?model\w*)\b"
)
NAMED = r"`([a-z0-9_]+-[a-z0-9_]+)`"
README = read_committed().root / "README.md"


def list_rows() -> list[str]:
    """The rows of the README's table of answers."""
    lines = README.read_text("utf-8").partition("<!-- answers -->")[2].partition("<!-- /")[0]
    return lines.strip().splitlines()[2:]


def test_each_answer_of_the_readme_names_one_posterior_that_passed() -> None:
    passed = {cell.name for cell in read_overview().passed}
    named = [re.findall(NAMED, row) for row in list_rows()]
    assert named
    assert all(len(names) == 1 for names in named)
    assert {name for (name,) in named} <= passed
    assert list_rows() == write_answers(read_overview().primaries).splitlines()[2:]


@pytest.mark.parametrize("row", list_rows())
def test_intervals_of_an_answer_are_of_the_posterior_it_names(row: str) -> None:
    (name,) = re.findall(NAMED, row)
    (cell,) = [each for each in read_overview().passed if each.name == name]
    found = cell.attributions[cell.answer.key]
    ends = re.findall(r"\(90\s% interval (.*?) to (.*?)\)", row)
    assert [tuple(map(bool, each)) for each in ends] == [(True, True)]
    for printed, end in zip(ends[0], ("lower", "upper"), strict=True):
        assert is_printed(printed, found[end])
    before = row.partition("(90")[0]
    assert any(is_printed(number, found["median"]) for number in find_numbers(before))


def test_nothing_is_averaged_over_models() -> None:
    sentences = [cell.answer.sentence for cell in read_overview().passed]
    for sentence in [*sentences, README.read_text("utf-8")]:
        assert re.search(AVERAGES, sentence, re.IGNORECASE) is None, sentence
