"""The evidence of a leaderboard: its records, errors of compute, choices, and what it says."""

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
import vl_convert
import xarray as xr
from tables_for_models import make_card, make_leaderboard, make_posterior

from models import Card, load
from pipeline.fit.cell import Cell
from pipeline.site.charts.drawings import Control, Drawing
from pipeline.site.figures import draw_figures
from pipeline.site.figures.kinds import Figure
from pipeline.site.posterior import evidence_charts
from pipeline.site.posterior.boards import Board, find_records, make_board
from pipeline.site.words import Words, read_words

LABELS = {"domain_tuning": "tuning", "majority_vote": "vote"}


@pytest.fixture(scope="module")
def card() -> Card:
    return make_card(
        techniques={tag: {"label": LABELS[tag], "definition": "test"} for tag in LABELS}
    )


@pytest.fixture(scope="module")
def words(root: Any) -> Words:
    read = read_words(root / "reports/models", "compute_multiplier")
    return Words(title="Toy", figures=read.figures, labels=LABELS)


@pytest.fixture(scope="module")
def figures(card: Card, words: Words) -> list[Figure]:
    model, posterior = load("compute_multiplier"), make_posterior()
    estimands = model.estimands(posterior, make_leaderboard(), card)
    tree = xr.DataTree.from_dict({"posterior": posterior})
    return draw_figures(Cell(model, make_leaderboard(), card, tree, estimands), words)


@pytest.fixture(scope="module")
def board(figures: list[Figure], card: Card, words: Words) -> Board:
    return make_board(figures[0], card, words)


@pytest.fixture(scope="module")
def drawing(board: Board) -> Drawing:
    return evidence_charts.draw_board(board)


def make_figure(frame: pd.DataFrame, y: str = "score", **more: Any) -> Figure:
    return Figure("scatter", "i", "T", "C.", frame, "training_flop", y, is_log_x=True, **more)


def find_control(drawing: Drawing, signal: str) -> Control:
    (control,) = [each for each in drawing.controls if each.signal == signal]
    return control


@pytest.mark.parametrize(
    ("scores", "months", "changes", "is_better_high", "records"),
    [
        ([0.3, 0.1, 0.2, 0.4, 0.5], [2, 1, 3, 4, 4], {}, True, [True, True, False, False, True]),
        ([3.0, 4.0, 2.0], [1, 2, 3], {}, False, [True, False, True]),
        ([0.1, 0.9, 0.2], [1, 2, 3], {"status": ["fitted", "not fitted", "fitted"]}, True,
         [True, False, True]),
        ([0.9, 0.1, 0.2], [1, 1, 1], {"benchmark": ["A", "B", "B"]}, True, [True, False, True]),
    ],
)  # fmt: skip
def test_record_beats_every_fitted_row_before_it_on_its_benchmark(
    scores: list[float], months: list[int], changes: Any, is_better_high: bool, records: list[bool]
) -> None:
    dates = [pd.Timestamp(2020, month, 1) for month in months]
    rows = pd.DataFrame({"score": scores, "release_date": dates})
    rows = rows.assign(**({"benchmark": "A", "status": "fitted"} | changes))
    assert list(find_records(rows, "score", is_better_high)) == records


def test_compute_has_the_interval_of_its_class(board: Board, card: Card, words: Words) -> None:
    """A confident figure errs by 0.05 decade: 90 % lie within a factor of 10^(1.645 x 0.05)."""
    row = board.rows.iloc[0]
    assert row["compute_interval"].endswith("(confident)")
    assert row["compute_high"] / row["training_flop"] == pytest.approx(1.2085, rel=1e-3)
    frame = board.figure.frame.assign(compute_confidence=None)
    assert set(make_board(make_figure(frame), card, words).rows["compute_interval"]) == {
        "not known"
    }


def test_choices_count_their_rows(drawing: Drawing, board: Board, card: Card, words: Words) -> None:
    technique = dict(find_control(drawing, evidence_charts.TECHNIQUE).options)
    assert technique == {"": "all", "none": "none (4)", "tuning": "tuning (4)", "vote": "vote (3)"}
    years = [value for value, _ in find_control(drawing, evidence_charts.YEAR).options]
    assert years == ["2020", "2021", "2022", "2023"]
    alike = board.figure.frame.assign(lab="L", techniques="", release_date=pd.Timestamp(2020, 1, 1))
    assert evidence_charts.draw_linked(make_figure(alike), card, words).controls == ()


def test_gains_are_linked_with_the_choice_of_a_technique(
    figures: list[Figure], card: Card, words: Words
) -> None:
    (gains,) = [each for each in figures if each.id == evidence_charts.TECHNIQUES_ID]
    (panel,) = evidence_charts.draw_linked(gains, card, words).panels
    assert [param["name"] for param in panel.spec["params"]] == [evidence_charts.TECHNIQUE]
    assert "opacity" in panel.spec["layer"][-1]["encoding"]
    assert vl_convert.vegalite_to_svg(panel.spec | {"width": 300}).startswith("<svg")


@pytest.mark.parametrize(
    ("year", "curves"), [(2022, {"2020", "2022"}), (2023, {"2020", "2021", "2023"})]
)
def test_chosen_year_leaves_out_what_came_later(
    drawing: Drawing, board: Board, year: int, curves: set[str]
) -> None:
    kept = int((board.rows["release_date"].dt.year <= year).sum())
    for panel in drawing.panels:
        assert len(draw_marks(panel.spec, "symbol", chosen_year=year)) == kept
    marks = draw_marks(drawing.panels[0].spec, "text", chosen_year=year)
    assert {text for _, text in marks} == curves


def test_chosen_laboratory_stands_out(drawing: Drawing) -> None:
    for panel in drawing.panels:
        for chosen, count in (
            ({"chosen_lab": "Lab 1"}, 4),
            ({"chosen_technique": "vote"}, 3),
            ({"chosen_lab": "Lab 1", "chosen_technique": "vote"}, 2),
        ):
            marks = draw_marks(panel.spec, "symbol", **chosen)
            assert sum(opacity > 0.5 for opacity, _ in marks) == count


def test_curves_that_are_not_of_years_are_told_apart_by_dashes(card: Card, words: Words) -> None:
    frame = pd.DataFrame({"x": [1e22, 1e25], "median": 0.3, "lower": 0.2, "upper": 0.4})
    curves = pd.concat([frame.assign(series="base"), frame.assign(series="+ vote")])
    figure = make_figure(make_leaderboard(), curve=curves.reset_index(drop=True))
    spec = evidence_charts.draw_linked(figure, card, words).panels[0].spec
    dashed = [layer["encoding"].get("strokeDash", {}).get("field") for layer in spec["layer"]]
    assert "series" in dashed


def test_alternative_text_gives_records_and_curves(drawing: Drawing, board: Board) -> None:
    first, second = (panel.description for panel in drawing.panels)
    assert "8 points, 8 of them fitted" in first
    assert "from 0.100 to 0.750" in first
    assert "models of 2020" in first
    records = int(board.rows["is_record"].sum())
    assert f"MATH: {records} records, from Base 0 (2020-04-01, 0.100) to Tuned 3" in second


def draw_marks(spec: dict[str, Any], kind: str, **signals: Any) -> list[tuple[float, str]]:
    """Opacity and words of every mark of a kind that Vega draws once the signals are set."""
    params = [each | {"value": signals.get(each["name"], each["value"])} for each in spec["params"]]
    scene = vl_convert.vegalite_to_scenegraph(spec | {"params": params, "width": 400})
    return [
        (float(item.get("opacity", 1)), str(item.get("text", "")))
        for mark in list_marks(scene["scenegraph"])
        if mark["marktype"] == kind
        for item in mark["items"]
    ]


def list_marks(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a scene that are marks: no axes and no legends."""
    if part.get("role") == "mark":
        yield part
    for item in part.get("items", ()):
        yield from list_marks(item)
