"""Sentences of the pages: `sentences.yaml` beside this file, filled with numbers and names."""

import re
from functools import cache
from pathlib import Path

import jinja2
import yaml

from pipeline.site.pages.numbers import format_fixed, format_number, format_quantity, say_count

SPACES = re.compile(r"[ \n]+")


def say(name: str, **values: object) -> str:
    """The sentence `name` with `values` in it, as plain text: templates escape it."""
    text = SPACES.sub(" ", _sentences()[name].render(values)).strip()
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


@cache
def _sentences() -> dict[str, jinja2.Template]:
    made = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701  # text
    made.filters |= {
        "number": format_number,
        "quantity": format_quantity,
        "fixed": format_fixed,
        "count": say_count,
        "signed": lambda chance: chance if chance[0] in "<>" else f"= {chance}",
    }
    texts = yaml.safe_load(Path(__file__).with_name("sentences.yaml").read_text(encoding="utf-8"))
    return {name: made.from_string(text) for name, text in texts.items()}
