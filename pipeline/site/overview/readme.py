"""What the README shows: a table of answers, and a picture of them."""

from collections.abc import Sequence

import pandas as pd

from pipeline.site.charts import intervals, summaries
from pipeline.site.charts.drawings import render_svg, stack_panels
from pipeline.site.charts.series import OURS
from pipeline.site.figures.kinds import Figure
from pipeline.site.overview.cells import Passed

NO_BASELINE = pd.DataFrame(columns=["key", "label", "method", "estimate", "lower", "upper"])


def write_answers(primaries: Sequence[Passed]) -> str:
    """The table in Markdown: a row a dataset, answered by the model that speaks for it."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in primaries:
        said = cell.answer.sentence or cell.answer.reason
        if caveats := "; ".join(cell.answer.caveats):
            said = f"{caveats[0].upper()}{caveats[1:]}: {said}"
        asked, said = map(escape_cell, (cell.card.card.question, said))
        lines.append(f"| {asked} | {said} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def draw_picture(primaries: Sequence[Passed]) -> str:
    """The picture as SVG on white: each headline beside published values of the same."""
    frames = [_headline_rows(cell) for cell in primaries if cell.answer.sentence]
    if not frames:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    frame = pd.concat(frames, ignore_index=True)
    figure = Figure("intervals", "headlines", "The answers so far", "", frame)
    drawing = intervals.draw_literature(figure, summaries.logarithmic_panels(frame))
    return render_svg(stack_panels(drawing))


def _headline_rows(cell: Passed) -> pd.DataFrame:
    """A panel: the headline and the published values."""
    answer, published = cell.answer, cell.card.card.published
    own = {answer.key: cell.attributions[answer.key]}
    rows = summaries.compare_with_literature(own, NO_BASELINE, published, always=[answer.key])
    words = {"title": f"{cell.title}: {answer.label}", "unit": summaries.unit_words(answer.unit)}
    return rows.assign(panel=cell.name, label=OURS, **words)
