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
from pipeline.site.pages.numbers import format_quantity


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
    if each.key.startswith(f"{REVERSE}["):
        return _describe_reverse(found)
    driven = answers.describe_drivers(each.key, check)
    chance = answers.describe_p_not_positive(found) if each.key == RATE else ""
    return (
        (f"{driven}: " if driven else "")
        + _quote(found)
        + (f"; P(\N{LESS-THAN OR EQUAL TO} 0) {chance}" if chance else "")
    )


def _quote(found: Entry) -> str:
    return f"{answers.describe_bound(found, 'median')} ({answers.describe_interval(found)})"


def _describe_reverse(found: Entry) -> str:
    """The compute that would suffice, and the probability that none does."""
    finite = found.get("p_finite")
    words = "no compute suffices in most draws" if found["lower"] is None else _quote(found)
    chance = answers.describe_probability(1 - (1 if finite is None else float(finite)))
    return f"{words}; P(unreachable) {'' if chance[0] in '<>' else '= '}{chance}"


def describe_average(cell: Passed, overview: Overview) -> str:
    """The headline averaged over the dataset's models; empty where this model is the average."""
    made = overview.compared(cell.dataset)
    if made is None or not cell.answer.sentence:
        return ""
    weight = made.weights.get(cell.model)
    found = next((each for each in made.estimates if each.key == cell.answer.key), None)
    if weight is None or weight > 1 - NEGLIGIBLE or found is None or found.averaged.get("reason"):
        return ""
    return (
        f"Averaged over {len(made.rows)} models by how well they predict what was left out: "
        f"{_quote(found.averaged | {'unit': found.unit})}; this model's weight is "
        f"{format_quantity(weight, 'share')}."
    )


def write_answers(overview: Overview) -> str:
    """The README's table in Markdown: a row a dataset, answered by the model that speaks for it."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in overview.primaries:
        said = cell.answer.sentence or cell.answer.reason
        if caveats := "; ".join(cell.answer.caveats):
            said = f"{caveats[0].upper()}{caveats[1:]}: {said}"
        said = f"{said} {describe_average(cell, overview)}".rstrip()
        asked = escape_cell(cell.card.card.question)
        lines.append(f"| {asked} | {escape_cell(said)} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())
