"""What is made from code and results for readers and editors: parts of the documents, each between
two markers, and the schema of the cards.
"""

from pathlib import Path

from pipeline.commands import dictionary
from pipeline.core.files import write_text
from pipeline.core.layout import Layout
from pipeline.ingest.cards import schema
from pipeline.site import estimands


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


def update(layout: Layout) -> list[Path]:
    """Rewrite the data dictionary, the README's answers and the schemas; the files that changed."""
    made = {layout.sources / schema.FILE_NAME: schema.render()}
    made[layout.data_dictionary.with_name(estimands.SCHEMA_NAME)] = estimands.render_schema()
    wanted = [(layout.data_dictionary, "tables", dictionary.render(estimands.TABLE))]
    wanted += [
        (layout.readme, name, path.read_text(encoding="utf-8"))
        for name in ("front", "in_full", "answers")
        if (path := layout.summary / f"{name}.md").is_file()
    ]
    for path, name, content in wanted:
        text = made.get(path) or path.read_text(encoding="utf-8")
        made[path] = replace_block(text, name, content)
    changed = [
        path
        for path, text in made.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in changed:
        write_text(path, made[path])
    return changed
