"""The source card: what a dataset is, how its columns are read, what was corrected and why.

A card is `data/sources/<dataset>/source.yaml`. It is checked as strictly as the data: every unknown
key, missing field or wrong value is reported with its line.
"""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from models import Card
from models._options import OPTIONS, Options
from pipeline import tables
from pipeline.failures import Failure, SourceError, file_failure

Text = str | int | float
Rows = dict[str, Text | list[Text]]
TableName = Literal[
    "training_runs", "efficiency", "scaling_grid", "accuracy_leaderboard", "loss_leaderboard"
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
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Selection(_Part):
    """Rows of records.csv picked by the text of their cells, with the number of rows expected."""

    rows: Rows = Field(description="column of records.csv: value, or list of values")
    count: int = Field(
        gt=0, description="rows the selection must find; a guard against a changed source"
    )
    reason: str = Field(min_length=10)

    def find(self, records: pd.DataFrame, path: Path) -> pd.Series:
        """The mask of the rows selected in `records` (all text).

        Raises SourceError where the count is off.
        """
        mask = pd.Series(True, index=records.index)
        for column, wanted in self.rows.items():
            if column not in records:
                raise file_failure(
                    path,
                    f"the card selects rows by {column!r}, which records.csv lacks",
                    "name a column of records.csv",
                )
            values = [str(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
            mask &= records[column].isin(values)
        if mask.sum() != self.count:
            raise file_failure(
                path,
                f"the card expects {self.count} rows where {self.rows} and finds {mask.sum()}",
                "the source changed, or the card is wrong: read both again and correct the card",
            )
        return mask


class Correction(Selection):
    """A known error of the source, replaced before conversion."""

    column: str
    printed: str = Field(description="the cell as the source prints it")
    corrected: str


class Exclusion(Selection):
    """Rows that no model reads, under a rule that is counted."""

    rule: ExclusionRule


class ColumnSource(_Part):
    """How one column of the table is read from records.csv."""

    source: str | None = Field(
        None, alias="from", description="column of records.csv; the same name if absent"
    )
    unit: str | None = Field(None, description="unit of the cells, in pint's words")
    unit_column: str | None = Field(
        None, description="column of records.csv that holds the unit of each row"
    )
    order: Literal["ymd", "dmy", "mdy"] | None = Field(
        None, description="order of day, month and year"
    )
    constant: Text | bool | None = Field(None, description="the same value in every row")
    derived: Literal["tokens from 6ND", "flop from 6ND"] | None = None
    values: dict[str, Text | bool] | None = Field(
        None, description="cell of records.csv: value of the table"
    )

    @model_validator(mode="after")
    def _one_origin(self) -> "ColumnSource":
        origins = [self.source is not None, self.constant is not None, self.derived is not None]
        if sum(origins) > 1:
            raise ValueError("give one of: from, constant, derived")
        return self


class Published(_Part):
    """A published figure that the page prints beside ours."""

    estimand: str
    label: str
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    interval: str | None = Field(None, description="what the interval is, with its probability")
    citation: str
    locator: str


class SourceCard(_Part):
    """The whole card."""

    table: TableName
    title: str
    question: str = Field(description="the question this dataset helps to answer")
    description: str
    citations: list[str] = Field(min_length=1, description="keys of data/references.bib")
    licence: str
    retrieved: date = Field(description="day the figures were taken; no date in the data is later")
    runs: Literal["registry", "own"] = "own"
    columns: dict[str, ColumnSource]
    ignored: dict[str, str] = Field(
        {}, description="column of records.csv that no column of the table needs: reason"
    )
    known_errors: list[str] = []
    corrections: list[Correction] = []
    exclusions: list[Exclusion] = []
    admitted: list[Selection] = Field(
        [], description="unverified rows that are fitted all the same"
    )
    allowed_failures: list[Selection] = Field(
        [], description="rows that fail validation and are left out, by name"
    )
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

    def __init__(self, path: Path, card: SourceCard, options: Options) -> None:
        self.path, self.card, self.options = path, card, options

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


def load_card(path: Path) -> LoadedCard:
    """Read and check the card at `path`. Raises SourceError naming every fault."""
    tree = _read_yaml(path)
    try:
        card = SourceCard.model_validate(tree)
        faults = _check_columns(card, path, tree)
    except ValidationError as error:
        raise SourceError(_from_pydantic(error, path, tree)) from None
    if faults:
        raise SourceError(faults)
    try:
        options = OPTIONS[card.table].model_validate(card.options)
    except ValidationError as error:
        raise SourceError(_from_pydantic(error, path, tree, ("options",))) from None
    return LoadedCard(path, card, options)


def _read_yaml(path: Path) -> Any:
    if not path.is_file():
        raise file_failure(
            path, "the card is missing", "write source.yaml beside records.csv; see CONTRIBUTING.md"
        )
    try:
        tree = YAML(typ="rt").load(path.read_text(encoding="utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise file_failure(
            path, f"not YAML in UTF-8: {str(error).splitlines()[0]}", "mend the syntax"
        ) from None
    if not isinstance(tree, dict):
        raise file_failure(
            path, "the card is not a mapping", "start from the card of another dataset"
        )
    return tree


def _check_columns(card: SourceCard, path: Path, tree: Any) -> list[Failure]:
    table = card.table
    known = set(tables.TABLES[table].to_schema().columns) - tables.FILLED_BY_INGEST
    if card.runs == "registry":
        known -= tables.JOINED_FROM_REGISTRY
    faults = [
        Failure(
            str(path),
            _line(tree, ("columns", name)),
            name,
            "",
            f"not a column of {table}",
            f"use one of {sorted(known)}",
        )
        for name in sorted(set(card.columns) - known)
    ]
    faults += [
        Failure(
            str(path),
            _line(tree, ("columns",)),
            name,
            "",
            f"column of {table} is not mapped",
            "map it, or give `constant:`",
        )
        for name in sorted(known - set(card.columns))
    ]
    return faults


def _from_pydantic(
    error: ValidationError, path: Path, tree: Any, prefix: tuple[str, ...] = ()
) -> list[Failure]:
    return [
        Failure(
            str(path),
            _line(tree, (*prefix, *detail["loc"])),
            ".".join(str(step) for step in (*prefix, *detail["loc"])),
            "" if detail["type"] == "missing" else _short(detail.get("input")),
            detail["msg"],
            "see the fields of the card in CONTRIBUTING.md",
        )
        for detail in error.errors(include_url=False)
    ]


def _short(value: Any) -> str:
    text = "" if isinstance(value, dict) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _line(tree: Any, steps: tuple[Any, ...]) -> int | None:
    """The line of the deepest part of `steps` that the YAML tree has."""
    line = None
    for step in steps:
        try:
            line = tree.lc.data[step][0] + 1
            tree = tree[step]
        except (AttributeError, KeyError, IndexError, TypeError):
            break
    return line
