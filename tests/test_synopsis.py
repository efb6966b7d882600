"""The answer so far: its sentences quote the largest and the smallest, caveat before number."""

from typing import Any

import pytest
from real_overview import LAYOUT, RATE, read_overview

from pipeline.site.charts.drawings import chart_library
from pipeline.site.overview import rows
from pipeline.site.overview.estimates import list_rates, list_shares
from pipeline.site.overview.rows import Row
from pipeline.site.overview.synopsis import Line, summarise
from pipeline.site.pages import rendering


def make_row(*bounds: float | None, caveats: tuple[str, ...] = ()) -> Row:
    return Row("group", "d", "key", "label", "model", *bounds, caveats=caveats)


def make_line(title: str, share: tuple[float, ...], rate: tuple[float, ...], *caveats: str) -> Line:
    made = make_row(*share, caveats=caveats) if share else None
    return Line(title, f"{title}-toy", made, make_row(*rate, caveats=caveats))


LOW = make_line("Low", (0.2, 0.1, 0.3), (0.3010299957, 0.1505149978, 0.6020599913))
HIGH = make_line("High", (0.8, 0.7, 0.9), (1.2041199827, -0.1, 2.4082399653), "not identified")


def say(name: str, *args: Any) -> str:
    template = rendering.environment(LAYOUT.templates, chart_library).get_template(
        "synopsis.html.jinja"
    )
    return str(getattr(template.module, name)(*args)).replace("\N{NO-BREAK SPACE}", " ")


def test_the_largest_and_the_smallest_are_quoted_with_sign_and_interval() -> None:
    said = say("say_shares", [LOW, HIGH], rows.say)
    assert (
        "▲&nbsp;80 % (70 % to 90 %) of progress in effective compute on High, the highest" in said
    )
    assert "and 20 % (10 % to 30 %) on Low, the lowest" in said
    said = say("say_rates", [LOW, HIGH], rows.say_doubling, "interval")
    assert "▲&nbsp;3.0 months (1.5 to no bound) on High, the fastest median" in said
    assert "every 12 months (6.0 to 24) on Low, the slowest" in said
    assert "excludes a standstill in 1 of 2 cases" in said


def test_one_dataset_is_neither_most_nor_least_and_nothing_is_said_of_nothing() -> None:
    assert "the highest" not in say("say_shares", [LOW], rows.say)
    assert say("say_rates", [], rows.say_doubling, "interval").strip() == ""


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ((0.3010299957, None, None), "12 months"),
        ((-0.1, -0.2, 0.3010299957), "no finite median (12 to no bound)"),
        ((None, 0.1505149978, 0.3010299957), "no estimate (12 to 24)"),
    ],
)
def test_doubling_times_that_do_not_exist_are_said_not_to(
    bounds: tuple[float | None, ...], words: str
) -> None:
    assert rows.say_doubling(make_row(*bounds)) == words


def test_lines_of_the_results_are_the_best_estimate_of_each_dataset_with_a_rate() -> None:
    rates = list_rates(read_overview(), {})
    made = {
        line.rate.dataset: line
        for line in summarise(read_overview(), rates, list_shares(read_overview()))
    }
    assert set(made) == {"imagenet_efficiency", "math", "mmlu", "imagenet", "lm_perplexity"}
    for dataset, line in made.items():
        speaks = [row for row in rates if row.dataset == dataset and row.kind == "averaged"]
        assert (line.rate.kind == "averaged") == bool(speaks)
    assert made["imagenet_efficiency"].rate.key == f"{RATE}[AlexNet]"
