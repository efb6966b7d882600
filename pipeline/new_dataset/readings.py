"""How the cells of a column are to be read, as far as its header and its cells prove it: unit,
decimal mark, order of dates, words for classes. A proposal for a person to confirm.

The judge is the reader of *ingest*: of all ways to state decimal mark or order, the one under which
it refuses the fewest cells.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

from pipeline.ingest.sources import units
from pipeline.ingest.sources.dates import COARSENESS, DATE_ORDERS, read_date
from pipeline.ingest.sources.numbers import MISSING, read_number

Keys = dict[str, str | dict[str, str | bool]]  # keys of a column's line on the card
Reading = tuple[Keys, list[str]]  # with what a person must look at
TODO = "TODO"  # the value of a key that only a person can give
UNIT_WORDS = {
    **dict.fromkeys(("%", "pct", "percentage"), "percent"),
    **dict.fromkeys(("pflop/s-days", "pf-days", "petaflop/s-day"), "petaflop/s-days"),
    "flops": "FLOP",
    "pflops": "PFLOP",
    "eflops": "EFLOP",
    "gflops": "GFLOP",
    "tflops": "TFLOP",
    "gmacs": "GMAC",
    "tflop/s-days": "teraflop/s-days",
}
# What pint is asked to read: no powers, which a header could make very large.
UNIT = re.compile(r"(1[eE]\+?\d{1,2} )?[A-Za-z][A-Za-z/ -]{0,39}")
POWER = re.compile(r"1[eE]\+?\d{1,2}")  # in a header: FLOPs (1E21)
DURATION = re.compile(r"\d\s*(s|secs?|seconds?|mins?|minutes?|hours?|hrs?|days?)\b")
LEAST_FLOP, LEAST_COUNT = 1e15, 1e5  # below, cells are multiples of FLOP, parameters or tokens
SIZES = ("parameters", "training_tokens", "dataset_tokens")
MULTIPLES = set("kmbt") | {"thousand", "million", "billion", "trillion"}
TRUTHS: dict[str, str | bool] = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}
MAX_CLASSES = 12
MAX_TRIED = 1_000  # distinct cells


def propose_reading(
    name: str, dtype: str, classes: Sequence[str], header: str, cells: list[str]
) -> Reading:
    """Keys of the card and doubts for the column `name` of a table, of type `dtype`.

    `classes` are the words that the column takes, none where it takes any; `header` and `cells`
    are the file's.
    """
    filled = list(dict.fromkeys(cell for cell in cells if cell))[:MAX_TRIED]
    if not filled:
        return {}, ["every cell is empty"]
    if dtype == "float64":
        return _propose_number(name, header, filled)
    if dtype.startswith("datetime64"):
        return _propose_date(filled)
    if dtype == "bool":
        return _propose_values(cells, TRUTHS, ("true", "false"))
    same: dict[str, str | bool] = {each: each for each in classes}
    return _propose_values(cells, same, classes) if classes else ({}, [])


def _find_refused(cells: list[str], read: Callable[[str], object]) -> list[str]:
    refused = []
    for cell in cells:
        try:
            read(cell)
        except ValueError:
            refused.append(cell)
    return refused


def _doubt(refused: list[str]) -> list[str]:
    return [f"{len(refused)} cells cannot be read, such as {refused[0]!r}"] if refused else []


def _propose_number(name: str, header: str, cells: list[str]) -> Reading:
    column = "resource_minutes" if name == "resource" and DURATION.search(cells[0]) else name
    refused = {
        mark: _find_refused(cells, partial(read_number, column=column, decimal=mark))
        for mark in (None, "comma", "point")
    }
    mark = min(refused, key=lambda each: len(refused[each]))
    odd, keys, doubts = refused[mark], Keys(), _doubt(refused[mark])
    if mark:
        keys["decimal"] = mark
    if mark == "comma" and len(refused["point"]) == len(odd):
        keys["decimal"] = TODO
        doubts.append(f"{refused[None][0]!r}: thousands (point), or a decimal comma (comma)?")
    if unit := _propose_unit(column, header, [each for each in cells if each not in odd], mark):
        keys["unit"] = unit
    return keys, doubts + [
        f"the header says {word!r}: in which multiple are the cells?"
        for word in _unit_words(header)
        if word.lower().rstrip("s") in MULTIPLES and word != unit
    ]


def _propose_unit(name: str, header: str, cells: list[str], mark: str | None) -> str | None:
    """The unit that the header names, or that shares show by their size; None if neither."""
    words = _unit_words(header)
    numbers = [read_number(cell, name, decimal=mark) or 0.0 for cell in cells]
    largest = max(numbers, default=0.0)
    if name in units.COUNTS:
        asked = TODO if name in SIZES and largest < LEAST_COUNT else None
        return next((word for word in words if units.multiple(word)), asked)
    words += [f"{word} FLOP" for word in words if POWER.fullmatch(word)]
    found = [UNIT_WORDS.get(word.lower(), word) for word in words if name in units.TARGETS]
    named = next((unit for unit in found if fits(unit, name)), None)
    if named == "FLOP" and name == "training_flop" and largest < LEAST_FLOP:
        return TODO
    is_bare = name == "training_flop" and not words  # only operations are as many
    if is_bare and min(numbers, default=0.0) > LEAST_FLOP:
        return "FLOP"
    if named or name != "score":
        return "in cells" if name == "resource_minutes" and not named else named
    if any("%" in cell for cell in cells):
        return "percent"
    is_share = bool(numbers) and 0 <= min(numbers) <= largest <= 100
    return ("percent" if largest > 1 else "fraction") if is_share else None


def fits(unit: str, name: str) -> bool:
    """Whether cells in `unit` convert to the column `name` of a table."""
    try:
        return bool(UNIT.fullmatch(unit)) and units.factor(unit, name) > 0
    except ValueError:
        return False


def _unit_words(header: str) -> list[str]:
    """What could be a unit: in brackets, after the last comma or "in", a sign, the last word."""
    bracketed = re.findall(r"[(\[]([^)\]]*)[)\]]", header)
    after = re.findall(r"(?:,|\bin\b)\s*([^,]*)$", header)
    last = re.findall(r"([A-Za-z/-]*(?:FLOP|MAC)[A-Za-z/-]*|%)\s*$", header, re.IGNORECASE)
    return [word.strip() for word in (*bracketed, *after, *last) if word.strip()]


def _propose_date(cells: list[str]) -> Reading:
    refused = {}
    for order, precision in product((None, *DATE_ORDERS, "excel"), COARSENESS):
        read = partial(read_date, order=order, precision=precision)
        refused[order, precision] = _find_refused(cells, read)
    order, precision = best = min(refused, key=lambda each: len(refused[each]))
    keys, doubts = Keys(), _doubt(refused[best])
    if precision != "day":
        keys["precision"] = precision
    if order:
        keys["order"] = order
    if order == "excel":
        doubts.append(f"{cells[0]!r}: days counted from 1900, as Excel counts?")
    if order == "dmy" and len(refused["mdy", precision]) == len(refused[best]):
        keys["order"] = TODO
        mixed = "some have the day first and some the month: state the order of most"
        unclear = f"{cells[0]!r}: no cell tells day (dmy) from month (mdy)"
        doubts.append(f"{mixed}, correct the rest" if doubts else unclear)
    return keys, doubts


def _propose_values(
    cells: list[str], meanings: dict[str, str | bool], plain: Sequence[str]
) -> Reading:
    """A translation of every cell, where they are not the `plain` words already."""
    found, is_truth = sorted(set(cells)), meanings is TRUTHS
    if all((cell.lower() if is_truth else cell) in ("", *plain) for cell in found):
        has_gaps = is_truth and "" in found
        words = {cell: meanings.get(cell.lower(), False) for cell in found}
        return ({"values": words} if has_gaps else {}), []
    odd = [cell for cell in found if cell and cell.lower() not in meanings]
    if len(odd) == len([*filter(None, found)]) or len(found) > MAX_CLASSES:
        return {}, [f"{(odd or found)[0]!r} is none of {', '.join(plain)}: give `values:`"]
    empty = False if is_truth else ""
    values = {
        cell: meanings.get(cell.lower(), empty if cell.casefold() in MISSING else TODO)
        for cell in found
    }
    return {"values": values}, []
