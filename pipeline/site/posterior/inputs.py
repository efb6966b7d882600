"""What the page of a posterior is made of, read from the files that the command line names."""

import argparse
import json
from dataclasses import dataclass
from typing import Any

import xarray as xr

from pipeline.fit.cell import Cell, load_cell
from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.citations import Software, read_software
from pipeline.site.words import Words, read_words


@dataclass(frozen=True)
class Inputs:
    """All that a page is made of."""

    card: LoadedCard
    cell: Cell
    model_name: str
    validation: dict[str, Any]
    check: dict[str, Any]
    attributions: Attributions
    bibliography: Bibliography
    software: Software
    formulas: Words

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior draws."""
        return self.group("posterior")

    def group(self, name: str) -> xr.Dataset:
        """A group of the posterior file; empty where the file has none."""
        tree = self.cell.tree
        return tree[name].to_dataset() if name in tree.children else xr.Dataset()


def read_inputs(options: argparse.Namespace) -> Inputs:
    """Read every file that the command line names."""
    return Inputs(
        card=load_card(options.card),
        cell=load_cell(options),
        model_name=options.model,
        validation=json.loads(options.validation.read_text(encoding="utf-8")),
        check=json.loads(options.check.read_text(encoding="utf-8")),
        attributions=json.loads(options.attribution.read_text(encoding="utf-8")),
        bibliography=read_bibliography(options.bibliography).with_own(options.card.parent),
        software=read_software(options.citation),
        formulas=read_words(options.equations, options.model),
    )
