"""A page's data: each column is stored once, and what the page makes of it is what was given."""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from unpack import unpack, unpack_rows

from pipeline.site.charts.data import round_numbers, trim
from pipeline.site.pages.packing import PageData, neutralise, neutralise_frame, shorten

FRAME = pd.DataFrame(
    {
        "panel": ["a", "a", "b", "b"],
        "value": [0.1, 2.5e24, np.nan, 12.0],
        "release_date": pd.to_datetime(["2020-01-02", "2021-03-04", None, "2022-05-06"]),
        "model": ["=1+1", 'x, "y"', "-inf", "plain"],
    }
)
ROWS: list[dict[str, Any]] = [{"x": 1, "y": 2, "z": 3, "unread": 4}]


def make_spec(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    encoding = {"x": {"field": "x"}, "y": {"field": "y"}}
    return {"mark": "point", "encoding": encoding, "datasets": {"d": rows}} | more


@pytest.mark.parametrize(
    "rows",
    [[{"x": 1.5, "s": "a"}, {"x": None, "s": "a"}, {"x": 2, "s": "a"}], [{"x": 1}, {"y": 2}]],
)
def test_a_chart_gets_back_its_rows(rows: list[dict[str, Any]]) -> None:
    packed = PageData().pack({"figure-0": make_spec(rows)})
    dataset = packed["charts"]["figure-0"]["datasets"]["d"]
    assert unpack_rows(packed["columns"], dataset) == rows


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
    _, kind, at = packed["tables"]["data"]["columns"][list(FRAME).index(name)]
    text = FRAME.to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S")
    wanted = pd.read_csv(io.StringIO(text), keep_default_na=False, dtype=str)[name]
    values = ["" if value is None else value for value in unpack(packed["columns"], at)]
    if name == "value":
        assert values == [0.1, 2.5e24, "", 12]
    else:
        assert values == [neutralise(each) for each in wanted]
    assert kind == ("date" if name == "release_date" else "value")


@pytest.mark.parametrize("words", ["datum.z", "datum['z'] === 1", 'isValid(datum["z"])'])
def test_columns_that_some_chart_reads_are_kept(words: str) -> None:
    second = make_spec(ROWS, transform=[{"filter": words}])
    trimmed = trim({"one": make_spec(ROWS), "two": second})
    kept = [{"x": 1, "y": 2, "z": 3}]
    assert [each["datasets"]["d"] for each in trimmed.values()] == [kept, kept]


def test_charts_figures_and_tables_have_the_digits_that_count() -> None:
    assert trim({"one": make_spec([{"x": 1234567.891, "y": 12345678}])})["one"]["datasets"][
        "d"
    ] == [{"x": 1234570.0, "y": 12345678}]
    frame = round_numbers(pd.DataFrame({"x": [1234567.891], "y": [12345678], "name": ["a"]}))
    assert frame.to_dict("list") == {"x": [1234570.0], "y": [12345678], "name": ["a"]}
    assert shorten(0.12345678949, 8) == 0.12345679
    assert shorten(0.12345678949, None) == 0.12345678949
    assert shorten(np.int64(2**60), None) == float(2**60)


def test_what_a_spreadsheet_would_run_is_quoted() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1"):
        assert neutralise(text) == f"'{text}"
    assert [neutralise(each) for each in (-1.5, "-inf", "a=b", None)] == [-1.5, "-inf", "a=b", None]
    frame = pd.DataFrame({"=a": ["=1", None], "b": [-1.5, 2.0]})
    made = neutralise_frame(frame)
    assert list(made) == ["'=a", "b"]
    assert made["'=a"][0] == "'=1"
    assert made["b"].equals(frame["b"])
