"""Which rows no model reads, and under which rule. Where several apply the first is named:

1. the rule that the card excludes the row by, in the card's order;
2. ``run <rule>``: the run registry excludes the run that the row is of;
3. what no model of the table can use: `unfit` in its YAML;
4. ``not verified``: nobody has read the figure in its source, and the card does not admit it.

The first two are known before the table is validated, since rules over rows read them.
"""

from collections.abc import Iterable

import pandas as pd

from pipeline.ingest.cards.card import LoadedCard, Selection
from pipeline.ingest.tables import TABLES

# Rows that the card excludes by these rules are of no training run: the registry need not have it.
NOT_A_RUN = {"human", "repeats another row", "chance"}


def exclude_by_card(card: LoadedCard, records: pd.DataFrame) -> pd.Series:
    """The rule that the card excludes each of the `records` by; empty where it does not."""
    exclusion = pd.Series(pd.NA, index=records.index, dtype="str")
    for rule in card.card.exclusions:
        exclusion[rule.find(records, card.path) & exclusion.isna()] = rule.rule
    return exclusion


def exclude_by_rule(table: pd.DataFrame, card: LoadedCard, records: pd.DataFrame) -> pd.DataFrame:
    """The validated table with every exclusion filled in."""
    is_admitted = table["line"].isin(find_lines(card.card.admitted, card, records))
    rules = TABLES[card.table].find_unfit(table)
    rules |= {"not verified": ~table["is_verified"] & ~is_admitted}
    exclusion = table["exclusion"].copy()
    for rule, applies in rules.items():
        exclusion[exclusion.isna() & applies] = rule
    return table.assign(exclusion=exclusion.astype("str"))


def find_lines(
    selections: Iterable[Selection], card: LoadedCard, records: pd.DataFrame
) -> set[int]:
    """The lines of records.csv that any of the card's `selections` picks."""
    masks = [selection.find(records, card.path) for selection in selections]
    return {line for mask in masks for line in records.loc[mask, "line"]}
