"""The answer so far: its sentences quote the largest and the smallest, caveat before number."""

import pytest
from real_overview import read_overview

from pipeline.site.overview import estimates
from pipeline.site.overview.estimates import Row
from pipeline.site.overview.synopsis import Line, say_doubling, say_rates, say_shares, summarise


def make_row(key: str, *bounds: float | None, caveats: tuple[str, ...] = ()) -> Row:
    return Row("group", "d", key, "label", "model", *bounds, caveats=caveats)


def make_line(title: str, share: tuple[float, ...], rate: tuple[float, ...], *caveats: str) -> Line:
    return Line(
        title,
        title,
        f"{title}-toy",
        make_row("share_compute[x]", *share, caveats=caveats) if share else None,
        make_row("rate_decades_per_year", *rate, caveats=caveats),
    )


LOW = make_line("Low", (0.2, 0.1, 0.3), (0.3010299957, 0.1505149978, 0.6020599913))
HIGH = make_line("High", (0.8, 0.7, 0.9), (1.2041199827, -0.1, 2.4082399653), "not identified")
MIDDLE = make_line("Middle", (), (0.6020599913, 0.5, 0.7))


def test_the_largest_and_the_smallest_share_are_quoted_with_sign_and_interval() -> None:
    said = say_shares([LOW, MIDDLE, HIGH]).replace("\N{NO-BREAK SPACE}", " ")
    assert (
        "▲ 80 % (70 % to 90 %) of progress in effective compute on High, the highest median" in said
    )
    assert "and 20 % (10 % to 30 %) on Low, the lowest" in said
    assert "Middle" not in said


def test_the_fastest_and_the_slowest_rate_are_quoted_as_doubling_times() -> None:
    said = say_rates([LOW, MIDDLE, HIGH]).replace("\N{NO-BREAK SPACE}", " ")
    assert "▲ 3.0 months (1.5 to no bound) on High, the fastest median" in said
    assert "every 12 months (6.0 to 24) on Low, the slowest" in said
    assert "excludes a standstill in 2 of 3 cases" in said


def test_one_dataset_is_neither_most_nor_least() -> None:
    assert "the highest" not in say_shares([LOW])
    assert "the fastest" not in say_rates([LOW])
    assert "20" in say_shares([LOW])


def test_nothing_is_said_of_nothing() -> None:
    assert say_shares([MIDDLE]) == ""
    assert say_rates([]) == ""


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
    assert say_doubling(make_row("rate_decades_per_year", *bounds)) == words


def test_lines_of_the_results_are_the_best_estimate_of_each_dataset_with_a_rate() -> None:
    overview = read_overview()
    rates = estimates.list_rates(overview, {}, [])
    made = summarise(overview, rates, estimates.list_shares(overview))
    names = {line.dataset for line in made.lines}
    assert names == {"imagenet_efficiency", "math", "mmlu", "imagenet", "lm_perplexity"}
    for line in made.lines:
        assert line.rate is not None
        speaks = [row for row in rates if row.dataset == line.dataset and row.kind == "averaged"]
        assert (line.rate.kind == "averaged") == bool(speaks)
    (alexnet,) = [line for line in made.lines if line.dataset == "imagenet_efficiency"]
    assert alexnet.rate is not None
    assert alexnet.rate.key == "rate_decades_per_year[AlexNet]"
