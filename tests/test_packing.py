"""A page's data: each column is stored once, and what the page makes of it is what was given."""

import io
import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from unpack import unpack, unpack_rows

from pipeline.site.pages.packing import PageData, neutralise, neutralise_frame, shorten

FRAME = pd.DataFrame(
    {
        "panel": ["a", "a", "b", "b"],
        "value": [0.1, 2.5e24, np.nan, 12.0],
        "release_date": pd.to_datetime(["2020-01-02", "2021-03-04", None, "2022-05-06"]),
        "model": ["=1+1", 'x, "y"', "-inf", "plain"],
    }
)


@pytest.mark.parametrize(
    "rows",
    [[{"x": 1.5, "s": "a"}, {"x": None, "s": "a"}, {"x": 2, "s": "a"}], [{"x": 1}, {"y": 2}]],
)
def test_a_chart_gets_back_its_rows(rows: list[dict[str, Any]]) -> None:
    packed = PageData().pack({"figure-0": {"mark": "point", "datasets": {"d": rows}}})
    dataset = packed["charts"]["figure-0"]["datasets"]["d"]
    assert unpack_rows(packed["columns"], dataset) == rows


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


def test_figures_have_the_digits_that_count_and_tables_all() -> None:
    assert shorten(1234567.891, 6) == 1234570
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
