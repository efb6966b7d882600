"""What the page of a posterior is made of: what all pages share, and what is of one cell."""

from dataclasses import dataclass
from typing import Any

import xarray as xr

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.fit.cell import Cell, load_cell
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.citations import Software, read_software
from pipeline.site.words import Headline, Words, read_words, relabel, say_headline
from pipeline.studies.verdict import read_check


@dataclass(frozen=True)
class Sources:
    """What all pages share, read once."""

    layout: Layout
    bibliography: Bibliography
    software: Software


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
    bibliography: Bibliography
    software: Software

    @property
    def headline(self) -> Headline:
        """The answer of the page, without its numbers."""
        return say_headline(
            self.words, self.card.options, self.cell.model.headline_key(self.cell.card)
        )

    def group(self, name: str) -> xr.Dataset:
        """A group of the posterior file; empty where the file has none."""
        tree = self.cell.tree
        return tree[name].to_dataset() if name in tree.children else xr.Dataset()


def read_sources(layout: Layout) -> Sources:
    """Read what all pages share."""
    bibliography = read_bibliography(layout.bibliography)
    return Sources(layout, bibliography, read_software(layout.citation))


def read_inputs(sources: Sources, dataset: str, model: str) -> Inputs:
    """Read all files of a cell."""
    layout, name = sources.layout, f"{dataset}-{model}"
    card = load_card(layout.card(dataset))
    return Inputs(
        name=name,
        card=card,
        cell=load_cell(layout, dataset, model),
        words=read_words(layout.words, model, card.options),
        validation=read_json(layout.rows(dataset)),
        check=read_check(layout, name),
        attributions=relabel(read_json(layout.attribution(name)), card.options),
        bibliography=sources.bibliography.with_own(card.path.parent),
        software=sources.software,
    )
