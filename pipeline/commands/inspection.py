"""Dataset -> what a reviewer would want to know of it before anything is fitted, as `apportion
check` prints it (check.txt.jinja).

Reads and validates in place, like the stage *ingest*, and looks further: what was converted,
joined, left out, repeated or unlike the rest, which models will be fitted, and whether compute and
date can be told apart. Nothing is written and nothing is sampled.
"""

from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import models
from models import fitted_rows
from pipeline.checks.identified import DIVIDED, MAXIMUM_INFLATION, correlate, inflate
from pipeline.commands.outliers import find_outliers
from pipeline.commands.printing import render_template
from pipeline.core.failures import Failure, SourceError, make_printable, shorten
from pipeline.core.layout import Layout
from pipeline.ingest.aliases import EFFORT, find_runs, suggest_runs
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.convert import name_quantity
from pipeline.ingest.plausibility import list_accepted, name_source
from pipeline.ingest.sources import units
from pipeline.ingest.stage import accept
from pipeline.ingest.tables import OF_MODELS
from pipeline.ingest.validate import summarise

TEMPLATE = Path(__file__).with_name("check.txt.jinja")
Findings = dict[str, Any]
# Rows that agree in these may still differ in others: repeats worth a look.
IDENTITY = (
    *("benchmark", "target", "model", "parameters", "training_tokens"),
    *("study", "specification", "domain", "year", "posterior", "estimand"),
)


def inspect(
    layout: Layout, name: str, datasets: dict[str, list[str]], model_names: dict[str, list[str]]
) -> Findings:
    """What is found of the dataset `name`, as far as it can be read.

    `datasets` and `model_names` are the registries, by table. Key `is_accepted` says whether
    *ingest* would pass, `reached` how far the dataset got; `failures` has every failure,
    `failures_by_rule` counts them.
    """
    found: Findings = {"dataset": name, "is_accepted": False, "reached": "card"}
    read: dict[str, Any] = {}

    def note(what: str, made: Any) -> None:
        read[what] = made
        steps = {"card": "records", "records": "cells", "slips": "slips"}
        found["reached"] = steps.get(what, "rules")
        if what == "card":
            found["table"] = made.table
            found["is_registered"] = made.dataset in datasets.get(made.table, [])
        elif what == "records":
            found["rows_in"] = len(made)

    try:
        accepted = accept(layout, name, note, _read_references(layout, name))
    except SourceError as error:
        return found | describe_failures(error.failures)
    card, runs, table, failures, validated, slips = accepted
    outliers = find_outliers(validated, card.for_model())
    known = list_accepted(card, read["records"])
    outlying = [(each["line"], name_source(card, each["column"])) for each in outliers]
    standing_out = {(each.line, each.column) for each in slips} | set(outlying)
    found |= {"joins": describe_joins(table, card, runs)} if runs is not None else {}
    found |= summarise(card, validated, failures, len(table)) | {"is_accepted": True}
    found |= {"units": describe_units(card)} | describe_failures(failures)
    columns = validated.drop(columns="line").items()
    found |= {"columns": [_describe_column(str(each), values) for each, values in columns]}
    found |= {"repeats": _find_repeats(validated), "efforts": _find_efforts(validated, card)}
    found |= {"guesses": card.path.read_text(encoding="utf-8").count("# guess: ")}
    pairs = zip(outlying, outliers, strict=True)
    found |= {"outliers": [each for place, each in pairs if place not in known]}
    found |= {"accepted": len(known), "idly_accepted": sorted(known - standing_out)}
    return found | describe_models(validated, card, runs, model_names.get(card.table, []))


def _read_references(layout: Layout, name: str) -> Bibliography:
    """What the card may cite. Raises SourceError where another dataset's entry differs."""
    others = known = read_bibliography(layout.bibliography)
    folder = layout.card(name).parent
    own = known.with_own(folder)
    for other in sorted(layout.sources.iterdir()):
        if other != folder:
            with suppress(SourceError):  # what is wrong with others is told of them
                others = others.with_own(other)
    others.with_own(folder)
    return own


def describe_failures(failures: list[Failure]) -> Findings:
    """Every failure, and by column and rule: how many, on which lines, one value and the remedy."""
    groups: dict[tuple[str, str, str], list[Failure]] = defaultdict(list)
    for failure in failures:
        groups[failure.file, failure.column, failure.rule].append(failure)
    by_rule = [
        {"file": file, "column": column, "rule": rule, "count": len(each)}
        | {"lines": [failure.line for failure in each if failure.line is not None]}
        | {"value": each[0].value, "remedy": each[0].remedy}
        for (file, column, rule), each in groups.items()
    ]
    return {"failures": [vars(failure) for failure in failures], "failures_by_rule": by_rule}


def describe_units(card: LoadedCard) -> list[Findings]:
    """The columns that were converted, with the factor."""
    found = []
    for name, source in card.card.columns.items():
        if unit := source.unit or (source.unit_column and f"as column {source.unit_column!r} says"):
            is_one = source.unit not in (None, units.IN_CELLS)
            measured = name_quantity(name, card.card.columns)
            factor = units.factor(unit, measured) if is_one else None
            target = units.TARGETS.get(measured, "count")
            found.append({"column": name, "unit": unit, "unit_of_table": target, "factor": factor})
    return found


def describe_joins(table: pd.DataFrame, card: LoadedCard, runs: pd.DataFrame) -> Findings:
    """How many models were found in the run registry, which were not, and the nearest names."""
    models, registry = table["model"].dropna(), list(runs["model"])
    found = find_runs(models.unique(), registry, card.card.names)
    lacking = sorted(set(models) - set(found))
    return {
        "models": len(found),
        "rows": int(models.isin(list(found)).sum()),
        "without_run": lacking,
        "near": suggest_runs(lacking, registry) if card.card.runs == "both" else {},
    }


def _describe_column(name: str, values: pd.Series) -> Findings:
    """Missing cells, different values, and the range of numbers and dates."""
    known = values.dropna()
    if pd.api.types.is_datetime64_any_dtype(known):
        known = known.dt.strftime("%Y-%m-%d")
    is_ranged = len(known) and (pd.api.types.is_float_dtype(known) or name.endswith("_date"))
    return {
        "column": name,
        "missing": int(values.isna().sum()),
        "least": known.min() if is_ranged else None,
        "largest": known.max() if is_ranged else None,
        "distinct": int(known.nunique()),
    }


def _find_repeats(table: pd.DataFrame) -> list[Findings]:
    """Fitted rows that agree in what they measure: allowed, but each counts in the likelihood."""
    names = [name for name in IDENTITY if name in table]
    rows = fitted_rows(table)
    rows = rows[rows.duplicated(names, keep=False)]
    lines: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for *key, line in rows[[*names, "line"]].itertuples(index=False):
        lines[tuple(map(str, key))].append(int(line))
    return [
        {"of": dict(zip(names, key, strict=True)), "lines": each} for key, each in lines.items()
    ]


def _find_efforts(table: pd.DataFrame, card: LoadedCard) -> list[str]:
    """Fitted models whose names tell how long they think, where the card has no part for it."""
    techniques = getattr(card.options, "techniques", None)
    if techniques is None or any(each.part == "inference" for each in techniques.values()):
        return []
    names = fitted_rows(table)["model"].astype(str).unique()
    return sorted(name for name in names if EFFORT.search(name))


def describe_models(
    table: pd.DataFrame, card: LoadedCard, runs: pd.DataFrame | None, names: list[str]
) -> Findings:
    """Which models will be fitted, and whether the first can tell compute from the date."""
    seen, is_empty = card.for_model(runs), not len(fitted_rows(table))
    loaded = {name: models.load(name) for name in names}
    reasons = {
        name: "no row is left to fit" if is_empty else model.unsupported_reason(table, seen)
        for name, model in loaded.items()
    }
    fitted = [name for name, reason in reasons.items() if not reason]
    found = {"models": [{"model": name, "not_fitted": why} for name, why in reasons.items()]}
    if not fitted or card.table not in OF_MODELS:
        return found | {"identification": None}
    promise = _foresee(loaded[fitted[0]].regressors(table, seen))
    return found | {"identification": {"model": fitted[0]} | promise}


def _foresee(regressors: pd.DataFrame) -> Findings:
    """Correlations and variance inflation of the regressors, and what they promise."""
    if len(regressors) <= regressors.shape[1] + 1:
        return {"is_likely": False, "reason": "fewer rows than regressors"}
    inflation = inflate(regressors)
    inflated = [
        f"{each} ({value:.3g})"
        for each, value in inflation.items()
        if value > MAXIMUM_INFLATION and any(word in each.lower() for word in DIVIDED)
    ]
    constant = [str(each) for each in regressors if np.ptp(regressors[each].dropna()) == 0]
    reasons = {
        f"variance inflation above {MAXIMUM_INFLATION:g}": inflated,
        "the same in every row": constant,
    }
    told = [f"{reason}: {', '.join(names)}" for reason, names in reasons.items() if names]
    return {
        "is_likely": not told,
        "reason": "; ".join(told),
        "correlations": correlate(regressors),
        "variance_inflation": inflation,
    }


def describe(found: Findings) -> str:
    """The findings as text, the verdict first; whatever steers a terminal is escaped."""
    text = render_template(
        TEMPLATE,
        found,
        finalize=lambda value: make_printable(str(value)),
        shorten=shorten,
        round_number=lambda value: f"{value:.4g}" if isinstance(value, float) else value,
    )
    return "\n".join(line.rstrip() for line in text.splitlines())


def describe_shortly(found: Findings) -> str:
    """One line of a dataset that is accepted, and everything that is wrong with one that is not."""
    text = describe(found)
    return text.partition("\n")[0] if found["is_accepted"] else text
