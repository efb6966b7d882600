"""What the page of a posterior says of its dataset: rows, columns, sources, provenance."""

import json
from typing import Any

import pandas as pd

from pipeline.ingest.bibliography import Reference
from pipeline.ingest.tables import TABLES
from pipeline.site.pages import rendering
from pipeline.site.pages.citations import PageCitation, cite_page
from pipeline.site.posterior.inputs import Inputs

PROVENANCE_COLUMNS = {"line", "citation", "locator", "is_verified", "exclusion"}


def describe_data(inputs: Inputs) -> dict[str, Any]:
    """What every page says of its dataset, fitted or not."""
    references = cite_sources(inputs)
    return {
        "title": inputs.card.card.title,
        "model_title": inputs.cell.model.TITLE,
        "name": f"{inputs.card.dataset}-{inputs.model_name}",
        "card": inputs.card.card,
        "validation": inputs.validation,
        "rows": list_rows(inputs.cell.table, references),
        "columns": describe_columns(inputs.cell.table, inputs.card.table),
        "table": inputs.cell.table,
        "formulas": inputs.formulas,
        "references": references,
        "sources": [reference for _, reference in references.values()],
        "citation": cite(inputs),
        "provenance": list_provenance(inputs.cell.tree.attrs),
    }


def cite(inputs: Inputs) -> PageCitation:
    """How the page is cited: its question, its cell and the hash of the data it speaks of."""
    card, name = inputs.card.card, f"{inputs.card.dataset}-{inputs.model_name}"
    title = f"{card.question} {card.title}: {inputs.cell.model.TITLE}."
    return cite_page(inputs.software, title, name, str(inputs.cell.tree.attrs.get("data_hash", "")))


def cite_sources(inputs: Inputs) -> dict[str, tuple[int, Reference]]:
    """Every source of the page by key, numbered in the order in which readers meet them."""
    card = inputs.card.card
    keys = [
        *card.citations,
        *inputs.cell.table["citation"],
        *(row.citation for row in card.published),
    ]
    cited = inputs.bibliography.cite(keys)
    return {reference.key: (number, reference) for number, reference in enumerate(cited, start=1)}


def describe_columns(table: pd.DataFrame, table_name: str) -> list[tuple[str, str, str]]:
    """Name, description and unit of the columns the page shows: those with a value in some row."""
    schema = TABLES[table_name].to_schema().columns
    shown = [
        name
        for name in table
        if name not in PROVENANCE_COLUMNS and table[name].astype(str).ne("").any()
    ]
    return [
        (
            str(name),
            str(schema[name].description),
            str((schema[name].metadata or {}).get("unit", "")),
        )
        for name in shown
        if table[name].notna().any()
    ]


def list_rows(
    table: pd.DataFrame, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """Every row of the data as text, with its source's number and whether it was fitted."""
    return [
        {
            "cells": {str(name): rendering.format_cell(value) for name, value in row.items()},
            "line": row["line"],
            "source": references[row["citation"]],
            "locator": rendering.format_cell(row["locator"]),
            "is_verified": bool(row["is_verified"]),
            "exclusion": rendering.format_cell(row["exclusion"]),
        }
        for row in table.to_dict("records")
    ]


def list_provenance(attributes: dict[Any, Any]) -> list[tuple[str, str]]:
    """The root attributes of the posterior file, with the JSON ones taken apart."""
    rows = []
    for name, value in sorted(attributes.items()):
        text = str(value)
        parts = json.loads(text) if text.startswith("{") else {}
        rows += [(f"{name}: {part}", str(parts[part])) for part in sorted(parts)] or [(name, text)]
    return [(name.replace("_", " "), text) for name, text in rows]
