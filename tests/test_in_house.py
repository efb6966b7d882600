"""Our own posteriors as data: flagged estimates and filled rates, only where the fit passed."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from committed import read_committed
from conftest import ROOT, Dataset, read_dataset

from pipeline.core.failures import SourceError
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.in_house import add_in_house
from pipeline.ingest.options import EstimateOptions

UNIT = "decades per year"
FOUND: dict[str, Any] = {"unit": UNIT, "median": 0.4, "lower": 0.3, "upper": 0.5, "prob": 0.9}
TABLES = ["progress_rates", "own_rates"]
every_table = pytest.mark.parametrize("name", TABLES)


def read_toy(name: str) -> Dataset:
    return read_dataset(ROOT / "data/sources" / name)


def list_posteriors(dataset: Dataset) -> list[str]:
    if isinstance(dataset.card.options, EstimateOptions):
        return [own.posterior for own in dataset.card.options.own_estimates]
    return list(dataset.table["posterior"])


def write_results(root: Path, names: list[str], failed: str = "", **changes: Any) -> Layout:
    """A project with check and attribution files of the posteriors."""
    layout = Layout(root)
    for name in names:
        verdict = {"verdict": "fail" if name == failed else "pass"}
        entry = {"rate_decades_per_year": FOUND | changes}
        for path, content in ((layout.check(name), verdict), (layout.attribution(name), entry)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(content), encoding="utf-8")
    return layout


def test_own_estimates_are_flagged_and_own_rates_filled_in(
    tmp_path: Path,
) -> None:
    dataset = read_toy("progress_rates")
    layout = write_results(tmp_path, list_posteriors(dataset))
    table = add_in_house(dataset.table, dataset.card, layout)
    own = table[table["is_own"]]
    assert own["estimate"].tolist() == [0.4] * 4
    assert own["study"].unique().tolist() == ["This project"]
    assert own["line"].tolist() == [37, 38, 39, 40]
    assert not dataset.table["is_own"].any()
    assert (table.dtypes == dataset.table.dtypes).all()
    dataset = read_toy("own_rates")
    layout = write_results(tmp_path, list_posteriors(dataset))
    table = add_in_house(dataset.table, dataset.card, layout)
    assert table["rate"].tolist() == [0.4] * 5
    assert (table["rate_sd"] - 0.1 / 1.644854).abs().max() < 1e-6


def test_own_estimate_whose_interval_reaches_zero_has_no_place_on_a_log_scale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = read_toy("progress_rates")
    layout = write_results(tmp_path, list_posteriors(dataset), lower=-0.1)
    assert not add_in_house(dataset.table, dataset.card, layout)["is_own"].any()
    assert capsys.readouterr().err.count("reaches zero") == 4


@every_table
def test_fit_that_failed_never_enters(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = read_toy(name)
    first, *others = list_posteriors(dataset)
    layout = write_results(tmp_path, [first, *others], failed=first)
    table = add_in_house(dataset.table, dataset.card, layout)
    entered = table[table["is_own"]]["locator"] if "is_own" in table else table["rate"].dropna()
    assert len(entered) == len(others)
    assert first not in " ".join(map(str, entered))
    assert first in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        *((name, {"unit": "months"}, UNIT) for name in TABLES),
        *((name, {"reason": "no trend"}, UNIT) for name in TABLES),
        ("own_rates", {"upper": None, "unbounded": True}, r"records\.csv:2"),
        *((name, None, "is missing: fit the posterior") for name in TABLES),
    ],
)
def test_estimand_that_is_not_there_is_refused(
    name: str, changes: dict[str, Any] | None, words: str, tmp_path: Path
) -> None:
    dataset = read_toy(name)
    if changes is not None:
        write_results(tmp_path, list_posteriors(dataset), **changes)
    with pytest.raises(SourceError, match=words):
        add_in_house(dataset.table, dataset.card, Layout(tmp_path))


def test_other_tables_are_left_as_they_are(tmp_path: Path) -> None:
    dataset = read_toy("research_returns")
    assert add_in_house(dataset.table, dataset.card, Layout(tmp_path)) is dataset.table


def test_rates_of_this_repository_are_those_of_its_attributions() -> None:
    dataset, layout = read_toy("own_rates"), read_committed()
    table = add_in_house(dataset.table, dataset.card, layout).set_index("posterior")
    for name, rate in table["rate"].items():
        if read_json(layout.check(str(name)))["verdict"] == "pass":
            entry = read_json(layout.attribution(str(name)))["rate_decades_per_year"]
            assert rate == entry["median"]
        else:
            assert pd.isna(rate)
