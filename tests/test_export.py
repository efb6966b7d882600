"""`apportion export`: one table of all estimands, in three formats that say the same."""

import io
import json
from pathlib import Path

import hostile_names as hostile
import pandas as pd
import pytest
from conftest import ROOT, invoke, unwrap
from hostile_names import NAME
from jsonschema import Draft7Validator

from pipeline.core.files import read_json, write_json
from pipeline.core.layout import Layout
from pipeline.site import estimands
from pipeline.site.estimands import COLUMNS, NUMBERS, list_cells, tabulate, write


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """Results of a dataset whose every word is hostile."""
    return hostile.write_results(tmp_path_factory.mktemp("hostile"))


def test_every_committed_estimand_is_in_the_table_once_with_its_numbers() -> None:
    layout = Layout(ROOT)
    table = tabulate(layout, list_cells(layout)).set_index(["dataset", "model", "estimand"])
    assert table.index.is_unique
    math = read_json(layout.attribution("math-compute_multiplier"))
    for key, entry in math.items():
        row = table.loc["math", "compute_multiplier", key]
        told = [None if pd.isna(row[each]) else row[each] for each in ("median", "lower", "upper")]
        assert told == [entry["median"], entry["lower"], entry["upper"]]
    assert {"synthesis", "takeoff"} <= set(table.index.get_level_values("model"))
    headline = table.loc[
        "math", "compute_multiplier", next(k for k in math if k.startswith("share"))
    ]
    others = read_json(layout.multiverse("math-compute_multiplier"))["spread"]
    spread = others[headline.name[2]]
    assert [headline["range_lower"], headline["range_upper"]] in (
        [spread["lowest"], spread["highest"]],
        [pytest.approx(float("nan"), nan_ok=True)] * 2,  # of an earlier version of the model
    )


def test_fit_that_did_not_converge_is_withheld_here_too(layout: Layout) -> None:
    assert not tabulate(layout, list_cells(layout))["is_withheld"].all()
    check = read_json(layout.check(NAME))
    write_json(layout.check(NAME), check | {"verdict": "fail", "reasons": ["R-hat"]})
    table = tabulate(layout, [NAME])
    write_json(layout.check(NAME), check)
    assert table["is_withheld"].all()
    assert table[list(NUMBERS)].isna().all(axis=None)
    assert set(table["withheld_reason"]) == {"Withheld: the fit did not converge."}


def test_json_follows_its_schema_and_says_what_csv_and_parquet_say(layout: Layout) -> None:
    table = tabulate(layout, [NAME])
    rows = json.loads(write(table, "json"))
    Draft7Validator.check_schema(estimands.make_schema())
    Draft7Validator(estimands.make_schema()).validate(rows)
    assert not Draft7Validator(estimands.make_schema()).is_valid([rows[0] | {"median": "1"}])
    back = pd.DataFrame(rows, columns=list(COLUMNS)).astype(table.dtypes)
    pd.testing.assert_frame_equal(back, table)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(write(table, "parquet"))), table)
    printed = pd.read_csv(io.BytesIO(write(table, "csv")))
    assert list(printed["median"]) == pytest.approx(list(table["median"]), nan_ok=True)
    assert not printed["label"].str.startswith(("=", "+", "@")).any()


def test_command_writes_a_file_or_standard_output(layout: Layout, tmp_path: Path) -> None:
    code, output = invoke("export", root=layout.root)
    assert (code, output.partition("\n")[0]) == (0, ",".join(COLUMNS))
    made = tmp_path / "made.parquet"
    code, output = invoke("export", "--output", str(made), root=layout.root)
    table = pd.read_parquet(made)
    assert (code, unwrap(output)) == (0, f"{made}: {len(table)} estimands")
    assert list(table) == list(COLUMNS)
    code, output = invoke("export", "--format", "xlsx", root=layout.root)
    assert code == 2


@pytest.mark.parametrize(
    ("name", "words", "told"),
    [
        ("made.xlsx", (), "add --format"),
        ("made.json", ("--format", "csv"), "--format says csv"),
    ],
)
def test_ending_that_is_no_format_or_another_is_refused_and_nothing_written(
    tmp_path: Path, name: str, words: tuple[str, ...], told: str
) -> None:
    made = tmp_path / name
    code, output = invoke("export", "--output", str(made), *words, root=tmp_path)
    assert (code, made.exists()) == (2, False)
    assert told in unwrap(output)
