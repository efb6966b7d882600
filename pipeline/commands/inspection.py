"""Dataset -> what a reviewer would want to know of it before anything is fitted.

Reads and validates in place, like the stages *ingest* and *validate*, and looks further: what was
converted, joined, left out, repeated or unlike the rest, which models will be fitted, and whether
compute and date can be told apart. Nothing is written and nothing is sampled.
"""

from collections import defaultdict
from contextlib import suppress
from typing import Any

import numpy as np
import pandas as pd

import models
from models import Card, fitted_rows
from pipeline.checks.collinearity import DIVIDED, MAXIMUM_INFLATION, correlate, inflate
from pipeline.commands.outliers import find_outliers
from pipeline.failures import Failure, SourceError
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.sources import units
from pipeline.ingest.tables import OF_MODELS
from pipeline.ingest.validate import summarise
from pipeline.layout import Layout
from pipeline.site.overview.acceptance import accept

Findings = dict[str, Any]
# Rows that agree in these may still differ in others: repeats worth a look.
IDENTITY = (
    *("benchmark", "target", "model", "parameters", "training_tokens"),
    *("study", "specification", "domain", "year", "posterior", "estimand"),
)
SHOWN_LINES = 10


def inspect(
    layout: Layout, name: str, datasets: dict[str, list[str]], model_names: dict[str, list[str]]
) -> Findings:
    """What is found of the dataset `name`, as far as it can be read.

    `datasets` and `model_names` are the registries, by table. Key `is_accepted` says whether
    *validate* would pass, `reached` how far the dataset got; `failures` has every failure,
    `failures_by_rule` counts them.
    """
    found: Findings = {"dataset": name, "is_accepted": False, "reached": "card"}

    def note(what: str, made: Any) -> None:
        found.update(_describe_step(what, made, datasets))

    try:
        keys = _read_references(layout, name)
        accepted = accept(layout.sources, name, note, keys)
    except SourceError as error:
        return found | describe_failures(error.failures)
    card, runs, table, failures, validated = accepted
    found |= {"joins": describe_joins(table)} if runs is not None else {}
    found |= summarise(card, validated, failures, len(table)) | {"is_accepted": True}
    found |= {"units": describe_units(card)} | describe_failures(failures)
    found |= describe_table(validated, card)
    return found | describe_models(validated, card, runs, model_names)


def _read_references(layout: Layout, name: str) -> Bibliography:
    """What the card of the dataset may cite.

    Raises SourceError also where another dataset's bibliography says something else of its keys.
    """
    known = read_bibliography(layout.bibliography)
    own = known.with_own(layout.sources / name)
    others = known
    for folder in sorted(layout.sources.iterdir()):
        if folder.name != name:
            with suppress(SourceError):  # what is wrong with others is told of them
                others = others.with_own(folder)
    others.with_own(layout.sources / name)
    return own


def _describe_step(what: str, made: Any, datasets: dict[str, list[str]]) -> Findings:
    """What is known once the card, the records or the table are read, and what comes next."""
    if what == "card":
        is_registered = made.dataset in datasets.get(made.table, [])
        return {"table": made.table, "is_registered": is_registered, "reached": "records"}
    if what == "records":
        return {"rows_in": len(made), "reached": "cells"}
    return {"reached": "rules"}


def describe_failures(failures: list[Failure]) -> Findings:
    """Every failure, and by column and rule: how many, on which lines, one value and the remedy."""
    groups: dict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for failure in failures:
        groups[failure.file, failure.column, failure.rule].append(failure)
    return {
        "failures": [vars(failure) for failure in failures],
        "failures_by_rule": [
            {
                "file": file,
                "column": column,
                "rule": rule,
                "count": len(each),
                "lines": [failure.line for failure in each if failure.line is not None],
                "value": each[0].value,
                "remedy": each[0].remedy,
            }
            for (file, column, rule), each in groups.items()
        ],
    }


def describe_units(card: LoadedCard) -> list[Findings]:
    """The columns that were converted, with the factor."""
    return [
        {
            "column": name,
            "unit": source.unit or f"as column {source.unit_column!r} says",
            "unit_of_table": units.TARGETS.get(name, "count"),
            "factor": (
                units.factor(source.unit, name)
                if source.unit and source.unit != units.IN_CELLS
                else None
            ),
        }
        for name, source in card.card.columns.items()
        if source.unit or source.unit_column
    ]


def describe_joins(table: pd.DataFrame) -> Findings:
    """How many models were found in the run registry, and which rows were not looked up."""
    is_joined = table["base_model"].notna()
    return {
        "models": int(table.loc[is_joined, "model"].nunique()),
        "rows": int(is_joined.sum()),
        "without_run": sorted(set(table.loc[~is_joined, "model"].dropna())),
    }


def describe_table(table: pd.DataFrame, card: LoadedCard) -> Findings:
    """Range of every column, repeats and rows unlike the rest."""
    return {
        "columns": [
            _describe_column(name, table[name]) for name in table.columns if name != "line"
        ],
        "repeats": _find_repeats(table),
        "outliers": find_outliers(table, card.for_model()),
    }


def _describe_column(name: str, values: pd.Series) -> Findings:
    known = values.dropna()
    found: Findings = {"column": name, "missing": int(values.isna().sum())}
    if not len(known):
        return found | {"least": None, "largest": None, "distinct": 0}
    if pd.api.types.is_datetime64_any_dtype(known):
        known = known.dt.strftime("%Y-%m-%d")
    is_ranged = pd.api.types.is_float_dtype(known) or name.endswith("_date")
    least, largest = (known.min(), known.max()) if is_ranged else (None, None)
    return found | {"least": least, "largest": largest, "distinct": int(known.nunique())}


def _find_repeats(table: pd.DataFrame) -> list[Findings]:
    """Fitted rows that agree in what they measure: allowed, but each counts in the likelihood."""
    names = [name for name in IDENTITY if name in table]
    rows = fitted_rows(table)
    rows = rows[rows.duplicated(names, keep=False)]
    lines: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for key, line in zip(
        zip(*(map(str, rows[name]) for name in names), strict=True), rows["line"], strict=True
    ):
        lines[key].append(int(line))
    return [
        {"of": dict(zip(names, key, strict=True)), "lines": each} for key, each in lines.items()
    ]


def describe_models(
    table: pd.DataFrame,
    card: LoadedCard,
    runs: pd.DataFrame | None,
    model_names: dict[str, list[str]],
) -> Findings:
    """Which models will be fitted, and whether the first of them can tell compute from date, where
    the table has both.
    """
    seen = card.for_model(runs)
    reasons = {name: _why_not(name, table, seen) for name in model_names.get(card.table, [])}
    fitted = [name for name, reason in reasons.items() if not reason]
    return {
        "models": [{"model": name, "not_fitted": reason} for name, reason in reasons.items()],
        "identification": _foresee(fitted[0], table, seen)
        if fitted and card.table in OF_MODELS
        else None,
    }


def _why_not(name: str, table: pd.DataFrame, card: Card) -> str:
    if not len(fitted_rows(table)):
        return "no row is left to fit"
    return models.load(name).unsupported_reason(table, card)


def _foresee(name: str, table: pd.DataFrame, card: Card) -> Findings:
    """Correlations and variance inflation of the regressors, and what they promise."""
    regressors = models.load(name).regressors(table, card)
    if len(regressors) <= regressors.shape[1] + 1:
        return {"model": name, "is_likely": False, "reason": "fewer rows than regressors"}
    inflation = inflate(regressors)
    inflated = [
        f"{each} ({value:.3g})"
        for each, value in inflation.items()
        if value > MAXIMUM_INFLATION and any(word in each.lower() for word in DIVIDED)
    ]
    constant = [str(each) for each in regressors if np.ptp(regressors[each].dropna()) == 0]
    reasons = [f"variance inflation above {MAXIMUM_INFLATION:g}: {', '.join(inflated)}"] * bool(
        inflated
    ) + [f"the same in every row: {', '.join(constant)}"] * bool(constant)
    return {
        "model": name,
        "is_likely": not reasons,
        "reason": "; ".join(reasons),
        "correlations": correlate(regressors),
        "variance_inflation": inflation,
    }
