"""The forest plot: headings, hollow marks for caveats, text that is said to those who see none."""

import json
import re

import pytest
import vl_convert
from cells import HOSTILE

from pipeline.site.charts.drawings import Drawing
from pipeline.site.overview import forest_charts
from pipeline.site.overview.estimates import Row

ROWS = [
    Row("First", "a", "r", "Averaged", "averaged", 0.5, 0.25, 1.0),
    Row("First", "a", "r", HOSTILE, "model", 0.4, -0.2, None, caveats=("not identified",)),
    Row("First", "a", "r", "Broken", "model", caveats=("not converged",), reason="nothing: R-hat"),
    Row("Second", "", "r", "Doe 2020", "published", 0.1, interval="no interval printed"),
    Row("Second", "", "r", "Roe 2021", "published", None, 0.05, 0.7, interval="95 %"),
]


@pytest.fixture(scope="module")
def drawing() -> Drawing:
    return forest_charts.draw_forest(ROWS, "rates", "Rates", "Caption.", forest_charts.RATES)


def test_it_compiles_without_markup_from_data(drawing: Drawing) -> None:
    (panel,) = drawing.panels
    picture = vl_convert.vegalite_to_svg(panel.spec | {"width": 600})
    assert "First" in picture
    assert "Second" in picture
    assert "<script>" not in picture


def test_a_row_without_number_is_named_and_not_drawn(drawing: Drawing) -> None:
    spec = json.dumps(drawing.panels[0].spec)
    assert "Broken: not converged" in spec
    lines = forest_charts.make_frame(ROWS, forest_charts.RATES)
    broken = lines[lines["label"] == "Broken"]
    assert broken[["median", "lower", "upper"]].isna().all(axis=None)
    assert broken["place"].iloc[0].endswith("✗ Broken: not converged")


def test_a_caveat_is_a_sign_before_the_label_and_a_hollow_mark() -> None:
    lines = forest_charts.make_frame(ROWS, forest_charts.RATES)
    hollow = lines[~lines["is_sure"].astype(bool)]
    assert list(hollow["label"]) == [HOSTILE, "Broken"]
    assert "▲ " in hollow["place"].iloc[0]


def test_headings_are_told_apart_from_estimates() -> None:
    lines = forest_charts.make_frame(ROWS, forest_charts.RATES)
    assert list(lines.loc[lines["kind"] == "", "group"]) == ["First", "Second"]
    assert lines["place"].is_unique


def test_the_csv_has_the_estimates_alone(drawing: Drawing) -> None:
    assert list(drawing.frame["label"]) == [row.label for row in ROWS]


def test_alternative_text_says_the_first_number_of_every_group_after_its_caveats() -> None:
    doubtful = [ROWS[1], ROWS[4]]
    said = forest_charts.describe(doubtful, "Rates", forest_charts.RATES)
    assert "not identified: 0.40 (" in said
    assert "Second, Roe 2021: no estimate (0.050 to 0.70)." in said


def test_the_axis_reaches_over_all_numbers(drawing: Drawing) -> None:
    (domain,) = [
        layer["encoding"]["x"]["scale"]["domain"]
        for layer in drawing.panels[0].spec["layer"]
        if "scale" in layer["encoding"]["x"]
    ]
    assert domain[0] < -0.2
    assert domain[1] > 1.0


def test_legend_names_the_kinds_that_are_there(drawing: Drawing) -> None:
    meanings = [meaning for _, _, meaning in drawing.legend]
    assert meanings == [
        *("averaged over the models", "one model", "published", "read its caveat first"),
    ]


def test_axis_shows_its_own_ends_whatever_the_numbers() -> None:
    axis = forest_charts.Axis("share", forest_charts.SHARE_LABELS, "share", 0.5, ends=(0.0, 1.0))
    row = Row("First", "a", "r", "One", "model", 0.4, 0.35, 0.45)
    drawing = forest_charts.draw_forest([row], "shares", "Shares", "Caption.", axis)
    scales = re.findall(r'"scale": ({"domain": \[[-0-9., ]+\])', json.dumps(drawing.panels[0].spec))
    assert scales
    for scale in scales:
        low, high = json.loads(f"{scale}}}")["domain"]
        assert low <= 0 < 1 <= high
