"""The index page, and the README's table and picture: the answers of posteriors that passed, and
what they say of what was claimed.

One model speaks for a dataset: the first of its table in models.yaml that passed. Where several
passed they are compared and averaged (comparison.py). Fits that did not pass, models that cannot
be fitted and cells without results are listed apart with the reason; none of their numbers is
quoted.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd

from models import Figure, load
from pipeline import answers, charts, claims, comparison, pages, summaries
from pipeline.acceptance import accept
from pipeline.answers import INTERVAL_WORDS, Answer, Attributions, Badge
from pipeline.bibliography import Bibliography, Reference, read_bibliography
from pipeline.cards import LoadedCard, load_card
from pipeline.charts import Drawing
from pipeline.claims import Posterior, Verdict, Witnesses
from pipeline.comparison import Candidate, Comparison, Entry, LeftOut
from pipeline.failures import SourceError
from pipeline.files import write_json, write_text
from pipeline.registries import Registry, read_datasets, read_models
from pipeline.stage import stage_main
from pipeline.takeoff_words import describe_answer

TITLE = "How much of AI progress is compute, and how much is algorithms?"
SIMULATION = "takeoff"  # its estimands and its page
NOTHING: Mapping[str, str] = MappingProxyType({})
NO_TABLE = "it has not been validated: run `dvc repro`"
State = Literal["failed", "not_fitted", "missing"]
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
    model: str
    model_title: str
    check: dict[str, Any]
    attributions: Attributions
    answer: Answer
    badges: list[Badge]
    candidate: Candidate = field(compare=False)

    @property
    def verdict(self) -> dict[str, str]:
        """The badges of the verdict table by the question that they answer."""
        names = ("converged", "calibrated", "identified", "prior")
        words = {"good": "yes", "bad": "no", "unknown": "not measured"}
        short = {
            name: f"{badge.mark} {words[badge.state]}"
            for name, badge in zip(names, self.badges, strict=True)
        }
        return short | {"prior": self._lean()}

    def _lean(self) -> str:
        """Whether the headline, or something else, leans on the prior."""
        badge = self.badges[-1]
        if self.answer.driven:
            return f"{badge.mark} headline"
        words = {"good": "no", "bad": "in part", "unknown": "in part"}
        is_measured = bool(self.check.get("prior_sensitivity"))
        return f"{badge.mark} {words[badge.state] if is_measured else 'not measured'}"


@dataclass(frozen=True)
class Apart:
    """A posterior that may not be quoted, or does not exist, and why."""

    name: str
    title: str
    model: str
    model_title: str
    reasons: list[str]
    state: State
    attributions: Attributions = field(default_factory=dict)  # for their names alone


@dataclass(frozen=True)
class Overview:
    """Every cell of dataset x model in the order of the registries, datasets and comparisons."""

    cells: list[Passed | Apart]
    datasets: list[Dataset]
    comparisons: list[Comparison]

    @property
    def passed(self) -> list[Passed]:
        """The posteriors that may be quoted."""
        return [cell for cell in self.cells if isinstance(cell, Passed)]

    def apart(self, state: State) -> list[Apart]:
        """The cells without a quotable posterior that are in this state."""
        return [cell for cell in self.cells if isinstance(cell, Apart) and cell.state == state]

    @property
    def speakers(self) -> list[Passed]:
        """The posterior that speaks for each dataset: the first in the registry that passed."""
        first: dict[str, Passed] = {}
        for cell in self.passed:
            first.setdefault(cell.card.dataset, cell)
        return list(first.values())


@dataclass(frozen=True)
class Folders:
    """Where the other stages left their files."""

    cards: Path
    checks: Path
    attributions: Path


def gather(
    datasets: Registry,
    models: Registry,
    folders: Folders,
    citation_keys: Collection[str],
    refused: Mapping[str, str] = NOTHING,
) -> Overview:
    """Sort every cell of the two registries by what became of it.

    `refused` says of datasets why their bibliography cannot be read.
    """
    read = partial(_read_dataset, folders=folders, citation_keys=citation_keys, refused=refused)
    found = [read(name, table) for table, names in datasets.items() for name in names]
    made = Overview([], found, [])
    for dataset in made.datasets:
        cells = [read_cell(dataset, name, folders) for name in models.get(dataset.table, [])]
        passed = [cell for cell in cells if isinstance(cell, Passed)]
        apart = [cell for cell in cells if isinstance(cell, Apart)]
        made.cells.extend(cells)
        if len(passed) > 1:
            made.comparisons.append(compare_models(passed, apart))
    return made


def compare_models(passed: list[Passed], apart: list[Apart]) -> Comparison:
    """The passing models of one dataset side by side, and the others with the reason."""
    candidates = [cell.candidate for cell in passed]
    card = passed[0].card
    left_out = [LeftOut(cell.model, cell.model_title, "; ".join(cell.reasons)) for cell in apart]
    return comparison.compare(
        card.dataset, card.card.title, candidates, passed[0].answer.key, left_out
    )


def read_cell(dataset: Dataset, model_name: str, folders: Folders) -> Passed | Apart:
    """One posterior with its answer, or the reasons why it has none."""
    name, model = f"{dataset.name}-{model_name}", load(model_name)
    title = dataset.card.card.title if dataset.card else dataset.name
    apart = partial(Apart, name, title, model_name, model.TITLE)
    if dataset.card is None or dataset.reason:
        return apart([dataset.reason], "missing")
    check = _read_json(folders.checks / f"{name}.json")
    if check is None:
        return apart(["there is no fit, or it has not been checked"], "missing")
    if check.get("not_fitted"):
        return apart([check["not_fitted"]], "not_fitted")
    attributions = _read_json(folders.attributions / f"{name}.json")
    if not answers.has_passed(check):
        return apart(list(check["reasons"]), "failed", attributions or {})
    if attributions is None:
        return apart(["the fit passed, but its estimands have not been computed"], "missing")
    headline = model.headline(dataset.card.for_model())
    answer = answers.answer(headline, attributions, check)
    badges = answers.badges(check, headline.key)
    draws = folders.attributions / f"{name}.parquet"
    candidate = comparison.read_candidate(model_name, model.TITLE, check, attributions, draws)
    card, title = dataset.card, model.TITLE
    return Passed(name, card, model_name, title, check, attributions, answer, badges, candidate)


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


def draw_headlines(speakers: list[Passed]) -> Drawing | None:
    """A panel a dataset: its headline beside published values of the same quantity."""
    frames = [_headline_rows(cell) for cell in speakers if cell.answer.sentence]
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


def draw_comparisons(comparisons: list[Comparison]) -> Drawing | None:
    """A panel a headline and a panel a rate: every model and their average; None without any."""
    rows = [
        row
        for made in comparisons
        for each in made.estimates
        if each.key in (made.headline, comparison.RATE)
        for row in _comparison_rows(made, each)
    ]
    if not rows:
        return None
    figure = Figure(
        "intervals",
        "models",
        "Each model and their average",
        f"Median and {INTERVAL_WORDS} of each model that passed, and of the mixture of their "
        "draws with stacking weights.",
        pd.DataFrame(rows),
    )
    return charts.draw_models(figure)


def _comparison_rows(made: Comparison, each: comparison.Estimate) -> list[dict[str, Any]]:
    entries = [
        (row.title, charts.ONE_MODEL, each.by_model[row.model])
        for row in made.rows
        if row.model in each.by_model
    ]
    if not each.averaged.get("reason"):
        entries.append(("Averaged", charts.AVERAGED, each.averaged))
    return [
        {
            "panel": f"{made.dataset} {each.key}",
            "title": f"{made.title}: {each.label}",
            "unit": summaries.unit_words(each.unit),
            "label": label,
            "series": series,
            "interval": INTERVAL_WORDS,
            "is_open": entry["median"] is not None and entry["upper"] is None,
        }
        | {name: entry[name] for name in ("median", "lower", "upper")}
        for label, series, entry in entries
        if not entry.get("reason")
    ]


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
    driven = answers.describe_drivers(each.key, check)
    chance = answers.describe_p_not_positive(found) if each.key == comparison.RATE else ""
    return (
        f"{answers.describe_bound(found, 'median')} ({answers.describe_interval(found)})"
        + (f"; P(\N{LESS-THAN OR EQUAL TO} 0) {chance}" if chance else "")
        + (f"; {driven}" if driven else "")
    )


def write_answers(speakers: list[Passed]) -> str:
    """The README's table in Markdown: a row a dataset, answered by the model that speaks for it."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in speakers:
        asked, said = cell.card.card.question, cell.answer.sentence or cell.answer.reason
        if cell.answer.driven:
            said = f"{said} {cell.answer.driven[0].upper()}{cell.answer.driven[1:]}."
        lines.append(f"| {escape_cell(asked)} | {escape_cell(said)} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def draw_picture(drawing: Drawing | None) -> str:
    """The README's picture as SVG: the headlines on white."""
    if drawing is None:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    return charts.render_svg(charts.stack_panels(drawing))


def render(
    overview: Overview,
    claimed: list[dict[str, Any]],
    sources: list[Reference],
    drawing: Drawing | None,
    templates: Path,
    simulation: Attributions | None = None,
) -> str:
    """The index page as HTML text; `simulation` are the estimands of full automation, if made."""
    models = draw_comparisons(overview.comparisons)
    page = pages.environment(templates, charts.chart_library).get_template("overview.html.jinja")
    return page.render(
        title=TITLE,
        overview=overview,
        claimed=claimed,
        drawing=drawing,
        models=models,
        estimates={made.dataset: tabulate(made, overview.passed) for made in overview.comparisons},
        specs=charts.collect_specs(each for each in (drawing, models) if each),
        chart_config=charts.CONFIG,
        interval_words=INTERVAL_WORDS,
        sources=sources,
        simulated=describe_answer(simulation) if simulation else "",
    )


def cited_keys(overview: Overview, verdicts: list[Verdict]) -> list[str]:
    """The citation keys of every card, in the order of the registry, and of the claims."""
    cards = [dataset.card.card for dataset in overview.datasets if dataset.card]
    of_cards = [
        key
        for card in cards
        for key in (*card.citations, *(row.citation for row in card.published))
    ]
    return [*of_cards, *(verdict.claim.source for verdict in verdicts)]


def judge_claims(path: Path, overview: Overview, bibliography: Bibliography) -> list[Verdict]:
    """What the posteriors say of each claim at `path`. Raises SourceError with every fault."""
    witnesses = call_witnesses(overview)
    return [
        claims.judge(claim, witnesses)
        for claim in claims.read_claims(path, witnesses, bibliography)
    ]


def join_bibliographies(
    bibliography: Bibliography, cards: Path, datasets: Registry
) -> tuple[Bibliography, dict[str, str]]:
    """All references that the datasets bring, and of which dataset they are refused, and why."""
    refused = {}
    for name in (name for names in datasets.values() for name in names):
        try:
            bibliography = bibliography.with_own(cards / name)
        except SourceError as error:
            refused[name] = f"its bibliography is refused. {_first(error)}"
    return bibliography, refused


def _read_dataset(
    name: str,
    table: str,
    folders: Folders,
    citation_keys: Collection[str],
    refused: Mapping[str, str],
) -> Dataset:
    """The dataset as its files are now: results of an earlier run may lie about."""
    if name in refused:
        return Dataset(name, table, None, None, refused[name])
    try:
        card = load_card(folders.cards / name / "source.yaml", citation_keys)
    except SourceError as error:
        return Dataset(name, table, None, None, f"its card is refused. {_first(error)}")
    try:
        accept(folders.cards, name)
    except SourceError as error:
        return Dataset(name, table, card, None, f"its data are refused. {_first(error)}")
    validation = _read_json(folders.checks / f"{name}.json")
    return Dataset(name, table, card, validation, "" if validation else NO_TABLE)


def _first(error: SourceError) -> str:
    """The first failure by its place in the dataset's folder, and how many there are more."""
    first, count = error.failures[0], len(error.failures) - 1
    path = Path(first.file)
    more = f" And {count} more." if count else ""
    return str(replace(first, file=f"{path.parent.name}/{path.name}")) + more


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


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
        ("--claims", "data/claims.yaml"),
        ("--bibliography", "data/references.bib"),
        ("--templates", "reports/templates"),
        ("--output", "reports/html/index.html"),
        ("--summary", "folder for answers.md, answers.svg, comparison.json"),
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
    claimed = [claims.tabulate(verdict, bibliography) for verdict in verdicts]
    sources = bibliography.cite(cited_keys(overview, verdicts))
    drawing = draw_headlines(overview.speakers)
    simulation = _read_json(folders.attributions / f"{SIMULATION}.json")
    page = render(overview, claimed, sources, drawing, options.templates, simulation)
    write_text(options.output, page)
    write_text(options.summary / "answers.md", write_answers(overview.speakers))
    write_text(options.summary / "answers.svg", draw_picture(drawing))
    compared = {made.dataset: comparison.describe(made) for made in overview.comparisons}
    write_json(options.summary / "comparison.json", compared)
    judged = {verdict.claim.id: claims.describe(verdict) for verdict in verdicts}
    write_json(options.verdicts, judged)
    states = Counter(cell.state if isinstance(cell, Apart) else "passed" for cell in overview.cells)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in states.items())
    print(f"{options.output}: {counts}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
