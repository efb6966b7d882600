"""Registries + results -> a row a cell (dataset x model): verdict, headline, page; nothing is run.

What a stage has not made yet is None. The numbers are those of the pages, in the unit they state.
"""

from pathlib import Path
from typing import Any

from models import load
from pipeline.commands.printing import render_table
from pipeline.core.failures import SourceError
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.stage import load_whole_card
from pipeline.site.naming import name_check
from pipeline.site.pages import answers
from pipeline.site.words import read_words, relabel
from pipeline.studies.verdict import find_caveats, read_check

COLUMNS = (
    *("dataset", "table", "rows_fitted", "model", "verdict", "headline", "label", "unit"),
    *("median", "lower", "upper", "caveats", "reason", "page"),
)
WORDS = {"factor": "times"}
Cells = list[dict[str, Any]]
Registry = dict[str, list[str]]


def list_cells(layout: Layout, datasets: Registry, models: Registry) -> Cells:
    """Every dataset of the registry with each model of its table; keys are `COLUMNS`.

    `verdict` is pass, fail, not fitted, refused (the card) or None where there is no result;
    `lower` and `upper` are the 90 % interval, None where there is no bound.
    """
    return [
        dict.fromkeys(COLUMNS) | _describe_cell(layout, dataset, table, model)
        for table, names in datasets.items()
        for dataset in names
        for model in models.get(table, [None])
    ]


def _describe_cell(layout: Layout, dataset: str, table: str, model: str | None) -> dict[str, Any]:
    rows = (read_json(layout.rows(dataset)) or {}).get("rows_fitted")
    known = {"dataset": dataset, "table": table, "model": model, "rows_fitted": rows}
    try:
        card = load_whole_card(layout, dataset)
    except SourceError as error:
        return known | {"verdict": "refused", "reason": str(error).splitlines()[0]}
    return known if model is None else known | _describe_result(layout, card, model)


def _describe_result(layout: Layout, card: LoadedCard, model: str) -> dict[str, Any]:
    cell = f"{card.dataset}-{model}"
    check, page = read_check(layout, cell), layout.page(cell)
    known: dict[str, Any] = {"page": str(page.relative_to(layout.root)) if page.is_file() else None}
    if not check:
        return known
    if check.get("not_fitted"):
        return known | {"verdict": "not fitted", "reason": check["not_fitted"]}
    known["verdict"] = check["verdict"]
    if not answers.has_passed(check):
        return known | {"reason": "; ".join(check["reasons"])}
    known["headline"] = key = load(model).headline_key(card.for_model())
    words = read_words(layout.words, model, card.options)
    labelled = relabel(read_json(layout.attribution(cell)) or {}, card.options, words)
    found = labelled.get(key)
    if found is None:
        return known | {"reason": "its estimands have not been computed"}
    shown = {name: found.get(name) for name in ("label", "unit", "median", "lower", "upper")}
    draft = ["draft: do not quote"] if card.draft else []
    caveats = [*draft, *find_caveats(key, name_check(check, words, labelled))]
    return (
        known
        | shown
        | {"caveats": "; ".join(caveats) or None, "reason": found.get("reason") or None}
    )


def describe(cells: Cells, *, is_terminal: bool) -> str:
    """The cells as a table for a person, or tab-separated for a script."""
    if not is_terminal:
        return render_table(COLUMNS, [list(cell.values()) for cell in cells], is_terminal)
    named = ("dataset", "rows_fitted", "model", "verdict")
    rows = [[*(cell[name] for name in named), _describe_in_words(cell)] for cell in cells]
    return render_table(("dataset", "rows", *named[2:], "headline"), rows, is_terminal)


def _describe_in_words(cell: dict[str, Any]) -> str:
    """The headline with its interval, or why there is none."""
    if cell["median"] is None:
        return cell["reason"] or ""
    shown = f"{answers.describe_bound(cell, 'median')} ({answers.describe_interval(cell)})"
    unit = "" if cell["unit"].startswith("share") else f" {WORDS.get(cell['unit'], cell['unit'])}"
    caveats = f" ({cell['caveats']})" if cell["caveats"] else ""
    return f"{shown}{unit}: {cell['label']}{caveats}"


def choose_page(layout: Layout, name: str, datasets: Registry, models: Registry) -> str:
    """The page of a cell, the overview, or that of the first model that passed on a dataset."""
    cells = [cell for cell in list_cells(layout, datasets, models) if cell["page"]]
    of_dataset = [cell for cell in cells if cell["dataset"] == name]
    of_dataset.sort(key=lambda cell: cell["verdict"] != "pass")
    return Path(of_dataset[0]["page"]).stem if of_dataset else name
