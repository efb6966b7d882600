"""What charts of the parts of a step share: colours, numbered rows, a line across them."""

import json

import altair as alt

from pipeline.site.charts.axes import PALETTE

UNEXPLAINED_COLOUR = "#8a8f98"
OF_ALGORITHMS = ("allocation", "technique", "trend", "lab")
COLOURS = dict.fromkeys(("algorithms", *OF_ALGORITHMS), PALETTE[1])
COLOURS |= {"compute": PALETTE[0], "inference": PALETTE[2]}
LINE_PIXELS = 13  # between the lines of a label
ROW_PIXELS = 34  # a label of two lines fits into it
LABEL_LIMIT = 165
ROOM = 0.05  # of the axis beside the widest interval


def pick_colour(part: str) -> str:
    """The colour of a part of a step."""
    return COLOURS.get(part, UNEXPLAINED_COLOUR)


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
