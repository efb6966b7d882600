"""Formulas as a page prints them: the LaTeX of `reports/models/` -> MathML.

MathML is made here, when the page is, so that a page needs no script and no network to show it.
"""

import re
from html import unescape
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup

FUNCTIONS = {"log", "exp", "min", "max"}
# Space before and after: names of functions would touch others, differentials would drift off.
SPACES = {"log": ("0.17em", "0.17em"), "exp": ("0.17em", "0.17em"), "d": ("0.17em", "0")}


def to_mathml(latex: str, display: Literal["block", "inline"] = "inline") -> Markup:
    """The equation as presentation MathML, with its LaTeX beside it for those who copy it."""
    math = Element("math", display=display)
    semantics = SubElement(math, "semantics")
    semantics.extend(convert(latex, display))
    SubElement(semantics, "annotation", encoding="application/x-tex").text = latex
    return Markup(tostring(math, encoding="unicode"))  # noqa: S704  # ElementTree escapes


def convert(latex: str, display: str = "inline") -> Element:
    """The formula as elements, with signs that the library takes for letters put right."""
    made = convert_to_element(latex, display=display)
    for part in made.iter():
        part.text = unescape(part.text) if part.text else None
        is_sign = part.text in FUNCTIONS or not re.search(r"\w", part.text or "")
        if part.tag == "mi" and is_sign:
            part.tag = "mo"
        if part.tag == "mo" and part.text in SPACES:
            part.attrib.update(zip(("lspace", "rspace"), SPACES[part.text], strict=True))
    return made
