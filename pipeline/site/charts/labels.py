"""Labels of rows and titles of axes, in lines that fit a narrow window, and the rows' heights."""

import textwrap
from collections.abc import Iterable
from typing import Any

import altair as alt
import pandas as pd

LABEL_CHARACTERS = 26  # longer labels of an axis are broken into lines
LABEL_LINES = 3
AXIS_CHARACTERS = 46  # of a line of the title of an axis
SOURCE_LINES = 2  # of a label of listed rows
HEADING = "!"  # in the fourth place of a row's name: printed in bold
ROW_PIXELS = 17
LINE_PIXELS = 14  # of a label in lines


def label_axis(labels: list[str], is_listed: bool = False) -> alt.Y:
    """Row labels in lines; the four characters of order and weight of listed rows are cut off."""
    text = "slice(datum.label, 4)" if is_listed else "datum.label"
    axis: dict[str, Any] = {
        "labelExpr": f"split({text}, '\\n')",
        "labelLimit": 190,
        "ticks": False,
        "domain": False,
    }
    if is_listed:
        heading = {"test": f"slice(datum.value, 3, 4) === '{HEADING}'", "value": "bold"}
        axis["labelFontWeight"] = {"condition": heading, "value": "normal"}
    return alt.Y(field="label", type="nominal", sort=labels, title=None, axis=alt.Axis(**axis))


def break_title(title: str) -> list[str]:
    """The title of an axis in lines that fit a window of 360 pixels."""
    return textwrap.wrap(title, AXIS_CHARACTERS)


def wrap_label(label: Any, lines_shown: int = LABEL_LINES) -> str:
    """The label in lines; what does not fit is cut off, with an ellipsis."""
    lines = textwrap.wrap(str(label), LABEL_CHARACTERS, max_lines=lines_shown, placeholder=" …")
    return "\n".join(lines)


def wrap_labels(labels: pd.Series) -> pd.Series:
    """The labels in lines; different ones stay so where they differ in what is cut off alone."""
    names = labels.astype(str)
    lines = {name: wrap_label(name) for name in names.unique()}
    numbers = pd.Series(lines).groupby(pd.Series(lines)).cumcount()
    marked = {name: lines[name] + (f" ({n + 1})" if n else "") for name, n in numbers.items()}
    return names.map(marked)


def row_pixels(labels: Iterable[str], least: int) -> int:
    """The height of a row that its label fits into, whichever row it is."""
    return max([least, *(LINE_PIXELS * (label.count("\n") + 1) for label in labels)])


def list_labels(frame: pd.DataFrame, is_heading: pd.Series) -> list[str]:
    """Labels of a listed chart: the order of the row, whether it is printed in bold, the words."""
    names = frame["label"].map(lambda text: wrap_label(text, SOURCE_LINES))
    marks = is_heading.map({True: HEADING, False: " "})
    return [f"{i:03d}{mark}{name}" for i, (mark, name) in enumerate(zip(marks, names, strict=True))]
