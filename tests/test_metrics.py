"""What dvc shows: the same few names for every cell, and tables that its plots can read."""

import json
from pathlib import Path

import pandas as pd
from conftest import ROOT
from real_overview import read_overview, read_passing

from pipeline.site.overview import estimates, metrics
from pipeline.site.pages.packing import neutralise_frame


def test_a_cell_has_verdict_headline_rate_and_record_share() -> None:
    made = metrics.describe_cells(read_overview())
    passing = read_passing()
    for name, cell in made.items():
        assert (cell["verdict"] == "pass") == (name in passing)
        if name not in passing:
            assert set(cell) == {"verdict"}
            continue
        check, found = passing[name]
        assert cell["identified"] == check["is_identified"]
        if "rate_decades_per_year" in found:
            for bound in ("median", "lower", "upper"):
                assert cell["rate"][bound] == found["rate_decades_per_year"][bound]


def test_what_the_prior_drives_is_named() -> None:
    made = metrics.describe_cells(read_overview())
    for name, (check, _) in read_passing().items():
        is_driven = "rate_decades_per_year" in check["driven_by_prior"]
        assert ("rate" in made[name]["driven"]) == is_driven


def test_names_are_the_same_few_in_every_file() -> None:
    made = metrics.describe_cells(read_overview())
    names = {name for cell in made.values() for name in cell}
    assert names <= {
        *("verdict", "driven", "identified", "headline", "rate", "record_share"),
        *("coverage", "weight"),
    }


def test_coverage_is_that_of_the_study() -> None:
    frame = metrics.tabulate_coverage(read_overview())
    for row in frame.itertuples():
        check, _ = read_passing()[str(row.cell)]
        assert check["calibration"]["estimands"][row.estimand]["share"] == row.coverage
    assert len(frame) > 10


def test_rows_of_plots_are_told_apart_and_have_numbers() -> None:
    overview = read_overview()
    for rows in (
        estimates.list_shares(overview),
        estimates.list_rates(overview, {}, []),
    ):
        frame = metrics.tabulate_rows(rows)
        assert frame["row"].is_unique
        assert frame[["median", "lower"]].notna().any(axis=1).all()


def test_files_of_cells_that_are_gone_are_removed(tmp_path: Path) -> None:
    gone = tmp_path / "metrics/gone-toy.json"
    gone.parent.mkdir()
    gone.write_text("{}", encoding="utf-8")
    metrics.write_summary(tmp_path, read_overview(), [], [], [])
    written = {path.stem for path in gone.parent.glob("*.json")}
    assert written == {cell.name for cell in read_overview().cells}
    assert pd.read_csv(tmp_path / "rates.csv").empty


def test_templates_of_plots_draw_what_the_tables_have() -> None:
    frame = neutralise_frame(metrics.tabulate_rows(estimates.list_shares(read_overview())))
    text = (ROOT / ".dvc/plots/intervals.json").read_text(encoding="utf-8")
    fields = {
        found["field"]
        for layer in json.loads(text)["layer"]
        for found in layer["encoding"].values()
        if not found["field"].startswith("<")
    }
    assert fields == {"lower", "upper"}
    assert fields <= set(frame.columns)
