"""A model's figure -> its drawing: which kind of chart draws it."""

from pipeline.site.charts.drawings import Drawing
from pipeline.site.charts.intervals import draw_intervals, draw_parts
from pipeline.site.charts.points import draw_scatter
from pipeline.site.figures.kinds import Figure


def draw(figure: Figure) -> Drawing:
    """The chart or charts of a model's figure."""
    if figure.kind == "parts":
        return draw_parts(figure)
    if figure.kind == "intervals":
        return draw_intervals(figure)
    return draw_scatter(figure)
