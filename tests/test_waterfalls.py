"""Waterfalls of the steps: bars add up, intervals are the draws', words hold for the numbers."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
import xarray as xr
from worked_splits import (
    BLIND,
    FIRST,
    NO_LAB,
    RECORD,
    SMALL,
    make_blind,
    make_estimands,
    make_main,
    make_step,
    spread,
)

from models.effective_compute.split import LOSS_KINDS
from pipeline.fit.attribute import attribute
from pipeline.site.posterior import split_charts
from pipeline.site.posterior.waterfalls import (
    SCALES,
    WHOLE,
    Waterfall,
    describe_change,
    make_waterfall,
)

SKEWED = np.exp(np.linspace(-3, 3, 400))[None]


def make(estimands: xr.Dataset, kind: Any = "decades") -> Waterfall:
    made = make_waterfall(estimands, kind, FIRST)
    assert made is not None
    return made


def rows_of(made: Waterfall, step: str = FIRST) -> pd.DataFrame:
    rows = made.frame[made.frame["comparison"] == step]
    return rows.set_index("part")


def test_bars_join_and_end_at_the_mean_of_the_whole_step() -> None:
    estimands = make_estimands({FIRST: make_main(SKEWED)})
    rows = rows_of(make(estimands))
    whole = sum(
        estimands[f"decades_{part}"].to_numpy() for part in ("compute", "trend", "unexplained")
    )
    steps = rows.drop(index=WHOLE)
    assert list(steps["start"][1:]) == pytest.approx(list(steps["end"][:-1]), abs=1e-4)
    assert rows.loc[WHOLE, "end"] == pytest.approx(whole.mean(), rel=1e-4)
    assert steps["end"].iloc[-1] == pytest.approx(rows.loc[WHOLE, "end"], rel=1e-4)


def test_interval_is_that_of_the_part_from_where_its_bar_starts() -> None:
    estimands = make_estimands({FIRST: make_main(spread(2.0, 1.0))})
    rows, found = rows_of(make(estimands)), attribute(estimands)
    for part in ("compute", "trend", "unexplained"):
        entry = found[f"decades_{part}[{FIRST}]"]
        assert rows.loc[part, "lower"] == pytest.approx(entry["lower"])
        assert rows.loc[part, "low"] == pytest.approx(
            rows.loc[part, "start"] + entry["lower"], rel=1e-5
        )
        assert rows.loc[part, "high"] == pytest.approx(
            rows.loc[part, "start"] + entry["upper"], rel=1e-5
        )


def test_interval_of_the_whole_is_not_the_sum_of_intervals() -> None:
    """Compute and trend of the toy move against each other: the whole is surer than its parts."""
    rows = rows_of(make(make_estimands({FIRST: make_main(spread(2.0, 0.5))})))
    width = rows["upper"] - rows["lower"]
    assert width[WHOLE] < width.drop(WHOLE).sum()


def test_score_is_in_percentage_points_in_words_and_raw_in_the_file() -> None:
    made = make(make_estimands({FIRST: make_main(spread(2.0, 1.0))}), "shapley")
    row = rows_of(made).loc["compute"]
    assert row["median"] == pytest.approx(0.02, abs=1e-3)
    assert describe_change(dict(row), made.scale).startswith("+2.0 (1.1 to 2.9)")


def test_parts_that_do_not_change_and_absent_parts_have_no_row() -> None:
    rows = rows_of(make(make_estimands({FIRST: make_main(spread(2.0, 1.0))})))
    assert list(rows.index) == ["compute", "trend", "unexplained", WHOLE]


def test_record_path_that_is_a_step_of_the_card_is_drawn_once() -> None:
    step = make_main(spread(2.0, 1.0))
    made = make(make_estimands({FIRST: step, SMALL: make_main(spread(1.0, 0.1)), RECORD: step}))
    assert list(made.frame["comparison"].unique()) == [FIRST, SMALL]
    assert f"Drawn once: Label of {RECORD} is the step Label of {FIRST}." in made.caption


def test_step_that_cannot_be_split_is_named_with_its_reason() -> None:
    made = make(make_estimands({FIRST: make_main(spread(2.0, 1.0)), BLIND: make_blind()}))
    assert list(made.frame["comparison"].unique()) == [FIRST]
    assert (
        f"Not drawn, since the training compute of one end is not known: Label of {BLIND}."
        in made.caption
    )


def test_step_whose_shares_are_not_reported_is_drawn() -> None:
    """Decades need no division: a step back and forth has bars, though it has no shares."""
    estimands = make_estimands({FIRST: make_main(spread(-3.0, 1.0))})
    assert FIRST in estimands["share_compute"].attrs["reasons"]
    assert list(rows_of(make(estimands)).index) == ["compute", "trend", "unexplained", WHOLE]


@pytest.mark.parametrize("steps", [{}, {FIRST: make_blind()}])
def test_nothing_to_draw_gives_no_figure(steps: dict[str, Any]) -> None:
    estimands = make_estimands(steps) if steps else xr.Dataset()
    assert make_waterfall(estimands, "decades", FIRST) is None


def test_caption_names_the_largest_part_with_its_probability() -> None:
    estimands = make_estimands({FIRST: make_main(spread(2.6, 1.0))})
    compute, trend = (estimands[f"decades_{part}"].to_numpy() for part in ("compute", "trend"))
    assert trend.mean() > compute.mean()
    chance = (trend > compute).mean()
    assert 0.5 < chance < 0.95
    caption = make(estimands).caption
    assert "The largest part is trend, +3.00 (" in caption
    assert f"(with probability {chance:.2f})" in caption


def test_negative_part_may_be_the_largest() -> None:
    made = make(make_estimands({FIRST: make_main(spread(1.0, 0.1), trend=spread(-5.0, 0.1))}))
    assert "The largest part is trend, \N{MINUS SIGN}5.00" in made.caption


def test_parts_of_unknown_sign_are_named_and_others_are_not() -> None:
    made = make(make_estimands({FIRST: make_main(spread(0.1, 1.0))}))
    assert "The data leave the sign open of: compute, unexplained." in made.caption
    sure = make(make_estimands({FIRST: make_main(spread(2.0, 0.1), unexplained=spread(1.0, 0.1))}))
    assert "sign open" not in sure.caption


def test_step_of_one_part_says_that_it_is_all() -> None:
    zero = dict.fromkeys(("allocation", "technique", "trend", "unexplained"), np.zeros((1, 400)))
    made = make(make_estimands({FIRST: make_step(compute=spread(2.0, 0.1), **zero)}))
    assert "all of it compute." in made.caption


def test_headline_that_is_not_drawn_leaves_the_caption_to_the_first_step() -> None:
    made = make(make_estimands({FIRST: make_blind(), SMALL: make_main(spread(2.0, 0.1))}))
    assert made.caption.startswith(f"Label of {SMALL}: ")


def test_lower_perplexity_is_said_to_be_better() -> None:
    step = make_main(spread(-50.0, 10.0), trend=spread(-10.0, 1.0))
    made = make(make_estimands({FIRST: step}, {"lab": NO_LAB}, LOSS_KINDS), "shapley")
    assert "steps to the left are progress" in made.caption
    assert made.scale is SCALES["nats per token"]


@pytest.mark.parametrize(
    ("median", "words"),
    [(0.004, "0.00"), (-0.004, "0.00"), (1.234, "+1.23"), (-1.234, "\N{MINUS SIGN}1.23")],
)
def test_sign_is_printed_but_not_on_what_rounds_to_nothing(median: float, words: str) -> None:
    row = {"median": median, "lower": -2.0, "upper": 2.0}
    said = describe_change(row, SCALES["decades"])
    assert said == f"{words} (\N{MINUS SIGN}2.00 to 2.00)"


def test_every_step_has_a_panel_that_compiles_on_one_scale() -> None:
    steps = {FIRST: make_main(spread(2.0, 1.0)), SMALL: make_main(spread(-1.0, 0.1))}
    drawing = split_charts.draw_waterfall(make(make_estimands(steps)), "steps")
    assert [panel.title for panel in drawing.panels] == [f"Label of {each}" for each in steps]
    domains = set()
    for panel in drawing.panels:
        assert vl_convert.vegalite_to_svg(panel.spec | {"width": 200}).startswith("<svg")
        domains |= {
            tuple(layer["encoding"]["x"]["scale"]["domain"])
            for layer in panel.spec["layer"]
            if "scale" in layer["encoding"]["x"]
        }
    assert len(domains) == 1


def test_all_that_is_drawn_lies_on_the_axis() -> None:
    steps = {FIRST: make_main(SKEWED), SMALL: make_main(spread(-4.0, 1.0))}
    made = make(make_estimands(steps))
    (panel, _) = split_charts.draw_waterfall(made, "steps").panels
    (domain,) = [
        layer["encoding"]["x"]["scale"]["domain"]
        for layer in panel.spec["layer"]
        if "scale" in layer["encoding"]["x"]
    ]
    drawn = made.frame[["start", "end", "low", "high"]].to_numpy()
    assert domain[0] <= drawn.min()
    assert drawn.max() <= domain[1]


def test_meaning_is_in_words_beside_the_colours() -> None:
    made = make(make_estimands({FIRST: make_main(spread(2.0, 1.0))}))
    drawing = split_charts.draw_waterfall(made, "steps")
    axis = drawing.panels[0].spec["encoding"]["y"]["axis"]["labelExpr"]
    assert all(part in axis for part in ("compute", "trend", "unexplained", WHOLE))
    meanings = [meaning for _, _, meaning in drawing.legend]
    assert meanings[:3] == ["compute", "algorithms and their parts", "unexplained"]


def test_download_has_means_medians_and_intervals() -> None:
    made = make(make_estimands({FIRST: make_main(spread(2.0, 1.0))}))
    frame = split_charts.draw_waterfall(made, "steps").frame
    columns = ["label", "part", "mean", "median", "lower", "upper", "unit"]
    assert list(frame.columns) == columns
