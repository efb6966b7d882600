"""Alternative text: what it says of a chart is what the chart's numbers are."""

import re

import numpy as np
import pandas as pd
from scipy import stats

from pipeline.site.charts import alternatives, kinds
from pipeline.site.charts.alternatives import POSTERIOR, PRIOR
from pipeline.site.charts.intervals import draw_literature
from pipeline.site.charts.series import OURS, PUBLISHED
from pipeline.site.figures.kinds import Curve, Figure


def test_question_has_no_second_mark() -> None:
    assert alternatives.join("Why?", "", "Because.") == "Why? Because."
    assert alternatives.join("Why?", "By date", "Because.") == "Why? By date. Because."
    assert alternatives.join("Title", "By date", "Words.") == "Title: By date. Words."


def test_densities_say_where_the_posterior_lies() -> None:
    grid = np.linspace(-10, 10, 400)
    curves = [
        pd.DataFrame({"x": grid, "density": stats.norm(1, sd).pdf(grid), "series": series})
        for series, sd in ((PRIOR, 3), (POSTERIOR, 1))
    ]
    words = alternatives.describe_densities(pd.concat(curves))
    assert "peaks 3.0 times" in words
    found = re.match(r"Posterior (\S+) \((\S+) to (\S+)\)", words)
    assert found is not None
    numbers = [float(part.replace("\N{MINUS SIGN}", "-")) for part in found.groups()]
    assert np.allclose(numbers, [1, 1 - 1.645, 1 + 1.645], atol=0.06)


def test_predictions_name_the_farthest_row() -> None:
    frame = pd.DataFrame(
        {"row": ["a", "b", "c"], "observed": [1.0, 5.0, -3.0], "median": 1.0}
        | {"lower": 0.0, "upper": 2.0}
    )
    words = alternatives.describe_predictions(frame)
    assert "1 lie above theirs, 1 below" in words
    assert "b, observed 5.00, predicted 1.00 (0 to 2.00)" in words


def test_differences_say_who_leaves_the_band() -> None:
    frame = pd.DataFrame(
        {"series": ["chain 1", "chain 1", "chain 2", "chain 2"], "x": [0.2, 0.8] * 2}
        | {"difference": [0.01, -0.02, 0.2, 0.0], "lower": -0.1, "upper": 0.1}
    )
    words = alternatives.describe_differences(frame)
    assert "chain 1: largest difference \N{MINUS SIGN}0.0200 at 0.800, inside" in words
    assert "chain 2: largest difference 0.200 at 0.200, outside of the band over 50 %" in words


def test_groups_count_those_outside() -> None:
    frame = pd.DataFrame(
        {"label": ["a", "b"], "observed": 1.0, "median": 0.5, "lower": 0.0}
        | {"upper": [2.0, 0.9], "is_inside": [True, False]}
    )
    assert alternatives.describe_groups(frame).startswith("1 of 2 groups lie outside. a: observed")


def test_curves_are_told_at_the_middle_of_their_axis() -> None:
    curve = pd.DataFrame(
        {
            "x": [1.0, 2.0, 3.0],
            "median": [1.0, 5.0, 9.0],
            "lower": 0.0,
            "upper": 10.0,
            "series": "s",
        }
    )
    frame = pd.DataFrame({"x": [1.0, 3.0], "y": [0.0, 9.0]})
    figure = Figure("scatter", "i", "T", "C.", frame, "x", "y", curve=Curve(curve))
    words = kinds.draw(figure).description
    assert "y from 0 to 9.00, against x from 1.00 to 3.00" in words
    assert "Curves at 2.00, median and 90 % interval: s 5.00 (0 to 10.0)" in words


def test_every_panel_tells_its_own_numbers() -> None:
    frame = pd.DataFrame(
        {"comparison": ["A", "B"], "part": "compute", "median": [0.1, 5.0]}
        | {"lower": 0.0, "upper": [1.0, 9.0]}
    )
    first, second = kinds.draw(Figure("parts", "p", "P", "C.", frame)).panels
    assert first.description == "P: A. 1 estimate with intervals. compute: 0.100 (0 to 1.00)."
    assert second.description == "P: B. 1 estimate with intervals. compute: 5.00 (0 to 9.00)."


def test_ours_is_not_named_twice_beside_others() -> None:
    frame = pd.DataFrame(
        {"panel": "rate", "title": "Rate", "unit": "1", "label": OURS, "interval": ""}
        | {"series": [OURS, PUBLISHED], "source": [OURS, "Doe 2020"]}
        | {"median": [1.0, 2.0], "lower": 0.5, "upper": 3.0, "is_open": False}
    )
    drawing = draw_literature(Figure("intervals", "l", "L", "C.", frame))
    assert "this posterior: 1.00 (0.500 to 3.00); Doe 2020, published: 2.00" in drawing.description
