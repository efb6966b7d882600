"""The index page, and the README's table and picture: the answers of posteriors that passed, and
what they say of what was claimed.

One model speaks for a dataset: the first of its table in models.yaml that passed. Where several
passed they are compared and averaged (comparisons/comparison.py). Fits that did not pass, models
that cannot be fitted and cells without results are listed apart with the reason; none of their
numbers is quoted.
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.files import read_json, write_json, write_text
from pipeline.ingest.bibliography import Bibliography, Reference, read_bibliography
from pipeline.ingest.registries import read_datasets, read_models
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
from pipeline.site.overview import claims, comparison, forest_charts, metrics
from pipeline.site.overview.claims import Posterior, Verdict, Witnesses
from pipeline.site.overview.comparison import Comparison, Entry
from pipeline.site.overview.estimates import Row, list_rates, list_shares, read_baselines, say
from pipeline.site.overview.gathering import (
    Apart,
    Folders,
    Overview,
    Passed,
    gather,
    join_bibliographies,
)
from pipeline.site.overview.limits import list_limits
from pipeline.site.overview.literature import list_published_rates
from pipeline.site.overview.synopsis import say_doubling, summarise
from pipeline.site.pages import answers, rendering
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.pages.citations import PageCitation, cite_page, read_software
from pipeline.site.pages.rendering import format_quantity
from pipeline.site.takeoff_page.words import describe_answer
from pipeline.stage import stage_main
from pipeline.synthesis.synthesis_words import describe_in_short

TITLE = "How much of AI progress is compute, and how much is algorithms?"
SIMULATION = "takeoff"  # its estimands and its page
SYNTHESIS = "synthesis"  # likewise
NO_BASELINE = pd.DataFrame(columns=["key", "label", "method", "estimate", "lower", "upper"])


@dataclass(frozen=True)
class Contents:
    """What the page shows beside the cells: estimates, verdicts on claims, sources."""

    rates: list[Row]
    shares: list[Row]
    claimed: list[dict[str, Any]]
    simulated: str
    across: str
    sources: list[Reference]


def call_witnesses(overview: Overview) -> dict[str, Witnesses]:
    """What claims may be tested on: the posteriors of each dataset, with the weights of models."""
    weights = {
        made.dataset: {row.model: row.weight for row in made.rows if row.weight is not None}
        for made in overview.comparisons
    }
    called: dict[str, Witnesses] = {}
    for cell in overview.cells:
        dataset = cell.name.partition("-")[0]
        called.setdefault(dataset, Witnesses([], weights.get(dataset, {})))
        called[dataset].posteriors.append(_call(cell))
    return called


def _call(cell: Passed | Apart) -> Posterior:
    if isinstance(cell, Passed):
        return Posterior(cell.name, cell.model, cell.attributions, cell.check, cell.candidate)
    states = {
        "failed": "the fit did not converge",
        "not_fitted": "not fitted",
        "missing": "missing",
    }
    reason = f"{cell.model_title}: {states[cell.state]}: {'; '.join(cell.reasons)}"
    return Posterior(cell.name, cell.model, cell.attributions, {}, reason=reason)


def draw_headlines(primaries: list[Passed]) -> Drawing | None:
    """A panel a dataset: its headline beside published values of the same quantity."""
    frames = [_headline_rows(cell) for cell in primaries if cell.answer.sentence]
    if not frames:
        return None
    frame = pd.concat(frames, ignore_index=True)
    figure = Figure(
        "intervals",
        "headlines",
        "The answers so far",
        f"Bold rows are ours: median and {INTERVAL_WORDS}. Published values keep the interval that "
        "their source prints.",
        frame,
    )
    return intervals.draw_literature(figure, summaries.logarithmic_panels(frame))


def _headline_rows(cell: Passed) -> pd.DataFrame:
    key = cell.answer.key
    own = {key: cell.attributions[key]}
    rows = summaries.compare_with_literature(
        own, NO_BASELINE, cell.card.card.published, always=[key]
    )
    return rows.assign(
        panel=cell.name,
        title=f"{cell.card.card.title}: {cell.answer.label}",
        unit=summaries.unit_words(cell.answer.unit),
        label=OURS,
    )


def tabulate(made: Comparison, passed: list[Passed]) -> list[dict[str, Any]]:
    """The estimates of a comparison in words: a row an estimand, a cell a model and the average."""
    checks = {cell.model: cell.check for cell in passed if cell.card.dataset == made.dataset}
    return [
        {
            "label": each.label,
            "key": each.key,
            "cells": [
                _describe(each.by_model.get(row.model), each, checks[row.model])
                for row in made.rows
            ],
            "averaged": _describe(each.averaged, each, {}),
        }
        for each in made.estimates
    ]


def _describe(entry: Entry | None, each: comparison.Estimate, check: dict[str, Any]) -> str:
    if entry is None or entry.get("reason"):
        return f"not reported{': ' + entry['reason'] if entry else ''}"
    found = entry | {"unit": each.unit}
    if each.key.startswith(f"{comparison.REVERSE}["):
        return _describe_reverse(found)
    driven = answers.describe_drivers(each.key, check)
    chance = answers.describe_p_not_positive(found) if each.key == comparison.RATE else ""
    return (
        (f"{driven}: " if driven else "")
        + f"{answers.describe_bound(found, 'median')} ({answers.describe_interval(found)})"
        + (f"; P(\N{LESS-THAN OR EQUAL TO} 0) {chance}" if chance else "")
    )


def _describe_reverse(found: Entry) -> str:
    """The compute that would suffice, and the probability that none does."""
    beyond = 1 - (1 if found.get("p_finite") is None else float(found["p_finite"]))
    words = "no compute suffices in most draws"
    if found["lower"] is not None:
        words = f"{answers.describe_bound(found, 'median')} ({answers.describe_interval(found)})"
    chance = answers.describe_probability(beyond)
    return f"{words}; P(unreachable) {'' if chance[0] in '<>' else '= '}{chance}"


def describe_average(cell: Passed, comparisons: list[Comparison]) -> str:
    """The headline averaged over the dataset's models; empty where this model is the average."""
    made = next((each for each in comparisons if each.dataset == cell.card.dataset), None)
    if made is None or not cell.answer.sentence:
        return ""
    weight = next((row.weight for row in made.rows if row.model == cell.model), None)
    found = next((each for each in made.estimates if each.key == cell.answer.key), None)
    if weight is None or weight > 1 - comparison.NEGLIGIBLE or found is None:
        return ""
    if found.averaged.get("reason"):
        return ""
    shown = found.averaged | {"unit": found.unit}
    return (
        f"Averaged over {len(made.rows)} models by how well they predict what was left out: "
        f"{answers.describe_bound(shown, 'median')} ({answers.describe_interval(shown)}); this "
        f"model's weight is {format_quantity(weight, 'share')}."
    )


def write_answers(overview: Overview) -> str:
    """The README's table in Markdown: a row a dataset, answered by the model that speaks for it."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in overview.primaries:
        asked, said = cell.card.card.question, cell.answer.sentence or cell.answer.reason
        if caveats := "; ".join(cell.answer.caveats):
            said = f"{caveats[0].upper()}{caveats[1:]}: {said}"
        if average := describe_average(cell, overview.comparisons):
            said = f"{said} {average}"
        lines.append(f"| {escape_cell(asked)} | {escape_cell(said)} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def draw_picture(drawing: Drawing | None) -> str:
    """The README's picture as SVG: the headlines on white."""
    if drawing is None:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    return render_svg(stack_panels(drawing))


def draw_rates(rates: list[Row]) -> Drawing | None:
    """Rates of algorithmic progress across domains; None without any."""
    caption = (
        f"Ours: median and {INTERVAL_WORDS}; classical baselines: "
        f"{INTERVAL_WORDS.split(' equal')[0]} interval; published values keep the interval that "
        "their source prints, if any. Further right is faster; the second line of the axis is the "
        "time in which the compute needed halves. Half a decade a year is 3.2 times less compute "
        "for the same result every year."
    )
    title = "How fast algorithms improve, by domain"
    return _draw_forest(rates, "rates", title, caption, forest_charts.RATES)


def draw_shares(shares: list[Row]) -> Drawing | None:
    """Compute's share by dataset, comparison and model; None without any."""
    caption = (
        f"Median and {INTERVAL_WORDS}. A share is of the step in effective compute; it may fall "
        "below zero or exceed one, where parts of a step pull in opposite directions. Right of "
        "the dashed line, compute is more than half."
    )
    title = "Compute's share of progress, by benchmark and model"
    return _draw_forest(shares, "shares", title, caption, forest_charts.SHARES)


def _draw_forest(
    rows: list[Row], name: str, title: str, caption: str, axis: forest_charts.Axis
) -> Drawing | None:
    if not any(row.has_number for row in rows):
        return None
    return forest_charts.draw_forest(rows, name, title, caption, axis)


def render(overview: Overview, contents: Contents, templates: Path, citation: PageCitation) -> str:
    """The index page as HTML text."""
    drawings = {
        "rates": draw_rates(contents.rates),
        "shares": draw_shares(contents.shares),
    }
    page = rendering.environment(templates, chart_library).get_template("overview.html.jinja")
    return page.render(
        title=TITLE,
        overview=overview,
        synopsis=summarise(overview, contents.rates, contents.shares),
        limits=list_limits(overview),
        rates=contents.rates,
        shares=contents.shares,
        say=say,
        say_doubling=say_doubling,
        claimed=contents.claimed,
        drawings=drawings,
        describe_average=describe_average,
        estimates={made.dataset: tabulate(made, overview.passed) for made in overview.comparisons},
        specs=collect_specs(each for each in drawings.values() if each),
        chart_config=CONFIG,
        interval_words=INTERVAL_WORDS,
        sources=contents.sources,
        citation=citation,
        simulated=contents.simulated,
        across=contents.across,
    )


def describe_synthesis(folders: Folders) -> str:
    """Compute or algorithms, across domains; empty where the synthesis is not made."""
    entries = read_json(folders.attributions / f"{SYNTHESIS}.json")
    return describe_in_short(entries) if entries else ""


def describe_simulation(folders: Folders) -> str:
    """What full automation of research would bring, in a sentence; empty where it is not made."""
    entries = read_json(folders.attributions / f"{SIMULATION}.json")
    return describe_answer(entries) if entries else ""


def cited_keys(overview: Overview, verdicts: list[Verdict], rates: list[Row]) -> list[str]:
    """The citation keys of every card, in the order of the registry, of the claims and rates."""
    cards = [dataset.card.card for dataset in overview.datasets if dataset.card]
    of_cards = [
        key
        for card in cards
        for key in (*card.citations, *(row.citation for row in card.published))
    ]
    of_rates = [row.citation for row in rates if row.citation]
    return [*of_cards, *(verdict.claim.source for verdict in verdicts), *of_rates]


def judge_claims(path: Path, overview: Overview, bibliography: Bibliography) -> list[Verdict]:
    """What the posteriors say of each claim at `path`. Raises SourceError with every fault."""
    witnesses = call_witnesses(overview)
    return [
        claims.judge(claim, witnesses)
        for claim in claims.read_claims(path, witnesses, bibliography)
    ]


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def main(argv: list[str] | None = None) -> int:
    """Write the index page and the README's table and picture."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.site.overview.page",
        description=__doc__.splitlines()[0] if __doc__ else "",
    )
    for flag, words in (
        ("--cards", "data/sources"),
        ("--datasets", "data/sources/datasets.yaml"),
        ("--models", "models/models.yaml"),
        ("--attributions", "data/attributions"),
        ("--checks", "data/checks"),
        ("--validated", "data/validated"),
        ("--claims", "data/claims.yaml"),
        ("--bibliography", "data/references.bib"),
        ("--citation", "CITATION.cff"),
        ("--templates", "reports/templates"),
        ("--output", "reports/html/index.html"),
        (
            "--summary",
            "folder for the README's table and picture, comparison.json, metrics and plots",
        ),
        ("--verdicts", "data/checks/claims.json"),
    ):
        parser.add_argument(flag, type=Path, required=True, help=words)
    options = parser.parse_args(argv)
    folders = Folders(options.cards, options.checks, options.attributions)
    datasets, models = read_datasets(options.datasets), read_models(options.models)
    known = read_bibliography(options.bibliography)
    bibliography, refused = join_bibliographies(known, options.cards, datasets)
    overview = gather(datasets, models, folders, bibliography, refused)
    verdicts = judge_claims(options.claims, overview, bibliography)
    baselines = read_baselines(overview, options.validated)
    published = list_published_rates(overview, options.validated)
    rates = list_rates(overview, baselines, published)
    contents = Contents(
        rates=rates,
        shares=list_shares(overview),
        claimed=[claims.tabulate(verdict, bibliography) for verdict in verdicts],
        simulated=describe_simulation(folders),
        across=describe_synthesis(folders),
        sources=bibliography.cite(cited_keys(overview, verdicts, rates)),
    )
    citation = cite_page(read_software(options.citation), f"{TITLE}.", "index")
    write_text(options.output, render(overview, contents, options.templates, citation))
    write_text(options.summary / "answers.md", write_answers(overview))
    write_text(options.summary / "answers.svg", draw_picture(draw_headlines(overview.primaries)))
    compared = {made.dataset: comparison.describe(made) for made in overview.comparisons}
    write_json(options.summary / "comparison.json", compared)
    judged = {verdict.claim.id: claims.describe(verdict) for verdict in verdicts}
    write_json(options.verdicts, judged)
    metrics.write_summary(options.summary, overview, verdicts, rates, contents.shares)
    states = Counter(cell.state if isinstance(cell, Apart) else "passed" for cell in overview.cells)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in states.items())
    print(f"{options.output}: {counts}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
