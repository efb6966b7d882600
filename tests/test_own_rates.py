"""Our own rates in the table that names their posteriors: filled in where the fit passed."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, read_dataset

from pipeline.failures import SourceError
from pipeline.ingest.sources.own_rates import fill_rates, to_normal

FOLDER = ROOT / "data/sources/own_rates"
FOUND: dict[str, Any] = {
    "unit": "decades per year",
    "median": 0.4,
    "lower": 0.3,
    "upper": 0.5,
    "prob": 0.9,
}


def write_files(folder: Path, failed: str = "", **changes: Any) -> list[Path]:
    """Check and attribution files of all posteriors that the rows name."""
    paths = []
    for name in read_dataset(FOLDER).table["posterior"]:
        verdict = {"verdict": "fail" if name == failed else "pass"}
        entry = {"rate_decades_per_year": FOUND | changes}
        for kind, content in (("checks", verdict), ("attributions", entry)):
            path = folder / kind / f"{name}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content), encoding="utf-8")
            paths.append(path)
    return paths


def test_interval_of_the_normal_is_that_of_the_posterior() -> None:
    """A 90 % interval reaches 1.644854 standard deviations to either side."""
    assert to_normal(FOUND) == pytest.approx((0.4, 0.1 / 1.644854), rel=1e-6)


def test_rates_are_filled_in(tmp_path: Path) -> None:
    dataset = read_dataset(FOLDER)
    table = fill_rates(dataset.table, dataset.card, write_files(tmp_path))
    assert table["rate"].tolist() == [0.4] * 4
    assert (table["rate_sd"] - 0.1 / 1.644854).abs().max() < 1e-6
    assert (table.dtypes == dataset.table.dtypes).all()


def test_fit_that_failed_leaves_its_rate_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = read_dataset(FOLDER)
    first = str(dataset.table["posterior"].iloc[0])
    table = fill_rates(dataset.table, dataset.card, write_files(tmp_path, failed=first))
    assert table["rate"].isna().tolist() == [True, False, False, False]
    assert first in capsys.readouterr().err


def test_row_without_a_rate_is_not_fitted() -> None:
    validated = read_dataset(FOLDER).validated
    assert validated["exclusion"].tolist() == ["not converged"] * 4


@pytest.mark.parametrize(
    "changes",
    [{"unit": "months"}, {"reason": "no trend"}, {"upper": None, "unbounded": True}],
    ids=["unit", "reason", "unbounded"],
)
def test_rate_that_cannot_be_pooled_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    dataset = read_dataset(FOLDER)
    with pytest.raises(SourceError, match=r"records\.csv:2.*decades per year"):
        fill_rates(dataset.table, dataset.card, write_files(tmp_path, **changes))


def test_posterior_whose_files_are_not_passed_is_refused() -> None:
    dataset = read_dataset(FOLDER)
    with pytest.raises(SourceError, match="not among the files"):
        fill_rates(dataset.table, dataset.card, [])


def test_other_tables_are_left_as_they_are() -> None:
    dataset = read_dataset(ROOT / "data/sources/research_returns")
    assert fill_rates(dataset.table, dataset.card, []) is dataset.table


def test_rates_of_this_repository_are_those_of_its_attributions() -> None:
    dataset = read_dataset(FOLDER)
    files = [*(ROOT / "data/attributions").glob("*.json"), *(ROOT / "data/checks").glob("*.json")]
    table = fill_rates(dataset.table, dataset.card, files).set_index("posterior")
    name = "mmlu-compute_multiplier"
    entries = json.loads((ROOT / f"data/attributions/{name}.json").read_text(encoding="utf-8"))
    assert table.loc[name, "rate"] == entries["rate_decades_per_year"]["median"]
    assert pd.notna(table["rate_sd"]).all()
