"""Templates of plain text and YAML."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader


def render_template(
    path: Path,
    values: Mapping[str, Any],
    finalize: Callable[[Any], Any] | None = None,
    **filters: Callable[..., Any],
) -> str:
    """The text of the template at `path`; `finalize` is applied to every value that it shows."""
    environment = Environment(  # noqa: S701   no HTML: the templates make plain text and YAML
        loader=FileSystemLoader(path.parent), trim_blocks=True, finalize=finalize
    )
    environment.filters |= filters
    return environment.get_template(path.name).render(values)
