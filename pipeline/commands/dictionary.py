"""The data dictionary, made from the table classes: what `data/README.md` says of every column."""

import pandera.pandas as pa

from pipeline.ingest import tables


def render() -> str:
    """One Markdown section a table: its purpose, its columns, and the rules over whole rows."""
    return "\n\n".join(_render_table(name, model) for name, model in tables.TABLES.items())


def describe_table(name: str) -> str:
    """What the table is for, in a sentence."""
    return (tables.TABLES[name].__doc__ or "").strip().splitlines()[0]


def list_tables() -> list[str]:
    """`name: what it is for` of every table."""
    return [f"{name}: {describe_table(name)}" for name in tables.TABLES]


def _render_table(name: str, model: type[pa.DataFrameModel]) -> str:
    schema = model.to_schema()
    lines = [
        f"### `{name}`",
        "",
        describe_table(name),
        "",
        "| column | unit | meaning | may be empty |",
    ]
    lines += ["| --- | --- | --- | --- |"]
    for column_name, column in schema.columns.items():
        unit = (column.metadata or {})["unit"]
        empty = "yes" if column.nullable else "no"
        lines.append(f"| `{column_name}` | {unit} | {column.description} | {empty} |")
    rules = [f"- {check.error} (`{check.name}`)" for check in schema.checks]
    return "\n".join(lines + (["", "Rules over whole rows:", "", *rules] if rules else []))
