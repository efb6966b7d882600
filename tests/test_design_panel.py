"""What a page says of other designs follows from the ratios of the widths and their intervals."""

from typing import Any

import pytest

from pipeline.site.posterior.design_panel import answer_design, draw_design_figure, list_designs

Ratio = tuple[float, float, float]


def make_design(twice: Ratio, five: Ratio, broken: Ratio) -> dict[str, Any]:
    """A study of designs with these ratios: mean and the ends of its interval."""
    ratios = {"as_it_is": (1.0, 1.0, 1.0), "twice": twice, "five_times": five}
    return {
        "designs": {
            name: {
                "base_models": 10, "rows": 20, "datasets": 10, "failed": 1,
                "median_width": mean / 2, "ratio": mean, "ratio_lower": low, "ratio_upper": high,
            }
            for name, (mean, low, high) in (ratios | {"uncorrelated": broken}).items()
        }
    }  # fmt: skip


def about(mean: float, half: float = 0.03) -> Ratio:
    return mean, mean - half, mean + half


@pytest.mark.parametrize(
    ("twice", "five", "broken", "start"),
    [
        (about(0.95), about(0.94), about(0.97), "Neither a project nor waiting"),
        (about(0.88, 0.2), about(0.97, 0.2), about(0.9, 0.2), "Cannot be told"),
        (about(0.96, 0.1), about(0.93, 0.1), about(0.97, 0.1), "Cannot be told"),
        (about(0.8), about(0.6), about(0.5), "A project rather than a wait"),
        (about(0.8), about(0.6), about(0.7), "A project rather than a short wait"),
        (about(0.8), about(0.6), about(0.82), "A project or a wait"),
        (about(0.8), about(0.6), about(0.95), "More models rather than other ones"),
        (about(0.8, 0.15), about(0.6), about(0.92, 0.15), "More models: twice"),
        (about(0.95, 0.2), about(0.7), about(0.8, 0.1), "Perhaps a project"),
        (about(0.95), about(0.8), about(0.97), "A long wait"),
    ],
)
def test_answer_follows_the_order_of_the_widths_as_far_as_chance_lets_it(
    twice: Ratio, five: Ratio, broken: Ratio, start: str
) -> None:
    verdict, numbers = answer_design(make_design(twice, five, broken), None)
    assert verdict.startswith(start)
    assert "at the pace" not in verdict
    mean, low, high = broken
    assert f"{mean:.2f} [{low:.2f}, {high:.2f}] times with as many models as now" in numbers


@pytest.mark.parametrize(
    ("five", "words"),
    [(0.6, "though less than five times"), (0.72, "and perhaps as much as five times")],
)
def test_five_times_as_many_are_called_better_only_where_they_are(five: float, words: str) -> None:
    design = make_design(about(0.85), about(five), about(0.7))
    assert words in answer_design(design, 6.0)[0]
    assert "another 24 years at the pace of these data" in answer_design(design, 6.0)[0]


def test_ratios_without_an_interval_are_said_and_not_judged() -> None:
    design = make_design(about(0.5), about(0.4), about(0.3))
    for each in design["designs"].values():
        del each["ratio_lower"], each["ratio_upper"]
    verdict, numbers = answer_design(design, 3.0)
    assert verdict.startswith("Cannot be told")
    assert "is 0.50 times as wide with twice as many models, 0.40 times" in numbers
    assert "No interval of these ratios was measured over 10 simulated datasets" in numbers
    assert [row["ratio"] for row in list_designs(design)] == ["1", "0.50", "0.40", "0.30"]


def test_design_that_failed_is_not_answered() -> None:
    assert answer_design({"designs": {"twice": {"ratio": None}}}, 3.0) == []
    assert answer_design({}, 3.0) == []


def test_table_has_the_ratio_with_its_interval_and_the_data_as_they_are_as_one() -> None:
    rows = list_designs(make_design(about(0.8), about(0.6), about(0.7)))
    assert [row["ratio"] for row in rows] == [
        "1",
        "0.80 [0.77, 0.83]",
        "0.60 [0.57, 0.63]",
        "0.70 [0.67, 0.73]",
    ]
    figure = draw_design_figure(rows)
    assert figure is not None
    assert list(figure.frame["width"]) == [0.5, 0.4, 0.3, 0.35]
    assert "at least 9 simulated datasets" in figure.caption
