"""Published rates of other fields: those of the tables, less what stands beside our own."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, read_dataset
from real_overview import read_overview

from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.literature import PublishedRate, list_published_rates

NAME = "progress_rates"


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_dataset(ROOT / "data/sources" / NAME).validated


@pytest.fixture(scope="module")
def overview() -> Overview:
    """The real one with the dataset of rates alone."""
    real = read_overview()
    return replace(real, datasets=[each for each in real.datasets if each.name == NAME])


def list_rates(table: pd.DataFrame, overview: Overview, folder: Path) -> list[PublishedRate]:
    table.to_parquet(folder / f"{NAME}.parquet")
    return list_published_rates(overview, folder)


def test_fields_of_our_own_posteriors_are_left_to_their_cards(
    table: pd.DataFrame, overview: Overview, tmp_path: Path
) -> None:
    rates = list_rates(table, overview, tmp_path)
    domains = {rate.domain for rate in rates}
    assert {"Go", "SAT solving", "Linear programming"} <= domains
    assert not domains & {"Image classification", "Language modelling"}
    fitted = table[table["exclusion"].isna()]
    assert len(rates) == int(fitted["domain"].isin(domains).sum())


def test_fields_are_whole(table: pd.DataFrame, overview: Overview, tmp_path: Path) -> None:
    shuffled = table.sample(frac=1, random_state=1)
    domains = [rate.domain for rate in list_rates(shuffled, overview, tmp_path)]
    changes = sum(one != other for one, other in itertools.pairwise(domains))
    assert changes == len(set(domains)) - 1


@pytest.mark.parametrize(
    ("bound", "shown"), [("lower", (None, 0.5, None)), ("upper", (None, None, 0.5))]
)
def test_a_bound_is_an_end_and_no_estimate(
    bound: str,
    shown: tuple[float | None, ...],
    table: pd.DataFrame,
    overview: Overview,
    tmp_path: Path,
) -> None:
    row = table[table["domain"] == "Go"].head(1)
    bounded = row.assign(estimate=0.5, lower=np.nan, upper=np.nan, bound=bound)
    (rate,) = list_rates(bounded, overview, tmp_path)
    assert (rate.median, rate.lower, rate.upper) == shown


def test_an_interval_says_what_it_is(
    table: pd.DataFrame, overview: Overview, tmp_path: Path
) -> None:
    shown = {rate.label: rate for rate in list_rates(table, overview, tmp_path)}
    assert shown["Ho et al. 2025, all models"].interval == "90\N{NO-BREAK SPACE}%"
    assert shown["Grace 2013"].interval == "range"
    assert shown["Koch et al. 2022"].interval == "no interval printed"


def test_without_the_table_there_are_none(overview: Overview, tmp_path: Path) -> None:
    assert list_published_rates(overview, tmp_path) == []
