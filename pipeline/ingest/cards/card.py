"""The source card: what a dataset is, how its columns are read, what was corrected and why.

A card is `data/sources/<dataset>/source.yaml`. It is checked as strictly as the data: every unknown
key, missing field or wrong value is reported with its line.
"""

from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from models import Card
from models.options import Options
from pipeline.core.failures import Failure, SourceError, file_failure
from pipeline.ingest.cards.dataset_names import check_dataset_name
from pipeline.ingest.cards.defaults import Added, fill_card, list_missing
from pipeline.ingest.cards.faults import make_fault
from pipeline.ingest.cards.parts import ColumnSource as ColumnSource
from pipeline.ingest.cards.parts import Published as Published
from pipeline.ingest.cards.parts import Selection as Selection
from pipeline.ingest.cards.parts import SourceCard, get_class
from pipeline.ingest.cards.schema import make_schema
from pipeline.ingest.cards.strict_files import check_tree
from pipeline.ingest.cards.yaml_files import Steps, find_line, read_tree
from pipeline.ingest.tables import TABLES


class LoadedCard:
    """A checked card together with its dataset's name, table and folder.

    `tree` is the card as it was read and filled in, `defaulted` what it leaves out: keys joined by
    points, and their values.
    """

    def __init__(
        self,
        path: Path,
        card: SourceCard,
        options: Options,
        tree: Any = None,
        defaulted: Added | None = None,
    ) -> None:
        self.path, self.card, self.options = path, card, options
        self.tree, self.defaulted = tree, defaulted or {}

    @property
    def draft(self) -> list[str]:
        """What a draft lacks, in words; empty where the dataset is documented."""
        return list_missing(self.defaulted, self.card.citations)

    def with_options(self, options: Options, defaulted: Added) -> "LoadedCard":
        """The card with other options, of which these were not on it."""
        return LoadedCard(self.path, self.card, options, self.tree, self.defaulted | defaulted)

    @property
    def table(self) -> str:
        """The table that the dataset fills."""
        return self.card.table

    @property
    def dataset(self) -> str:
        """The name of the dataset: its folder's."""
        return self.path.parent.name

    @cached_property
    def records_path(self) -> Path:
        """The data as received."""
        return self.path.parent / "records.csv"

    def make_failure(self, steps: Steps, rule: str, remedy: str, value: str = "") -> Failure:
        """The failure of the key that `steps` lead to, at its line."""
        return make_fault(self.path, self.tree, steps, rule, remedy, value)

    def for_model(
        self, runs: pd.DataFrame | None = None, scaling_law: pd.DataFrame | None = None
    ) -> Card:
        """What models may see, with the validated registry and draws of the fitted law."""
        return Card(self.dataset, self.table, self.options, runs, scaling_law)


def load_card(path: Path, citation_keys: Collection[str] | None = None) -> LoadedCard:
    """Read and check the card at `path`. Raises SourceError naming every fault.

    `citation_keys` are those of data/references.bib; without them citations are not looked up.
    """
    folder = path.absolute().parent
    try:
        check_dataset_name(folder.name)
    except ValueError as error:
        rule, remedy = error.args
        raise file_failure(folder, rule, remedy, "dataset", folder.name) from None
    tree = read_tree(path, "the card", "write source.yaml beside records.csv; see CONTRIBUTING.md")
    table = tree.get("table")
    table = table if isinstance(table, str) and table in TABLES else None
    defaulted = fill_card(tree, table, folder.name) if table else {}
    runs = str(tree.get("runs", "own"))
    made = get_class(table, runs) if table else SourceCard
    card, faults = check_tree(path, tree, made, make_schema(table), citation_keys)
    if faults or card is None:  # of each key the first: what is to be filled in is not also wrong
        raise SourceError({(each.line, each.column): each for each in reversed(faults)}.values())
    for name in ("corrections", "exclusions", "admitted", "allowed_failures", "accepted"):
        for number, selection in enumerate(getattr(card, name)):
            selection._line = find_line(tree, (name, number))
    return LoadedCard(path, card, card.options, tree, defaulted)
