"""Every number in the sentences of the real results is that of the attribution or check file; each
answer rests on one posterior that passed, and none averages over models.
"""

import json
import re

from printed import find_numbers, is_printed
from real_overview import LAYOUT, read_overview

from pipeline.site.overview.page import write_answers
from pipeline.site.pages import answers
from pipeline.site.pages.badges import describe_convergence
from pipeline.site.posterior.panels import describe_density

ENDS = r"\(90\s% interval (.*?) to (.*?)\)"
AVERAGES = (
    r"\b(stack(?:ed|ing)|model[- ]averag\w*|(?<!nothing is )averaged over models"
    r"|weight of (?:a |the )?model\w*)\b"
)
NOT_NUMBERS = r"R-hat|E-BFMI|90\s% "


def assert_said(sentence: str, values: list[float | None]) -> None:
    """The numbers of a sentence are these values, in order, to the digits printed."""
    said = find_numbers(re.sub(NOT_NUMBERS, "", sentence))
    assert len(said) == len(values), (said, values)
    assert [pair for pair in zip(said, values, strict=True) if not is_printed(*pair)] == []


def test_answers_say_the_numbers_of_the_attribution_files() -> None:
    """Median and interval: in the sentence, beside it, and in the README's table."""
    primaries = {cell.name: cell for cell in read_overview().primaries}
    lines = write_answers(read_overview().primaries).splitlines()[2:]
    said = dict(zip(primaries, lines, strict=True))
    for cell in read_overview().passed:
        path = LAYOUT.attribution(cell.name)
        found = json.loads(path.read_text(encoding="utf-8"))[cell.answer.key]
        for sentence in (cell.answer.sentence, said.get(cell.name, cell.answer.sentence)):
            ends = re.search(ENDS, sentence)
            assert ends is not None, cell.name
            sign = "\N{NO-BREAK SPACE}%" if ends[2].endswith("%") else ""  # of both ends
            assert is_printed(ends[1] + sign, found["lower"])
            assert is_printed(ends[2], found["upper"])
        assert is_printed(cell.answer.value, found["median"])
        assert cell.answer.value in cell.answer.sentence.partition("(90")[0]


def test_each_answer_of_the_readme_names_one_posterior_that_passed_and_averages_none() -> None:
    readme = LAYOUT.readme.read_text("utf-8")
    told = readme.partition("<!-- answers -->")[2].partition("<!-- /")[0].strip().splitlines()[2:]
    assert told == write_answers(read_overview().primaries).splitlines()[2:]
    named = [re.findall(r"`([a-z0-9_]+-[a-z0-9_]+)`", row) for row in told]
    assert named
    assert all(len(names) == 1 for names in named)
    assert {name for (name,) in named} <= {cell.name for cell in read_overview().passed}
    for sentence in (readme, *(cell.answer.sentence for cell in read_overview().passed)):
        assert re.search(AVERAGES, sentence, re.IGNORECASE) is None, sentence


def test_rates_say_the_numbers_of_the_attribution_files() -> None:
    entries = [
        (cell.check, each)
        for cell in read_overview().passed
        for key, each in cell.attributions.items()
        if key.startswith(answers.RATE)
    ]
    for check, each in entries:
        for said in answers.list_rates({answers.RATE: each}, check, "x"):
            numbers, _, chance = said.removeprefix(each["label"]).partition("; P(")
            assert_said(numbers, [each["median"], each["lower"], each["upper"]])
            sign, printed = re.findall(r"\)\s(=|<)\s([\d.]+)", chance)[0]
            none = 1 - each["p_positive"]
            assert none < float(printed) if sign == "<" else is_printed(printed, none)


def test_verdicts_and_densities_say_the_numbers_of_the_check_files() -> None:
    for check in (cell.check for cell in read_overview().passed):
        limits = check["limits"]
        convergence = [check["max_rhat"], limits["max_rhat"], check["min_ess_bulk"]]
        convergence += [check["min_ess_tail"], limits["min_ess"], check["divergences"]]
        convergence += [limits["max_divergences"], check["min_bfmi"], limits["min_bfmi"]]
        assert_said(describe_convergence(check), convergence)
        density, _, method = describe_density(check).partition("), by ")
        if density:
            assert_said(density, [check["elpd_loo"], check["elpd_loo_se"]])
            assert method.startswith(check["elpd_method"])
