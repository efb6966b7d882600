"""Parts of a source card, and the class of the cards of each table; card.yaml explains the keys."""

from collections.abc import Collection
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PrivateAttr,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)

from pipeline.core.failures import SourceError, file_failure
from pipeline.ingest import tables
from pipeline.ingest.cards.defaults import DERIVED, UNCITED
from pipeline.ingest.cards.faults import suggest
from pipeline.ingest.cards.strict_files import StrictPart, Words
from pipeline.ingest.options import OPTIONS, loosen

Text = str | int | float  # strict: true and false are neither


def _read_day(value: Any) -> Any:
    """A quoted date as a date; what is none is left for pydantic to refuse."""
    with suppress(ValueError, TypeError):
        return date.fromisoformat(value)
    return value


def check_citation(key: str, keys: Collection[str] | None, *steps: str) -> str:
    """The key. Raises ValueError where it is not among `keys`, those that may be cited, if any."""
    if keys is not None and key not in {*keys, UNCITED}:
        there = "add the entry to data/references.bib, or to references.bib beside the card"
        rule = "no entry of a bibliography has this key"
        raise ValueError(rule, suggest(key, keys, there), *steps)
    return key


def _check_cited(key: str, given: ValidationInfo) -> str:
    return check_citation(key, given.context)


Citation = Annotated[Words, AfterValidator(_check_cited)]
Day = Annotated[date, BeforeValidator(_read_day)]
TableName = Literal[tables.NAMES]  # type: ignore[valid-type]
EXCLUSION_RULES = (
    *("human", "oracle selection", "chance", "repeats another row", "other test set", "outlier"),
    *("sparse technique", "published selection", "repeats another estimate"),
    *("adjusts another estimate", "same data as another row", "judgement or assumption"),
    *("other quantity", "impossible figure"),
)


class Selection(StrictPart):
    """Rows of records.csv picked by the text of their cells, with the number of rows expected."""

    _line: int | None = PrivateAttr(None)  # of the card
    rows: dict[str, Text | list[Text]]
    count: int = Field(gt=0)
    reason: str = Field(min_length=10)

    def find(self, records: pd.DataFrame, path: Path) -> pd.Series:
        """The mask of the rows selected. Raises SourceError where their number is not `count`."""
        mask = pd.Series(True, index=records.index)
        known = records.columns.drop(tables.LINE, errors="ignore")
        for column, wanted in self.rows.items():
            if column not in known:
                rule = f"the card selects rows by {column!r}, which records.csv lacks"
                remedy = suggest(column, known, "name a column of records.csv")
                raise self.refuse(path, rule, remedy)
            values = [str(value) for value in (wanted if isinstance(wanted, list) else [wanted])]
            mask &= records[column].isin(values)
        if mask.sum() != self.count:
            rule = f"the card expects {self.count} rows where {self.rows} and finds {mask.sum()}"
            remedy = "the source changed, or the card is wrong: read both and correct the card"
            raise self.refuse(path, rule, remedy)
        return mask

    def refuse(self, path: Path, rule: str, remedy: str) -> SourceError:
        """The error of this selection, at its line of the card at `path`."""
        return file_failure(path, rule, remedy, line=self._line)


class Correction(Selection):
    """A known error of the source, replaced before conversion."""

    column: Words
    printed: str
    corrected: str


class Accepted(Selection):
    """Cells that stand out and are right all the same."""

    column: Words


class Exclusion(Selection):
    """Rows that no model reads, under a rule that is counted."""

    rule: Literal[EXCLUSION_RULES]  # type: ignore[valid-type]


class ColumnSource(StrictPart):
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


class Published(StrictPart):
    """A published figure that the page prints beside ours."""

    estimand: Words
    label: Words
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    interval: Words | None = None
    citation: Citation
    locator: Words
    difference: Words | None = None


class SourceCard(StrictPart):
    """The whole card; `get_class` has its columns and options."""

    table: TableName
    title: Words
    question: Words
    description: Words
    citations: list[Citation] = Field(min_length=1)
    licence: Words
    retrieved: Day
    runs: Literal["registry", "own", "both"] = "own"
    names: dict[str, Words] = Field({})
    columns: dict[str, ColumnSource]
    ignored: dict[str, Words] | list[Words] = Field({})
    known_errors: list[Words] = Field([])
    corrections: list[Correction] = Field([])
    exclusions: list[Exclusion] = Field([])
    admitted: list[Selection] = Field([])
    allowed_failures: list[Selection] = Field([])
    accepted: list[Accepted] = Field([])
    published: list[Published] = Field([])
    options: Any = Field({})

    @field_validator("citations")
    @classmethod
    def _no_repeat(cls, keys: list[str]) -> list[str]:
        if len(set(keys)) < len(keys):
            raise ValueError("a citation key repeats")
        return keys

    @field_validator("columns", mode="wrap")
    @classmethod
    def _as_mapping(cls, columns: Any, check: Any, given: ValidationInfo) -> Any:
        """Columns by name, in the order of the card, whatever class has checked them."""
        checked = check(columns)
        named = checked if isinstance(checked, dict) else vars(checked)
        if key := named["citation"].constant:  # the same for every row
            check_citation(str(key), given.context, "citation", "constant")
        return {name: named[name] for name in columns if named[name] is not None}


@cache
def get_class(table: str, runs: str | None = None) -> type[SourceCard]:
    """The cards of `table`, filled in by `fill_card`: every other column must be mapped, and the
    options are those of its models.

    `runs` says where columns of the run registry come from; without it, for the schema of what
    people write, all that has a default may be left out.
    """
    known, joined = tables.TABLES[table], tables.JOINED_FROM_REGISTRY
    names = [name for name in known.columns if name not in tables.FILLED_BY_INGEST]
    free = joined if table != "training_runs" else set()
    if runs is None:
        free = free | {*known.defaults, "citation", "eval_date", *DERIVED}
    fields: dict[str, Any] = {
        name: (ColumnSource, Field(None) if name in free and runs != "own" else ...)
        for name in names
        if not (runs == "registry" and name in joined)
    }
    columns = create_model(f"{table}_columns", __base__=StrictPart, **fields)
    options = loosen(OPTIONS[table])
    is_required = any(field.is_required() for field in options.model_fields.values())
    return create_model(
        f"{table}_card",
        __base__=SourceCard,
        columns=(columns, ...),
        options=(options, ... if is_required else options()),
    )
