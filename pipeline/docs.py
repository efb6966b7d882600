"""The parts of the documents that are made from code and results, each between two markers."""

from pathlib import Path

from pipeline import dictionary


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
    """Rewrite the data dictionary and the README's answers; the files that changed."""
    answers = root / "reports/summary/answers.md"
    wanted = {root / "data/README.md": ("tables", dictionary.render())}
    if answers.is_file():
        wanted[root / "README.md"] = ("answers", answers.read_text(encoding="utf-8"))
    changed = []
    for path, (name, content) in wanted.items():
        text = path.read_text(encoding="utf-8")
        updated = replace_block(text, name, content)
        if updated != text:
            path.write_text(updated, encoding="utf-8")
            changed.append(path)
    return changed
