"""What stands beside the posteriors: the answer so far, metrics of DVC, rates of other fields."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from conftest import ROOT, read_dataset
from real_overview import RATE, read_overview

from pipeline.core.layout import Layout
from pipeline.site.overview import page
from pipeline.site.overview.estimates import list_other_fields

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
    passed = {cell.name: cell for cell in read_overview().passed}
    for name, found in written.items():
        assert set(found) <= NAMES
        assert (found["verdict"] == "pass") == (name in passed)
        if found["verdict"] == "pass":
            check, entries = passed[name].check, passed[name].attributions
            assert found.get("identified") == check["is_identified"]
            assert ("rate" in found["driven"]) == (RATE in check["driven_by_prior"])
            for bound, value in found.get("rate", {}).items():
                assert entries[RATE][bound] == value


NAME = "progress_rates"


def test_other_fields_are_whole_and_bounds_and_intervals_are_what_they_are(tmp_path: Path) -> None:
    layout, real = Layout(tmp_path), read_overview()
    alone = replace(real, datasets=[each for each in real.datasets if each.name == NAME])
    assert list_other_fields(alone, layout) == []  # without the table
    table = read_dataset(ROOT / "data/sources" / NAME).validated.sample(frac=1, random_state=1)
    nothing = {"lower": np.nan, "upper": np.nan, "estimate": 0.5, "domain": "Chess"}
    bounded = [table.head(1).assign(**nothing, bound=bound) for bound in ("lower", "upper")]
    layout.table(NAME).parent.mkdir(parents=True)
    pd.concat([table, *bounded]).to_parquet(layout.table(NAME))
    rows = list_other_fields(alone, layout)
    fields = [row.group for row in rows]
    assert {"Go", "SAT solving", "Linear programming"} <= set(fields)
    assert not {"Image classification", "Language modelling"} & set(fields)  # we have posteriors
    assert sum(one != other for one, other in itertools.pairwise(fields)) == len(set(fields)) - 1
    chess = [(row.median, row.lower, row.upper) for row in rows if row.group == "Chess"]
    assert chess == [(None, 0.5, None), (None, None, 0.5)]
    shown = {row.label: row.interval for row in rows}
    assert shown["Ho et al. 2025, all models"] == "90\N{NO-BREAK SPACE}%"
    assert shown["Grace 2013"] == "range"
    assert shown["Koch et al. 2022"] == "no interval printed"
