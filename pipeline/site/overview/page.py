"""The index page, and the README's table and picture: the answers of posteriors that passed, and
what they say of what was claimed.

One model speaks for a dataset: the first of its table in models.yaml that passed. Where several
passed they are compared and averaged (comparison.py). Fits that did not pass, models that cannot be
fitted and cells without results are listed apart with the reason; none of their numbers is quoted.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from pipeline.files import read_json, write_json, write_text
from pipeline.layout import Layout
from pipeline.site.charts import intervals, summaries
from pipeline.site.charts.drawings import (
    CONFIG,
    Drawing,
    chart_library,
    collect_specs,
    render_svg,
    stack_panels,
)
from pipeline.site.charts.series import OURS
from pipeline.site.figures.kinds import Figure
from pipeline.site.overview import comparison, forest_charts, metrics, verdicts
from pipeline.site.overview.cells import Apart, Passed
from pipeline.site.overview.claims import read_claims
from pipeline.site.overview.comparison_words import describe_average, tabulate, write_answers
from pipeline.site.overview.estimates import list_rates, list_shares, read_baselines
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.overview.limits import list_limits
from pipeline.site.overview.published import list_other_fields
from pipeline.site.overview.rows import Row, say, say_doubling
from pipeline.site.overview.synopsis import summarise
from pipeline.site.overview.verdicts import Verdict
from pipeline.site.pages import rendering
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.citations import cite_page, read_software
from pipeline.site.takeoff_page.words import describe_answer
from pipeline.synthesis.synthesis_words import describe_in_short

TITLE = "How much of AI progress is compute, and how much is algorithms?"
SHORT_INTERVAL = INTERVAL_WORDS.split(" equal")[0]
NO_BASELINE = pd.DataFrame(columns=["key", "label", "method", "estimate", "lower", "upper"])


def write_overview(layout: Layout) -> str:
    """Write the index page, the claims judged, and reports/summary; the line to print.

    Raises SourceError with every fault of the claims.
    """
    overview = gather(layout)
    judged = [verdicts.judge(each, overview) for each in read_claims(layout.claims, overview)]
    baselines = read_baselines(overview, layout)
    rates = list_rates(overview, baselines, list_other_fields(overview, layout))
    shares = list_shares(overview)
    page = layout.page("index")
    write_text(page, render(layout, overview, judged, rates, shares))
    write_json(layout.claims_judged, {each.claim.id: verdicts.describe(each) for each in judged})
    write_text(layout.summary / "answers.md", write_answers(overview))
    write_text(layout.summary / "answers.svg", draw_picture(overview.primaries))
    compared = {made.dataset: comparison.describe(made) for made in overview.comparisons}
    write_json(layout.summary / "comparison.json", compared)
    metrics.write_summary(layout.summary, overview, judged, rates, shares)
    states = Counter(cell.state if isinstance(cell, Apart) else "passed" for cell in overview.cells)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in states.items())
    return f"{page}: {counts}"


def render(
    layout: Layout,
    overview: Overview,
    judged: Sequence[Verdict],
    rates: Sequence[Row],
    shares: Sequence[Row],
) -> str:
    """The index page as HTML text."""
    drawings = {"rates": draw_rates(rates), "shares": draw_shares(shares)}
    environment = rendering.environment(layout.templates, chart_library)
    return environment.get_template("overview.html.jinja").render(
        title=TITLE,
        overview=overview,
        synopsis=summarise(overview, rates, shares),
        limits=list_limits(overview),
        rates=rates,
        shares=shares,
        say=say,
        say_doubling=say_doubling,
        claimed=[verdicts.tabulate(each, overview.bibliography) for each in judged],
        drawings=drawings,
        describe_average=describe_average,
        estimates={made.dataset: tabulate(made, overview) for made in overview.comparisons},
        specs=collect_specs(each for each in drawings.values() if each),
        chart_config=CONFIG,
        interval_words=INTERVAL_WORDS,
        sources=overview.bibliography.cite(list_citations(overview, judged, rates)),
        citation=cite_page(read_software(layout.citation), f"{TITLE}.", "index"),
        simulated=_say(layout, "takeoff", describe_answer),
        across=_say(layout, "synthesis", describe_in_short),
    )


def _say(layout: Layout, name: str, describe: Any) -> str:
    """What a stage over several posteriors found; empty where it is not made."""
    entries = read_json(layout.attribution(name))
    return describe(entries) if entries else ""


def list_citations(
    overview: Overview, judged: Sequence[Verdict], rates: Sequence[Row]
) -> list[str]:
    """The citation keys of every card, in the order of the registry, of the claims and rates."""
    keys: list[str] = []
    for dataset in overview.datasets:
        if dataset.card:
            card = dataset.card.card
            keys += [*card.citations, *(each.citation for each in card.published)]
    keys += [each.claim.source for each in judged]
    return keys + [row.citation for row in rates if row.citation]


def draw_rates(rates: Sequence[Row]) -> Drawing | None:
    """Rates of algorithmic progress across domains; None without any."""
    caption = (
        f"Ours: median and {INTERVAL_WORDS}; classical baselines: {SHORT_INTERVAL} interval; "
        "published values keep the interval that "
        "their source prints, if any. Further right is faster; the second line of the axis is the "
        "time in which the compute needed halves. Half a decade a year is 3.2 times less compute "
        "for the same result every year."
    )
    title = "How fast algorithms improve, by domain"
    return _draw_forest(rates, "rates", title, caption, forest_charts.RATES)


def draw_shares(shares: Sequence[Row]) -> Drawing | None:
    """Compute's share by dataset, comparison and model; None without any."""
    caption = (
        f"Median and {INTERVAL_WORDS}. A share is of the step in effective compute; it may fall "
        "below zero or exceed one, where parts of a step pull in opposite directions. Right of "
        "the dashed line, compute is more than half."
    )
    title = "Compute's share of progress, by benchmark and model"
    return _draw_forest(shares, "shares", title, caption, forest_charts.SHARES)


def _draw_forest(
    rows: Sequence[Row], name: str, title: str, caption: str, axis: forest_charts.Axis
) -> Drawing | None:
    if not any(row.has_number for row in rows):
        return None
    return forest_charts.draw_forest(rows, name, title, caption, axis)


def draw_picture(primaries: Sequence[Passed]) -> str:
    """The README's picture as SVG on white: each headline beside published values of the same."""
    frames = [_headline_rows(cell) for cell in primaries if cell.answer.sentence]
    if not frames:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    frame = pd.concat(frames, ignore_index=True)
    figure = Figure("intervals", "headlines", "The answers so far", "", frame)
    drawing = intervals.draw_literature(figure, summaries.logarithmic_panels(frame))
    return render_svg(stack_panels(drawing))


def _headline_rows(cell: Passed) -> pd.DataFrame:
    """A panel: the headline and the published values."""
    key = cell.answer.key
    rows = summaries.compare_with_literature(
        {key: cell.attributions[key]}, NO_BASELINE, cell.card.card.published, always=[key]
    )
    return rows.assign(
        panel=cell.name,
        title=f"{cell.title}: {cell.answer.label}",
        unit=summaries.unit_words(cell.answer.unit),
        label=OURS,
    )
