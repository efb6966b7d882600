"""Charts: every kind compiles, shows what it was given, and says it in words."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
from cells import HOSTILE, make_model, make_table

from models import Card
from models.options import Options
from pipeline.site.charts import checks, intervals, kinds
from pipeline.site.charts.drawings import Drawing
from pipeline.site.charts.labels import LINE_PIXELS
from pipeline.site.charts.series import BASELINE, OURS
from pipeline.site.figures.kinds import Curve, Figure


@pytest.fixture(scope="module")
def drawings() -> dict[str, Drawing]:
    card = Card("toys", "efficiency", Options())
    figures = make_model().charts(None, make_table(), card)
    return {figure.kind: kinds.draw(figure) for figure in figures}


def draw_intervals(**columns: Any) -> Drawing:
    frame = pd.DataFrame(
        {"label": ["a", "b"], "median": [1.0, 2.0], "lower": [0.5, 1.5], "upper": [1.5, 2.5]}
        | columns
    )
    return kinds.draw(Figure("intervals", "forest", "Forest", "Caption.", frame))


@pytest.mark.parametrize("kind", ["scatter", "intervals", "parts"])
def test_every_kind_compiles(drawings: dict[str, Drawing], kind: str) -> None:
    for panel in drawings[kind].panels:
        assert vl_convert.vegalite_to_svg(panel.spec | {"width": 300}).startswith("<svg")


def test_specs_name_no_schema(drawings: dict[str, Drawing]) -> None:
    assert "$schema" not in json.dumps(
        [panel.spec for drawing in drawings.values() for panel in drawing.panels]
    )


def test_hostile_label_is_text_in_the_picture(drawings: dict[str, Drawing]) -> None:
    picture = vl_convert.vegalite_to_svg(drawings["intervals"].panels[0].spec | {"width": 300})
    assert "<script>" not in picture


def test_categories_differ_in_colour_and_shape(drawings: dict[str, Drawing]) -> None:
    points = drawings["scatter"].panels[0].spec["layer"][-1]["encoding"]
    assert points["color"]["field"] == points["shape"]["field"] == "model"


def test_hover_shows_the_columns_asked_for(drawings: dict[str, Drawing]) -> None:
    points = drawings["scatter"].panels[0].spec["layer"][-1]["encoding"]
    assert [item["field"] for item in points["tooltip"]] == ["model", "release_date", "resource"]


def test_logarithmic_axis_leaves_out_zero() -> None:
    frame = pd.DataFrame({"x": [0.0, 1.0, 10.0], "y": [1.0, 2.0, 3.0]})
    drawing = kinds.draw(Figure("scatter", "s", "S", "C.", frame, "x", "y", is_log_x=True))
    assert "2 points" in drawing.description


def test_steps_have_a_panel_each_on_one_scale() -> None:
    frame = pd.DataFrame(
        {
            "comparison": ["A", "B"],
            "part": "compute",
            "median": [0.1, 5.0],
            "lower": 0.0,
            "upper": [1.0, 9.0],
        }
    )
    drawing = kinds.draw(Figure("parts", "p", "P", "C.", frame))
    assert [panel.title for panel in drawing.panels] == ["A", "B"]
    assert len({_domain(panel.spec) for panel in drawing.panels}) == 1


def test_interval_without_end_runs_to_the_edge() -> None:
    spec = draw_intervals(upper=[1.5, np.inf]).panels[0].spec
    rows = {row["label"]: row for row in next(iter(spec["datasets"].values()))}
    assert rows["b"]["upper"] is None
    assert rows["b"]["is_open"]
    assert rows["b"]["high"] == _domain(spec)[1]


def test_description_gives_the_numbers() -> None:
    assert "b: 2.00 (1.50 to 2.50)" in draw_intervals().description


def test_series_of_one_label_stand_side_by_side() -> None:
    spec = draw_intervals(label="a", series=[OURS, BASELINE]).panels[0].spec
    assert '"yOffset"' in json.dumps(spec)


def test_curve_is_drawn_below_the_points() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "y": [1.0, 2.0]})
    curve = Curve(
        pd.DataFrame(
            {"x": [1.0, 2.0], "median": 1.0, "lower": 0.5, "upper": 1.5, "series": HOSTILE}
        )
    )
    spec = (
        kinds.draw(Figure("scatter", "s", "S", "C.", frame, "x", "y", curve=curve)).panels[0].spec
    )
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["area", "line", "point"]


def test_curve_and_points_share_the_marks_of_their_axis() -> None:
    frame = pd.DataFrame({"x": [1e20, 1e22], "y": [1.0, 2.0]})
    curve = Curve(frame.assign(median=1.0, lower=0.5, upper=1.5, series="s", x=[1e16, 1e18]))
    figure = Figure("scatter", "s", "S", "C.", frame, "x", "y", is_log_x=True, curve=curve)
    layers = kinds.draw(figure).panels[0].spec["layer"]
    ticks = [layer["encoding"]["x"]["axis"]["values"] for layer in layers]
    assert ticks[0] == ticks[1] == ticks[2]
    assert min(ticks[0]) <= 1e17
    assert max(ticks[0]) >= 1e21


def test_labels_in_lines_have_rows_as_high() -> None:
    short, long = draw_intervals().panels[0], draw_intervals(label=["word " * 12, "b"]).panels[0]
    assert long.spec["height"] >= 2 * 3 * LINE_PIXELS > short.spec["height"]


def test_description_names_labels_in_full() -> None:
    label = "a label of many words that an axis would break into lines and cut at the end of them"
    assert f"{label}: 1.00" in draw_intervals(label=[label, "b"]).description


def make_special(kind: str) -> Drawing:
    """A figure that is not a model's: widths of designs, groups of rows."""
    numbers = {"median": 0.3, "lower": [0.1, 0.2], "upper": 0.5}
    frames = {
        "widths": {"width": [0.5, 0.2]},
        "groups": numbers
        | {"panel": ["By date", "By technique"], "group": "x", "count": 3, "observed": [0.3, 0.7]}
        | {"p": 0.5, "is_inside": [True, False]},
    }
    frame = pd.DataFrame({"label": [HOSTILE, "b"]} | frames[kind])
    draw = {"widths": intervals.draw_widths, "groups": checks.draw_groups}
    return draw[kind](Figure("intervals", kind, "Title", "Caption.", frame, hover=("label",)))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("widths", "b: 0.20"),
        ("groups", "b: observed 0.700, predicted 0.300 (0.200 to 0.500)"),
    ],
)
def test_figures_of_checks_compile_and_are_described(kind: str, words: str) -> None:
    drawing = make_special(kind)
    assert words in " ".join(panel.description for panel in drawing.panels)
    for panel in drawing.panels:
        picture = vl_convert.vegalite_to_svg(panel.spec | {"width": 300})
        assert picture.startswith("<svg")
        assert "<script>" not in picture


def _domain(spec: dict[str, Any]) -> tuple[float, float]:
    (domain,) = [
        tuple(layer["encoding"]["x"]["scale"]["domain"])
        for layer in spec["layer"]
        if "scale" in layer["encoding"]["x"]
    ]
    return domain
