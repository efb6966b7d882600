"""Tables as a terminal shows them to a person, and tab-separated for scripts."""

from collections.abc import Iterable, Sequence

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
