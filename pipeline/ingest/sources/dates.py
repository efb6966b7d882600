"""One cell of records.csv -> its day, where the day is certain.

Raises ValueError with a rule and a remedy where it is not: 03/04/2022 may be two days, unless the
card says which.
"""

import calendar
import re
from typing import NoReturn

import pandas as pd

from pipeline.ingest.sources.numbers import FORMULA_STARTS, MISSING, refuse_formula

FIRST_YEAR, LAST_YEAR = 1900, 2199
EXCEL_EPOCH = pd.Timestamp(1899, 12, 30)  # two days early: Excel counts a 29 February 1900
_YEAR, _NAME, _SHORT = r"(?P<y>[0-9]{4})", r"(?P<name>[A-Za-z]{3,9})", "[0-9]{1,2}"
_ANY_YEAR = "(?P<y>[0-9]{4}|[0-9]{2})"  # of two digits in this century, where the order is stated
ISO_DATE = rf"{_YEAR}-(?P<m>[0-9]{{2}})-(?P<d>[0-9]{{2}})"
DATE_ORDERS = {
    "ymd": rf"{_YEAR}[/.](?P<m>{_SHORT})[/.](?P<d>{_SHORT})",
    "dmy": rf"(?P<d>{_SHORT})[/.](?P<m>{_SHORT})[/.]{_ANY_YEAR}",
    "mdy": rf"(?P<m>{_SHORT})[/.](?P<d>{_SHORT})[/.]{_ANY_YEAR}",
}
WORDED_DATES = [
    rf"(?P<d>{_SHORT})[ -]{_NAME}\.?,?[ -]{_YEAR}",
    rf"{_NAME}\.? (?P<d>{_SHORT}),? {_YEAR}",
]
COARSE_DATES = {
    "month": [
        rf"{_YEAR}[-/](?P<m>{_SHORT})",
        rf"(?P<m>{_SHORT})/{_YEAR}",
        rf"{_NAME}\.?,?[ -]{_YEAR}",
    ],
    "year": [_YEAR],
}
COARSENESS = ["day", "month", "year"]
MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
TIME = re.compile(r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?")


def read_date(text: str, order: str | None = None, precision: str = "day") -> pd.Timestamp | None:
    """The day of a cell; None where it says "missing".

    `order` (ymd, dmy, mdy, excel) and `precision` are the card's: a month is read as its 15th, a
    year as its 1 July. Raises ValueError (rule, remedy) where the cell is no day, or may be two.
    """
    if text.casefold() in MISSING | {"none"}:
        return None
    if timed := re.fullmatch(rf"({ISO_DATE})({TIME.pattern})", text):
        text = timed[1]  # of a timestamp, the day as it is written
    if order == "excel" and re.fullmatch(r"[0-9]{5}(\.0+)?", text):
        return EXCEL_EPOCH + pd.Timedelta(days=int(text[:5]))
    ordered = [DATE_ORDERS[order]] if order in DATE_ORDERS else []
    patterns = {"day": [ISO_DATE, *ordered, *WORDED_DATES]} | COARSE_DATES
    for coarseness, pattern in ((each, one) for each in patterns for one in patterns[each]):
        if match := re.fullmatch(pattern, text):
            if COARSENESS.index(coarseness) > COARSENESS.index(precision):
                remedy = f"state `precision: {coarseness}` for the column on the card"
                rule = f"not a date: a {coarseness} without its day"
                raise ValueError(rule, f"write YYYY-MM-DD, or {remedy}")
            return _make_date(**match.groupdict())
    return _refuse_date(text, order)


def _make_date(
    y: str, m: str | None = None, d: str | None = None, name: str | None = None
) -> pd.Timestamp:
    month = MONTHS.get(name.lower()) if name else int(m or 7)
    if not month:
        raise ValueError(f"not a date: {name!r} is no English month", "write YYYY-MM-DD")
    y = f"20{y}" if len(y) == 2 else y
    if not FIRST_YEAR <= int(y) <= LAST_YEAR:
        rule = f"not a date between {FIRST_YEAR} and {LAST_YEAR}"
        raise ValueError(rule, "check the year, and the columns")
    try:
        return pd.Timestamp(int(y), month, int(d or (15 if m or name else 1)))
    except ValueError:
        rule, remedy = "the calendar has no such day", "check day, month and `order` on the card"
        raise ValueError(f"not a date: {rule}", remedy) from None


def _refuse_date(text: str, order: str | None) -> NoReturn:
    """Refuses what no pattern fits, with the likeliest reason."""
    if text.startswith(FORMULA_STARTS):
        refuse_formula("date")
    if re.fullmatch(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2}|.*[A-Za-z][ -]'?[0-9]{2}", text):
        remedy = "write YYYY-MM-DD, or state the order of day, month and year on the card"
        raise ValueError("not a date: a year of two digits", remedy)
    if order is None and any(re.fullmatch(each, text) for each in DATE_ORDERS.values()):
        likely = _find_likely_order(*re.split("[/.]", text))
        remedy = f"write YYYY-MM-DD, or state {likely} for the column on the card"
        raise ValueError("not a date: day and month in no stated order", remedy)
    if re.fullmatch(r"[0-9]{5}\.[0-9]*", text) and order == "excel":
        raise ValueError("a time of day, which would be dropped", "write the day alone")
    if re.fullmatch(r"[0-9]{5}(\.[0-9]*)?", text):
        remedy = "state `order: excel` if the column holds Excel's serial days"
        raise ValueError("not a date: digits alone", f"write YYYY-MM-DD, or {remedy}")
    stated = f"as {order} or " if order else ""
    rule = f"not a date {stated}as YYYY-MM-DD"
    raise ValueError(rule, "write YYYY-MM-DD, or state the order on the card")


def _find_likely_order(first: str, second: str, _: str) -> str:
    """The orders that a date with slashes may have."""
    if len(first) == 4:
        return "`order: ymd`"
    if int(first) > 12:
        return "`order: dmy`, which this cell shows,"
    return "`order: mdy`, which this cell shows," if int(second) > 12 else "`order: dmy` or `mdy`"
