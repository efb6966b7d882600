"""Each column of a page is stored once, and what the page makes of it is what was given."""

import io
import json

import numpy as np
import pandas as pd
import pytest
from unpack import unpack, unpack_rows

from pipeline.site.pages.packing import PageData, neutralise, neutralise_frame, shorten

FRAME = pd.DataFrame(
    {
        "panel": ["a", "a", "b", "b"],
        "value": [0.1, 2.5e24, np.nan, np.inf],
        "release_date": pd.to_datetime(["2020-01-02", "2021-03-04", None, "2022-05-06"]),
        "is_open": [True, False, True, True],
        "model": ["=1+1", 'x, "y"', "-inf", "plain"],
    }
)


def make_spec(rows: list[dict[str, object]]) -> dict[str, object]:
    return {"mark": "point", "datasets": {"data-0": rows}}


def test_a_chart_gets_back_its_rows() -> None:
    rows = [{"x": 1.5, "series": "a"}, {"x": None, "series": "a"}, {"x": 2, "series": "a"}]
    packed = PageData().pack({"figure-0": make_spec(rows)})
    dataset = packed["charts"]["figure-0"]["datasets"]["data-0"]
    assert unpack_rows(packed["columns"], dataset) == rows


def test_rows_that_are_not_alike_stay_as_they_are() -> None:
    rows = [{"x": 1}, {"y": 2}]
    packed = PageData().pack({"figure-0": make_spec(rows)})
    assert packed["charts"]["figure-0"]["datasets"]["data-0"] == rows


def test_a_file_names_the_columns_of_its_charts_panel_by_panel() -> None:
    frame = pd.DataFrame({"panel": ["a", "a", "b"], "x": [1.25, 2.5, 3.75]})
    specs = {
        f"figure-{number}": make_spec(rows.to_dict("records"))
        for number, (_, rows) in enumerate(frame.groupby("panel"))
    }
    data = PageData()
    data.add_figure(frame, "figure")
    packed = data.pack(specs)
    stored = [packed["columns"][at] for _, _, at in packed["tables"]["figure"]["columns"]]
    assert [list(column) for column in stored] == [["parts"], ["parts"]]
    assert [
        unpack(packed["columns"], at) for _, _, at in packed["tables"]["figure"]["columns"]
    ] == [
        ["a", "a", "b"],
        [1.25, 2.5, 3.75],
    ]


def test_equal_columns_are_stored_once() -> None:
    data = PageData()
    data.add_table(pd.DataFrame({"a": [1.5, 2.5], "b": [1.5, 2.5]}), "first")
    data.add_table(pd.DataFrame({"c": [1.5, 2.5]}), "second")
    assert len(data.pack({})["columns"]) == 1


@pytest.mark.parametrize("name", list(FRAME))
def test_a_table_keeps_every_cell(name: str) -> None:
    data = PageData()
    data.add_table(FRAME, "data")
    packed = json.loads(json.dumps(data.pack({}), allow_nan=False))
    position = list(FRAME).index(name)
    _, kind, at = packed["tables"]["data"]["columns"][position]
    text = FRAME.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S")
    wanted = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=str)[name]
    values = unpack(packed["columns"], at)
    if name == "value":
        assert [float("nan") if v is None else float(v) for v in values] == pytest.approx(
            FRAME[name].tolist(), nan_ok=True, rel=0
        )
    elif name == "is_open":
        assert values == FRAME[name].tolist()
    else:
        assert ["" if v is None else v for v in values] == [neutralise(each) for each in wanted]
    assert kind == ("date" if name == "release_date" else "value")


def test_figures_keep_eight_digits_and_tables_all() -> None:
    assert shorten(0.12345678949, 8) == 0.12345679
    assert shorten(2019.12349, 8) == 2019.1235
    assert shorten(0.12345678949, None) == 0.12345678949
    assert shorten(np.int64(2**60), None) == float(2**60)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert neutralise(text) == f"'{text}"


def test_numbers_and_plain_words_are_not_quoted() -> None:
    assert [neutralise(each) for each in (-1.5, "-inf", "a=b", None)] == [-1.5, "-inf", "a=b", None]


def test_a_frame_is_neutralised_in_its_text_and_its_names() -> None:
    frame = pd.DataFrame(
        {"=a": ["=1", None], "b": [-1.5, 2.0], "c": pd.to_datetime(["2020-01-01"] * 2)}
    )
    made = neutralise_frame(frame)
    assert list(made) == ["'=a", "b", "c"]
    assert made["'=a"][0] == "'=1"
    assert made["b"].equals(frame["b"])
    assert made["c"].equals(frame["c"])
    assert frame["=a"][0] == "=1"
