"""Formulas as a page prints them: the LaTeX of `reports/models/` -> MathML.

MathML is made here, when the page is, so that a page needs no script and no network to show it.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup

FUNCTIONS = {"log", "exp", "min", "max"}  # identifiers that need no explanation
# Space before and after: names of functions would touch others, differentials would drift off.
SPACES = {"log": ("0.17em", "0.17em"), "exp": ("0.17em", "0.17em"), "d": ("0.17em", "0")}


def to_mathml(latex: str, display: Literal["block", "inline"] = "inline") -> Markup:
    """The equation as presentation MathML, with its LaTeX beside it for those who copy it."""
    math = Element("math", display=display)
    semantics = SubElement(math, "semantics")
    semantics.extend(_convert(latex, display))
    SubElement(semantics, "annotation", encoding="application/x-tex").text = latex
    return Markup(tostring(math, encoding="unicode"))  # noqa: S704  # which escapes


def _convert(latex: str, display: str = "inline") -> Element:
    """The formula as elements.

    The library leaves signs as numbers that HTML reads, and takes some of them for letters.
    """
    made = convert_to_element(latex, display=display)
    for part in made.iter():
        part.text = unescape(part.text) if part.text else None
        is_sign = part.text in FUNCTIONS or not re.search(r"\w", part.text or "")
        if part.tag == "mi" and is_sign:
            part.tag = "mo"
        if part.tag == "mo" and part.text in SPACES:
            part.attrib.update(zip(("lspace", "rspace"), SPACES[part.text], strict=True))
    return made


def find_symbols(latex: str) -> list[str]:
    """The symbols of a formula in order, each with its index: `t_i`, then `i`, but not `log`.

    An upright index is a label and no symbol, as is a capital or Greek one.
    """
    return [symbol for symbol in _walk(_convert(latex)) if symbol.split("_")[0] not in FUNCTIONS]


def _walk(element: Element) -> Iterator[str]:
    kind, parts = element.tag, list(element)
    if kind in ("msub", "msup", "msubsup") and parts[0].tag == "mi":
        yield from _walk_scripts(kind, parts)
    elif kind in ("mi", "mtext"):
        yield from re.findall(r"\S+", _text(element))
    else:
        for part in parts:
            yield from _walk(part)


def _walk_scripts(kind: str, parts: list[Element]) -> Iterator[str]:
    """The symbol of a base with its index, then those of the index and of the power."""
    index = "" if kind == "msup" else _text(parts[1])
    power = None if kind == "msub" else parts[-1]
    star = "*" if power is not None and _text(power) == "*" else ""
    yield (_text(parts[0]) + (f"_{index}" if index else "") + star)
    if index:
        yield from (
            _text(part)
            for part in parts[1].iter()
            if part.tag == "mi" and re.fullmatch("[a-z]", _text(part))
        )
    if power is not None:
        yield from _walk(power)


def _text(element: Element) -> str:
    return "".join(element.itertext()).strip()
