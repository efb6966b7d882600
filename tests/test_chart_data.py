"""Trimmed data of charts: what the charts read, to the digits that show."""

from typing import Any

import pandas as pd
import pytest

from pipeline.site.charts.data import round_numbers, trim


def make_spec(datasets: dict[str, Any], **parts: Any) -> dict[str, Any]:
    encoding = {"x": {"field": "x"}, "y": {"field": "y"}}
    return {"layer": [{"mark": "point", "encoding": encoding}], "datasets": datasets} | parts


def test_column_of_the_second_chart_is_kept_in_shared_data() -> None:
    rows = [{"x": 1, "y": 2, "z": 3}]
    second = make_spec({"d": rows}, transform=[{"filter": "datum.z > 1"}])
    trimmed = trim({"one": make_spec({"d": rows}), "two": second})
    assert [each["datasets"]["d"] for each in trimmed.values()] == [rows, rows]


@pytest.mark.parametrize("words", ["datum.z", "datum['z'] === 1", 'isValid(datum["z"])'])
def test_columns_of_expressions_are_kept_and_others_dropped(words: str) -> None:
    rows = [{"x": 1, "y": 2, "z": 3, "unread": 4}]
    trimmed = trim({"one": make_spec({"d": rows}, transform=[{"filter": words}])})
    assert trimmed["one"]["datasets"]["d"] == [{"x": 1, "y": 2, "z": 3}]


def test_empty_data_stay_empty() -> None:
    assert trim({"one": make_spec({"d": []})})["one"]["datasets"] == {"d": []}


def test_charts_and_files_have_the_same_digits() -> None:
    value = 1234567.891
    trimmed = trim({"one": make_spec({"d": [{"x": value, "y": 12345678}]})})
    frame = round_numbers(pd.DataFrame({"x": [value], "y": [12345678], "name": ["a"]}))
    assert trimmed["one"]["datasets"]["d"] == [{"x": 1234570.0, "y": 12345678}]
    assert frame.to_dict("list") == {"x": [1234570.0], "y": [12345678], "name": ["a"]}
