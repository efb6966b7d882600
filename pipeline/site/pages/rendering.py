"""What every page shares: templates, embedded JSON, and words of cards as HTML."""

import inspect
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup

from pipeline.site.pages.citations import write_bibtex
from pipeline.site.pages.equations import to_mathml
from pipeline.site.pages.numbers import FILTERS
from pipeline.site.pages.packing import PageData

# What could end a script element or break a line of JavaScript, as JSON escapes.
_SCRIPT_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}
# Paragraphs, emphasis and code; HTML, links and pictures of a card stay text.
_PROSE = MarkdownIt("zero", {"html": False}).enable(["emphasis", "backticks"])


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


def plain_text(docstring: str) -> str:
    """A docstring without the marks that tell a documentation tool of code."""
    return inspect.cleandoc(docstring).replace("::\n", ":\n").replace("``", "`")


def slug(text: str) -> str:
    """`text` as an anchor: lower case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "section"


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
    } | FILTERS
    made.globals |= {"chart_library": chart_library, "page_data": PageData()}
    return made
