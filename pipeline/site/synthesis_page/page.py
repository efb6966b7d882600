"""The page of the synthesis: compute or algorithms, in every domain at once."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version

from pipeline.core.files import read_json, write_text
from pipeline.core.layout import Layout
from pipeline.site.charts.drawings import render_page
from pipeline.site.overview.cells import Dataset
from pipeline.site.overview.comparison import RATE
from pipeline.site.overview.forest_charts import RATES, SHARE_LABELS, Axis, draw_forest
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.overview.rows import Row, read_row, say, say_doubling
from pipeline.site.pages.citations import cite_page, hash_file, read_software
from pipeline.site.pages.numbers import INTERVAL_WORDS
from pipeline.site.synthesis_page.words import describe_answer, list_doubts, list_statements
from pipeline.site.words import read_words
from pipeline.synthesis import shares
from pipeline.synthesis.entries import mark
from pipeline.synthesis.shares import POOLED, Domain, find_cell

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
    overview, domains = gather(layout), shares.read_domains(layout)
    entries, read = read_json(layout.attribution(NAME)), list_read(overview, domains)
    words = read_words(layout.words, NAME)
    # up to 1.15: room for the label of 100 %
    axis = Axis(words.figures["shares"].x_title, SHARE_LABELS, "share", 0.5, ends=(0.0, 1.15))
    rows = {
        "shares": [each.row for each in shares.collect(overview, domains)],
        "rates": tabulate_rates(overview, domains),
    }
    said = {name: words.figure(name, interval=INTERVAL_WORDS) | {"x_title": ""} for name in rows}
    drawings = {
        "shares": draw_forest(rows["shares"], axis, said["shares"]),
        "rates": draw_forest(rows["rates"], RATES, said["rates"]),
    }
    pooled, returns = (find_cell(overview, name) for name in (POOLED, RETURNS))
    marked = [mark(cell) if cell else {} for cell in (pooled, returns)]
    headlines = zip(HEADLINES.items(), marked, strict=True)
    spoken = {name: estimands[key] for (name, key), estimands in headlines if key in estimands}
    cited = [key for each in read if each.card for key in each.card.card.citations]
    return render_page(
        layout.templates,
        "synthesis",
        drawings,
        title=words.title,
        name=NAME,
        answer=describe_answer(entries),
        doubts=list_doubts(entries, spoken, pooled.check if pooled else {}),
        statements=list_statements(entries, *marked),
        **rows,
        say=say,
        say_doubling=say_doubling,
        sources=overview.bibliography.cite(cited),
        citation=cite_page(read_software(layout.citation), words.title, NAME),
        provenance=list_provenance(layout, overview, [each.name for each in read]),
    )


def tabulate_rates(overview: Overview, domains: Sequence[Domain]) -> list[Row]:
    """Rates of the leaderboards, each alone, drawn towards the others, and what they share."""
    pooled = find_cell(overview, POOLED)
    wanted = [(find_cell(overview, each.posterior), RATE, ALONE, each.name) for each in domains]
    wanted += [(pooled, f"rate[{each.name}]", IN_PART, each.name) for each in domains]
    wanted += [(pooled, key, WHOLLY, name) for name, key in shares.WHOLE.items()]
    rows = [read_row(cell, key, group, name) for cell, key, group, name in wanted if cell]
    return [  # the check of the pooled rates does not ask of single ones
        replace(row, caveats=()) if row.group == IN_PART else row for row in rows if row
    ]


def list_read(overview: Overview, domains: Sequence[Domain]) -> list[Dataset]:
    """The datasets whose posteriors are read, in the order of the registry."""
    cells = (POOLED, shares.COMPUTE, shares.FIELDS, RETURNS)
    names = {name.partition("-")[0] for name in cells} | {domain.dataset for domain in domains}
    return [each for each in overview.datasets if each.name in names]


def list_provenance(
    layout: Layout, overview: Overview, names: Sequence[str]
) -> list[tuple[str, str]]:
    """Versions, and the hash of every file that was read."""
    cells = [cell.name for cell in overview.cells if cell.dataset in names]
    paths = [*map(layout.attribution, cells), *map(layout.check, cells), *map(layout.rows, names)]
    read = [path for path in paths if path.is_file()]
    hashes = [(f"{path.parent.name}/{path.name}", hash_file(path)) for path in read]
    return [*((name, version(name)) for name in LIBRARIES), *hashes]
