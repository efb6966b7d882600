"""Models compared -> their estimates in words, for the page and the README."""

from typing import Any

from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import (
    NEGLIGIBLE,
    RATE,
    REVERSE,
    Comparison,
    Entry,
    Estimate,
)
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages import answers
from pipeline.site.pages.sentences import say


def quote(found: Entry) -> str:
    """Median and interval of an estimand: "17 (13 to no upper bound)"."""
    return f"{answers.describe_bound(found, 'median')} ({answers.describe_interval(found)})"


def tabulate(made: Comparison, overview: Overview) -> list[dict[str, Any]]:
    """The estimates of a comparison: a row an estimand, a cell a model and the average."""
    checks = {cell.model: cell.check for cell in overview.passed_of(made.dataset)}
    return [
        {
            "label": each.label,
            "cells": [
                _describe(each.by_model.get(row.model), each, checks[row.model])
                for row in made.rows
            ],
            "averaged": _describe(each.averaged, each, {}),
        }
        for each in made.estimates
    ]


def _describe(entry: Entry | None, each: Estimate, check: dict[str, Any]) -> str:
    if entry is None or entry.get("reason"):
        return f"not reported{': ' + entry['reason'] if entry else ''}"
    found = entry | {"unit": each.unit}
    if each.key.startswith(f"{REVERSE}["):  # the compute that would suffice, and that none does
        finite = found.get("p_finite")
        chance = answers.describe_probability(1 - (1 if finite is None else float(finite)))
        said = "" if found["lower"] is None else quote(found)
        return say("reverse_compared", found=said, chance=chance)
    driven = answers.describe_drivers(each.key, check)
    chance = answers.describe_p_not_positive(found) if each.key == RATE else ""
    return say("compared", driven=driven, found=quote(found), chance=chance)


def describe_average(cell: Passed, overview: Overview) -> str:
    """The headline averaged over the dataset's models; empty where this model is the average."""
    made, weight = overview.compared(cell.dataset), overview.weights(cell.dataset).get(cell.model)
    if made is None or weight is None or weight > 1 - NEGLIGIBLE or not cell.answer.sentence:
        return ""
    found = next((each for each in made.estimates if each.key == cell.answer.key), None)
    if found is None or found.averaged.get("reason"):
        return ""
    averaged = quote(found.averaged | {"unit": found.unit})
    return say("average", models=len(made.rows), averaged=averaged, weight=weight)


def write_answers(overview: Overview) -> str:
    """The README's table in Markdown: a row a dataset, answered by the model that speaks for it."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in overview.primaries:
        said = cell.answer.sentence or cell.answer.reason
        if caveats := "; ".join(cell.answer.caveats):
            said = f"{caveats[0].upper()}{caveats[1:]}: {said}"
        said = escape_cell(f"{said} {describe_average(cell, overview)}")
        lines.append(f"| {escape_cell(cell.card.card.question)} | {said} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())
