"""Packed data of charts: what the page's script makes of it is what the charts read."""

from typing import Any

import pandas as pd
import pytest

from pipeline.chart_data import pack, round_numbers, unpack


def make_spec(datasets: dict[str, Any], **parts: Any) -> dict[str, Any]:
    encoding = {"x": {"field": "x"}, "y": {"field": "y"}}
    return {"layer": [{"mark": "point", "encoding": encoding}], "datasets": datasets} | parts


def test_rows_come_back() -> None:
    rows = [{"x": 1.5, "y": "a"}, {"x": None, "y": "b"}]
    assert unpack(pack({"one": make_spec({"d": rows})}))["one"]["datasets"] == {"d": rows}


def test_shared_data_stand_once_and_reach_both_charts() -> None:
    rows = [{"x": 1, "y": 2}]
    packed = pack({"one": make_spec({"d": rows}), "two": make_spec({"d": rows})})
    assert packed["two"]["datasets"] == {}
    assert unpack(packed)["two"]["datasets"] == {"d": rows}


def test_column_of_the_second_chart_is_kept_in_shared_data() -> None:
    rows = [{"x": 1, "y": 2, "z": 3}]
    second = make_spec({"d": rows}, transform=[{"filter": "datum.z > 1"}])
    packed = pack({"one": make_spec({"d": rows}), "two": second})
    assert packed["one"]["datasets"]["d"] == {"x": [1], "y": [2], "z": [3]}


@pytest.mark.parametrize("words", ["datum.z", "datum['z'] === 1", 'isValid(datum["z"])'])
def test_columns_of_expressions_are_kept_and_others_dropped(words: str) -> None:
    rows = [{"x": 1, "y": 2, "z": 3, "unread": 4}]
    packed = pack({"one": make_spec({"d": rows}, transform=[{"filter": words}])})
    assert set(packed["one"]["datasets"]["d"]) == {"x", "y", "z"}


def test_empty_data_stay_empty() -> None:
    assert unpack(pack({"one": make_spec({"d": []})}))["one"]["datasets"] == {"d": []}


def test_charts_and_files_have_the_same_digits() -> None:
    value = 1234567.891
    packed = pack({"one": make_spec({"d": [{"x": value, "y": 12345678}]})})
    frame = round_numbers(pd.DataFrame({"x": [value], "y": [12345678], "name": ["a"]}))
    assert packed["one"]["datasets"]["d"] == {"x": [1234570.0], "y": [12345678]}
    assert frame.to_dict("list") == {"x": [1234570.0], "y": [12345678], "name": ["a"]}
