"""The index page, and the README's table and picture: the answers of posteriors that passed.

Fits that did not pass and cells without results are listed apart with the reason; none of their
numbers is quoted.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from models import Figure, load
from pipeline import answers, charts, pages, summaries
from pipeline.answers import INTERVAL_WORDS, Answer, Attributions, Badge
from pipeline.bibliography import Reference, read_bibliography
from pipeline.cards import LoadedCard, load_card
from pipeline.charts import Drawing
from pipeline.failures import SourceError
from pipeline.files import write_text
from pipeline.stage import stage_main

TITLE = "How much of AI progress is compute, and how much is algorithms?"
NO_TABLE = (
    "no table has passed validation; where it failed, data/checks/{name}-quarantine.csv says why"
)
NO_BASELINE = pd.DataFrame(columns=["key", "label", "method", "estimate", "lower", "upper"])


@dataclass(frozen=True)
class Dataset:
    """A dataset of the registry; without card or validation where either failed, and why."""

    name: str
    table: str
    card: LoadedCard | None
    validation: dict[str, Any] | None
    reason: str


@dataclass(frozen=True)
class Passed:
    """A posterior that may be quoted."""

    name: str
    card: LoadedCard
    model_title: str
    attributions: Attributions
    answer: Answer
    badges: list[Badge]


@dataclass(frozen=True)
class Apart:
    """A posterior that may not be quoted, or does not exist, and why."""

    name: str
    title: str
    reasons: list[str]


@dataclass(frozen=True)
class Overview:
    """Every cell of dataset x model in one of three states, and the datasets."""

    passed: list[Passed]
    failed: list[Apart]
    missing: list[Apart]
    datasets: list[Dataset]


@dataclass(frozen=True)
class Folders:
    """Where the other stages left their files."""

    cards: Path
    checks: Path
    attributions: Path


def gather(
    datasets: dict[str, list[str]], models: dict[str, list[str]], folders: Folders
) -> Overview:
    """Sort every cell of the two registries by what became of it."""
    made = Overview([], [], [], list(_read_datasets(datasets, folders)))
    for dataset in made.datasets:
        for model_name in models.get(dataset.table, []):
            cell = read_cell(dataset, model_name, folders)
            if isinstance(cell, Passed):
                made.passed.append(cell)
            else:
                (made.missing if _is_missing(cell, folders) else made.failed).append(cell)
    return made


def read_cell(dataset: Dataset, model_name: str, folders: Folders) -> Passed | Apart:
    """One posterior with its answer, or the reasons why it has none."""
    name = f"{dataset.name}-{model_name}"
    if dataset.card is None or dataset.reason:
        return Apart(
            name, dataset.card.card.title if dataset.card else dataset.name, [dataset.reason]
        )
    title = dataset.card.card.title
    check = _read_json(folders.checks / f"{name}.json")
    if check is None:
        return Apart(name, title, ["there is no fit, or it has not been checked"])
    if not answers.has_passed(check):
        return Apart(name, title, list(check["reasons"]))
    attributions = _read_json(folders.attributions / f"{name}.json")
    if attributions is None:
        return Apart(name, title, ["the fit passed, but its estimands have not been computed"])
    model = load(model_name)
    answer = answers.answer(model.headline(dataset.card.for_model()), attributions, check)
    return Passed(name, dataset.card, model.TITLE, attributions, answer, answers.badges(check))


def draw_headlines(passed: list[Passed]) -> Drawing | None:
    """A panel a posterior: its headline beside published values of the same quantity."""
    frames = [_headline_rows(cell) for cell in passed if cell.answer.sentence]
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
    return charts.draw_literature(figure, summaries.logarithmic_panels(frame))


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
        label=charts.OURS,
    )


def write_answers(passed: list[Passed]) -> str:
    """The README's table: a row a posterior that passed, in Markdown."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in passed:
        asked, said = cell.card.card.question, cell.answer.sentence or cell.answer.reason
        lines.append(f"| {escape_cell(asked)} | {escape_cell(said)} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def draw_picture(drawing: Drawing | None) -> str:
    """The README's picture as SVG: the headlines on white."""
    if drawing is None:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    return charts.render_svg(charts.stack_panels(drawing))


def render(
    overview: Overview, sources: list[Reference], drawing: Drawing | None, templates: Path
) -> str:
    """The index page as HTML text."""
    page = pages.environment(templates, charts.chart_library).get_template("overview.html.jinja")
    return page.render(
        title=TITLE,
        overview=overview,
        drawing=drawing,
        specs=charts.collect_specs([drawing] if drawing else []),
        chart_config=charts.CONFIG,
        interval_words=INTERVAL_WORDS,
        sources=sources,
    )


def cited_keys(overview: Overview) -> list[str]:
    """The citation keys of every card, in the order of the registry."""
    cards = [dataset.card.card for dataset in overview.datasets if dataset.card]
    return [
        key
        for card in cards
        for key in (*card.citations, *(row.citation for row in card.published))
    ]


def _read_datasets(datasets: dict[str, list[str]], folders: Folders) -> Iterator[Dataset]:
    for table, names in datasets.items():
        for name in names:
            validation = _read_json(folders.checks / f"{name}.json")
            reason = "" if validation else NO_TABLE.format(name=name)
            try:
                card = load_card(folders.cards / name / "source.yaml")
            except SourceError as error:
                yield Dataset(
                    name,
                    table,
                    None,
                    validation,
                    f"its card cannot be read: {error.failures[0].rule}",
                )
            else:
                yield Dataset(name, table, card, validation, reason)


def _is_missing(cell: Apart, folders: Folders) -> bool:
    check = _read_json(folders.checks / f"{cell.name}.json")
    return check is None or answers.has_passed(check)


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def read_registry(path: Path, name: str) -> dict[str, list[str]]:
    """The lists of a registry file, by table."""
    registry: dict[str, list[str]] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))[name]
    return registry


def main(argv: list[str] | None = None) -> int:
    """Write the index page and the README's table and picture."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.overview", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    for flag, words in (
        ("--cards", "data/sources"),
        ("--datasets", "data/sources/datasets.yaml"),
        ("--models", "models/models.yaml"),
        ("--attributions", "data/attributions"),
        ("--checks", "data/checks"),
        ("--bibliography", "data/references.bib"),
        ("--templates", "reports/templates"),
        ("--output", "reports/html/index.html"),
        ("--summary", "folder for answers.md and answers.svg"),
    ):
        parser.add_argument(flag, type=Path, required=True, help=words)
    options = parser.parse_args(argv)
    folders = Folders(options.cards, options.checks, options.attributions)
    registries = (
        read_registry(options.datasets, "datasets"),
        read_registry(options.models, "models"),
    )
    overview = gather(*registries, folders)
    sources = read_bibliography(options.bibliography).cite(cited_keys(overview))
    drawing = draw_headlines(overview.passed)
    write_text(options.output, render(overview, sources, drawing, options.templates))
    write_text(options.summary / "answers.md", write_answers(overview.passed))
    write_text(options.summary / "answers.svg", draw_picture(drawing))
    groups = {name: len(getattr(overview, name)) for name in ("passed", "failed", "missing")}
    counts = ", ".join(f"{count} {name}" for name, count in groups.items())
    print(f"{options.output}: {counts}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
