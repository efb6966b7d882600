"""Text for people and scripts: tables of a terminal, and templates."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from rich.console import Console
from rich.markup import escape
from rich.table import Table


def render_table(head: Sequence[str], rows: Iterable[Sequence[object]], is_terminal: bool) -> str:
    """The rows as text below the names of the columns; what is None is left empty."""
    texts = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not is_terminal:
        return "\n".join("\t".join(row) for row in [head, *texts])
    shown, console = Table(*(name.replace("_", " ") for name in head)), Console()
    for row in texts:
        shown.add_row(*map(escape, row))
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


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
