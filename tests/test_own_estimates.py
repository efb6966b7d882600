"""Our own posteriors among the published estimates: flagged, and only where the fit passed."""

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, read_dataset

from models.estimates.options import EstimateOptions
from pipeline.failures import SourceError
from pipeline.ingest.sources.own_estimates import add_own

FOLDER = ROOT / "data/sources/progress_rates"
FOUND: dict[str, Any] = {
    "unit": "decades per year",
    "median": 0.4,
    "lower": 0.3,
    "upper": 0.5,
    "prob": 0.9,
}


def write_files(folder: Path, verdicts: dict[str, str], **changes: Any) -> list[Path]:
    """Check and attribution files of the posteriors, with an attribution changed."""
    paths = []
    for name, verdict in verdicts.items():
        entry = {"rate_decades_per_year": FOUND | changes}
        for kind, content in (("checks", {"verdict": verdict}), ("attributions", entry)):
            path = folder / kind / f"{name}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(content), encoding="utf-8")
            paths.append(path)
    return paths


def list_posteriors() -> list[str]:
    options = read_dataset(FOLDER).card.options
    assert isinstance(options, EstimateOptions)
    return [own.posterior for own in options.own_estimates]


def test_own_rows_are_flagged_and_stand_below_the_published_ones(tmp_path: Path) -> None:
    dataset = read_dataset(FOLDER)
    files = write_files(tmp_path, dict.fromkeys(list_posteriors(), "pass"))
    table = add_own(dataset.table, dataset.card, files)
    own = table[table["is_own"]]
    assert len(own) == 4
    assert own["estimate"].tolist() == [0.4] * 4
    assert own["study"].unique().tolist() == ["This project"]
    assert own["line"].tolist() == [37, 38, 39, 40]
    assert not dataset.table["is_own"].any()
    assert (table.dtypes == dataset.table.dtypes).all()


def test_fit_that_failed_never_enters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = read_dataset(FOLDER)
    first, *others = list_posteriors()
    files = write_files(tmp_path, {first: "fail"} | dict.fromkeys(others, "pass"))
    table = add_own(dataset.table, dataset.card, files)
    assert first not in " ".join(table.loc[table["is_own"], "locator"])
    assert table["is_own"].sum() == 3
    assert first in capsys.readouterr().err


def test_rate_in_another_unit_is_refused(tmp_path: Path) -> None:
    dataset = read_dataset(FOLDER)
    files = write_files(tmp_path, dict.fromkeys(list_posteriors(), "pass"), unit="months")
    with pytest.raises(SourceError, match="decades per year"):
        add_own(dataset.table, dataset.card, files)


def test_posterior_whose_files_are_not_passed_is_refused() -> None:
    dataset = read_dataset(FOLDER)
    with pytest.raises(SourceError, match="not among the files"):
        add_own(dataset.table, dataset.card, [])


def test_dataset_that_names_no_posterior_is_left_as_it_is() -> None:
    dataset = read_dataset(ROOT / "data/sources/research_returns")
    assert add_own(dataset.table, dataset.card, []) is dataset.table
