"""What is made from code and results for readers and editors: parts of the documents, each between
two markers, and the schema of the cards.
"""

from pathlib import Path

from pipeline.commands import dictionary
from pipeline.ingest.cards.card import SourceCard
from pipeline.ingest.cards import schema


def replace_block(text: str, name: str, content: str) -> str:
    """`text` with `content` between `<!-- name -->` and `<!-- /name -->`.

    Raises ValueError where a marker is missing.
    """
    opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, found_opening, rest = text.partition(opening)
    _, found_closing, after = rest.partition(closing)
    if not (found_opening and found_closing):
        raise ValueError(f"the markers {opening} and {closing} are missing")
    return f"{before}{opening}\n{content.strip()}\n{closing}{after}"


def update(root: Path) -> list[Path]:
    """Rewrite the data dictionary, the README's answers and the schema; the files that changed."""
    answers = root / "reports/summary/answers.md"
    wanted = {root / "data/README.md": ("tables", dictionary.render())}
    if answers.is_file():
        wanted[root / "README.md"] = ("answers", answers.read_text(encoding="utf-8"))
    made = {
        path: replace_block(path.read_text(encoding="utf-8"), name, content)
        for path, (name, content) in wanted.items()
    }
    made[root / "data/sources" / schema.FILE_NAME] = schema.render(SourceCard)
    return [path for path, text in made.items() if _write_changed(path, text)]


def _write_changed(path: Path, text: str) -> bool:
    """Write `text` unless the file holds it already; whether it was written."""
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True
