"""What *inspection* found -> the lines that `apportion check` prints."""

from collections.abc import Iterator
from typing import Any

from pipeline.commands.inspection import SHOWN_LINES, Findings
from pipeline.failures import make_printable, shorten

SHOWN_REPEATS = 5
SHOWN_RULES = 30
SHOWN_NAMES = 50
NAMES = ("benchmark", "target", "model")
REACHED = {
    "card": "the card cannot be read",
    "records": "the file of records cannot be read",
    "cells": "some cells, columns or joins cannot be read; rules were not tried yet",
    "rules": "rows break the rules of the table",
}


def describe(found: Findings) -> str:
    """The findings as text, the verdict first."""
    return "\n".join(map(make_printable, _lines(found)))


def describe_shortly(found: Findings) -> str:
    """One line of a dataset that is accepted, and everything that is wrong with one that is not."""
    return make_printable(next(_lines(found))) if found["is_accepted"] else describe(found)


def _lines(found: Findings) -> Iterator[str]:
    if not found["is_accepted"]:
        yield f"{found['dataset']}: refused: {REACHED[found['reached']]}"
        yield from _failures(found)
        return
    yield f"{found['dataset']}: {_count(found['rows_in'], 'row')} in, {found['rows_fitted']} fitted"
    if not found["is_registered"]:
        yield (
            f"  ! not in data/sources/datasets.yaml: `dvc repro` will not run it. Add it to "
            f"{found['table']}"
        )
    yield from (f"  {count} excluded: {rule}" for rule, count in found["excluded"].items())
    if found["rows_quarantined"]:
        yield f"  {found['rows_quarantined']} quarantined, as the card allows"
    yield from _conversions(found)
    yield from _columns(found["columns"])
    yield from _repeats(found["repeats"])
    yield from _outliers(found["outliers"])
    yield from _models(found)


def _failures(found: Findings) -> Iterator[str]:
    groups = found["failures_by_rule"]
    for group in groups[:SHOWN_RULES]:
        lines = group["lines"]
        shown = ", ".join(str(line) for line in lines[:SHOWN_LINES])
        more = f" and {len(lines) - SHOWN_LINES} more" if len(lines) > SHOWN_LINES else ""
        place = f"{group['file']}" + (f", line {shown}{more}" if lines else "")
        value = f" (such as {shorten(group['value'])!r})" if group["value"] else ""
        column = f"{group['column']}: " if group["column"] else ""
        yield f"  {group['count']} x {column}{group['rule']}{value}"
        yield f"      in {place}"
        yield f"      remedy: {group['remedy']}"
    if hidden := groups[SHOWN_RULES:]:
        count = sum(group["count"] for group in hidden)
        yield f"  {count} more, by {_count(len(hidden), 'other rule')} (--json has all)"


def _conversions(found: Findings) -> Iterator[str]:
    for each in found["units"]:
        factor = f", times {each['factor']:g}" if each["factor"] is not None else ""
        yield f"  {each['column']}: {each['unit']} to {each['unit_of_table']}{factor}"
    if "joins" in found:
        joins = found["joins"]
        yield (
            f"  {_count(joins['models'], 'model')} in {_count(joins['rows'], 'row')} found in the "
            "run registry"
        )
        if joins["without_run"]:
            names = joins["without_run"]
            more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
            yield f"  not looked up: {', '.join(map(shorten, names[:SHOWN_NAMES]))}{more}"


def _columns(columns: list[dict[str, Any]]) -> Iterator[str]:
    yield "  columns: missing cells, different values, range"
    width = max(len(each["column"]) for each in columns)
    for each in columns:
        span = (
            "" if each["least"] is None else f"{_short(each['least'])} to {_short(each['largest'])}"
        )
        text = f"    {each['column']:<{width}} {each['missing']:>7} {each['distinct']:>7}  {span}"
        yield text.rstrip()


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _repeats(repeats: list[dict[str, Any]]) -> Iterator[str]:
    if repeats:
        verb = "was" if len(repeats) == 1 else "were"
        yield (
            f"  {_count(len(repeats), 'model')} {verb} measured more than once; each row counts in "
            "the fit:"
        )
    for each in repeats[:SHOWN_REPEATS]:
        what = ", ".join(
            value for name, value in each["of"].items() if name in ("benchmark", "target", "model")
        )
        yield f"    {what or 'run'}: lines {', '.join(map(str, each['lines'][:SHOWN_LINES]))}"
    if len(repeats) > SHOWN_REPEATS:
        yield f"    and {len(repeats) - SHOWN_REPEATS} more (--json has all)"


def _outliers(outliers: list[dict[str, Any]]) -> Iterator[str]:
    if outliers:
        yield f"  {_count(len(outliers), 'row')} far from the others; look for slips of the pen:"
    for each in outliers[:SHOWN_LINES]:
        yield (
            f"    line {each['line']}: {each['model']} {each['column']} {each['value']:g} is "
            f"{abs(each['distance']):g} robust standard deviations "
            f"{'above' if each['distance'] > 0 else 'below'} what the others lead to expect"
        )


def _models(found: Findings) -> Iterator[str]:
    for each in found["models"]:
        reason = each["not_fitted"]
        yield f"  {each['model']}: " + (f"not fitted: {reason}" if reason else "will be fitted")
    seen = found["identification"]
    if not seen:
        return
    for pair in seen.get("correlations", []):
        if _is_of_compute_and_date(pair):
            both = f"{pair['first']} and {pair['second']}"
            yield f"  correlation of {both}: {pair['correlation']:.2f}"
    inflation = seen.get("variance_inflation", {})
    if inflation:
        yield "  variance inflation: " + ", ".join(f"{k} {v:.3g}" for k, v in inflation.items())
    verdict = "likely" if seen["is_likely"] else f"not likely: {seen['reason']}"
    yield f"  compute told apart from algorithms: {verdict}"


def _is_of_compute_and_date(pair: dict[str, Any]) -> bool:
    words = f"{pair['first']} {pair['second']}"
    return "date" in words and any(each in words for each in ("compute", "parameters", "tokens"))


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
