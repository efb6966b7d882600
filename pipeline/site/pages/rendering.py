"""What every page shares: templates, embedded JSON, words of cards as HTML, formulas as MathML.

MathML is made here, when the page is, so that a page needs no script and no network to show it.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

import jinja2
from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from pipeline.site.pages.citations import write_bibtex
from pipeline.site.pages.numbers import FILTERS
from pipeline.site.pages.packing import PageData

JSON_STYLE = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}
CODE_NAME = re.compile(r"[A-Za-z0-9./-]*[A-Za-z0-9]_[A-Za-z0-9_.-]*[A-Za-z0-9]")
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


# Paragraphs, emphasis and code; HTML, links and pictures of a card stay text.
_STRESSED_NAME = re.compile(r"<strong>([a-z0-9]+(?:_[a-z0-9]+)+)</strong>")
_PROSE = MarkdownIt("zero", {"html": False}).enable(["emphasis", "backticks"])


def format_prose(text: str) -> Markup:
    """A card's words as paragraphs, with emphasis and code as Markdown writes them; all escaped."""
    made = _STRESSED_NAME.sub(r"<strong><code>\1</code></strong>", _PROSE.render(text))
    return Markup(made)  # noqa: S704  # escaped by the renderer


def format_phrase(text: str) -> Markup:
    """`format_prose` without the paragraph around it, for a cell or a list."""
    return Markup(_PROSE.renderInline(text))  # noqa: S704  # escaped by the renderer


def mark_code(text: str) -> Markup:
    """`text`, escaped, with names of the code in the face of code."""
    return Markup(CODE_NAME.sub(r"<code>\g<0></code>", str(escape(text))))  # noqa: S704  # escaped


def plain_text(docstring: str) -> str:
    """A docstring without the marks that tell a documentation tool of code."""
    return inspect.cleandoc(docstring).replace("::\n", ":\n").replace("``", "`")


def slug(text: str) -> str:
    """`text` as an anchor: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"


def environment(templates: Path, charts: Mapping[str, Callable[..., Markup]]) -> jinja2.Environment:
    """Templates with every value escaped and every missing value an error.

    `charts` is what the pages call for their charts: `chart_library` for the script that draws
    them, `still` for a picture of a panel until it does. What a page's templates add to `page_data`
    stands in that page: an environment makes one page.
    """
    loader, strict = jinja2.FileSystemLoader(templates), jinja2.StrictUndefined
    made = jinja2.Environment(
        loader=loader, autoescape=True, undefined=strict, trim_blocks=True, lstrip_blocks=True
    )
    made.filters |= {"slug": slug, "prose": format_prose, "phrase": format_phrase} | FILTERS
    made.filters |= {"math": to_mathml, "bibtex": write_bibtex, "code": mark_code}
    made.policies["json.dumps_kwargs"] = JSON_STYLE
    made.globals |= {**charts, "page_data": PageData()}
    return made
