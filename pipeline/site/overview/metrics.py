"""Cells -> what `dvc metrics` and `dvc plots` show: a small file a cell, and tables to plot.

The full numbers are in data/checks and data/attributions; here is what a reader of a change asks
first, under the same names in every file, so that `dvc metrics show` is a table of cells.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.files import write_json, write_text
from pipeline.site.overview.claims import Verdict
from pipeline.site.overview.comparison import RATE
from pipeline.site.overview.estimates import Row, record_key
from pipeline.site.overview.gathering import Apart, Overview, Passed
from pipeline.site.pages import answers
from pipeline.site.pages.packing import neutralise_frame

FOLDER = "metrics"
STATES = {"failed": "fail", "not_fitted": "not fitted", "missing": "missing"}
BOUNDS = ("median", "lower", "upper")
Metrics = dict[str, Any]


def describe_cell(cell: Passed | Apart, weight: float | None) -> Metrics:
    """Verdict, headline, rate and record share of a cell; no number where it may not be quoted."""
    if isinstance(cell, Apart):
        return {"verdict": STATES[cell.state]}
    headline = cell.answer.key
    made: Metrics = {
        "verdict": "pass",
        "driven": _driven(cell, headline),
        "identified": cell.check.get("is_identified"),
        "headline": _bounds(cell, headline),
        "rate": _bounds(cell, RATE),
        "record_share": _bounds(cell, record_key(headline)),
        "coverage": _coverage(cell, headline),
        "weight": weight,
    }
    return {name: value for name, value in made.items() if value not in (None, {})}


def _bounds(cell: Passed, key: str) -> Metrics:
    found = cell.attributions.get(key) or {}
    return {name: found[name] for name in BOUNDS if found.get(name) is not None}


def _driven(cell: Passed, headline: str) -> str:
    """Which of headline and rate the prior drives: "no" where neither."""
    named = {"headline": headline, "rate": RATE}
    found = [name for name, key in named.items() if answers.describe_drivers(key, cell.check)]
    return " and ".join(found) or "no"


def _coverage(cell: Passed, key: str) -> float | None:
    measured = (cell.check.get("calibration") or {}).get("estimands") or {}
    share = measured.get(key, {}).get("share")
    return float(share) if share is not None else None


def describe_cells(overview: Overview) -> dict[str, Metrics]:
    """The metrics of every cell by its name."""
    weights = {
        (made.dataset, row.model): row.weight for made in overview.comparisons for row in made.rows
    }
    return {
        cell.name: describe_cell(cell, weights.get((cell.name.partition("-")[0], cell.model)))
        for cell in overview.cells
    }


def tabulate_rows(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows of a forest plot with a number, as `dvc plots` reads them."""
    columns = ("group", "label", "kind", "median", "lower", "upper", "interval", "page")
    made = [
        {"row": f"{row.label} | {row.group}"}
        | {name: getattr(row, name) for name in columns}
        | {"caveats": "; ".join(row.caveats)}
        for row in rows
        if row.has_number
    ]
    return pd.DataFrame(made, columns=["row", *columns, "caveats"])


def tabulate_coverage(overview: Overview) -> pd.DataFrame:
    """Coverage of intervals in simulated data: a row a cell and estimand that a study watched."""
    made = [
        {
            "cell": cell.name,
            "row": f"{cell.name} | {key}",
            "estimand": key,
            "coverage": found["share"],
            "covered": found["covered"],
            "intervals": found["intervals"],
            "nominal": coverage.get("probability", INTERVAL_PROBABILITY),
        }
        for cell in overview.passed
        if (coverage := cell.check.get("calibration") or {})
        for key, found in (coverage.get("estimands") or {}).items()
        if found["share"] is not None and key in (cell.answer.key, RATE)
    ]
    columns = ["cell", "row", "estimand", "coverage", "covered", "intervals", "nominal"]
    return pd.DataFrame(made, columns=columns)


def tabulate_claims(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """The probability of every claim that has one."""
    made = [
        {"claim": verdict.claim.id, "probability": verdict.probability}
        for verdict in verdicts
        if verdict.probability is not None
    ]
    return pd.DataFrame(made, columns=["claim", "probability"])


def write_summary(
    folder: Path,
    overview: Overview,
    verdicts: Sequence[Verdict],
    rates: Sequence[Row],
    shares: Sequence[Row],
) -> None:
    """Write `metrics/<cell>.json` and the tables; files of cells that are gone are removed."""
    made = describe_cells(overview)
    for old in (folder / FOLDER).glob("*.json"):
        if old.stem not in made:
            old.unlink()
    for name, metrics in made.items():
        write_json(folder / FOLDER / f"{name}.json", metrics)
    tables = {
        "rates": tabulate_rows(rates),
        "shares": tabulate_rows(shares),
        "coverage": tabulate_coverage(overview),
        "claims": tabulate_claims(verdicts),
    }
    for name, frame in tables.items():
        write_text(folder / f"{name}.csv", neutralise_frame(frame).to_csv(index=False))
