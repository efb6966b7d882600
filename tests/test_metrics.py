"""What dvc shows: the same few names for every cell, and tables that its plots can read."""

import json
from pathlib import Path

import pandas as pd
from real_overview import RATE, read_overview, read_passing

from pipeline.site.overview import page

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
