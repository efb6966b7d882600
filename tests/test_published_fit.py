"""The section of a page on the published fit: its figure, its table, and none without a study."""

from typing import Any

import pytest
import vl_convert
from conftest import ROOT

from pipeline.core.layout import Layout
from pipeline.site.charts.drawings import Drawing, stack_panels
from pipeline.site.posterior.published_fits import (
    draw_published_fit,
    list_rows,
    read_published_fit,
)
from pipeline.site.words import Words, read_words
from pipeline.studies.published_fits import THRESHOLD

LAYOUT = Layout(ROOT)


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return read_published_fit(LAYOUT, "lm_perplexity")


@pytest.fixture(scope="module")
def words() -> Words:
    return read_words(LAYOUT.words, "augmented_scaling_law")


@pytest.fixture(scope="module")
def drawing(found: dict[str, Any], words: Words) -> Drawing:
    (drawn,) = draw_published_fit(found, words)
    return drawn


def test_pairs_have_the_digits_that_were_printed_and_open_ends_are_said(
    found: dict[str, Any],
) -> None:
    pair = {"published": ["4.1", "40.55"], "ours": [4.148, 40.471], "corrected": [3.9, None]}
    rows = list_rows({"comparison": {"any_bias": pair | {"difference": "x"}}})
    assert rows["any_bias"] == {
        "published": "4.1 to 40.55",
        "ours": "4.1 to 40.47",
        "corrected": "3.9 to no end found",
        "difference": "x",
    }
    assert list_rows(found)["neutral"]["published"] == "9.2 and 11.6"


def test_a_dataset_without_a_study_has_no_section(words: Words) -> None:
    assert read_published_fit(LAYOUT, "math") == {}
    assert draw_published_fit({}, words) == []
    assert draw_published_fit({"as_printed": {}}, Words(title="without the figure")) == []


def test_figure_has_both_samples_over_the_bias_and_words_with_their_numbers(
    drawing: Drawing, found: dict[str, Any]
) -> None:
    rows = drawing.frame
    assert [panel.title for panel in drawing.panels] == ["Likelihood ratio", "Doubling time"]
    assert len(rows) == 2 * len(found["as_printed"]["over_bias"]["values"])
    assert (rows["likelihood_ratio"].le(THRESHOLD) == rows["is_inside"]).all()
    inside = rows[rows["is_inside"] & (rows["series"] == rows["series"].iloc[0])]
    over = found["as_printed"]["over_bias"]
    assert inside["share"].between(over["lower"], over["upper"]).all()
    assert f"{inside['doubling_time_months'].iloc[-1]:.1f} at" in drawing.panels[1].description


def test_figure_is_drawn(drawing: Drawing) -> None:
    svg = vl_convert.vegalite_to_svg(stack_panels(drawing))
    assert "share of the growth" in svg
