"""One cell of records.csv -> its number, where the number is certain.

Raises ValueError with a rule and a remedy where it is not: 1,234 may be a thousand or a little more
than one, unless the card says which.
"""

import re
from typing import NoReturn

from pipeline.ingest.sources import units

MISSING = {"", "n/a", "na", "n.a.", "null", "unknown", "?", "-", "–", "—"}  # noqa: RUF001  dashes
FORMULA_STARTS = ("=", "@", "+", "-")

SPACES = " \u00a0\u2009\u202f"
DECIMAL_MARKS = {"point": ".", "comma": ","}
GROUP_MARKS = ["", ",", ".", "'", "’", *SPACES]  # noqa: RUF001  the typographic apostrophe is meant
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻−", "0123456789+--")  # noqa: RUF001  signs are meant
_POWER = r"10(?:\s?(?:\^|\*\*)\s?[+\-−]?[0-9]{1,5}|[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,5})"  # noqa: RUF001  as above
_NUMBER = re.compile(
    r"(?P<sign>[+\-−]?)"  # noqa: RUF001  the minus sign is meant
    rf"(?:(?P<power>{_POWER})"
    rf"|(?P<mantissa>[0-9.,'’{SPACES}]*[0-9]\.?)"  # noqa: RUF001  as above
    rf"(?P<exponent>[eE][+-]?[0-9]{{1,5}}|\s?[×xX*·]\s?{_POWER})?)"  # noqa: RUF001  as above
    r"\s?(?P<tail>.*)",
    re.DOTALL,
)
# Beyond what any table counts; ratios and products of two such numbers are finite and not zero.
LARGEST, SMALLEST = 1e100, 1e-100
_PLAIN = re.compile(r"[0-9]++(\.[0-9]*)?|\.[0-9]+")

# Behind a number: its error, which no table has a column for, or the mark of a footnote.
_NOTES = re.compile(r"(?<=[0-9%A-Za-z])(?:\s?(?:±|\+/-)\s?[0-9.,]+%?|\s?[*†‡])$")

_LETTERS_FOR_DIGITS = re.compile(r"[OoIl][0-9OoIl.,]*(?:[eE][0-9OoIl]+)?")  # 1O24 for 1024


def read_number(
    text: str, column: str, unit: str | None = None, decimal: str | None = None
) -> float | None:
    """The number of a cell in the unit of `column` of the table; None where it says "missing".

    `unit` is the card's or the row's ("" where the row should have one and has not), `decimal` the
    card's decimal mark (comma, point). Raises ValueError (rule, remedy) where the cell is no
    number, or may be two.
    """
    if text.casefold() in MISSING:
        return None
    text = _NOTES.sub("", text)
    _refuse_word(text)
    found = _NUMBER.fullmatch(text)
    if not found:
        _refuse_number()
    scale, cell_unit = _read_tail(found["tail"].strip(), column)
    if scale and (found["exponent"] or found["power"]):
        _refuse_number()
    number = _compose(found, scale, decimal)
    applied = None if scale and unit else _agree(cell_unit, unit, column)
    if scale and unit and read_unit(unit, column) != 10**scale:
        rule = f"the cell ends in {found['tail'].strip()!r}, and the card says {unit!r}"
        raise ValueError(rule, "correct one of the two")
    return number * read_unit(applied, column) if applied else number


def read_unit(unit: str, column: str) -> float:
    """`units.factor`. Raises ValueError (rule, remedy) where the unit does not fit the column."""
    try:
        return units.factor(unit, column)
    except ValueError as error:
        rule = f"unit {unit!r} does not fit {column}: {error}"
        remedy = "use a unit of pipeline/ingest/sources/units.py or of pint"
        raise ValueError(rule, remedy) from None


def _refuse_word(text: str) -> None:
    """Refuses words that programs write in place of numbers, and says what to write."""
    word = text.casefold().lstrip("+-")
    if word == "none":
        raise ValueError("may be zero or missing", "write 0, or leave the cell empty")
    if word in ("nan", "inf", "infinity"):
        rule = f"not a number: {text} is what a program writes for one"
        raise ValueError(rule, "leave the cell empty where the figure is missing")
    if text.startswith(FORMULA_STARTS) and not re.match(r"[+-]\s?[0-9.,]", text):
        refuse_formula("number")
    if text.startswith("'"):
        raise ValueError("not a number: an apostrophe marks text in a spreadsheet", "remove it")


def refuse_formula(kind: str) -> NoReturn:
    """Refuses a cell of a spreadsheet whose value was not pasted."""
    raise ValueError(f"not a {kind}: a formula", "paste values in its place")


def _refuse_number() -> NoReturn:
    raise ValueError("not a number", "write digits with a decimal point, such as 1.2e24")


def _compose(found: re.Match[str], scale: int, decimal: str | None) -> float:
    """The number of sign, mantissa and power of ten, rounded once."""
    mantissa = "1" if found["power"] else _read_mantissa(found, decimal)
    exponent = found["power"] or found["exponent"] or ""
    digits = re.sub(r"(?s)^[eE]|^.*?10\s?(\^|\*\*)?\s?", "", exponent.translate(SUPERSCRIPTS))
    sign = "-" if found["sign"] in ("-", "−") else ""  # noqa: RUF001  the minus sign is meant
    number = float(f"{sign}{mantissa}e{int(digits or '0') + scale}")
    if abs(number) > LARGEST:
        raise ValueError("too large for a number", "check the exponent")
    if abs(number) < SMALLEST and re.search("[1-9]", mantissa):
        raise ValueError("too small for a number", "check the exponent")
    return number


def _read_mantissa(found: re.Match[str], decimal: str | None) -> str:
    """Digits with a decimal point, where the marks between them allow one reading alone."""
    text = found["mantissa"]
    if decimal != "comma" and _PLAIN.fullmatch(text):
        return text
    readings = {name: _read_marks(text, mark) for name, mark in DECIMAL_MARKS.items()}
    reading = readings[decimal or "point"]
    if decimal is None and readings["comma"] not in (None, reading):
        raise ValueError(
            "may be thousands or a decimal comma" if reading else "a decimal comma",
            "state `decimal: comma` or `decimal: point` for the column on the card, or write a "
            "decimal point and no thousands separators",
        )
    if reading is None and decimal:
        rule = f"not a number with a decimal {decimal}, as the card says"
        raise ValueError(rule, "correct `decimal` on the card, or the cell")
    if reading is None or (found["exponent"] and len(text) > len(reading)):
        _refuse_number()
    return reading


def _read_marks(text: str, point: str) -> str | None:
    """Digits with a decimal point of `text`, where `point` is its decimal mark."""
    for group in GROUP_MARKS:
        whole = rf"[1-9][0-9]{{0,2}}({re.escape(group)}[0-9]{{3}})+" if group else "[0-9]+"
        if group != point and re.fullmatch(rf"{whole}({re.escape(point)}[0-9]+)?", text):
            return (text.replace(group, "") if group else text).replace(point, ".")
    return None


def _read_tail(tail: str, column: str) -> tuple[int, str | None]:
    """The power of ten and the unit that follow the digits of a cell, where cells may name it."""
    scale = units.multiple(tail)
    if scale is not None and column not in units.COUNTS:
        rule = f"{tail!r} after a number is read in counts only, and {column} is not a count"
        raise ValueError(rule, "write the number out, such as 1.2e9, with its unit on the card")
    if scale is not None or not tail:
        return scale or 0, None
    if tail.upper() in units.SUFFIXES and column in units.COUNTS:
        raise ValueError(f"{tail!r} is no suffix of a count", f"write {tail.upper()!r} if it is")
    try:
        is_known = units.spell(tail) is not None or column == "resource_minutes"
    except ValueError:  # which reading the unit tells
        is_known = True
    if not is_known:
        is_mistyped = _LETTERS_FOR_DIGITS.fullmatch(tail)
        if column not in units.TARGETS or is_mistyped or not re.match(r"[^\W\d_]", tail):
            _refuse_number()
        raise ValueError("no unit that a cell may name", "state the unit on the card")
    read_unit(tail, column)
    return 0, tail


def _agree(cell_unit: str | None, unit: str | None, column: str) -> str | None:
    """The unit of a cell that may name its own; `unit` is "" where a row lacks one it needs."""
    if not cell_unit and unit == "":
        raise ValueError("a number without its unit", "write it in the cell or the column of units")
    if cell_unit and unit and read_unit(cell_unit, column) != read_unit(unit, column):
        raise ValueError(
            f"the cell is in {cell_unit!r}, not in {unit!r} as the card or its row says",
            "correct one of the two; `unit: in cells` on the card lets each cell name its own",
        )
    return cell_unit or unit
