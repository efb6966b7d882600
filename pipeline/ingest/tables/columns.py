"""What tables are made of: kinds of columns, rules over rows, and the columns that many share."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing.pandas import Series

FIRST_DAY = pd.Timestamp(1950, 1, 1)
# Printed ratios and products carry two significant digits: 6 % covers rounding of both sides.
ROUNDING = 0.06
NOT_EMPTY = {"min_value": 1}


def column(description: str, unit: str, remedy: str, **rules: Any) -> Any:
    """A column; `remedy` is printed where a cell breaks one of its `rules`."""
    return pa.Field(description=description, metadata={"unit": unit, "remedy": remedy}, **rules)


def text(description: str, remedy: str, unit: str = "text", **rules: Any) -> Any:
    """A column of words."""
    return column(description, unit, remedy, **rules)


def name(description: str, remedy: str, **rules: Any) -> Any:
    """A column of names, none of them empty."""
    return column(description, "name", remedy, str_length=NOT_EMPTY, **rules)


def choice(description: str, *words: str, **rules: Any) -> Any:
    """A column that holds one of `words`."""
    listed = f"{', '.join(words[:-1])} or {words[-1]}"
    return column(description, "class", f"write {listed}", isin=[*words], **rules)


def flag(description: str) -> Any:
    """A column of true and false."""
    return column(description, "true or false", "write true or false")


def day(description: str, remedy: str = "write YYYY-MM-DD", **rules: Any) -> Any:
    """A column of days."""
    return column(description, "date", remedy, ge=FIRST_DAY, **rules)


def count(description: str, remedy: str = "give a positive count", **rules: Any) -> Any:
    """A column of counts, which may be rounded."""
    return column(description, "count", remedy, **({"gt": 0} | rules))


def flop(description: str, **rules: Any) -> Any:
    """A column of amounts of computing."""
    remedy = "give total floating-point operations, above zero"
    return column(description, "FLOP", remedy, gt=0, lt=1e30, **rules)


def growth(description: str, remedy: str, **rules: Any) -> Any:
    """A column of growth."""
    return column(description, "decades per year", remedy, **({"gt": 0, "lt": 10} | rules))


def row_rule(column: str, rule: str, remedy: str) -> Any:
    """A rule over whole rows; its failures are reported at `column`."""
    return pa.dataframe_check(name=column, error=rule, description=remedy, ignore_na=False)


def distinct(column: str, rule: str, *key: str) -> Any:
    """The rule that no row repeats the `key` of an earlier one: it would count twice."""

    def rows_are_distinct(cls: type, frame: pd.DataFrame) -> pd.Series:  # noqa: ARG001 pandera's
        return ~frame.duplicated([*key], keep="first")

    return row_rule(column, rule, "remove the repeated row")(rows_are_distinct)


class Provenance(pa.DataFrameModel):
    """Columns of every table: where a row stands and where it comes from."""

    line: Series[int] = column(
        "line of records.csv", "line", "do not edit by hand", ge=2, unique=True
    )
    citation: Series[str] = text(
        "key in data/references.bib",
        "add the source to data/references.bib",
        "key",
        str_length=NOT_EMPTY,
    )
    locator: Series[str] = text(
        "where in the source the row was read", "name the table, figure or page", nullable=True
    )
    is_verified: Series[bool] = flag("the figure was read in the source, not recalled")
    exclusion: Series[str] = text(
        "why no model reads the row; empty where it is fitted",
        "state the reason on the card",
        nullable=True,
    )

    class Config:
        """Unknown columns are errors. Pandera reads what stands here, not what is inherited."""

        strict = True

    @classmethod
    def find_unfit(cls, frame: pd.DataFrame) -> dict[str, pd.Series]:  # noqa: ARG003 most have none
        """Rows that no model of the table can use, by rule; the first that applies is named."""
        return {}


class StudiedField(Provenance):
    """What a study says of one field."""

    study: Series[str] = name("study that the row comes from", "name the study")
    domain: Series[str] = name("field that the estimate speaks of", "name the field")


class RunColumns(pa.DataFrameModel):
    """What the registry knows of a training run; joined to leaderboards by model name."""

    release_date: Series[pd.Timestamp] = day(
        "day the model was released or first described",
        "write the day of release as YYYY-MM-DD",
        nullable=True,
    )
    lab: Series[str] = text(
        "who trained it, one name for one laboratory; a fine-tune has its base model's",
        "name the lab",
        "name",
        nullable=True,
    )
    family: Series[str] = text("model family", "name the family", "name", nullable=True)
    parameters: Series[float] = count("parameters, all experts included", nullable=True)
    training_tokens: Series[float] = count(
        "tokens seen in training, repeats included", nullable=True
    )
    training_flop: Series[float] = flop(
        "training compute, base model and continued training", nullable=True
    )
    compute_confidence: Series[str] = choice(
        "confident: reported, or 6ND of both reported; likely: a database's; speculative: the rest",
        *("confident", "likely", "speculative"),
        nullable=True,
    )
    is_compute_circular: Series[bool] = flag("compute was imputed from benchmark scores")
    is_open_weights: Series[bool] = flag("weights can be downloaded")
    is_dense: Series[bool] = flag(
        "known to use every parameter for every token, so that 6ND counts its compute"
    )
    training_flop_second_source: Series[float] = flop(
        "training compute of the same run by another source", nullable=True
    )
