"""Validate: every failure at once, in words to act on; nothing is dropped without a count."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, Dataset, read_cases

from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.ingest.stage import ingest_dataset
from pipeline.ingest.validate import exclude_by_rule, summarise

Read = Callable[[Path], Dataset]
Copy = Callable[[str], Path]
CASES = read_cases("validate.yaml")
ALLOWED = """\
allowed_failures:
  - rows: {model: PaLM 62B, benchmark: MATH}
    count: 1
    reason: the source prints a negative score
"""


def edit(folder: Path, old: str, new: str, file: str = "records.csv") -> Path:
    """Replace the first `old` in a file of the dataset."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.fixture
def layout(copy_source: Copy, runs: pd.DataFrame, tmp_path: Path) -> Layout:
    """A project with a copy of minerva, the registry and the bibliography."""
    made = Layout(tmp_path / "project")
    made.sources.parent.mkdir(parents=True)
    copy_source("minerva").parent.rename(made.sources)
    made.bibliography.symlink_to(ROOT / "data/references.bib")
    made.registry.parent.mkdir()
    runs.to_parquet(made.registry)
    return made


@pytest.mark.parametrize(("dataset", "old", "new", "column", "words"), CASES["options"])
def test_option_that_names_no_row_is_refused_at_its_line(
    dataset: str, old: str, new: str, column: str, words: str, copy_source: Copy, read: Read
) -> None:
    made = read(edit(copy_source(dataset), old, new, "source.yaml"))
    with pytest.raises(SourceError) as raised:
        made.check_options()
    failure = raised.value.failures[0]
    assert failure.column.startswith(column)
    assert words in str(failure)
    lines = (made.card.path).read_text(encoding="utf-8").splitlines()
    assert failure.value in lines[(failure.line or 0) - 1]


def test_failures_name_place_value_rule_and_remedy_all_at_once(
    copy_source: Copy, read: Read
) -> None:
    folder = edit(copy_source("minerva"), ",1.5,4,", ",-1.5,4,")
    edit(folder, "PaLM 62B,2022-06-29", "PaLM 62B,2031-06-29")
    edit(folder, ",8.8,4,chain-of-thought,1,", ",8.8,4,chain-of-thought,0,")
    edit(folder, ",33.6,", ",112,")
    last = (folder / "records.csv").read_text(encoding="utf-8").splitlines()[-1]
    with (folder / "records.csv").open("a", encoding="utf-8") as file:
        file.write(last + "\n")
    failures = read(folder).failures
    assert [(f.line, f.column) for f in failures] == [
        *((2, "score_percent"), (3, "eval_date"), (4, "sample_count"), (7, "score_percent")),
        (38, "model"),
    ]
    assert str(failures[3]).endswith(
        "minerva/records.csv:7: score_percent '112': at most 1. Remedy: check the unit on the "
        "card: percent or fraction"
    )
    assert failures[4].rule.startswith("no duplicate score")


def test_row_that_the_card_allows_to_fail_is_counted_and_no_other(
    copy_source: Copy, read: Read
) -> None:
    folder = copy_source("minerva")
    card = folder / "source.yaml"
    card.write_text(card.read_text(encoding="utf-8") + ALLOWED, encoding="utf-8")
    with pytest.raises(SourceError, match=r"line 3 of records.csv does not fail"):
        _ = read(folder).validated
    dataset = read(edit(folder, ",4.4,", ",-4.4,"))
    summary = summarise(dataset.card, dataset.validated, dataset.failures, 36)
    assert (summary["rows_in"], summary["rows_out"], summary["rows_quarantined"]) == (36, 35, 1)
    assert summary["allowed_failures"][0]["reason"] == "the source prints a negative score"
    edit(folder, ",8.8,", ",-8.8,")
    with pytest.raises(SourceError) as raised:
        _ = read(folder).validated
    assert [failure.line for failure in raised.value.failures] == [4]
    edit(folder, "benchmark: MATH}\n    count: 1", "benchmark: MATH}\n    count: 2", "source.yaml")
    with pytest.raises(SourceError, match="expects 2 rows"):
        _ = read(folder).validated


def exclude(dataset: Dataset, line: int, **cells: Any) -> Any:
    """The exclusion of the row at `line` with cells of the ingested table replaced."""
    table = dataset.table.copy()
    for column, value in cells.items():
        table.loc[table["line"] == line, column] = value
    made = exclude_by_rule(table, dataset.card, dataset.records)
    (exclusion,) = made.loc[made["line"] == line, "exclusion"]
    return exclusion


@pytest.mark.parametrize(("name", "cells", "rule"), CASES["exclusions"])
def test_first_rule_that_applies_is_named(
    name: str, cells: dict[str, object], rule: str | None, read: Read
) -> None:
    dataset = read(ROOT / "data/sources" / name)
    fitted = dataset.validated[dataset.validated["exclusion"].isna()]
    found = exclude(dataset, int(fitted["line"].iloc[0]), **cells)
    assert (None if pd.isna(found) else found) == rule


def test_unverified_row_is_fitted_only_where_the_card_admits_it(
    copy_source: Copy, read: Read
) -> None:
    folder = edit(copy_source("minerva"), "MMLU-STEM, model: [PaLM 8B, PaLM 62B, PaLM 540B]",
                  "MMLU-STEM, model: [PaLM 8B, PaLM 62B]", "source.yaml")  # fmt: skip
    text = (folder / "source.yaml").read_text(encoding="utf-8")
    head, _, tail = text.rpartition("    count: 3\n")
    (folder / "source.yaml").write_text(head + "    count: 2\n" + tail, encoding="utf-8")
    excluded = read(folder).validated.dropna(subset="exclusion")
    assert excluded[["model", "exclusion"]].to_numpy().tolist() == [["PaLM 540B", "not verified"]]


def test_stage_writes_table_options_rows_and_an_empty_quarantine(layout: Layout) -> None:
    assert ingest_dataset(layout, "minerva") == "minerva: 36 rows in, 36 fitted"
    assert len(pd.read_parquet(layout.table("minerva"))) == 36
    rows = json.loads(layout.rows("minerva").read_text(encoding="utf-8"))
    assert rows["rows_in"] == rows["rows_fitted"] + sum(rows["excluded"].values()) == 36
    assert layout.quarantine("minerva").read_text("utf-8") == "line,column,value,rule,remedy\n"
    files = [getattr(layout, kind)("minerva") for kind in ("table", "options", "rows")]
    before = [path.read_bytes() for path in files]
    edit(layout.sources / "minerva", "title: ", "title: Another ", "source.yaml")
    ingest_dataset(layout, "minerva")
    assert [path.read_bytes() for path in files] == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("PaLM 62B,2022-06-29", "PaLM 62B,2031-06-29", "3: eval_date '2031-06-29"),
        ("Minerva 540B", "Minerva 450B", "run registry. Remedy: did you mean 'Minerva 5"),
        ("sample_count", "samples", "1: sample_count: the card reads this column"),
    ],
)
def test_refused_dataset_has_no_table(old: str, new: str, words: str, layout: Layout) -> None:
    edit(layout.sources / "minerva", old, new)
    with pytest.raises(SourceError) as raised:
        ingest_dataset(layout, "minerva")
    assert words in str(raised.value)
    assert not layout.table("minerva").exists()
    assert not layout.options("minerva").exists()
    if "eval_date" in words:
        quarantine = pd.read_csv(layout.quarantine("minerva"))
        assert quarantine[["line", "column"]].to_numpy().tolist() == [[3, "eval_date"]]


def test_stage_refuses_what_no_bibliography_has_and_reads_that_of_the_dataset(
    layout: Layout,
) -> None:
    entries = layout.bibliography.read_text(encoding="utf-8")
    layout.bibliography.unlink()
    layout.bibliography.write_text("@misc{data2021, title = {Figures}, year = 2021}", "utf-8")
    with pytest.raises(SourceError, match="no entry of a bibliography has this key"):
        ingest_dataset(layout, "minerva")
    (layout.sources / "minerva/references.bib").write_text(entries, encoding="utf-8")
    ingest_dataset(layout, "minerva")
    layout.registry.unlink()
    with pytest.raises(SourceError, match="ingest the run registry first"):
        ingest_dataset(layout, "minerva")
