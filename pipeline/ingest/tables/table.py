"""A table: its columns, read from `<table>.yaml`, with the rules over its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent
# Printed ratios and products carry two significant digits: 6 % covers rounding of both sides.
ROUNDING = 0.06
TEXT: dict[str, Any] = {"dtype": "str", "unit": "text"}
NUMBER: dict[str, Any] = {"dtype": "float64"}
# What columns of a kind have unless the YAML says otherwise.
KINDS: dict[str, dict[str, Any]] = {
    "whole": {"dtype": "int64"},
    "number": NUMBER,
    "text": TEXT,
    "name": TEXT | {"unit": "name", "filled": True},
    "choice": TEXT | {"unit": "class"},
    "flag": {"dtype": "bool", "unit": "true or false", "remedy": "write true or false"},
    "day": {
        "dtype": "datetime64[ns]",
        "unit": "date",
        "remedy": "write YYYY-MM-DD",
        "ge": pd.Timestamp(1950, 1, 1),
    },
    "count": NUMBER | {"unit": "count", "remedy": "give a positive count", "gt": 0},
    "flop": NUMBER
    | {"unit": "FLOP", "remedy": "give total floating-point operations, above zero"}
    | {"gt": 0, "lt": 1e30},
    "rate": NUMBER | {"unit": "decades per year", "gt": 0, "lt": 10},
}
BOUNDS = ("gt", "ge", "lt", "le")  # as pandera calls them
Unfit = dict[str, pd.Series]  # rule: the rows that no model can use


@dataclass(frozen=True)
class Table:
    """One table. `find_unfit` gives the rows that no model of it can use, by rule."""

    name: str
    purpose: str
    columns: dict[str, pa.Column]
    rules: tuple[pa.Check, ...]
    find_unfit: Callable[[pd.DataFrame], Unfit]

    @cached_property
    def dtypes(self) -> dict[str, str]:
        """The type of each column."""
        return {name: str(column.dtype) for name, column in self.columns.items()}

    def to_schema(self) -> pa.DataFrameSchema:
        """The schema; unknown columns are errors."""
        return pa.DataFrameSchema(self.columns, checks=list(self.rules), strict=True)


def make_table(
    name: str, *rules: pa.Check, find_unfit: Callable[[pd.DataFrame], Unfit] = lambda _: {}
) -> Table:
    """The table whose columns are in `<name>.yaml` and whose rows must keep `rules`."""
    content = read_yaml(name)
    columns = {
        column: how
        for group in content["shares"]
        for column, how in read_yaml("shared")[group].items()
    } | content["columns"]
    made = {column: _make_column(**how) for column, how in columns.items()}
    return Table(name, content["purpose"], made, rules, find_unfit)


def row_rule(column: str, rule: str, remedy: str) -> Callable[..., pa.Check]:
    """Makes a function of the whole table a rule; its failures are reported at `column`."""

    def make(holds: Callable[[pd.DataFrame], pd.Series]) -> pa.Check:
        return pa.Check(holds, name=column, error=rule, description=remedy, ignore_na=False)

    return make


def distinct(column: str, rule: str, *key: str) -> pa.Check:
    """The rule that no row repeats the `key` of an earlier one: it would count twice."""
    return row_rule(column, rule, "remove the repeated row")(
        lambda frame: ~frame.duplicated([*key], keep="first")
    )


@cache
def read_yaml(name: str) -> dict[str, Any]:
    """The YAML file `name` beside this module."""
    return YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml")


def _make_column(kind: str, means: str, nullable: bool = False, **how: Any) -> pa.Column:
    how = KINDS[kind] | how
    if among := how.get("among"):
        listed = f"{', '.join(among[:-1])} or {among[-1]}"
        how["remedy"] = f"write {listed}" + (", or leave it empty" if nullable else "")
    checks = [
        getattr(pa.Check, name)(how[name]) for name in ("gt", "ge", "lt", "le") if name in how
    ]
    checks += [pa.Check.isin(among)] if among else []
    checks += [pa.Check.str_matches(how["str_matches"])] if "str_matches" in how else []
    checks += [pa.Check.str_length(min_value=1)] if "filled" in how else []
    return pa.Column(
        how["dtype"],
        checks,
        nullable=nullable,
        unique=how.get("unique", False),
        description=means,
        metadata={"unit": how["unit"], "remedy": how["remedy"]},
    )
