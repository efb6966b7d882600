"""The page of the synthesis: compute or algorithms, in every domain at once."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version

from pipeline.core.files import read_json, write_text
from pipeline.core.layout import Layout
from pipeline.site.charts.drawings import render_page
from pipeline.site.overview.cells import Dataset, Passed
from pipeline.site.overview.comparison import RATE, Entry
from pipeline.site.overview.forest_charts import RATES, SHARE_LABELS, Axis, draw_forest
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.overview.rows import Row, read_row, say, say_doubling
from pipeline.site.pages.citations import cite_page, read_software
from pipeline.site.pages.numbers import INTERVAL_WORDS
from pipeline.site.synthesis_page.words import (
    HEADINGS,
    Statement,
    describe_answer,
    list_doubts,
    list_statements,
)
from pipeline.site.words import read_words
from pipeline.synthesis.shares import (
    COMPUTE,
    FIELDS,
    POOLED,
    WHOLE,
    Domain,
    collect,
    find_cell,
    read_domains,
)
from pipeline.synthesis.stage import mark

NAME = "synthesis"
RETURNS = "research_returns-meta_analysis"
HEADLINES = {"The rates, pooled": "mean", "Returns to research": "pooled"}  # of both
LIBRARIES = ("numpy", "altair")
ALONE, IN_PART, WHOLLY = "Each leaderboard alone", "Pooled in part", "All leaderboards"


def write_synthesis_page(layout: Layout) -> None:
    """Write the page; the same results give the same bytes."""
    write_text(layout.page(NAME), render(layout))


def render(layout: Layout) -> str:
    """The page as HTML text."""
    overview, domains = gather(layout), read_domains(layout)
    entries, read = read_json(layout.attribution(NAME)), list_read(overview, domains)
    shares = [each.row for each in collect(overview, domains)]
    rates = tabulate_rates(overview, domains)
    words = read_words(layout.words, NAME)
    title = words.figures["shares"].x_title
    # up to 1.15: room for the label of 100 %
    axis = Axis(title, SHARE_LABELS, "share", 0.5, ends=(0.0, 1.15))
    drawings = {}
    for name, listed, measure in (("shares", shares, axis), ("rates", rates, RATES)):
        said = words.figure(name, interval=INTERVAL_WORDS)
        drawings[name] = draw_forest(listed, name, said["title"], said["caption"], measure)
    pooled, returns = (find_cell(overview, name) for name in (POOLED, RETURNS))
    marked = [mark(cell) if cell else {} for cell in (pooled, returns)]
    return render_page(
        layout.templates,
        "synthesis",
        drawings,
        title=words.title,
        name=NAME,
        answer=describe_answer(entries),
        doubts=describe_doubts(entries, marked, pooled),
        statements=group_statements(list_statements(entries, *marked)),
        shares=shares,
        rates=rates,
        say=say,
        say_doubling=say_doubling,
        sources=overview.bibliography.cite(list_citations(read)),
        citation=cite_page(read_software(layout.citation), words.title, NAME),
        provenance=list_provenance(layout, overview, read),
    )


def tabulate_rates(overview: Overview, domains: Sequence[Domain]) -> list[Row]:
    """Rates of the leaderboards, each alone, drawn towards the others, and what they share."""
    pooled = find_cell(overview, POOLED)
    wanted = [(find_cell(overview, each.posterior), RATE, ALONE, each.name) for each in domains]
    wanted += [(pooled, f"rate[{each.name}]", IN_PART, each.name) for each in domains]
    wanted += [(pooled, key, WHOLLY, name) for name, key in WHOLE.items()]
    rows = [read_row(cell, key, group, name) for cell, key, group, name in wanted if cell]
    return [  # the check of the pooled rates does not ask of single ones
        replace(row, caveats=()) if row.group == IN_PART else row for row in rows if row
    ]


def group_statements(statements: Sequence[Statement]) -> list[tuple[str, str, list[str]]]:
    """Anchor, heading and sentences of what is shared, what is not, and what is open."""
    return [
        (kind, heading, said)
        for kind, heading in HEADINGS.items()
        if (said := [each.text for each in statements if each.kind == kind])
    ]


def describe_doubts(
    entries: dict[str, Entry], marked: Sequence[dict[str, Entry]], pooled: Passed | None
) -> list[str]:
    """What cannot be trusted; `marked` are the pooled rates and the returns to research."""
    headlines = zip(HEADLINES.items(), marked, strict=True)
    read = {name: estimands[key] for (name, key), estimands in headlines if key in estimands}
    return list_doubts(entries, read, pooled.check if pooled else {})


def list_read(overview: Overview, domains: Sequence[Domain]) -> list[Dataset]:
    """The datasets whose posteriors are read, in the order of the registry."""
    names = {name.partition("-")[0] for name in (POOLED, COMPUTE, FIELDS, RETURNS)}
    names |= {domain.dataset for domain in domains}
    return [each for each in overview.datasets if each.name in names]


def list_citations(read: Sequence[Dataset]) -> list[str]:
    """What the cards of these datasets cite."""
    return [key for each in read if each.card for key in each.card.card.citations]


def list_provenance(
    layout: Layout, overview: Overview, read: Sequence[Dataset]
) -> list[tuple[str, str]]:
    """Versions, and the hash of every file that was read."""
    names = [each.name for each in read]
    cells = [cell.name for cell in overview.cells if cell.dataset in names]
    paths = [*map(layout.attribution, cells), *map(layout.check, cells), *map(layout.rows, names)]
    hashes = [
        (f"{path.parent.name}/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest())
        for path in paths
        if path.is_file()
    ]
    return [*((name, version(name)) for name in LIBRARIES), *hashes]
