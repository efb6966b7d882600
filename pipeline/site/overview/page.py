"""The index page, and the README's table and picture: the answers of posteriors that passed, and
what they say of what was claimed.

One model speaks for a dataset: the first of its table in models.yaml that passed. Where several
passed they are compared (comparison.py). Fits that did not pass, models that cannot be fitted and
cells without results are listed apart with the reason; none of their numbers is quoted.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pipeline.core.files import read_json, write_json, write_text
from pipeline.core.layout import Layout
from pipeline.site.charts.drawings import CONFIG, Drawing, chart_library, collect_specs
from pipeline.site.overview import comparison, metrics, verdicts
from pipeline.site.overview.cells import Apart
from pipeline.site.overview.estimates import (
    list_rates,
    list_shares,
    list_years,
    read_baselines,
    summarise,
)
from pipeline.site.overview.forest_charts import RATES, SHARES, draw_forest
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.overview.limits import list_limits
from pipeline.site.overview.published import list_other_fields
from pipeline.site.overview.readme import draw_picture, write_answers
from pipeline.site.overview.rows import Row, say, say_doubling
from pipeline.site.overview.verdicts import Verdict, read_claims
from pipeline.site.pages import rendering, sentences
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.citations import cite_page, read_software
from pipeline.site.synthesis_page.words import describe_in_short
from pipeline.site.takeoff_page.words import describe_answer
from pipeline.studies.verdict import LEAST_COVERAGE

TITLE = "How much of AI progress is compute, and how much is algorithms?"
FORESTS = {
    "rates": ("How fast algorithms improve, by domain", RATES),
    "years": ("How fast algorithms improved, year by year", RATES),
    "shares": ("Compute's share of progress, by benchmark and model", SHARES),
}


def write_overview(layout: Layout) -> str:
    """Write the index page, the claims judged, and reports/summary; the line to print.

    Raises SourceError with every fault of the claims.
    """
    overview = gather(layout)
    judged = [verdicts.judge(each, overview) for each in read_claims(layout.claims, overview)]
    baselines = read_baselines(overview, layout)
    rates = list_rates(overview, baselines, list_other_fields(overview, layout))
    rows = {"rates": rates, "years": list_years(overview), "shares": list_shares(overview)}
    page, summary = layout.page("index"), layout.summary
    write_text(page, render(layout, overview, judged, rows))
    write_json(layout.claims_judged, {each.claim.id: verdicts.describe(each) for each in judged})
    write_text(summary / "answers.md", write_answers(overview.primaries))
    write_text(summary / "answers.svg", draw_picture(overview.primaries))
    compared = {made.dataset: comparison.describe(made) for made in overview.comparisons}
    write_json(summary / "comparison.json", compared)
    metrics.write_summary(summary, overview, judged, rows)
    states = Counter(cell.state if isinstance(cell, Apart) else "passed" for cell in overview.cells)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in states.items())
    return f"{page}: {counts}"


def render(
    layout: Layout, overview: Overview, judged: Sequence[Verdict], rows: dict[str, list[Row]]
) -> str:
    """The index page as HTML text."""
    short = INTERVAL_WORDS.split(" equal")[0]
    drawings: dict[str, Drawing | None] = dict.fromkeys(FORESTS)
    for name, (title, axis) in FORESTS.items():
        if any(row.has_number for row in rows[name]):
            caption = sentences.say(f"{name}_caption", interval=INTERVAL_WORDS, short=short)
            drawings[name] = draw_forest(rows[name], name, title, caption, axis)
    environment = rendering.environment(layout.templates, chart_library)
    return environment.get_template("overview.html.jinja").render(
        title=TITLE,
        overview=overview,
        lines=summarise(overview.primaries),
        limits=list_limits(overview),
        least_coverage=LEAST_COVERAGE,
        rows=rows,
        say=say,
        say_doubling=say_doubling,
        claimed=[verdicts.tabulate(each) for each in judged],
        drawings=drawings,
        specs=collect_specs(each for each in drawings.values() if each),
        chart_config=CONFIG,
        interval_words=INTERVAL_WORDS,
        sources=overview.bibliography.cite(list_citations(overview, judged, rows["rates"])),
        citation=cite_page(read_software(layout.citation), f"{TITLE}.", "index"),
        simulated=_describe(layout, "takeoff", describe_answer),
        across=_describe(layout, "synthesis", describe_in_short),
    )


def _describe(layout: Layout, name: str, words: Callable[[Any], str]) -> str:
    """What a stage over several posteriors found; empty where it is not made."""
    entries = read_json(layout.attribution(name))
    return words(entries) if entries else ""


def list_citations(
    overview: Overview, judged: Sequence[Verdict], rates: Sequence[Row]
) -> Iterator[str]:
    """The citation keys of every card, in the order of the registry, of the claims and rates."""
    for dataset in overview.datasets:
        if dataset.card:
            yield from dataset.card.card.citations
            yield from (each.citation for each in dataset.card.card.published)
    yield from (each.claim.source for each in judged)
    yield from (row.citation for row in rates if row.citation)
