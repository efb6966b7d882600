"""Registries + results -> every cell of dataset x model, sorted by what became of it.

A posterior whose check passed may be quoted; a fit that did not pass, a model that cannot be fitted
and a cell without results stand apart with the reason.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from models import load
from pipeline.failures import SourceError
from pipeline.files import read_json
from pipeline.ingest.bibliography import Bibliography
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.registries import Registry
from pipeline.site.overview import comparison
from pipeline.site.overview.acceptance import accept
from pipeline.site.overview.comparison import Candidate, Comparison, LeftOut
from pipeline.site.pages import answers
from pipeline.site.pages.answers import Answer, Attributions, Badge

NOTHING: Mapping[str, str] = MappingProxyType({})
IN_SHORT = {answers.ON_AVERAGE: "on average"}
NO_TABLE = "it has not been validated: run `dvc repro`"
State = Literal["failed", "not_fitted", "missing"]


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
            name: f"{badge.mark} {IN_SHORT.get(badge.word, words[badge.state])}"
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
    def primaries(self) -> list[Passed]:
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
    check = read_json(folders.checks / f"{name}.json")
    if check is None:
        return apart(["there is no fit, or it has not been checked"], "missing")
    if check.get("not_fitted"):
        return apart([check["not_fitted"]], "not_fitted")
    attributions = read_json(folders.attributions / f"{name}.json")
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
    validation = read_json(folders.checks / f"{name}.json")
    return Dataset(name, table, card, validation, "" if validation else NO_TABLE)


def _first(error: SourceError) -> str:
    """The first failure by its place in the dataset's folder, and how many there are more."""
    first, count = error.failures[0], len(error.failures) - 1
    path = Path(first.file)
    more = f" And {count} more." if count else ""
    return str(replace(first, file=f"{path.parent.name}/{path.name}")) + more
