"""What charts of steps share: numbered rows with labels in lines, the axis of FLOP, fixed lines."""

import json
import math
import textwrap

import altair as alt

LINE_PIXELS = 13  # between the lines of a label
ROW_PIXELS = 34  # a label of two lines fits into it
LABEL_CHARACTERS, LABEL_LINES = 24, 3
LABEL_LIMIT = 165
ROOM = 0.05  # of the axis beside the widest interval
FLOP_TICKS = 5


def number_rows(labels: list[str], extent: int = 0) -> alt.Y:
    """Rows numbered from 0, labelled in lines that are centred where all have as many."""
    lines = max(label.count("\n") for label in labels)
    axis = alt.Axis(
        labelExpr=f"split({json.dumps(labels, ensure_ascii=False)}[datum.value], '\\n')",
        labelLimit=LABEL_LIMIT,
        labelOffset=-LINE_PIXELS * lines / 2,
        minExtent=extent or alt.Undefined,
        ticks=False,
        domain=False,
    )
    scale = alt.Scale(domain=list(range(len(labels))))
    return alt.Y("row:O", title=None, axis=axis, scale=scale)


def draw_line(at: float) -> alt.Chart:
    """A dashed line across all rows."""
    chart = alt.Chart(alt.InlineData(values=[{}]))
    line = chart.mark_rule(strokeDash=[4, 4], opacity=0.5, aria=False)
    return line.encode(x=alt.datum(at), y=alt.value(0), y2=alt.value("height"))


def flop_axis(low: float, high: float) -> alt.Axis:
    """Whole decades, every so many that they have room: 1e20, 1e24, ..."""
    first, last = math.ceil(math.log10(low)), math.floor(math.log10(high))
    step = max(1, math.ceil((last - first) / FLOP_TICKS))
    return alt.Axis(
        values=[10.0**power for power in range(first, last + 1, step)],
        labelExpr="replace(format(datum.value, '~e'), '+', '')",
        labelOverlap=True,
        titleAnchor="end",
    )


def centre(labels: list[str]) -> list[str]:
    """Labels of fewer lines than the longest, moved down by whole lines."""
    most = max(label.count("\n") for label in labels)
    return ["\n" * ((most - label.count("\n")) // 2) + label for label in labels]


def wrap(label: str) -> str:
    """The label in lines; what does not fit is cut off, with an ellipsis."""
    lines = textwrap.wrap(label, LABEL_CHARACTERS, max_lines=LABEL_LINES, placeholder=" …")
    return "\n".join(lines)
