"""Our own posteriors as rows of a table of published estimates, each flagged.

Only posteriors whose check passed enter; the others are named on standard error and leave no row.
The rows share the study that the card names, so that leaving it out gives the pooled value without
them.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from models.estimates.options import EstimateOptions, OwnEstimate
from pipeline.failures import SourceError
from pipeline.ingest.cards.card import LoadedCard

CITATION = "apportion2026"


def add_own(table: pd.DataFrame, card: LoadedCard, folders: Iterable[Path]) -> pd.DataFrame:
    """The table with a row for each of the card's own estimates that may be quoted.

    `folders` hold the attribution and the check file of each, by their names. Raises SourceError
    where a file, an estimand or its unit is not what the card says.
    """
    options = card.options
    if not isinstance(options, EstimateOptions) or not options.own_estimates:
        return table
    files = list(folders)
    last = int(table["line"].max())
    rows: list[dict[str, Any]] = []
    for number, own in enumerate(options.own_estimates):
        check = _read(card, number, own, "checks", files)
        if check["verdict"] != "pass":
            print(f"{own.posterior} did not converge: not among the rows", file=sys.stderr)
            continue
        found = _read(card, number, own, "attributions", files).get(own.estimand)
        if found is None or found.get("reason") or found["unit"] != options.unit:
            raise _refuse(
                card, number, f"{own.posterior} has no {own.estimand} in {options.unit}", "estimand"
            )
        rows.append(_make_row(own, found) | {"line": last + 1 + len(rows)})
    added = pd.DataFrame(rows).reindex(columns=table.columns).astype(table.dtypes.to_dict())
    return pd.concat([table, added], ignore_index=True)


def _make_row(own: OwnEstimate, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "study": own.study,
        "domain": own.domain,
        "specification": None,
        "estimate": found["median"],
        "lower": found["lower"],
        "upper": found["upper"],
        "interval_kind": "probability",
        "interval_probability": found["prob"],
        "bound": None,
        "is_primary": True,
        "is_own": True,
        "citation": CITATION,
        "locator": f"{own.posterior}, {own.estimand}",
        "is_verified": True,
        "exclusion": None,
    }


def _read(
    card: LoadedCard, number: int, own: OwnEstimate, folder: str, files: list[Path]
) -> dict[str, Any]:
    """The file of a posterior in `folder`, among those that were passed."""
    for path in files:
        if path.parent.name == folder and path.name == f"{own.posterior}.json":
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return content
    rule = f"data/{folder}/{own.posterior}.json is not among the files passed with --own"
    raise _refuse(card, number, rule, "posterior")


def _refuse(card: LoadedCard, number: int, rule: str, key: str) -> SourceError:
    steps = ("options", "own_estimates", number, key)
    return SourceError([card.make_failure(steps, rule, "correct the card, or the stage's files")])
