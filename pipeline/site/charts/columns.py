"""Columns of a frame as charts take them: the measure, the name in words, the tooltip."""

from typing import Any, Literal

import altair as alt
import pandas as pd

Measure = Literal["quantitative", "temporal", "nominal"]


def make_tooltip(frame: pd.DataFrame, name: str, title: str = "") -> alt.Tooltip:
    """A column in the words that stand beside the pointer, under its name or a title."""
    kind = find_measure(frame[name])
    made: dict[str, Any] = {"field": name, "type": kind, "title": title or say_name(name)}
    formats = {"quantitative": ".4~g", "temporal": "%Y-%m-%d"}
    if kind in formats:
        made["format"] = formats[kind]
    return alt.Tooltip(**made)


def find_measure(column: pd.Series) -> Measure:
    """What a scale may do with a column: dates are temporal, booleans are names."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return "temporal"
    is_number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
    return "quantitative" if is_number else "nominal"


def say_name(name: str) -> str:
    """The name of a column as a reader sees it."""
    return name.replace("_", " ")
