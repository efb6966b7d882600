"""Registries + results -> a row a cell (dataset x model): verdict, headline, page; nothing is run.

What a stage has not made yet is None. The numbers are those of the pages, in the unit they state.
"""

from pathlib import Path
from typing import Any

from models import load
from pipeline.failures import SourceError
from pipeline.files import read_json
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.site.pages import answers

COLUMNS = (
    *("dataset", "table", "rows_fitted", "model", "verdict", "headline", "label", "unit"),
    *("median", "lower", "upper", "driven_by_prior", "reason", "page"),
)

WORDS = {"factor": "times"}


def list_cells(
    root: Path, datasets: dict[str, list[str]], models: dict[str, list[str]]
) -> list[dict[str, Any]]:
    """Every dataset of the registry with each model of its table; keys are `COLUMNS`.

    `verdict` is pass, fail, not fitted, refused (the card) or None where there is no result;
    `lower` and `upper` are the 90 % interval, None where there is no bound.
    """
    return [
        dict.fromkeys(COLUMNS) | _describe(root, dataset, table, model)
        for table, names in datasets.items()
        for dataset in names
        for model in models.get(table, [None])
    ]


def _describe(root: Path, dataset: str, table: str, model: str | None) -> dict[str, Any]:
    checked = read_json(root / "data/checks" / f"{dataset}.json") or {}
    known = {"dataset": dataset, "table": table, "model": model}
    known["rows_fitted"] = checked.get("rows_fitted")
    try:
        card = load_card(root / "data/sources" / dataset / "source.yaml")
    except SourceError as error:
        return known | {"verdict": "refused", "reason": str(error).splitlines()[0]}
    return known if model is None else known | _describe_result(root, card, model)


def _describe_result(root: Path, card: LoadedCard, model: str) -> dict[str, Any]:
    cell = f"{card.dataset}-{model}"
    check = read_json(root / "data/checks" / f"{cell}.json") or {}
    page = root / "reports/html" / f"{cell}.html"
    known = {"page": str(page.relative_to(root)) if page.is_file() else None}
    if not check:
        return known
    if check.get("not_fitted"):
        return known | {"verdict": "not fitted", "reason": check["not_fitted"]}
    known["verdict"] = check["verdict"]
    if not answers.has_passed(check):
        return known | {"reason": "; ".join(check["reasons"])}
    return known | _describe_headline(root, card, model, check)


def _describe_headline(
    root: Path, card: LoadedCard, model: str, check: dict[str, Any]
) -> dict[str, Any]:
    key = load(model).headline(card.for_model()).key
    attributed = root / "data/attributions" / f"{card.dataset}-{model}.json"
    found = (read_json(attributed) or {}).get(key)
    if found is None:
        return {"headline": key, "reason": "its estimands have not been computed"}
    return {
        "headline": key,
        "label": found["label"],
        "unit": found["unit"],
        **{bound: found.get(bound) for bound in ("median", "lower", "upper")},
        "driven_by_prior": bool(answers.describe_drivers(key, check)),
        "reason": found.get("reason") or None,
    }


def describe_headline(cell: dict[str, Any]) -> str:
    """The headline of a listed cell in words, with its interval, or why there is none."""
    if cell["median"] is None:
        return cell["reason"] or ""
    shown = f"{answers.describe_bound(cell, 'median')} ({answers.describe_interval(cell)})"
    unit = "" if cell["unit"].startswith("share") else f" {WORDS.get(cell['unit'], cell['unit'])}"
    driven = "driven by the prior; " if cell["driven_by_prior"] else ""
    return f"{driven}{shown}{unit}: {cell['label']}"
