"""The page of the synthesis: compute or algorithms, in every domain at once."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pipeline.ingest.bibliography import Reference
from pipeline.site.charts.drawings import CONFIG, Drawing, chart_library, collect_specs
from pipeline.site.overview import forest_charts
from pipeline.site.overview.comparison import Entry
from pipeline.site.overview.forest_charts import RATES, SHARE_LABELS, Axis
from pipeline.site.overview.rows import Row, say, say_doubling
from pipeline.site.pages import rendering
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.citations import PageCitation
from pipeline.synthesis.synthesis_results import Found
from pipeline.synthesis.synthesis_words import Statement, describe_answer

TITLE = "Compute or algorithms?"
NAME = "synthesis"
LIBRARIES = ("numpy", "altair")
SHARES = Axis(
    "all algorithms 0 %, all compute 100 %",
    SHARE_LABELS,
    "share",
    0.5,
    ends=(0.0, 1.15),  # room for the label of 100 %
)
HEADINGS = {
    "shared": "What all domains share",
    "apart": "What they do not share",
    "open": "What cannot be told",
}


@dataclass(frozen=True)
class Inputs:
    """All that the page is made of."""

    found: Sequence[Found]
    entries: Mapping[str, Entry]
    rates: Sequence[Row]
    statements: Sequence[Statement]
    doubts: Sequence[str]
    sources: Sequence[Reference]
    citation: PageCitation
    files: Sequence[Path]


def render(inputs: Inputs, templates: Path) -> str:
    """The page as HTML text; the same inputs give the same text."""
    drawings = {"shares": draw_shares(inputs.found), "rates": draw_rates(inputs.rates)}
    page = rendering.environment(templates, chart_library).get_template("synthesis.html.jinja")
    return page.render(
        title=TITLE,
        name=NAME,
        answer=describe_answer(inputs.entries),
        doubts=inputs.doubts,
        statements=group_statements(inputs.statements),
        drawings=drawings,
        shares=list_rows(inputs.found),
        rates=inputs.rates,
        say=say,
        say_doubling=say_doubling,
        specs=collect_specs(each for each in drawings.values() if each),
        chart_config=CONFIG,
        interval_words=INTERVAL_WORDS,
        sources=inputs.sources,
        citation=inputs.citation,
        provenance=list_provenance(inputs.files),
    )


def list_rows(found: Sequence[Found]) -> list[Row]:
    """The rows of the table: every domain, and below it the models that were averaged."""
    return [row for each in found for row in (each.row, *_averaged(each))]


def _averaged(each: Found) -> Sequence[Row]:
    return each.models if each.row.kind == "averaged" else ()


def group_statements(statements: Sequence[Statement]) -> list[tuple[str, str, list[str]]]:
    """Anchor, heading and sentences of what is shared, what is not, and what is open."""
    return [
        (kind, heading, said)
        for kind, heading in HEADINGS.items()
        if (said := [each.text for each in statements if each.kind == kind])
    ]


def draw_shares(found: Sequence[Found]) -> Drawing | None:
    """One row a domain; None without any number."""
    caption = (
        f"Median and {INTERVAL_WORDS}. Right of the dashed line compute is more than half. Top: "
        "the step between two records of a leaderboard, averaged over its models; a share "
        "outside of 0 to 100\N{NO-BREAK SPACE}% means that parts pulled in opposite directions. "
        "Middle: what a year adds at the frontier, where the largest training runs grow and "
        "algorithms improve at the leaderboard's rate. Bottom: hardware's share of the progress of "
        "hardware and software, from published pairs of rates. Hollow marks have a caveat, which "
        "the table below gives."
    )
    rows = [each.row for each in found]
    if not any(row.has_number for row in rows):
        return None
    title = "Compute's share of progress, in every domain"
    return forest_charts.draw_forest(rows, "shares", title, caption, SHARES)


def draw_rates(rates: Sequence[Row]) -> Drawing | None:
    """The leaderboards' rates before and after pooling; None without any."""
    if not any(row.has_number for row in rates):
        return None
    caption = (
        f"Median and {INTERVAL_WORDS}. First each leaderboard's rate averaged over its models, "
        "then by the one model of it that is pooled, then drawn towards the others by a model in "
        "which leaderboards scatter about a mean. Last that mean, and where a leaderboard not yet "
        "seen would lie; it is as wide as the few that there are differ."
    )
    title = "How fast algorithms improve, and what is common"
    return forest_charts.draw_forest(rates, "rates", title, caption, RATES)


def list_provenance(files: Sequence[Path]) -> list[tuple[str, str]]:
    """Versions, and the hash of every file that was read."""
    hashes = [
        (f"{path.parent.name}/{path.name}", hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    ]
    return [*((name, version(name)) for name in LIBRARIES), *hashes]
