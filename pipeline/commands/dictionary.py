"""The data dictionary, made from the tables: what `data/README.md` says of every column."""

from pipeline.ingest.tables import TABLES, Table

HEAD = "| column | unit | meaning | may be empty |\n| --- | --- | --- | --- |"


def render(*more: Table) -> str:
    """One Markdown section per table: its purpose, its columns, and the rules over whole rows."""
    return "\n\n".join(_render_table(table) for table in [*TABLES.values(), *more])


def list_tables() -> list[str]:
    """`name: what it is for` of every table."""
    return [f"{name}: {table.purpose}" for name, table in TABLES.items()]


def _render_table(table: Table) -> str:
    lines = [f"### `{table.name}`", "", table.purpose, "", HEAD]
    for column_name, column in table.columns.items():
        unit = (column.metadata or {})["unit"]
        empty = "yes" if column.nullable else "no"
        lines.append(f"| `{column_name}` | {unit} | {column.description} | {empty} |")
    rules = [f"- {check.error} (`{check.name}`)" for check in table.rules]
    return "\n".join(lines + (["", "Rules over whole rows:", "", *rules] if rules else []))
