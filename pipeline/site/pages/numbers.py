"""Numbers in people's units, and cells of tables as text."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY

INTERVAL_WORDS = f"{100 * INTERVAL_PROBABILITY:.0f}\N{NO-BREAK SPACE}% equal-tailed interval"
SHORT_INTERVAL = INTERVAL_WORDS.replace(" equal-tailed", "")
MOLE = 6.02214076e23  # operations
SIGNIFICANT_PROSE, SIGNIFICANT_TABLE, SIGNIFICANT_CELL = 2, 3, 4
DASH = "\N{EN DASH}"  # in place of the interval of what has none
MINUS, TIMES = "\N{MINUS SIGN}", " \N{MULTIPLICATION SIGN} "
DECADE = re.compile(r"\bdecade(s?)\b")  # of compute: readers take it for ten years
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def format_number(value: float, digits: int = SIGNIFICANT_PROSE) -> str:
    """`value` to `digits` significant digits: 0.35, 17, 1,400, or a power of ten in full."""
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    exponent = math.floor(math.log10(abs(rounded)))
    if -4 <= exponent < 6:
        text = f"{rounded:,.{max(digits - 1 - exponent, 0)}f}"
    else:
        power = str(exponent).translate(_SUPERSCRIPTS)
        text = f"{rounded / 10.0**exponent:.{digits - 1}f}{TIMES}10{power}"
    return text.replace("-", MINUS)


def format_quantity(value: float, unit: str, digits: int = SIGNIFICANT_PROSE) -> str:
    """`value` as the `unit` is spoken of: shares as percent."""
    if is_share(unit):
        return f"{format_number(100 * value, digits)}\N{NO-BREAK SPACE}%"
    return format_number(value, digits)


def format_fixed(value: float | None, decimals: int) -> str:
    """`value` with that many decimals; a value that does not exist is said not to."""
    if value is None:
        return "not measured"
    return f"{value:z,.{decimals}f}".replace("-", MINUS)


def say_count(count: int, noun: str) -> str:
    """The number with its noun in singular or plural: "1 row", "2 rows"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def join_names(names: Sequence[str]) -> str:
    """The names in a sentence: "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def sign(chance: str) -> str:
    """A probability after its letter: "= 0.50", "< 0.001"."""
    return chance if chance[0] in "<>" else f"= {chance}"


def is_share(unit: str) -> bool:
    """Whether `unit` is that of a share of one, printed in percent."""
    return unit.split(" ")[0] == "share"


def unit_words(unit: str) -> str:
    """A unit as people say it: a decade is a factor of ten; nothing for a pure number."""
    if unit in ("1", "dimensionless"):
        return ""
    return DECADE.sub(lambda found: f"factor{found[1]} of ten", unit)


def say_unit(unit: str) -> str:
    """A unit after a number: none for shares, which are percentages, and for pure numbers."""
    return "" if is_share(unit) else "times" if unit == "factor" else unit_words(unit)


def format_cell(value: Any) -> str:
    """A cell as text: dates as YYYY-MM-DD, numbers to four digits, nothing where it is missing."""
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return str(value.strftime("%Y-%m-%d"))
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if not isinstance(value, int | float | np.number):
        return str(value)
    mantissa, times, power = format_number(float(value), SIGNIFICANT_CELL).partition(TIMES)
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + times + power


# What the sentences and the templates of the pages write numbers with.
FILTERS: dict[str, Callable[..., str]] = {
    "number": format_number,
    "quantity": format_quantity,
    "fixed": format_fixed,
    "count": say_count,
    "cell": format_cell,
    "unit": lambda unit: unit_words(unit) or "no unit",
    "names": join_names,
    "signed": sign,
}
