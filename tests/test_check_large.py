"""A check of many rows that are wrong ends with a report that can be read."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT
from typer.testing import CliRunner

from pipeline import cli
from pipeline.core.layout import Layout

ROWS, LIMIT_LINES = 20_000, 200


@pytest.mark.slow
def test_report_on_many_rows_counts_what_it_cannot_list(tmp_path: Path) -> None:
    counted = {"model": "not in the run registry", "score_percent": "no unit that a cell may name"}
    layout = Layout(tmp_path)
    shutil.copytree(ROOT / "data/sources", layout.sources)
    shutil.copytree(ROOT / "models", tmp_path / "models")
    shutil.copy(Layout(ROOT).bibliography, layout.bibliography)
    records = pd.read_csv(layout.records("minerva"), dtype=str, keep_default_na=False)
    rows = pd.concat([records] * (ROWS // len(records) + 1), ignore_index=True).head(ROWS)
    wrong = {name: [f"{i} u{i}" for i in range(ROWS)] for name in counted}
    rows.assign(**wrong).to_csv(layout.records("minerva"), index=False)
    result = CliRunner().invoke(cli.app, ["check", "minerva", "--root", str(tmp_path)])
    assert result.exit_code == 1
    for name, words in counted.items():
        assert f"  {ROWS} x {name}: {words}" in result.output
    assert len(result.output.splitlines()) < LIMIT_LINES
