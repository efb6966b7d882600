"""The sentences of the pages: templates in `sentences.yaml`, filled with numbers."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from ruamel.yaml import YAML

from pipeline.site.pages.numbers import FILTERS, INTERVAL_WORDS

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
    made.filters |= FILTERS
    read = YAML(typ="safe").load(Path(__file__).with_name("sentences.yaml"))
    texts: dict[str, str] = {}
    for name, text in read.items():
        parts = text.items() if isinstance(text, dict) else ()
        texts |= {f"{name}.{part}": words for part, words in parts} or {name: text}
    return {name: made.from_string(text) for name, text in texts.items()}
