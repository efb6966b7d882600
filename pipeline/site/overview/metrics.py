"""Cells -> what `dvc metrics` and `dvc plots` show: a small file a cell, and tables to plot."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.core.files import write_json, write_text
from pipeline.site.overview.cells import Apart, Cell, Passed
from pipeline.site.overview.claims import Verdict
from pipeline.site.overview.comparison import RATE
from pipeline.site.overview.estimates import record_key
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.rows import BOUNDS, Row
from pipeline.site.pages import answers
from pipeline.site.pages.packing import neutralise_frame

ROW_COLUMNS = ["group", "label", "kind", *BOUNDS, "interval", "page", "caveats"]
COVERAGE_COLUMNS = ["cell", "row", "estimand", "coverage", "covered", "intervals", "nominal"]


def describe_cell(cell: Cell) -> dict[str, Any]:
    """Verdict, headline, rate and record share of a cell; no number where it may not be quoted."""
    if isinstance(cell, Apart):
        return {"verdict": "fail" if cell.state == "failed" else cell.state.replace("_", " ")}
    headline = cell.answer.key
    named = {"headline": headline, "rate": RATE, "record_share": record_key(headline)}
    found = {name: cell.attributions.get(key) or {} for name, key in named.items()}
    driven = [n for n in ("headline", "rate") if answers.describe_drivers(named[n], cell.check)]
    made = {
        "verdict": "pass",
        "driven": " and ".join(driven) or "no",
        "identified": cell.check.get("is_identified"),
        **{name: {b: each[b] for b in BOUNDS if each.get(b) is not None}
           for name, each in found.items()},
        "coverage": _read_coverage(cell).get(headline, {}).get("share"),
    }  # fmt: skip
    return {name: value for name, value in made.items() if value not in (None, {})}


def _read_coverage(cell: Passed) -> dict[str, Any]:
    return (cell.check.get("calibration") or {}).get("estimands") or {}


def tabulate_rows(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows of a forest plot with a number, as `dvc plots` reads them."""
    frame = pd.DataFrame([vars(row) for row in rows if row.has_number], columns=ROW_COLUMNS)
    frame.insert(0, "row", frame["label"] + " | " + frame["group"])
    return frame.assign(caveats=frame["caveats"].map("; ".join))


def tabulate_coverage(overview: Overview) -> pd.DataFrame:
    """Coverage of intervals in simulated data: a row a cell and estimand that a study watched."""
    made = [
        (cell.name, f"{cell.name} | {key}", key, found["share"], found["covered"],
         found["intervals"], cell.check["calibration"].get("probability", INTERVAL_PROBABILITY))
        for cell in overview.passed
        for key, found in _read_coverage(cell).items()
        if found["share"] is not None and key in (cell.answer.key, RATE)
    ]  # fmt: skip
    return pd.DataFrame(made, columns=COVERAGE_COLUMNS)


def tabulate_claims(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """The probability of every claim that has one."""
    made = [(verdict.claim.id, verdict.probability) for verdict in verdicts]
    return pd.DataFrame(made, columns=["claim", "probability"]).dropna()


def write_summary(
    folder: Path, overview: Overview, verdicts: Sequence[Verdict], rows: Mapping[str, Sequence[Row]]
) -> None:
    """Write `metrics/<cell>.json` and the tables; files of cells that are gone are removed."""
    for old in (folder / "metrics").glob("*.json"):
        if old.stem not in {cell.name for cell in overview.cells}:
            old.unlink()
    for cell in overview.cells:
        write_json(folder / "metrics" / f"{cell.name}.json", describe_cell(cell))
    tables = {name: tabulate_rows(found) for name, found in rows.items()}
    tables |= {"coverage": tabulate_coverage(overview), "claims": tabulate_claims(verdicts)}
    for name, frame in tables.items():
        write_text(folder / f"{name}.csv", neutralise_frame(frame).to_csv(index=False))
