"""How the cells of a column are to be read, as far as its header and its cells prove it: unit,
decimal mark, order of dates, words for classes. A proposal for a person to confirm.
"""

import re
from collections.abc import Sequence

from pipeline.ingest.sources import units

Keys = dict[str, str | dict[str, str | bool]]  # keys of a column's line on the card
Reading = tuple[Keys, list[str]]  # with what a person must look at
TODO = "TODO"  # the value of a key that only a person can give
UNIT_WORDS = {
    "%": "percent",
    "pct": "percent",
    "percentage": "percent",
    "flops": "FLOP",
    "pflops": "PFLOP",
    "eflops": "EFLOP",
    "pflop/s-days": "petaflop/s-days",
    "pf-days": "petaflop/s-days",
    "petaflop/s-day": "petaflop/s-days",
    "tflop/s-days": "teraflop/s-days",
    "gmacs": "GMAC",
}
# What pint is asked to read: no digits and no powers, which a header could make very large.
UNIT = re.compile(r"[A-Za-z][A-Za-z/ -]{0,39}")
MULTIPLES = set("kmbt") | {"thousand", "million", "billion", "trillion"}
DATE = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.]\d{4}")
YEAR_FIRST = re.compile(r"\d{4}[/.]\d{1,2}[/.]\d{1,2}")
MONTH = re.compile(r"\d{4}-\d{2}|[A-Za-z]{3,9}\.?,?[ -]\d{4}")
YEAR = re.compile(r"(19|20)\d{2}")
SERIAL = re.compile(r"[2-5]\d{4}")  # days since 1900: 1954 to 2064
NUMBER = re.compile(r"[+-]?(\d++(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?\s?%?")
DOTS_AND_COMMA = re.compile(r"[+-]?\d{1,3}(\.\d{3})+,\d+")
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")
TRUTHS: dict[str, str | bool] = {
    **dict.fromkeys(("true", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "no", "n", "0"), False),
}
MAX_CLASSES = 12


def propose_reading(
    name: str, dtype: str, classes: Sequence[str], header: str, cells: list[str]
) -> Reading:
    """Keys of the card and doubts for the column `name` of a table, of type `dtype`.

    `classes` are the words that the column takes, none where it takes any; `header` and `cells`
    are the file's.
    """
    filled = [cell for cell in cells if cell]
    if not filled:
        return {}, ["every cell is empty"]
    if dtype == "float64":
        return _propose_number(name, header, filled)
    if dtype.startswith("datetime64"):
        return _propose_date(filled)
    if dtype == "bool":
        return _propose_values(cells, TRUTHS, ("true", "false"))
    return (
        _propose_values(cells, {each: each for each in classes}, classes) if classes else ({}, [])
    )


def _propose_number(name: str, header: str, cells: list[str]) -> Reading:
    keys, doubts = _propose_decimal_mark(cells)
    plain = cells
    if keys.get("decimal") == "comma":
        plain = [cell.replace(".", "").replace(",", ".").rstrip("% ") for cell in cells]
    if unit := propose_unit(name, header, plain):
        keys["unit"] = unit
    multiples = [
        word
        for word in _unit_words(header)
        if word.lower().rstrip("s") in MULTIPLES and word != keys.get("unit")
    ]
    doubts += [f"the header says {word!r}: in which multiple are the cells?" for word in multiples]
    odd = [cell for cell, text in zip(cells, plain, strict=True) if not NUMBER.fullmatch(text)]
    if odd and keys.get("decimal") != TODO:
        doubts.append(f"{len(odd)} cells are not plain numbers, such as {odd[0]!r}")
    return keys, doubts


def _propose_decimal_mark(cells: list[str]) -> Reading:
    """Comma where one cell proves it; for a person to say where all may be thousands."""
    if any(DOTS_AND_COMMA.fullmatch(cell) for cell in cells):
        return {"decimal": "comma"}, []
    commas = [cell for cell in cells if COMMA.fullmatch(cell)]
    if not commas or any("." in cell for cell in cells):
        return {}, []
    if all(THOUSANDS.fullmatch(cell) for cell in commas):
        return {"decimal": TODO}, [f"{commas[0]!r}: thousands (point), or a decimal comma (comma)?"]
    return {"decimal": "comma"}, []


def propose_unit(name: str, header: str, numbers: list[str]) -> str | None:
    """The unit that the header names, or that shares show by their size; None if neither.

    A count's is a multiple such as B or billions.
    """
    if name in units.COUNTS:
        return next((word for word in _unit_words(header) if units.multiple(word)), None)
    if name not in units.TARGETS:
        return None
    for word in _unit_words(header):
        unit = UNIT_WORDS.get(word.lower(), word)
        if fits(unit, name):
            return unit
    return _propose_share(numbers) if name == "score" else None


def fits(unit: str, name: str) -> bool:
    """Whether cells in `unit` convert to the column `name` of a table."""
    try:
        return bool(UNIT.fullmatch(unit)) and units.factor(unit, name) > 0
    except ValueError:
        return False


def _propose_share(numbers: list[str]) -> str | None:
    values = [float(number) for number in numbers if NUMBER.fullmatch(number)]
    if not values or len(values) < len(numbers) or not 0 <= min(values) <= max(values) <= 100:
        return None
    return "percent" if max(values) > 1 else "fraction"


def _unit_words(header: str) -> list[str]:
    """What could be a unit: in brackets, after the last comma or "in", a sign, the last word."""
    bracketed = re.findall(r"[(\[]([^)\]]*)[)\]]", header)
    after = re.findall(r"(?:,|\bin\b)\s*([^,]*)$", header)
    last = re.findall(r"([A-Za-z/-]*(?:FLOP|MAC)[A-Za-z/-]*|%)\s*$", header, re.IGNORECASE)
    return [word.strip() for word in (*bracketed, *after, *last) if word.strip()]


def _propose_date(cells: list[str]) -> Reading:
    if all(SERIAL.fullmatch(cell) for cell in cells):
        return {"order": "excel"}, [f"{cells[0]!r}: days counted from 1900, as Excel counts?"]
    keys: Keys = {}
    if any(YEAR.fullmatch(cell) for cell in cells):
        keys["precision"] = "year"
    elif any(MONTH.fullmatch(cell) for cell in cells):
        keys["precision"] = "month"
    if any(YEAR_FIRST.fullmatch(cell) for cell in cells):
        return keys | {"order": "ymd"}, []
    order, doubts = _propose_order([match for cell in cells if (match := DATE.fullmatch(cell))])
    return keys | order, doubts


def _propose_order(dates: list[re.Match[str]]) -> Reading:
    """Day first or month first, where a number above 12 proves it."""
    if not dates:
        return {}, []
    day_first = next((date[0] for date in dates if int(date[1]) > 12), None)
    month_first = next((date[0] for date in dates if int(date[2]) > 12), None)
    if day_first and month_first:
        found = f"{day_first!r} has the day first and {month_first!r} the month"
        return {"order": TODO}, [f"{found}: state the order of most, and correct the others"]
    if day_first or month_first:
        return {"order": "dmy" if day_first else "mdy"}, []
    return {"order": TODO}, [f"{dates[0][0]!r}: no cell tells day (dmy) from month (mdy)"]


def _propose_values(
    cells: list[str], meanings: dict[str, str | bool], plain: Sequence[str]
) -> Reading:
    """A translation of every cell, where they are not the `plain` words already."""
    found = sorted(set(cells))
    is_truth = "true" in meanings
    if all(cell in plain or (is_truth and cell.lower() in plain) for cell in found if cell):
        return ({}, ["some cells are empty"]) if is_truth and "" in found else ({}, [])
    known = [cell for cell in found if cell.lower() in meanings]
    if not known or len(found) > MAX_CLASSES:
        odd = next(cell for cell in found if cell and cell.lower() not in plain)
        return {}, [f"{odd!r} is none of {', '.join(plain)}: give `values:`"]
    missing = TODO if is_truth else ""
    values = {cell: meanings.get(cell.lower(), TODO if cell else missing) for cell in found}
    return {"values": values}, []
