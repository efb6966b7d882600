"""What the page of a posterior says of its dataset: rows, columns, sources, provenance."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from pipeline.ingest.bibliography import Reference
from pipeline.ingest.tables import TABLES
from pipeline.site.pages.citations import PageCitation, cite_page
from pipeline.site.pages.numbers import format_cell
from pipeline.site.pages.rendering import plain_text
from pipeline.site.posterior.inputs import Inputs

PROVENANCE_COLUMNS = {"line", "citation", "locator", "is_verified", "exclusion"}
Numbered = dict[str, tuple[int, Reference]]


def describe_data(inputs: Inputs) -> dict[str, Any]:
    """What every page says of its model and dataset, fitted or not."""
    references = cite_sources(inputs)
    return {
        "title": inputs.card.card.title,
        "model_title": inputs.words.title,
        "name": inputs.name,
        "card": inputs.card.card,
        "validation": inputs.validation,
        "rows": list_rows(inputs.cell.table, references),
        "columns": describe_columns(inputs.cell.table, inputs.card.table),
        "table": inputs.cell.table,
        "formulas": inputs.words,
        "equations": plain_text(inputs.cell.model.__doc__ or ""),
        "references": references,
        "sources": [reference for _, reference in references.values()],
        "citation": cite(inputs),
        "provenance": list_provenance(inputs.cell.tree.attrs),
    }


def cite(inputs: Inputs) -> PageCitation:
    """How the page is cited: its question, its cell and the hash of the data it speaks of."""
    card, data_hash = inputs.card.card, str(inputs.cell.tree.attrs.get("data_hash", ""))
    title = f"{card.question} {card.title}: {inputs.words.title}."
    return cite_page(inputs.software, title, inputs.name, data_hash)


def cite_sources(inputs: Inputs) -> Numbered:
    """Every source of the page by key, numbered in the order in which readers meet them."""
    card = inputs.card.card
    published = (row.citation for row in card.published)
    keys = [*card.citations, *inputs.cell.table["citation"], *published]
    cited = inputs.bibliography.cite(keys)
    return {reference.key: (number, reference) for number, reference in enumerate(cited, start=1)}


def describe_columns(table: pd.DataFrame, table_name: str) -> list[tuple[str, str, str]]:
    """Name, description and unit of the columns the page shows: those with a value in some row."""
    schema = TABLES[table_name].to_schema().columns
    return [
        (name, str(schema[name].description), str((schema[name].metadata or {}).get("unit", "")))
        for name in map(str, table)
        if name not in PROVENANCE_COLUMNS
        and table[name].notna().any()
        and table[name].astype(str).ne("").any()
    ]


def list_rows(table: pd.DataFrame, references: Numbered) -> list[dict[str, Any]]:
    """Every row of the data as text, with its source's number and whether it was fitted."""
    return [
        {
            "cells": {str(name): format_cell(value) for name, value in row.items()},
            "line": row["line"],
            "source": references[row["citation"]],
            "locator": format_cell(row["locator"]),
            "is_verified": bool(row["is_verified"]),
            "exclusion": format_cell(row["exclusion"]),
        }
        for row in table.to_dict("records")
    ]


def list_provenance(attributes: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """The root attributes of the posterior file, with the JSON ones taken apart."""
    rows = []
    for name, value in sorted(attributes.items()):
        text = str(value)
        parts = json.loads(text) if text.startswith("{") else {}
        rows += [(f"{name}: {part}", str(parts[part])) for part in sorted(parts)] or [(name, text)]
    return [(name.replace("_", " "), text) for name, text in rows]
