"""What the page of a posterior is made of, and what it says of its dataset and sources."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import xarray as xr

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.fit.cell import Cell, load_cell
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.stage import load_whole_card
from pipeline.ingest.tables import TABLES
from pipeline.site.naming import name_check
from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.citations import Software, cite_page, number_sources, read_software
from pipeline.site.pages.rendering import plain_text
from pipeline.site.posterior.laws import Law, read_laws
from pipeline.site.posterior.published_fits import read_published_fit
from pipeline.site.words import Headline, Words, read_words, relabel, say_headline
from pipeline.studies.verdict import read_check

NUMBERS = ("fitted_rows", "median", "lower", "upper", "elpd_difference", "elpd_difference_se")
PROVENANCE_COLUMNS = {"line", "citation", "locator", "is_verified", "exclusion"}


@dataclass(frozen=True)
class Inputs:
    """All that the page of one cell is made of; `attributions` are in the card's words."""

    name: str
    card: LoadedCard
    cell: Cell
    words: Words
    validation: dict[str, Any]
    check: dict[str, Any]
    attributions: Attributions
    published_fit: dict[str, Any]
    bibliography: Bibliography
    software: Software
    laws: list[Law]  # of all grids, on the pages of scaling laws
    specifications: pd.DataFrame  # one row per specification and estimand, if any
    draws: pd.DataFrame  # one column per estimand

    @property
    def headline(self) -> Headline:
        """The answer of the page, without its numbers."""
        key = self.cell.model.headline_key(self.cell.card)
        return say_headline(self.words, self.card.options, key)

    def group(self, name: str) -> xr.Dataset:
        """A group of the posterior file; empty where the file has none."""
        tree = self.cell.tree
        return tree[name].to_dataset() if name in tree.children else xr.Dataset()


def read_inputs(layout: Layout, dataset: str, model: str) -> Inputs:
    """Read all files of a cell."""
    name, card = f"{dataset}-{model}", load_whole_card(layout, dataset)
    words = read_words(layout.words, model, card.options)
    attributions = relabel(read_json(layout.attribution(name)), card.options, words)
    return Inputs(
        name=name,
        card=card,
        cell=load_cell(layout, dataset, model),
        words=words,
        validation=read_json(layout.rows(dataset)),
        check=name_check(read_check(layout, name), words, attributions),
        attributions=attributions,
        published_fit=read_published_fit(layout, dataset),
        bibliography=read_bibliography(layout.bibliography).with_own(card.path.parent),
        software=read_software(layout.citation),
        laws=read_laws(layout, model),
        specifications=read_specifications(layout, name),
        draws=read_draws(layout, name),
    )


def read_draws(layout: Layout, cell: str) -> pd.DataFrame:
    """The draws of the estimands of a cell; empty where it was not fitted."""
    path = layout.draws(cell)
    return pd.read_parquet(path) if path.is_file() else pd.DataFrame()


def read_specifications(layout: Layout, cell: str) -> pd.DataFrame:
    """The table of what other specifications say; empty where there is none."""
    path = layout.multiverse(cell).with_suffix(".csv")
    return (
        pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in NUMBERS})
        if path.is_file()
        else pd.DataFrame()
    )


def describe_data(inputs: Inputs) -> dict[str, Any]:
    """What every page says of its model and dataset, fitted or not.

    A page is cited with its question, its cell and the hash of the data it speaks of.
    """
    card, table, words = inputs.card.card, inputs.cell.table, inputs.words
    keys = [*card.citations, *table["citation"], *(row.citation for row in card.published)]
    keys += [inputs.published_fit["citation"]] if inputs.published_fit else []
    attributes, title = inputs.cell.tree.attrs, f"{card.question} {card.title}: {words.title}."
    data_hash = str(attributes.get("data_hash", ""))
    return vars(inputs) | {
        "card": card,
        "draft": inputs.card.draft,
        "columns": describe_columns(table, inputs.card.table),
        "table": table,
        "equations": plain_text(inputs.cell.model.__doc__ or ""),
        **number_sources(inputs.bibliography, keys),
        "citation": cite_page(inputs.software, title, inputs.name, data_hash),
        "provenance": list_provenance(attributes),
    }


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


def list_provenance(attributes: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """The root attributes of the posterior file, with the JSON ones taken apart."""
    rows = []
    for name, value in sorted(attributes.items()):
        text = str(value)
        parts = json.loads(text) if text.startswith("{") else {}
        rows += [(f"{name}: {part}", str(parts[part])) for part in sorted(parts)] or [(name, text)]
    return [(name.replace("_", " "), text) for name, text in rows]
