"""Registries + results -> every cell of dataset x model, sorted by what became of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from models import load
from pipeline.core.failures import SourceError
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.ingest.stage import accept
from pipeline.site.naming import name_check
from pipeline.site.overview.cells import Apart, Cell, Dataset, Passed, State
from pipeline.site.overview.comparison import Comparison, compare
from pipeline.site.pages import answers
from pipeline.site.pages.badges import list_badges
from pipeline.site.words import read_words, relabel, say_headline
from pipeline.studies.verdict import read_check

NO_TABLE = "it has not been validated: run `dvc repro`"


@dataclass(frozen=True)
class Overview:
    """Every cell in the order of the registries; `bibliography` has all references."""

    cells: list[Cell]
    datasets: list[Dataset]
    bibliography: Bibliography
    comparisons: list[Comparison] = field(default_factory=list)

    @property
    def passed(self) -> list[Passed]:
        """The posteriors that may be quoted."""
        return [cell for cell in self.cells if isinstance(cell, Passed)]

    @property
    def cards(self) -> list[LoadedCard]:
        """The cards of the datasets that have one and are no drafts."""
        return [each.card for each in self.datasets if each.card and not each.card.draft]

    def passed_of(self, dataset: str) -> list[Passed]:
        """The posteriors of a dataset that may be quoted, the one that speaks for it first."""
        return [cell for cell in self.passed if cell.dataset == dataset]

    def apart(self, state: State) -> list[Apart]:
        """The cells without a quotable posterior that are in this state."""
        return [cell for cell in self.cells if isinstance(cell, Apart) and cell.state == state]

    @property
    def primaries(self) -> list[Passed]:
        """The posterior that speaks for each dataset: the first in the registry that passed."""
        return [cell for cell in self.passed if cell is self.passed_of(cell.dataset)[0]]


def gather(layout: Layout) -> Overview:
    """Every cell of the two registries, sorted by what became of it.

    A dataset whose card, bibliography or data are refused has no posterior that may be quoted,
    whatever an earlier run left. Raises SourceError for the project's own files.
    """
    models = read_models(layout.models)
    tables = {
        name: table for table, names in read_datasets(layout.datasets).items() for name in names
    }
    bibliography, refused = _join_bibliographies(layout, tables)
    overview = Overview([], [], bibliography)
    for name, table in tables.items():
        dataset = _read_dataset(layout, name, table, bibliography, refused.get(name, ""))
        cells = [_read_cell(layout, dataset, model) for model in models.get(table, [])]
        overview.datasets.append(dataset)
        overview.cells.extend(cells)
        passed = [cell for cell in cells if isinstance(cell, Passed)]
        if len(passed) > 1:
            apart = [cell for cell in cells if isinstance(cell, Apart)]
            overview.comparisons.append(compare(passed, apart))
    return overview


def _join_bibliographies(
    layout: Layout, names: Iterable[str]
) -> tuple[Bibliography, dict[str, str]]:
    """All references that the datasets bring, and of which dataset they are refused, and why."""
    bibliography, refused = read_bibliography(layout.bibliography), {}
    for name in names:
        try:
            bibliography = bibliography.with_own(layout.card(name).parent)
        except SourceError as error:
            refused[name] = f"its bibliography is refused. {_say_first(error)}"
    return bibliography, refused


def _read_dataset(
    layout: Layout, name: str, table: str, bibliography: Bibliography, refused: str
) -> Dataset:
    """The dataset as its files are now: results of an earlier run may lie about."""
    if refused:
        return Dataset(name, table, None, None, refused)
    read: dict[str, Any] = {}
    try:
        accept(layout, name, read.__setitem__, bibliography)
    except SourceError as error:
        what = "data are" if "card" in read else "card is"
        reason = f"its {what} refused. {_say_first(error)}"
        return Dataset(name, table, read.get("card"), None, reason)
    validation = read_json(layout.rows(name))
    return Dataset(name, table, read["card"], validation, "" if validation else NO_TABLE)


def _say_first(error: SourceError) -> str:
    """The first failure by its place in the dataset's folder, and how many there are more."""
    first, *more = error.failures
    path = Path(first.file)
    said = str(replace(first, file=f"{path.parent.name}/{path.name}"))
    return f"{said} And {len(more)} more." if more else said


def _read_cell(layout: Layout, dataset: Dataset, model_name: str) -> Cell:
    """One posterior with its answer, or the reasons why it has none."""
    name, card = f"{dataset.name}-{model_name}", dataset.card
    words = read_words(layout.words, model_name, card and card.options)
    apart = partial(Apart, name, dataset.title, model_name, words.title)
    if card is None or dataset.reason:
        return apart([dataset.reason], "missing")
    check = read_check(layout, name)
    if not check:
        return apart(["there is no fit, or it has not been checked"], "missing")
    if check.get("not_fitted"):
        return apart([check["not_fitted"]], "not_fitted")
    if card.draft:
        return apart(card.draft, "draft")
    found = read_json(layout.attribution(name))
    attributions = relabel(found or {}, card.options, words)
    check = name_check(check, words, attributions)
    if not answers.has_passed(check):
        return apart(list(check["reasons"]), "failed", attributions)
    if found is None:
        return apart(["the fit passed, but its estimands have not been computed"], "missing")
    key = load(model_name).headline_key(card.for_model())
    headline = say_headline(words, card.options, key)
    answer = answers.answer(headline, attributions, check)
    badges = list_badges(check, key, attributions)
    path = layout.draws(name)
    draws = pd.read_parquet(path) if path.is_file() else pd.DataFrame()
    title = words.title
    return Passed(name, card, model_name, title, check, attributions, answer, badges, draws)
