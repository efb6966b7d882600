"""The canonical tables: columns, units, keys, ranges, rules and who is left out. The only schema.

`<table>.yaml` has the columns, each with its meaning, its unit and the remedy printed when a value
breaks its rule; the `rules` over rows, each reported `at` a column; and under `unfit` the rows that
no model can use. Rules are expressions of columns as `DataFrame.eval` reads them. `data/README.md`
is generated from these files. A table may hold rows that no model reads: `exclusion` says why, and
is empty for the rows that are fitted.
"""

from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa
from ruamel.yaml import YAML

from models.options import OPTIONS

NAMES = tuple(OPTIONS)
BOUNDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


@dataclass(frozen=True)
class Table:
    """One table; `unfit` has, by rule, an expression of the rows that no model of it can use.

    `defaults` are the values of columns that a card leaves out, `options` those of its options.
    """

    name: str
    purpose: str
    columns: dict[str, pa.Column]
    rules: tuple[pa.Check, ...]
    unfit: dict[str, str]
    defaults: dict[str, str | bool]
    options: dict[str, Any]

    @cached_property
    def dtypes(self) -> dict[str, str]:
        """The type of each column."""
        return {name: str(column.dtype) for name, column in self.columns.items()}

    def to_schema(self) -> pa.DataFrameSchema:
        """The schema; unknown columns are errors."""
        return pa.DataFrameSchema(self.columns, checks=list(self.rules), strict=True)

    def find_unfit(self, frame: pd.DataFrame) -> dict[str, pd.Series]:
        """The rows of `frame` that no model can use, by rule."""
        return {rule: evaluate(frame, unfit) for rule, unfit in self.unfit.items()}


@cache
def read_yaml(name: str) -> dict[str, Any]:
    """The YAML file `name` beside this module."""
    return YAML(typ="safe", pure=True).load(Path(__file__).with_name(f"{name}.yaml"))


def evaluate(frame: pd.DataFrame, expression: str) -> pd.Series:
    """An expression of the columns, row by row."""
    found: Any = frame.eval(expression, engine="python")
    return found


def _make_table(name: str) -> Table:
    content, shared = read_yaml(name), read_yaml("shared")
    columns = {column: how for group in content["shares"] for column, how in shared[group].items()}
    columns |= content["columns"]
    made = {
        column: _make_column(**{key: how[key] for key in how if key != "default"})
        for column, how in columns.items()
    }
    rules = tuple(_make_rule(**rule) for rule in content["rules"])
    may_lack = {column: "" for column, how in columns.items() if how.get("nullable")}
    defaults = may_lack | {
        column: how["default"] for column, how in columns.items() if "default" in how
    }
    unfit, options = content.get("unfit", {}), content.get("options", {})
    return Table(name, content["purpose"], made, rules, unfit, defaults, options)


def _make_column(kind: str, means: str, nullable: bool = False, **how: Any) -> pa.Column:
    how = read_yaml("shared")["kinds"][kind] | how
    if among := how.get("among"):
        listed = f"{', '.join(among[:-1])} or {among[-1]}"
        how["remedy"] = f"write {listed}" + (", or leave it empty" if nullable else "")
    checks = []
    for name, words in BOUNDS.items():
        if name in how:
            bound = pd.Timestamp(how[name]) if kind == "day" else how[name]
            checks.append(getattr(pa.Check, name)(bound, error=f"{words} {bound}"))
    if among:
        checks.append(pa.Check.isin(among, error=f"one of {among}"))
    if pattern := how.get("str_matches"):
        checks.append(pa.Check.str_matches(pattern, error=f"of the form '{pattern}'"))
    if "filled" in how:
        checks.append(pa.Check.str_length(min_value=1, error="not empty"))
    return pa.Column(
        how["dtype"],
        checks,
        nullable=nullable,
        unique=how.get("unique", False),
        description=means,
        metadata={"unit": how["unit"], "remedy": how["remedy"]},
    )


def _make_rule(
    at: str,
    rule: str,
    remedy: str,
    holds: str = "",
    distinct: tuple[list[str], ...] = (),
    among: str = "line > 0",
) -> pa.Check:
    """The rule that an expression holds, or no row `among` some repeats a key in `distinct`."""

    def check(frame: pd.DataFrame) -> pd.Series:
        if holds:
            return evaluate(frame, holds)
        rows = frame[evaluate(frame, among)]
        repeated = pd.concat([rows.duplicated(key) for key in distinct], axis=1).any(axis=1)
        return ~repeated.reindex(frame.index, fill_value=False)

    return pa.Check(check, name=at, error=rule, description=remedy, ignore_na=False)


TABLES = {name: _make_table(name) for name in NAMES}
LINE = "line"  # a column that reading adds: cards cannot name it
# Tables in which results of models are explained: what trends and designs say is of these alone.
OF_MODELS = {
    *("efficiency", "scaling_grid"),
    *("accuracy_leaderboard", "loss_leaderboard", "horizon_leaderboard"),
}
# Columns that ingest fills itself: a card never maps them.
FILLED_BY_INGEST = {LINE, "exclusion", "techniques", "is_own", "rate", "rate_sd", "base_models"}
PROVENANCE_COLUMNS = tuple(read_yaml("shared")["provenance"])
RUN_COLUMNS = tuple(read_yaml("shared")["run"])
JOINED_FROM_REGISTRY = {*RUN_COLUMNS, "base_model"}


def schema(table: str, retrieved: date) -> pa.DataFrameSchema:
    """The schema of `table` in which no date is later than the day the data were `retrieved`."""
    made = TABLES[table].to_schema()
    last = pa.Check.le(
        pd.Timestamp(retrieved), error=f"not after {retrieved}, the day the data were retrieved"
    )
    for name, column in made.columns.items():
        if name.endswith("_date"):
            made = made.update_column(name, checks=[*column.checks, last])
    return made
