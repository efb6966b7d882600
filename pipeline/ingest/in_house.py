"""What this project found itself, as data: estimates that join a table of published ones, and the
rates of a table that names our posteriors.

A posterior whose check did not pass enters nowhere, and standard error names it.
"""

import math
import sys
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pandas as pd

from pipeline.failures import Failure, SourceError
from pipeline.files import read_json
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.options import EstimateOptions, OwnEstimate
from pipeline.layout import Layout

CITATION = "apportion2026"
RATES_TABLE = "own_rates"
RATE_UNIT = "decades per year"


def add_in_house(table: pd.DataFrame, card: LoadedCard, layout: Layout) -> pd.DataFrame:
    """The table with what our posteriors add to it; most tables stay as they are.

    Raises SourceError where a file, an estimand or its unit is not what the card or the row says.
    """
    if isinstance(card.options, EstimateOptions) and card.options.own_estimates:
        return _add_estimates(table, card, card.options, layout)
    if card.table == RATES_TABLE:
        return _fill_rates(table, card, layout)
    return table


def to_normal(entry: dict[str, Any]) -> tuple[float, float]:
    """Median of an attribution, and the standard deviation of the normal with its interval."""
    reach = NormalDist().inv_cdf((1 + entry["prob"]) / 2)
    return float(entry["median"]), float((entry["upper"] - entry["lower"]) / (2 * reach))


def _add_estimates(
    table: pd.DataFrame, card: LoadedCard, options: EstimateOptions, layout: Layout
) -> pd.DataFrame:
    """A row for each estimate, flagged `is_own`, under the study that the card gives it."""
    rows: list[dict[str, Any]] = []
    for number, own in enumerate(options.own_estimates):

        def refuse(key: str, rule: str, number: int = number) -> SourceError:
            steps = ("options", "own_estimates", number, key)
            return SourceError([card.make_failure(steps, rule, "correct the card")])

        found = _find_estimand(layout, own.posterior, own.estimand, options.unit, refuse)
        if found is not None:
            rows.append(_make_row(own, found) | {"line": int(table["line"].max()) + 1 + len(rows)})
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


def _fill_rates(table: pd.DataFrame, card: LoadedCard, layout: Layout) -> pd.DataFrame:
    """The rates and their errors; a posterior is taken to be normal."""
    filled = []
    for row in table.to_dict("records"):

        def refuse(column: str, rule: str, row: dict[Any, Any] = row) -> SourceError:
            path, line, value = str(card.records_path), int(row["line"]), str(row[column])
            return SourceError([Failure(path, line, column, value, rule, "correct the row")])

        found = _find_estimand(layout, row["posterior"], row["estimand"], RATE_UNIT, refuse)
        if found is not None and found.get("unbounded"):
            raise refuse("estimand", f"the interval of {row['estimand']} has one end alone")
        filled.append((math.nan, math.nan) if found is None else to_normal(found))
    rates = pd.DataFrame(filled, columns=["rate", "rate_sd"], index=table.index, dtype=float)
    return table.assign(rate=rates["rate"], rate_sd=rates["rate_sd"])


def _find_estimand(
    layout: Layout, posterior: str, estimand: str, unit: str, refuse: Any
) -> dict[str, Any] | None:
    """The estimand's entry in the posterior's attributions; None where its check did not pass.

    `refuse` makes the error of a key of the card, or column of the row, and a rule.
    """
    check = _read(layout.check(posterior), refuse)
    if check["verdict"] != "pass":
        print(f"{posterior} did not converge: it is left out", file=sys.stderr)
        return None
    entry = _read(layout.attribution(posterior), refuse).get(estimand)
    if entry is None or entry.get("reason") or entry["unit"] != unit:
        raise refuse("estimand", f"{posterior} has no {estimand} in {unit}")
    return entry


def _read(path: Path, refuse: Any) -> dict[str, Any]:
    content = read_json(path)
    if content is None:
        raise refuse("posterior", f"{path} is missing: fit the posterior, or correct its name")
    return content
