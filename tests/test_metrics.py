"""What dvc shows: the same few names for every cell, and tables that its plots can read."""

import json
from pathlib import Path

import pandas as pd
from conftest import ROOT
from real_overview import RATE, read_overview, read_passing

from pipeline.site.overview import page
from pipeline.site.overview.estimates import list_rates, list_shares
from pipeline.site.pages.packing import neutralise_frame

NAMES = {"verdict", "driven", "identified", "headline", "rate", "record_share", "coverage"}


def test_summary_has_the_numbers_of_every_cell_and_none_of_cells_that_are_gone(
    tmp_path: Path,
) -> None:
    gone = tmp_path / "metrics/gone-toy.json"
    gone.parent.mkdir()
    gone.write_text("{}", encoding="utf-8")
    page.write_summary(tmp_path, read_overview(), [], {"rates": []})
    written = {path.stem: json.loads(path.read_text()) for path in gone.parent.glob("*.json")}
    assert set(written) == {cell.name for cell in read_overview().cells}
    assert pd.read_csv(tmp_path / "rates.csv").empty
    for name, found in written.items():
        assert set(found) <= NAMES
        assert (found["verdict"] == "pass") == (name in read_passing())
        if found["verdict"] == "pass":
            check, entries = read_passing()[name]
            assert found.get("identified") == check["is_identified"]
            assert ("rate" in found["driven"]) == (RATE in check["driven_by_prior"])
            for bound, value in found.get("rate", {}).items():
                assert entries[RATE][bound] == value


def test_plots_draw_what_the_tables_have() -> None:
    text = (ROOT / ".dvc/plots/intervals.json").read_text(encoding="utf-8")
    drawn = [each for layer in json.loads(text)["layer"] for each in layer["encoding"].values()]
    fields = {found["field"] for found in drawn if not found["field"].startswith("<")}
    assert fields == {"lower", "upper"}
    for rows in (list_shares(read_overview()), list_rates(read_overview(), {})):
        frame = neutralise_frame(page.tabulate_rows(rows))
        assert fields <= set(frame.columns)
        assert frame["row"].is_unique
        assert frame[["median", "lower"]].notna().any(axis=1).all()
