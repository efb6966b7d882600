"""The evidence of a leaderboard: its records, errors of compute, choices, and what it says."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import vl_convert
from tables_for_models import make_card, make_leaderboard, make_loss_card, make_posterior

from models import Card
from models.leaderboards import compute_multiplier
from pipeline.site.charts.drawings import Control, Drawing
from pipeline.site.figures.kinds import Curve, Figure
from pipeline.site.posterior import boards, evidence_charts
from pipeline.site.posterior.boards import Board, find_records, make_board

TECHNIQUES = {
    tag: {"label": label, "definition": "test"}
    for tag, label in (("domain_tuning", "tuning"), ("majority_vote", "vote"))
}


@pytest.fixture(scope="module")
def card() -> Card:
    return make_card(techniques=TECHNIQUES)


@pytest.fixture(scope="module")
def figures(card: Card) -> list[Figure]:
    return compute_multiplier.charts(make_posterior(), make_leaderboard(), card)


@pytest.fixture(scope="module")
def board(figures: list[Figure], card: Card) -> Board:
    return make_board(figures[0], card)


@pytest.fixture(scope="module")
def drawing(figures: list[Figure], card: Card) -> Drawing:
    return evidence_charts.draw_linked(figures[0], card)


def find_control(drawing: Drawing, signal: str) -> Control:
    (control,) = [each for each in drawing.controls if each.signal == signal]
    return control


def list_signals(spec: dict[str, Any]) -> dict[str, Any]:
    return {param["name"]: param["value"] for param in spec["params"]}


def make_rows(**columns: Any) -> pd.DataFrame:
    frame = pd.DataFrame({"score": columns.pop("score")})
    dates = pd.to_datetime(columns.pop("dates"))
    return frame.assign(release_date=dates, benchmark="MATH", status="fitted").assign(**columns)


def test_record_beats_every_row_before_it() -> None:
    rows = make_rows(
        score=[0.3, 0.1, 0.2, 0.4, 0.5],
        dates=["2020-02-01", "2020-01-01", "2020-03-01", "2020-04-01", "2020-04-01"],
    )
    assert list(find_records(rows, "score", True)) == [True, True, False, False, True]


def test_record_of_a_loss_is_the_lowest() -> None:
    rows = make_rows(score=[3.0, 4.0, 2.0], dates=["2020-01-01", "2020-02-01", "2020-03-01"])
    assert list(find_records(rows, "score", False)) == [True, False, True]


def test_row_that_is_not_fitted_holds_no_record() -> None:
    rows = make_rows(
        score=[0.1, 0.9, 0.2],
        dates=["2020-01-01", "2020-02-01", "2020-03-01"],
        status=["fitted", "not fitted", "fitted"],
    )
    assert list(find_records(rows, "score", True)) == [True, False, True]


def test_benchmarks_have_records_of_their_own() -> None:
    rows = make_rows(
        score=[0.9, 0.1, 0.2], dates=["2020-01-01"] * 3, benchmark=["MATH", "GSM8K", "GSM8K"]
    )
    assert list(find_records(rows, "score", True)) == [True, False, True]


def test_compute_has_the_interval_of_its_class(board: Board) -> None:
    """A confident figure errs by 0.15 decade: 90 % lie within a factor of 10^(1.645 x 0.15)."""
    row = board.rows.iloc[0]
    assert row["compute_interval"].endswith("(confident)")
    assert row["compute_high"] / row["training_flop"] == pytest.approx(1.765, rel=1e-3)
    assert row["training_flop"] / row["compute_low"] == pytest.approx(1.765, rel=1e-3)


def test_compute_of_no_class_has_no_interval(figures: list[Figure], card: Card) -> None:
    frame = figures[0].frame.assign(compute_confidence=None)
    figure = Figure("scatter", "i", "T", "C.", frame, "training_flop", "score", is_log_x=True)
    rows = make_board(figure, card).rows
    assert set(rows["compute_interval"]) == {"not known"}
    assert rows["compute_low"].isna().all()


def test_techniques_stand_in_the_words_of_the_card(board: Board) -> None:
    assert set(board.rows["techniques"]) == {"none", "tuning", "tuning + vote"}


def test_choices_count_their_rows(drawing: Drawing) -> None:
    lab = dict(find_control(drawing, evidence_charts.LAB).options)
    assert lab == {"": "all", "Lab 0": "Lab 0 (4)", "Lab 1": "Lab 1 (4)"}
    technique = dict(find_control(drawing, evidence_charts.TECHNIQUE).options)
    assert technique == {
        "": "all", "none": "none (4)", "tuning": "tuning (4)", "vote": "vote (3)"
    }  # fmt: skip


def test_slider_runs_over_the_years(drawing: Drawing) -> None:
    years = [value for value, _ in find_control(drawing, evidence_charts.YEAR).options]
    assert years == ["2020", "2021", "2022", "2023"]


def test_what_cannot_differ_is_no_choice(figures: list[Figure], card: Card) -> None:
    frame = figures[0].frame.assign(lab="Lab", techniques="", release_date=pd.Timestamp(2020, 1, 1))
    figure = Figure("scatter", "i", "T", "C.", frame, "training_flop", "score", is_log_x=True)
    assert evidence_charts.draw_linked(figure, card).controls == ()


def test_both_charts_share_rows_and_choices(drawing: Drawing) -> None:
    first, second = (panel.spec for panel in drawing.panels)
    assert drawing.rows in first["datasets"]
    assert drawing.rows in second["datasets"]
    start = {"chosen_lab": "", "chosen_technique": "", "chosen_benchmark": "", "chosen_year": 2023}
    assert list_signals(first) == list_signals(second) == start


def test_gains_are_linked_with_the_choice_of_a_technique(figures: list[Figure], card: Card) -> None:
    (gains,) = [each for each in figures if each.id == evidence_charts.TECHNIQUES_ID]
    (panel,) = evidence_charts.draw_linked(gains, card).panels
    assert list_signals(panel.spec) == {evidence_charts.TECHNIQUE: ""}
    assert "opacity" in panel.spec["layer"][-1]["encoding"]
    assert vl_convert.vegalite_to_svg(panel.spec | {"width": 300}).startswith("<svg")


@pytest.mark.parametrize("year", [2020, 2021, 2023])
def test_chosen_year_leaves_out_what_came_later(drawing: Drawing, board: Board, year: int) -> None:
    kept = int((board.rows["release_date"].dt.year <= year).sum())
    for panel in drawing.panels:
        assert count_points(panel.spec, chosen_year=year) == kept


def test_curves_of_a_chosen_year_are_the_first_and_its_own(drawing: Drawing) -> None:
    spec = drawing.panels[0].spec
    assert find_years(spec, chosen_year=2022) == {"2020", "2022"}
    assert find_years(spec, chosen_year=2023) == {"2020", "2021", "2023"}


def test_chosen_laboratory_stands_out(drawing: Drawing) -> None:
    for panel in drawing.panels:
        assert count_points(panel.spec, strong=True, chosen_lab="Lab 1") == 4
        assert count_points(panel.spec, strong=True, chosen_technique="vote") == 3
        assert (
            count_points(panel.spec, strong=True, chosen_lab="Lab 1", chosen_technique="vote") == 2
        )


def test_names_of_years_stand_at_the_ends_of_their_curves(board: Board) -> None:
    named = board.curve[board.curve["is_named"]]
    assert list(named["series"]) == list(dict.fromkeys(board.curve["series"]))
    assert set(named["x"]) == {board.curve["x"].max()}


def test_curves_that_are_not_of_years_are_told_apart_by_dashes(card: Card) -> None:
    frame = pd.DataFrame({"x": [1e22, 1e25], "median": 0.3, "lower": 0.2, "upper": 0.4})
    curves = pd.concat([frame.assign(series="base"), frame.assign(series="+ vote")])
    figure = Figure(
        "scatter", "i", "T", "C.", make_leaderboard(), "training_flop", "score", is_log_x=True,
        curve=Curve(curves.reset_index(drop=True)),
    )  # fmt: skip
    spec = evidence_charts.draw_linked(figure, card).panels[0].spec
    assert '"strokeDash": {"field": "series"' in json.dumps(spec)


def test_alternative_text_gives_records_and_curves(drawing: Drawing, board: Board) -> None:
    first, second = (panel.description for panel in drawing.panels)
    assert "8 points, 8 of them fitted" in first
    assert "from 0.100 to 0.750" in first
    middle = np.sort(board.curve["x"])[len(board.curve) // 2]
    assert f"Curves at {boards.alternatives.number(middle)}" in first
    assert "models of 2020" in first
    records = int(board.rows["is_record"].sum())
    assert f"MATH: {records} records, from Base 0 (2020-04-01, 0.100) to Tuned 3" in second


def test_loss_that_falls_sets_records(figures: list[Figure]) -> None:
    table = make_leaderboard().assign(perplexity=[60, 50, 55, 40, 45, 30, 35, 20])
    figure = Figure(
        "scatter", "i", "T", "C.", table, "training_flop", "perplexity", is_log_x=True,
        is_log_y=True,
    )  # fmt: skip
    rows = make_board(figure, make_loss_card()).rows
    assert list(rows.loc[rows["is_record"], "perplexity"]) == [60, 50, 40, 30, 20]


def test_every_colour_of_a_date_stands_out_on_both_pages() -> None:
    for colour in evidence_charts.DATE_COLOURS:
        for page in ("#ffffff", "#14171b"):
            assert measure_contrast(colour, page) >= 3


def count_points(spec: dict[str, Any], strong: bool = False, **signals: Any) -> int:
    """The points that Vega draws once the signals are set; of those, the ones not faint."""
    marks = draw_marks(spec, signals)
    return sum(not strong or opacity > 0.5 for role, opacity, _ in marks if role == "symbol")


def find_years(spec: dict[str, Any], **signals: Any) -> set[str]:
    """The names of curves that Vega draws once the signals are set."""
    marks = draw_marks(spec, signals)
    return {text for role, _, text in marks if role == "text"}


def draw_marks(spec: dict[str, Any], signals: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Kind, opacity and words of every symbol and text that is a mark of the chart."""
    params = [
        param | {"value": signals.get(param["name"], param["value"])} for param in spec["params"]
    ]
    scene = vl_convert.vegalite_to_scenegraph(spec | {"params": params, "width": 400})
    return [
        (mark["marktype"], float(item.get("opacity", 1)), str(item.get("text", "")))
        for mark in list_marks(scene["scenegraph"])
        for item in mark["items"]
    ]


def list_marks(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The symbols and texts of a scene that are marks: no axes and no legends."""
    if part.get("role") == "mark" and part.get("marktype") in ("symbol", "text"):
        yield part
    for item in part.get("items", ()):
        yield from list_marks(item)


def measure_contrast(first: str, second: str) -> float:
    """The contrast ratio of WCAG 2."""

    def luminance(colour: str) -> float:
        parts = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)
