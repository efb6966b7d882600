"""Charts: every kind compiles, shows what it was given, and says it in words."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
from scipy import stats

from pipeline.site.charts import checks, drawings, intervals
from pipeline.site.charts.axes import LINE_PIXELS, OURS, PUBLISHED
from pipeline.site.charts.drawings import POSTERIOR, PRIOR, Drawing
from pipeline.site.figures.kinds import Figure
from pipeline.site.overview import forest_charts
from pipeline.site.overview.estimates import Row
from pipeline.site.posterior.evidence_charts import draw

HOSTILE = "<script>alert(\"x\")</script> & 'quoted' {{ 7 * 7 }} {median} | `code`"
NUMBERS = {"median": [1.0, 2.0], "lower": [0.5, 1.5], "upper": [1.5, 2.5]}
LITERATURE: dict[str, Any] = {
    "panel": "rate",
    "title": "Rate",
    "unit": "1",
    "interval": "",
    "is_open": False,
}
WORDS = {"id": "rates", "title": "Rates", "caption": "Caption."}
ROWS = [
    Row("First", "a", "r", "Plain", "model", 0.5, 0.25, 1.0),
    Row("First", "a", "r", HOSTILE, "model", 0.4, -0.2, None, caveats=("not identified",)),
    Row("First", "a", "r", "Broken", "model", caveats=("not converged",), reason="nothing: R-hat"),
    Row("Second", "", "r", "Doe 2020", "published", 0.1, interval="no interval printed"),
    Row("Second", "", "r", "Roe 2021", "published", None, 0.05, 0.7, interval="95 %"),
]


def make_figure(kind: Any, frame: pd.DataFrame, **more: Any) -> Figure:
    return Figure(kind, "id", "Title", "Caption.", frame, **more)


def draw_intervals(**columns: Any) -> Drawing:
    frame = pd.DataFrame({"label": ["a", "b"]} | NUMBERS | columns)
    return draw(make_figure("intervals", frame))


def draw_scatter(**more: Any) -> Drawing:
    frame = pd.DataFrame({"x": [0.0, 1e20, 1e22], "y": [1.0, 2.0, 3.0], "lab": [HOSTILE, "b", "b"]})
    curve = pd.DataFrame({"x": [1e16, 1e18], "series": HOSTILE}).assign(
        median=5.0, lower=0.5, upper=9.0
    )
    options = {"x": "x", "y": "y", "colour": "lab", "is_log_x": True, "hover": ("lab", "y")}
    return draw(make_figure("scatter", frame, curve=curve, **(options | more)))


def draw_parts() -> Drawing:
    frame = pd.DataFrame({"comparison": ["A", "B"], "part": "compute", "median": [0.1, 5.0]})
    return draw(make_figure("parts", frame.assign(lower=0.0, upper=[1.0, 9.0])))


def draw_literature() -> Drawing:
    sources = {"label": OURS, "series": [OURS, PUBLISHED], "source": [OURS, "Doe 2020"]}
    frame = pd.DataFrame(NUMBERS | sources).assign(**LITERATURE)
    return intervals.draw_literature(make_figure("intervals", frame))


def draw_groups() -> Drawing:
    frame = pd.DataFrame({"label": [HOSTILE, "b"], "panel": ["By date", "By technique"]} | NUMBERS)
    frame = frame.assign(group="x", count=3, p=0.5, observed=[1.0, 7.0], is_inside=[True, False])
    return checks.draw_groups(make_figure("intervals", frame, x_title="mean score"))


def draw_forest() -> Drawing:
    return forest_charts.draw_forest(ROWS, forest_charts.RATES, WORDS)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (draw_intervals, "b: 2.00 (1.50 to 2.50)"),
        (draw_scatter, "2 points: y from 2.00 to 3.00, against x from 1.00 "),
        (
            draw_scatter,
            "median and 90\N{NO-BREAK SPACE}% interval where they start, half way and at "
            "their ends: " + HOSTILE + ": 5.00 (0.500 to",
        ),
        (draw_parts, "A. 1 estimate with intervals. compute: 0.100 (0 to 1.00)."),
        (draw_literature, "this posterior: 1.00 (0.500 to 1.50); Doe 2020, published: 2.00"),
        (draw_groups, "b: observed 7.00, predicted 2.00 (1.50 to 2.50)"),
        (draw_forest, "First, Plain: 0.50 (0.25 to 1.0). Second, Doe 2020: 0.10."),
    ],
)
def test_every_kind_compiles_without_markup_from_data_and_is_described(
    make: Any, words: str
) -> None:
    drawing = make()
    assert words in " ".join(panel.description for panel in drawing.panels)
    for panel in drawing.panels:
        picture = vl_convert.vegalite_to_svg(panel.spec | {"width": 300})
        assert picture.startswith("<svg")
        assert "<script>" not in picture
        assert "$schema" not in panel.spec


def test_picture_that_stands_in_for_a_chart_has_no_markup_of_data_and_says_nothing_twice() -> None:
    panel = draw_scatter().panels[0]
    still = drawings.draw_still(panel, "toy-0")
    assert still == drawings.draw_still(panel, "toy-0")  # whatever was drawn before
    assert "<script" not in still
    assert 'style="width:100%;height:auto"' in still
    assert "aria-" not in still
    assert "currentColor" in still


def test_scatter_has_its_curve_below_the_points_on_one_axis() -> None:
    layers = draw_scatter().panels[0].spec["layer"]
    assert [layer["mark"]["type"] for layer in layers] == ["area", "line", "point"]
    first, *others = [layer["encoding"]["x"]["axis"]["values"] for layer in layers]
    assert others == [first, first]
    assert min(first) <= 1e17 < 1e21 <= max(first)
    marked = draw_scatter(ends=("y", "x")).panels[0].spec["layer"]
    assert [layer["mark"]["type"] for layer in marked] == ["area", "line", "rule", "point"]
    panels = draw_parts().panels
    assert [panel.title for panel in panels] == ["A", "B"]
    assert len({find_domain(panel.spec) for panel in panels}) == 1


def test_interval_without_end_runs_to_the_edge() -> None:
    drawing = draw_intervals(upper=[1.5, np.inf])
    spec = drawing.panels[0].spec
    rows = {row["label"]: row for row in next(iter(spec["datasets"].values()))}
    assert rows["b"]["upper"] is None
    assert rows["b"]["high"] == find_domain(spec)[1]
    assert "b: 2.00 (1.50 to no upper bound)" in drawing.panels[0].description


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((np.nan, np.nan, np.nan), "a: not reported"),
        ((np.inf, np.inf, np.inf), "a: no finite value"),
        ((0.4, np.nan, np.nan), "a: 0.400;"),
        ((1.5, -0.25, 2.0), "a: 1.50 (\N{MINUS SIGN}0.250 to 2.00)"),
    ],
)
def test_what_an_interval_lacks_is_said(numbers: tuple[float, ...], words: str) -> None:
    pairs = zip(("median", "lower", "upper"), numbers, strict=True)
    assert (
        words in draw_intervals(**{name: [each, 1.0] for name, each in pairs}).panels[0].description
    )


def test_labels_in_lines_have_rows_as_high_and_are_described_in_full() -> None:
    label = "word " * 12 + "end"
    short, long = draw_intervals(), draw_intervals(label=[label, "b"])
    heights = [drawing.panels[0].spec["height"] for drawing in (long, short)]
    assert heights[0] >= 2 * 3 * LINE_PIXELS > heights[1]
    assert f"{label}: 1.00" in long.panels[0].description


def test_densities_say_where_the_posterior_lies() -> None:
    grid = np.linspace(-10, 10, 400)
    curves = [
        pd.DataFrame({"x": grid, "density": stats.norm(1, sd).pdf(grid), "series": series})
        for series, sd in ((PRIOR, 3), (POSTERIOR, 1))
    ]
    words = drawings.describe_densities(pd.concat(curves))
    assert "peaks 3.0 times" in words
    found = re.match(r"Posterior (\S+) \((\S+) to ([^)]+)\)", words)
    assert found is not None
    numbers = [float(part.replace("\N{MINUS SIGN}", "-")) for part in found.groups()]
    assert np.allclose(numbers, [1, 1 - 1.645, 1 + 1.645], atol=0.06)


def test_predictions_and_ranks_name_what_lies_outside() -> None:
    frame = pd.DataFrame({"row": ["a", "b", "c"], "observed": [1.0, 5.0, -3.0], "median": 1.0})
    words = drawings.describe_predictions(frame.assign(lower=0.0, upper=2.0))
    assert "1 lie above theirs, 1 below" in words
    assert "b, observed 5.00, predicted 1.00 (0 to 2.00)" in words
    ranks = pd.DataFrame({"series": ["1", "1", "2", "2"], "x": [0.2, 0.8] * 2})
    ranks = ranks.assign(difference=[0.01, -0.02, 0.2, 0.0], lower=-0.1, upper=0.1)
    words = drawings.describe_differences(ranks)
    assert "1: largest difference \N{MINUS SIGN}0.0200 at 0.800, inside" in words
    assert "2: largest difference 0.200 at 0.200, outside of the band over 50" in words


def test_forest_marks_caveats_and_names_rows_without_number() -> None:
    drawing, lines = draw_forest(), forest_charts.make_frame(ROWS, forest_charts.RATES)
    assert list(lines.loc[lines["kind"] == "", "group"]) == ["First", "Second"]
    hollow = lines[~lines["is_sure"].astype(bool)]
    assert "▲ " in hollow["place"].iloc[0]
    assert hollow["place"].iloc[1].endswith("✗ Broken: not converged")
    assert hollow[["median", "lower", "upper"]].iloc[1].isna().all()
    assert list(drawing.frame["label"]) == [row.label for row in ROWS]
    low, high = find_domain(drawing.panels[0].spec)
    assert low < -0.2 < 1.0 < high


def find_domain(spec: dict[str, Any]) -> tuple[float, float]:
    """The range of the axis of a chart's numbers."""
    scales = [layer["encoding"]["x"].get("scale", {}) for layer in spec["layer"]]
    (domain,) = {tuple(scale["domain"]) for scale in scales if "domain" in scale}
    return domain
