"""What every page shares: numbers in people's units, downloads, embedded JSON and templates."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from markdown_it import MarkdownIt
from markupsafe import Markup

from pipeline.site.pages.citations import write_bibtex, write_csl
from pipeline.site.pages.equations import to_mathml
from pipeline.site.pages.packing import PageData

MOLE = 6.02214076e23  # operations
MOLES_FROM = 1e23  # FLOP, from which moles are printed beside
SIGNIFICANT_PROSE = 2
SIGNIFICANT_TABLE = 3
SIGNIFICANT_CELL = 4
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
MINUS, TIMES = "\N{MINUS SIGN}", " \N{MULTIPLICATION SIGN} "
# What could end a script element or break a line of JavaScript, as JSON escapes.
_SCRIPT_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
# Paragraphs, emphasis and code; HTML, links and pictures of a card stay text.
_PROSE = MarkdownIt("zero", {"html": False}).enable(["emphasis", "backticks"])


def format_number(value: float, digits: int = SIGNIFICANT_PROSE) -> str:
    """`value` to `digits` significant digits: 0.35, 17, 1,400, or a power of ten in full."""
    if value == 0 or not math.isfinite(value):
        return (
            "0"
            if value == 0
            else "∞"
            if value > 0
            else f"{MINUS}∞"
            if value < 0
            else "not a number"
        )
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


def json_script(value: Any) -> Markup:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_SCRIPT_ESCAPES))  # noqa: S704  # escaped by the table


def format_prose(text: str) -> Markup:
    """A card's words as paragraphs, with emphasis and code as Markdown writes them; all escaped."""
    return Markup(_PROSE.render(text))  # noqa: S704  # escaped by the renderer


def format_phrase(text: str) -> Markup:
    """`format_prose` without the paragraph around it, for a cell or a list."""
    return Markup(_PROSE.renderInline(text))  # noqa: S704  # escaped by the renderer


def slug(text: str) -> str:
    """`text` as an anchor: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"


def format_cell(value: Any) -> str:
    """A cell as text: dates as YYYY-MM-DD, numbers to four digits, nothing where it is missing."""
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return str(value.strftime("%Y-%m-%d"))
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | float | np.number):
        return _shortest(format_number(float(value), SIGNIFICANT_CELL))
    return str(value)


def _shortest(number: str) -> str:
    """`number` without zeros at the end of its decimals."""
    mantissa, times, power = number.partition(TIMES)
    return (mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa) + times + power


def environment(templates: Path, chart_library: Callable[[], Markup]) -> jinja2.Environment:
    """Templates with every value escaped and every missing value an error.

    `chart_library` is what the pages call for the script that draws their charts. What a page's
    templates add to `page_data` stands in that page: an environment makes one page.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "slug": slug,
        "prose": format_prose,
        "phrase": format_phrase,
        "json_script": json_script,
        "math": to_mathml,
        "bibtex": write_bibtex,
        "csl": write_csl,
        "fixed": format_fixed,
        "count": say_count,
    }
    made.globals |= {"chart_library": chart_library, "page_data": PageData()}
    return made
