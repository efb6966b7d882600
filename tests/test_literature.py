"""Published rates of other fields: those of the tables, less what stands beside our own."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, read_dataset
from real_overview import read_overview

from pipeline.layout import Layout
from pipeline.site.overview.published import list_other_fields
from pipeline.site.overview.rows import Row

NAME = "progress_rates"
List = Callable[[pd.DataFrame], list[Row]]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_dataset(ROOT / "data/sources" / NAME).validated


@pytest.fixture
def list_rates(tmp_path: Path) -> List:
    """The rates that a table gives, in an overview of its dataset alone."""
    layout, real = Layout(tmp_path), read_overview()
    alone = replace(real, datasets=[each for each in real.datasets if each.name == NAME])
    assert list_other_fields(alone, layout) == []  # without the table
    layout.table(NAME).parent.mkdir(parents=True)

    def list_them(rows: pd.DataFrame) -> list[Row]:
        rows.to_parquet(layout.table(NAME))
        return list_other_fields(alone, layout)

    return list_them


def test_fields_are_whole_and_those_of_our_own_posteriors_are_left_to_their_cards(
    table: pd.DataFrame, list_rates: List
) -> None:
    fields = [row.group for row in list_rates(table.sample(frac=1, random_state=1))]
    assert {"Go", "SAT solving", "Linear programming"} <= set(fields)
    assert not {"Image classification", "Language modelling"} & set(fields)
    fitted = table[table["exclusion"].isna()]
    assert len(fields) == int(fitted["domain"].isin(set(fields)).sum())
    changes = sum(one != other for one, other in itertools.pairwise(fields))
    assert changes == len(set(fields)) - 1


@pytest.mark.parametrize(
    ("bound", "shown"), [("lower", (None, 0.5, None)), ("upper", (None, None, 0.5))]
)
def test_a_bound_is_an_end_and_no_estimate(
    bound: str, shown: tuple[float | None, ...], table: pd.DataFrame, list_rates: List
) -> None:
    row = table[table["domain"] == "Go"].head(1)
    (rate,) = list_rates(row.assign(estimate=0.5, lower=np.nan, upper=np.nan, bound=bound))
    assert (rate.median, rate.lower, rate.upper) == shown


def test_an_interval_says_what_it_is(table: pd.DataFrame, list_rates: List) -> None:
    shown = {row.label: row.interval for row in list_rates(table)}
    assert shown["Ho et al. 2025, all models"] == "90\N{NO-BREAK SPACE}%"
    assert shown["Grace 2013"] == "range"
    assert shown["Koch et al. 2022"] == "no interval printed"
