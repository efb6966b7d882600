"""The split at the top of a page: what it draws and says is what the draws are."""

from typing import Any

import numpy as np
import pytest
import vl_convert
import xarray as xr
from worked_splits import (
    FIRST,
    HEADLINE,
    NO_LAB,
    PASSED,
    SMALL,
    make_blind,
    make_estimands,
    make_main,
    make_step,
    spread,
)

from models.effective_compute.split import Step
from pipeline.fit.attribute import attribute
from pipeline.site.posterior import split_charts
from pipeline.site.posterior.splits import FADE_LEVELS, Split, make_split


def split(step: Step, absent: dict[str, str] | None = None, **check: Any) -> Split:
    estimands = make_estimands({FIRST: step}, absent)
    made = make_split(HEADLINE, estimands, attribute(estimands), PASSED | check)
    assert made is not None
    return made


def get(made: Split, part: str) -> dict[Any, Any]:
    (row,) = made.frame[made.frame["part"] == part].to_dict("records")
    return row


def read_stops(made: Split) -> list[dict[str, Any]]:
    """Place on the axis and opacity of every stop of the bars that fade to the right."""
    (panel,) = split_charts.draw_split(made).panels
    stops = []
    for layer in panel.spec["layer"]:
        gradient = layer["mark"].get("color")
        if isinstance(gradient, dict) and gradient["x1"] == 0:
            (bar,) = panel.spec["datasets"][layer["data"]["name"]]
            stops += [
                {
                    "row": bar["row"],
                    "x": bar["end"] * stop["offset"],
                    "opacity": float(stop["color"].removesuffix(")").split(",")[-1]),
                }
                for stop in gradient["stops"]
            ]
    return stops


def test_intervals_are_those_of_the_attributions() -> None:
    estimands = make_estimands({FIRST: make_main(spread(2.0, 1.0))})
    found = attribute(estimands)
    made = make_split(HEADLINE, estimands, found, PASSED)
    assert made is not None
    for part in ("compute", "algorithms", "unexplained"):
        row = get(made, part)
        for bound in ("median", "lower", "upper"):
            assert row[bound] == found[f"share_{part}[{FIRST}]"][bound]


def test_half_of_the_draws_lie_in_the_thick_line() -> None:
    estimands = make_estimands({FIRST: make_main(spread(2.0, 1.0))})
    made = make_split(HEADLINE, estimands, attribute(estimands), PASSED)
    assert made is not None
    row, draws = get(made, "compute"), estimands["share_compute"].to_numpy()
    inside = (draws >= row["lower_50"]) & (draws <= row["upper_50"])
    assert inside.mean() == pytest.approx(0.5, abs=0.01)
    assert row["lower"] < row["lower_50"] < row["median"] < row["upper_50"] < row["upper"]


def test_bar_is_as_opaque_as_the_share_is_likely_to_reach_there() -> None:
    estimands = make_estimands({FIRST: make_main(spread(2.0, 1.0))})
    made = make_split(HEADLINE, estimands, attribute(estimands), PASSED)
    assert made is not None
    draws = estimands["share_compute"].to_numpy()
    stops = [stop for stop in read_stops(made) if stop["row"] == 0]
    assert len(stops) == len(FADE_LEVELS) + 1
    for stop in stops:
        likely = (draws > stop["x"]).mean()
        assert stop["opacity"] / split_charts.SOLID == pytest.approx(likely, abs=0.01)


def test_share_of_either_sign_fades_to_both_sides() -> None:
    made = split(make_main(spread(2.0, 1.0)))
    (panel,) = split_charts.draw_split(made).panels
    sides = [
        (panel.spec["datasets"][layer["data"]["name"]][0]["row"], layer["mark"]["color"]["x1"])
        for layer in panel.spec["layer"]
        if isinstance(layer["mark"].get("color"), dict)
    ]
    assert sorted(sides) == [(0, 0), (1, 0), (2, 0), (2, 1)]
    assert "unexplained" in made.caption
    assert "which may be of either sign" in made.caption


def test_sure_signs_are_not_said_to_be_open() -> None:
    made = split(make_main(spread(2.0, 0.1), unexplained=spread(0.5, 0.1)))
    assert "either sign" not in made.caption
    assert "below 0" not in made.caption


def test_words_give_the_numbers() -> None:
    made = split(make_main(np.full((1, 400), 1.0), trend=spread(3.0, 0.0)))
    assert made.caption.startswith(f"Label of {FIRST}: compute 25\N{NO-BREAK SPACE}% (")
    assert "algorithms 75\N{NO-BREAK SPACE}% (" in made.caption


def test_share_that_no_draw_moves_has_no_interval() -> None:
    made = split(make_main(spread(2.0, 1.0), unexplained=np.zeros((1, 400))))
    assert "unexplained 0\N{NO-BREAK SPACE}% in every draw." in made.caption


def test_probabilities_are_those_of_the_draws() -> None:
    estimands = make_estimands({FIRST: make_main(spread(3.0, 2.0))})
    made = make_split(HEADLINE, estimands, attribute(estimands), PASSED)
    assert made is not None
    compute, algorithms = (
        estimands[f"share_{name}"].to_numpy() for name in ("compute", "algorithms")
    )
    assert f"half of the step) = {(compute > 0.5).mean():.2f};" in made.caption
    assert f"more than compute) = {(algorithms > compute).mean():.2f}." in made.caption


def test_shares_outside_of_the_whole_are_drawn_and_explained() -> None:
    made = split(make_main(spread(4.0, 0.1), trend=spread(-2.0, 0.1)))
    assert get(made, "compute")["lower"] > 1
    assert get(made, "algorithms")["upper"] < 0
    (panel,) = split_charts.draw_split(made).panels
    scales = [
        layer["encoding"]["x"]["scale"]["domain"]
        for layer in panel.spec["layer"]
        if "scale" in layer["encoding"].get("x", {})
    ]
    ((low, high),) = scales
    assert low < get(made, "algorithms")["lower"]
    assert high > get(made, "compute")["upper"]
    assert "A share below 0 means" in made.caption


def test_parts_of_algorithms_have_rows_where_there_are_several() -> None:
    made = split(make_main(spread(2.0, 1.0), technique=spread(0.5, 0.2)))
    assert list(made.frame["part"]) == [
        "compute",
        "algorithms",
        "unexplained",
        "technique",
        "trend",
    ]
    alone = split(make_main(spread(2.0, 1.0)))
    assert list(alone.frame["part"]) == ["compute", "algorithms", "unexplained"]


def test_part_that_is_not_reported_has_its_reason_and_no_row() -> None:
    absent, zero = {"lab": NO_LAB, "unexplained": "not in this model."}, np.zeros((1, 400))
    made = split(
        make_step(
            compute=spread(2.0, 1.0), trend=spread(1.0, 0.1), allocation=zero, technique=zero
        ),
        absent,
    )
    assert list(made.frame["part"]) == ["compute", "algorithms"]
    assert "unexplained (not in this model)" in made.caption
    assert f"lab ({NO_LAB})" in made.caption


def test_share_that_is_not_reported_is_not_drawn_and_says_why() -> None:
    estimands = make_estimands({FIRST: make_main(spread(-3.0, 1.0), unexplained=spread(0, 0.1))})
    made = make_split(HEADLINE, estimands, attribute(estimands), PASSED)
    assert made is not None
    assert made.frame.empty
    assert "sum to under 0.1" in made.reason


def test_step_with_an_end_of_unknown_compute_says_so() -> None:
    made = split(make_blind())
    assert made.reason == "the training compute of one end is not known"


def test_failed_fit_has_no_bar_and_no_number() -> None:
    made = split(make_main(spread(2.0, 1.0)), verdict="fail")
    assert made.frame.empty
    assert made.caption == ""
    assert made.reason == "the fit did not converge"


@pytest.mark.parametrize("key", ["doubling_time_months", "share_compute", "ratio[x]"])
def test_other_headlines_have_no_split_or_say_why(key: str) -> None:
    made = make_split(key, xr.Dataset(), {}, PASSED)
    assert made is None or made.reason == f"the attribution file has no {key}"


def test_warnings_stand_before_the_numbers() -> None:
    made = split(
        make_main(spread(2.0, 1.0)),
        is_identified=False,
        driven_by_prior=[HEADLINE, f"share_compute[{SMALL}]"],
        driven_by={HEADLINE: ["rate"]},
    )
    assert made.warnings == (
        "▲ The data do not tell the parts apart: the split leans on the priors.",
        "▲ Compute: driven by the prior (rate).",
    )
    assert "▲" not in made.caption


def test_picture_compiles_and_its_alternative_text_has_the_numbers() -> None:
    made = split(make_main(spread(2.0, 1.0)))
    drawing = split_charts.draw_split(made)
    assert vl_convert.vegalite_to_svg(drawing.panels[0].spec | {"width": 300}).startswith("<svg")
    for name in ("compute", "algorithms", "unexplained"):
        assert f"{name} {split_charts.splits.describe_share(get(made, name))}" in (
            drawing.description
        )


def test_download_has_every_row_with_both_intervals() -> None:
    drawing = split_charts.draw_split(split(make_main(spread(2.0, 1.0))))
    columns = ["part", "level", "median", "lower", "upper", "lower_50", "upper_50"]
    assert list(drawing.frame.columns) == columns
    assert len(drawing.frame) == 3
