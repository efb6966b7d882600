"""What this project found itself, as data: estimates that join a table of published ones, and the
rates of a table that names our posteriors.

A posterior whose check did not pass enters nowhere, and standard error names it.
"""

import math
import sys
from statistics import NormalDist
from typing import Any

import pandas as pd

from models import fitted_rows
from models.options import SEPARATOR
from pipeline.core.failures import SourceError, file_failure
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.options import EstimateOptions

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
    """A row for each estimate; on a log scale none for one whose interval reaches zero."""
    rows: list[dict[str, Any]] = []
    for number, own in enumerate(options.own_estimates):
        try:
            found = _find_estimand(layout, own.posterior, own.estimand, options.unit)
        except ValueError as error:
            key, rule = error.args
            steps = ("options", "own_estimates", number, key)
            raise SourceError([card.make_failure(steps, rule, "correct the card")]) from None
        if found is not None and options.scale == "log" and found["lower"] <= 0:
            print(f"{own.posterior}: its interval reaches zero and has no log", file=sys.stderr)
        elif found is not None:
            rows.append(
                {"line": int(table["line"].max()) + 1 + len(rows), "citation": CITATION}
                | {"study": own.study, "domain": own.domain}
                | {"estimate": found["median"], "lower": found["lower"], "upper": found["upper"]}
                | {"interval_kind": "probability", "interval_probability": found["prob"]}
                | {"locator": f"{own.posterior}, {own.estimand}"}
                | dict.fromkeys(("is_primary", "is_own", "is_verified"), True)
            )
    added = pd.DataFrame(rows).reindex(columns=table.columns).astype(table.dtypes.to_dict())
    return pd.concat([table, added], ignore_index=True)


def _fill_rates(table: pd.DataFrame, card: LoadedCard, layout: Layout) -> pd.DataFrame:
    """The rates, their errors and the base models behind them; a posterior is taken as normal."""
    filled = []
    for row in table.to_dict("records"):
        try:
            found = _find_estimand(layout, row["posterior"], row["estimand"], RATE_UNIT)
            if found is not None and found.get("unbounded"):
                raise ValueError("estimand", f"the interval of {row['estimand']} has only one end")
        except ValueError as error:
            column, rule = error.args
            path, remedy, line = card.records_path, "correct the row", int(row["line"])
            raise file_failure(path, rule, remedy, column, str(row[column]), line) from None
        filled.append((math.nan, math.nan) if found is None else to_normal(found))
    rates = pd.DataFrame(filled, columns=["rate", "rate_sd"], index=table.index, dtype=float)
    bases = [_list_base_models(layout, posterior) for posterior in table["posterior"]]
    return table.assign(rate=rates["rate"], rate_sd=rates["rate_sd"], base_models=bases)


def _list_base_models(layout: Layout, posterior: str) -> str:
    """The sorted base models of a posterior's fitted rows; empty where its table is elsewhere."""
    path = layout.table(posterior.partition("-")[0])
    if not path.is_file():
        return ""
    rows = fitted_rows(pd.read_parquet(path))
    names = rows["base_model"].fillna(rows["model"]).astype(str)
    return SEPARATOR.join(sorted(set(names)))


def _find_estimand(
    layout: Layout, posterior: str, estimand: str, unit: str
) -> dict[str, Any] | None:
    """The attribution; None where the check failed. Raises ValueError (key of the row, rule)."""
    if (read_json(layout.options(posterior.partition("-")[0])) or {}).get("draft"):
        raise ValueError("posterior", f"{posterior} is of a draft: complete its card first")
    contents = []
    for path in (layout.check(posterior), layout.attribution(posterior)):
        contents.append(read_json(path))
        if contents[-1] is None:
            rule = f"{path} is missing: fit the posterior, or correct its name"
            raise ValueError("posterior", rule)
    check, attribution = contents
    if check["verdict"] != "pass":
        print(f"{posterior} did not converge: it is left out", file=sys.stderr)
        return None
    entry = attribution.get(estimand)
    if entry is None or entry.get("reason") or entry["unit"] != unit:
        raise ValueError("estimand", f"{posterior} has no {estimand} in {unit}")
    return entry
