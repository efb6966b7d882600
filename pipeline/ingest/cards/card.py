"""The source card: what a dataset is, how its columns are read, what was corrected and why.

A card is `data/sources/<dataset>/source.yaml`. It is checked as strictly as the data: every unknown
key, missing field or wrong value is reported with its line.
"""

from collections.abc import Collection
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from models import Card
from models.options import Options
from pipeline.failures import Failure, SourceError, file_failure
from pipeline.ingest.cards import checks, names
from pipeline.ingest.cards import faults as card_faults
from pipeline.ingest.cards.dataset_names import REGISTRY, check_dataset_name
from pipeline.ingest.cards.schema import make_schema
from pipeline.ingest.cards.yaml_files import Steps, find_line, read_tree
from pipeline.ingest.tables import LINE

Text = str | int | float  # strict: true and false are neither
Words = Annotated[str, Field(pattern=card_faults.EMPTY_PATTERN)]
Day = Annotated[date, Field(strict=False), BeforeValidator(card_faults.refuse_number)]
Rows = dict[str, Text | list[Text]]
TableName = Literal[
    "training_runs",
    "efficiency",
    "scaling_grid",
    "accuracy_leaderboard",
    "loss_leaderboard",
    "published_estimates",
    "growth_rates",
    "research_inputs",
    "own_rates",
]
ExclusionRule = Literal[
    "human",
    "oracle selection",
    "chance",
    "repeats another row",
    "other test set",
    "outlier",
    "sparse technique",
    "published selection",
    "repeats another estimate",
    "adjusts another estimate",
    "same data as another row",
    "judgement or assumption",
    "other quantity",
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Selection(_Part):
    """Rows of records.csv picked by the text of their cells, with the number of rows expected."""

    _line: int | None = PrivateAttr(None)  # of the card
    rows: Rows
    count: int = Field(gt=0)
    reason: str = Field(min_length=10)

    def find(self, records: pd.DataFrame, path: Path) -> pd.Series:
        """The mask of the rows selected in `records` (all text).

        Raises SourceError where the count is off.
        """
        mask = pd.Series(True, index=records.index)
        for column, wanted in self.rows.items():
            if column not in (known := records.columns.drop(LINE, errors="ignore")):
                rule = f"the card selects rows by {column!r}, which records.csv lacks"
                remedy = card_faults.suggest(column, known, "name a column of records.csv")
                raise self.refuse(path, rule, remedy)
            values = [str(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
            mask &= records[column].isin(values)
        if mask.sum() != self.count:
            raise self.refuse(
                path,
                f"the card expects {self.count} rows where {self.rows} and finds {mask.sum()}",
                "the source changed, or the card is wrong: read both again and correct the card",
            )
        return mask

    def refuse(self, path: Path, rule: str, remedy: str) -> SourceError:
        """The error of this selection, at its line of the card at `path`."""
        return SourceError([Failure(str(path), self._line, "", "", rule, remedy)])


class Correction(Selection):
    """A known error of the source, replaced before conversion."""

    column: Words
    printed: str
    corrected: str


class Exclusion(Selection):
    """Rows that no model reads, under a rule that is counted."""

    rule: ExclusionRule


class ColumnSource(_Part):
    """How one column of the table is read from records.csv."""

    source: str | None = Field(None, alias="from")
    unit: str | None = None
    unit_column: str | None = None
    decimal: Literal["comma", "point"] | None = None
    order: Literal["ymd", "dmy", "mdy", "excel"] | None = None
    precision: Literal["day", "month", "year"] = "day"
    constant: Text | bool | None = None
    derived: Literal["tokens from 6ND", "flop from 6ND"] | None = None
    values: dict[str, Text | bool] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> "ColumnSource":
        origins = [self.source is not None, self.constant is not None, self.derived is not None]
        if sum(origins) > 1:
            raise ValueError("give one of: from, constant, derived")
        if self.unit is not None and self.unit_column is not None:
            raise ValueError("give one of: unit, unit_column")
        return self


class Published(_Part):
    """A published figure that the page prints beside ours."""

    estimand: Words
    label: Words
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    interval: Words | None = None
    citation: Words
    locator: Words
    difference: Words | None = None


class SourceCard(_Part):
    """The whole card."""

    table: TableName
    title: Words
    question: Words
    description: Words
    citations: list[Words] = Field(min_length=1)
    licence: Words
    retrieved: Day
    runs: Literal["registry", "own"] = "own"
    columns: dict[str, ColumnSource]
    ignored: dict[str, Words] = {}
    known_errors: list[Words] = []
    corrections: list[Correction] = []
    exclusions: list[Exclusion] = []
    admitted: list[Selection] = []
    allowed_failures: list[Selection] = []
    published: list[Published] = []
    options: dict[str, Any] = {}

    @field_validator("citations")
    @classmethod
    def _no_repeat(cls, keys: list[str]) -> list[str]:
        if len(set(keys)) < len(keys):
            raise ValueError("a citation key repeats")
        return keys


class LoadedCard:
    """A checked card together with its dataset's name, table and folder."""

    def __init__(self, path: Path, card: SourceCard, options: Options, tree: Any = None) -> None:
        self.path, self.card, self.options, self._tree = path, card, options, tree

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
        return card_faults.make_fault(self.path, self._tree, steps, rule, remedy, value)

    def for_model(
        self, runs: pd.DataFrame | None = None, scaling_law: pd.DataFrame | None = None
    ) -> Card:
        """What the models may see of the card.

        `runs` is the validated registry, `scaling_law` the draws of the fitted law.
        """
        return Card(
            dataset=self.dataset,
            table=self.table,
            options=self.options,
            runs=runs,
            scaling_law=scaling_law,
        )


def load_card(path: Path, citation_keys: Collection[str] | None = None) -> LoadedCard:
    """Read and check the card at `path`. Raises SourceError naming every fault.

    `citation_keys` are those of data/references.bib; without them citations are not looked up.
    """
    _check_folder(path)
    tree = read_tree(path, "the card", "write source.yaml beside records.csv; see CONTRIBUTING.md")
    table = checks.get_table(tree)
    schema = make_schema(SourceCard, table or REGISTRY)
    faults = card_faults.find_placeholders(path, tree, schema)
    card = None
    try:
        card = SourceCard.model_validate(tree)
    except ValidationError as error:
        faults += card_faults.from_pydantic(error, path, tree, schema)
    faults += checks.find_wrong_columns(path, tree)
    if citation_keys is not None:
        faults += names.find_unknown_citations(path, tree, citation_keys)
    options, found = checks.read_options(path, tree, schema)
    faults += found
    if faults or card is None or options is None:
        raise SourceError(_keep_first(faults))
    _note_lines(card, tree)
    return LoadedCard(path, card, options, tree)


def _check_folder(path: Path) -> None:
    folder = path.absolute().parent
    try:
        check_dataset_name(folder.name)
    except ValueError as error:
        rule, remedy = error.args
        raise file_failure(folder, rule, remedy, "dataset", folder.name) from None


def _keep_first(faults: list[Failure]) -> list[Failure]:
    """One fault a key: what is still to be filled in is not wrong in other ways as well."""
    return list({(fault.line, fault.column): fault for fault in reversed(faults)}.values())


def _note_lines(card: SourceCard, tree: Any) -> None:
    """Tell each selection where it stands, for failures that only the records show."""
    for name in ("corrections", "exclusions", "admitted", "allowed_failures"):
        for number, selection in enumerate(getattr(card, name)):
            selection._line = find_line(tree, (name, number))
