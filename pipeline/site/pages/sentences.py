"""Numbers in people's units, and the sentences of the pages that they stand in."""

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from ruamel.yaml import YAML

from models import INTERVAL_PROBABILITY

INTERVAL_WORDS = f"{100 * INTERVAL_PROBABILITY:.0f}\N{NO-BREAK SPACE}% equal-tailed interval"
SHORT_INTERVAL = INTERVAL_WORDS.replace(" equal-tailed", "")
MOLE = 6.02214076e23  # operations
MOLES_FROM = 1e23  # FLOP, from which moles are printed beside
SIGNIFICANT_PROSE, SIGNIFICANT_TABLE, SIGNIFICANT_CELL = 2, 3, 4
MINUS, TIMES = "\N{MINUS SIGN}", " \N{MULTIPLICATION SIGN} "
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
    """`value` as the `unit` is spoken of: FLOP with moles where it is large, shares as percent."""
    if unit == "FLOP":
        moles = f" ({format_number(value / MOLE, digits)} mol)" if value >= MOLES_FROM else ""
        return format_number(value, digits) + moles
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


def is_share(unit: str) -> bool:
    """Whether `unit` is that of a share of one, printed in percent."""
    return unit.split(" ")[0] == "share"


def unit_words(unit: str) -> str:
    """A unit as a column prints it: nothing for a pure number."""
    return "" if unit in ("1", "dimensionless") else unit


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


SPACES = re.compile(r"[ \n]+")


def say(name: str, /, **values: object) -> str:
    """The sentence `name` of `sentences.yaml` with `values` in it, as text that is not escaped."""
    text = SPACES.sub(" ", _sentences()[name].render(values)).strip()
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def say_figure(figure_id: str, /, **values: object) -> dict[str, Any]:
    """What stands around a figure, as arguments of `Figure`: id, title, caption and axes."""
    names = (name.partition(".")[2] for name in _sentences() if name.startswith(f"{figure_id}."))
    return {"id": figure_id} | {name: say(f"{figure_id}.{name}", **values) for name in names}


@cache
def _sentences() -> dict[str, jinja2.Template]:
    """Every sentence by name; those of figures as `<id>.title`, `<id>.caption` and so on."""
    made = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  # text
    made.globals["interval_words"] = INTERVAL_WORDS
    made.filters |= {
        "number": format_number,
        "quantity": format_quantity,
        "fixed": format_fixed,
        "count": say_count,
        "signed": lambda chance: chance if chance[0] in "<>" else f"= {chance}",
    }
    read = YAML(typ="safe").load(Path(__file__).with_name("sentences.yaml"))
    texts: dict[str, str] = {}
    for name, text in read.items():
        parts = text.items() if isinstance(text, dict) else ()
        texts |= {f"{name}.{part}": words for part, words in parts} or {name: text}
    return {name: made.from_string(text) for name, text in texts.items()}
