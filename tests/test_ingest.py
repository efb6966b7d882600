"""Ingest: cells become values or failures with line and remedy; nothing is guessed or dropped."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import Dataset, read_dataset

from pipeline.failures import Failure, SourceError
from pipeline.ingest import convert as ingest

Read = Callable[[Path], Dataset]
REGISTRY_CARD = """\
table: training_runs
title: Toy registry
question: Who trained what?
description: Rows made up for tests.
citations: [doe2020]
licence: none
retrieved: 2024-12-31
columns:
  model: {}
  organization: {constant: A lab}
  lab: {constant: A lab}
  family: {constant: A family}
  base_model: {}
  release_date: {}
  parameters: {}
  training_tokens: {}
  training_flop: {unit: FLOP}
  flop_basis: {constant: reported}
  compute_confidence: {constant: confident}
  is_compute_circular: {}
  is_open_weights: {constant: true}
  is_dense: {constant: true}
  training_flop_second_source: {constant: ""}
  extra_training_tokens: {from: extra}
  extra_training_flop: {from: extra, unit: FLOP}
  citation: {constant: doe2020}
  locator: {constant: Table 1}
  is_verified: {}
"""
RUN = {
    "model": "base",
    "base_model": "",
    "release_date": "2020-02-01",
    "parameters": "1e9",
    "training_tokens": "2e10",
    "training_flop": "1.2e20",
    "is_compute_circular": "false",
    "extra": "",
    "is_verified": "true",
}
BOARD_CARD = """\
table: accuracy_leaderboard
title: Toy leaderboard
question: Which part was compute?
description: Rows made up for tests.
citations: [doe2020]
licence: none
retrieved: 2024-12-31
runs: registry
columns:
  benchmark: {constant: toy}
  model: {}
  eval_date: {constant: "2024-01-01"}
  score: {unit: percent}
  n_shot: {constant: 4}
  method: {}
  sample_count: {constant: 1}
  harness: {constant: reported}
  citation: {constant: doe2020}
  locator: {constant: Table 1}
  is_verified: {constant: true}
options:
  benchmarks:
    toy: {label: Toy, chance: 0.25, ceiling: 0.9, item_count: 100, reason: made up for tests}
  trend: none
  reference_harness: reported
  allocation: none
  allocation_reason: made up for tests
  techniques:
    vote: {label: Vote, definition: several samples, methods: [majority]}
    tuning: {label: Tuning, definition: more training, models: [tuned, tuned twice]}
  comparisons:
    - id: toy-base-tuned
      label: Base to tuned
      benchmark: toy
      earlier: {model: base, method: direct}
      later: {model: tuned, method: direct}
  headline_comparison: toy-base-tuned
"""
SCORE = {"model": "base", "method": "direct", "score": "50"}


def write(folder: Path, card: str, rows: list[dict[str, str]]) -> Path:
    folder = folder / "toys"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.yaml").write_text(card, encoding="utf-8")
    pd.DataFrame(rows).to_csv(folder / "records.csv", index=False)
    return folder


def read_run(folder: Path, card: str = REGISTRY_CARD, **cells: str) -> pd.Series:
    """The first row of the toy registry with cells replaced."""
    return read_dataset(write(folder, card, [RUN | cells])).table.iloc[0]


def find_faults(folder: Path, card: str = REGISTRY_CARD, **cells: str) -> list[Failure]:
    """The failures of the toy registry, whose second row has cells replaced."""
    with pytest.raises(SourceError) as raised:
        read_dataset(write(folder, card, [RUN, RUN | {"model": "other"} | cells]))
    return raised.value.failures


def replace(card: str, old: str, new: str) -> str:
    assert card.count(old) == 1, old
    return card.replace(old, new)


def test_table_has_the_columns_of_its_schema_and_every_row(tmp_path: Path) -> None:
    dataset = read_dataset(write(tmp_path, REGISTRY_CARD, [RUN, RUN | {"model": "other"}]))
    assert dataset.failures == []
    assert list(dataset.table["line"]) == [2, 3]


def test_table_without_any_value_in_a_column_keeps_its_types(tmp_path: Path) -> None:
    empty = {"base_model": "", "release_date": "", "parameters": "", "training_tokens": ""}
    assert read_dataset(write(tmp_path, REGISTRY_CARD, [RUN | empty])).failures == []


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (None, "2015-12-10"),
        ("dmy", "2015-12-10"),  # ISO dates are read as such whatever the order
        ("ymd", "2015/12/10"),
        ("dmy", "10/12/2015"),
        ("dmy", "10.12.2015"),
        ("mdy", "12/10/2015"),
    ],
)
def test_date_is_read_in_the_stated_order(tmp_path: Path, order: str | None, text: str) -> None:
    new = f"release_date: {{order: {order}}}" if order else "release_date: {}"
    card = replace(REGISTRY_CARD, "release_date: {}", new)
    assert read_run(tmp_path, card, release_date=text)["release_date"] == pd.Timestamp("2015-12-10")


@pytest.mark.parametrize(
    "text", ["10/12/2015", "2015-13-01", "2015-02-30", "2015", "Dec 2015", "20151210", "2015-1-2"]
)
def test_date_in_no_stated_order_is_refused(tmp_path: Path, text: str) -> None:
    (fault,) = find_faults(tmp_path, release_date=text)
    assert (fault.line, fault.column, fault.value) == (3, "release_date", text)
    assert fault.rule.startswith("not a date")


@pytest.mark.parametrize(
    ("text", "number"), [("1.2e24", 1.2e24), ("1.2E+24", 1.2e24), ("7", 7.0), (".5", 0.5)]
)
def test_number_is_read(tmp_path: Path, text: str, number: float) -> None:
    assert read_run(tmp_path, parameters=text)["parameters"] == number


@pytest.mark.parametrize(
    "text", ["many", "nan", "inf", "-inf", "NaN", "1e", "0x10", "1_000", "~5", "1e5 ?"]
)
def test_text_that_is_no_number_is_refused(tmp_path: Path, text: str) -> None:
    (fault,) = find_faults(tmp_path, parameters=text)
    assert (fault.line, fault.column, fault.value) == (3, "parameters", text)
    assert fault.rule.startswith("not a number")


def test_number_beyond_the_range_of_floats_is_refused(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, parameters="1e999")
    assert (fault.line, fault.column) == (3, "parameters")


def test_empty_number_is_missing(tmp_path: Path) -> None:
    assert pd.isna(read_run(tmp_path, parameters="")["parameters"])


@pytest.mark.parametrize(("text", "truth"), [("true", True), ("False", False), ("TRUE", True)])
def test_truth_value_is_read(tmp_path: Path, text: str, truth: bool) -> None:
    assert bool(read_run(tmp_path, is_verified=text)["is_verified"]) is truth


@pytest.mark.parametrize("text", ["maybe", "1", "t", "unknown"])
def test_other_truth_value_is_refused(tmp_path: Path, text: str) -> None:
    (fault,) = find_faults(tmp_path, is_verified=text)
    assert (fault.column, fault.rule) == ("is_verified", "neither true nor false")


@pytest.mark.parametrize("column", ["is_verified", "is_compute_circular"])
def test_empty_truth_value_is_refused(tmp_path: Path, column: str) -> None:
    (fault,) = find_faults(tmp_path, **{column: ""})
    assert (fault.line, fault.column) == (3, column)


def test_unit_of_the_card_is_converted(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "training_flop: {unit: FLOP}", "training_flop: {unit: EFLOP}")
    assert read_run(tmp_path, card, training_flop="120")["training_flop"] == pytest.approx(1.2e20)


def test_unit_of_each_row_is_converted(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "{unit: FLOP}", "{unit_column: unit}")
    rows = [RUN | {"unit": "PFLOP"}, RUN | {"model": "other", "unit": "teraflop/s-days"}]
    rows = [row | {"training_flop": "2"} for row in rows]
    table = read_dataset(write(tmp_path, card, rows)).table
    assert list(table["training_flop"]) == pytest.approx([2e15, 2 * 8.64e16])


def test_unit_of_each_cell_is_converted(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "{unit: FLOP}", "{unit: in cells}")
    assert read_run(tmp_path, card, training_flop="3 EFLOP")["training_flop"] == 3e18
    faults = find_faults(tmp_path, card, training_flop="3")
    assert [fault.line for fault in faults] == [2, 3]
    assert {fault.rule for fault in faults} == {"a number without its unit"}


@pytest.mark.parametrize("cell", ["70", "70B", "70 billion", "0.07e3"])
@pytest.mark.parametrize("unit", ["B", "billion", "billions"])
def test_count_is_in_the_multiple_that_the_card_says(tmp_path: Path, cell: str, unit: str) -> None:
    card = replace(REGISTRY_CARD, "parameters: {}", f"parameters: {{unit: {unit}}}")
    assert read_run(tmp_path, card, parameters=cell)["parameters"] == 70e9


def test_count_in_another_multiple_than_the_card_says_is_refused(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "parameters: {}", "parameters: {unit: B}")
    faults = find_faults(tmp_path, card, parameters="70M")
    assert {fault.rule for fault in faults} == {"the cell ends in 'M', and the card says 'B'"}


def test_plain_number_has_no_unit_in_its_cells(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "  parameters: {}", "  parameters: {unit: in cells}")
    with pytest.raises(SourceError, match="K, M, B, T or no unit"):
        read_run(tmp_path, card)


def test_unknown_unit_of_a_row_is_refused(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "{unit: FLOP}", "{unit_column: unit}")
    rows = [RUN | {"unit": "PFLOP"}, RUN | {"model": "other", "unit": "flopz"}]
    with pytest.raises(SourceError, match=r"records.csv:3: unit 'flopz'"):
        read_dataset(write(tmp_path, card, rows))


def test_number_whose_unit_is_empty_is_refused(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "{unit: FLOP}", "{unit_column: unit}")
    rows = [RUN | {"unit": "PFLOP"}, RUN | {"model": "other", "unit": ""}]
    with pytest.raises(SourceError, match="unit"):
        read_dataset(write(tmp_path, card, rows))


@pytest.mark.parametrize("unit", ["flopz", "days", "FLOP FLOP("])
def test_wrong_unit_of_the_card_is_bad_input(tmp_path: Path, unit: str) -> None:
    card = replace(REGISTRY_CARD, "{unit: FLOP}", f"{{unit: {unit}}}")
    with pytest.raises(SourceError, match=re.escape(unit)):
        read_run(tmp_path, card)


def test_constant_of_the_wrong_type_is_bad_input(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "parameters: {}", "parameters: {constant: many}")
    with pytest.raises(SourceError, match="many"):
        read_dataset(write(tmp_path, card, [{k: v for k, v in RUN.items() if k != "parameters"}]))


@pytest.mark.parametrize(
    ("column", "rule", "expected"),
    [("training_tokens", "tokens from 6ND", 2e10), ("training_flop", "flop from 6ND", 1.2e20)],
)
def test_third_quantity_is_derived_from_6nd(
    tmp_path: Path, column: str, rule: str, expected: float
) -> None:
    line = next(line for line in REGISTRY_CARD.splitlines() if line.startswith(f"  {column}:"))
    card = replace(REGISTRY_CARD, line, f"  {column}: {{derived: {rule}}}")
    folder = write(tmp_path, card, [{k: v for k, v in RUN.items() if k != column}])
    assert read_dataset(folder).table.loc[0, column] == pytest.approx(expected)


VALUES = "is_verified: {values: {read: true, recalled: false}}"


def test_cells_are_translated_by_the_card(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "is_verified: {}", VALUES)
    assert not read_run(tmp_path, card, is_verified="recalled")["is_verified"]


def test_cell_without_a_translation_is_refused(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "is_verified: {}", VALUES)
    with pytest.raises(SourceError, match=r"records.csv:2: is_verified 'heard'"):
        read_run(tmp_path, card, is_verified="heard")


def test_missing_column_is_reported_with_its_likely_name(tmp_path: Path) -> None:
    rows = [{("release_day" if k == "release_date" else k): v for k, v in RUN.items()}]
    with pytest.raises(SourceError) as raised:
        read_dataset(write(tmp_path, REGISTRY_CARD, rows))
    missing, extra = sorted(raised.value.failures, key=lambda fault: fault.column)
    assert (missing.column, missing.line) == ("release_date", 1)
    assert "did you mean 'release_day'" in missing.remedy
    assert (extra.column, extra.rule) == ("release_day", "no column of the card reads this column")


def test_ignored_column_passes(tmp_path: Path) -> None:
    card = REGISTRY_CARD + "ignored: {note: says nothing}\n"
    assert read_run(tmp_path, card, note="x")["model"] == "base"


@pytest.mark.parametrize("name", ["__class__", "count", "index", "size", "T", "loc", "key", "0"])
def test_ignored_column_may_bear_the_name_of_an_attribute(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path, f"{REGISTRY_CARD}ignored: {{'{name}': none}}\n", [RUN | {name: "x"}])
    assert list(read_dataset(folder).validated["model"]) == ["base"]


@pytest.mark.parametrize("name", ["__class__", "count", "index", "size", "T", "loc", "key"])
def test_column_that_is_read_may_bear_it_too(tmp_path: Path, name: str) -> None:
    card = replace(REGISTRY_CARD, "parameters: {}", f"parameters: {{from: {name}}}")
    rows = [{(name if k == "parameters" else k): v for k, v in RUN.items()}]
    assert read_dataset(write(tmp_path, card, rows)).validated.loc[0, "parameters"] == 1e9
    rows[0][name] = "-1"
    (failure,) = read_dataset(write(tmp_path, card, rows)).failures
    assert (failure.line, failure.column, failure.value) == (2, name, "-1")


def test_all_failures_are_reported_at_once(tmp_path: Path) -> None:
    faults = find_faults(tmp_path, release_date="soon", parameters="many", is_verified="perhaps")
    assert [fault.column for fault in faults] == ["is_verified", "parameters", "release_date"]


def test_failure_names_file_line_column_value_rule_and_remedy(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, parameters="about 1200")
    assert str(fault) == (
        f"{tmp_path}/toys/records.csv:3: parameters 'about 1200': not a number. "
        "Remedy: write digits with a decimal point, such as 1.2e24"
    )


CORRECTION = """\
corrections:
  - rows: {model: base}
    count: 1
    column: parameters
    printed: "1e9"
    corrected: "2e9"
    reason: a misprint of the source
"""


def test_correction_replaces_the_printed_cell(tmp_path: Path) -> None:
    assert read_run(tmp_path, REGISTRY_CARD + CORRECTION)["parameters"] == 2e9


def test_correction_of_a_cell_that_changed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r":2: parameters '3e9': .* should read '1e9'"):
        read_run(tmp_path, REGISTRY_CARD + CORRECTION, parameters="3e9")


def test_correction_that_finds_no_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"expects 1 rows .* finds 0"):
        read_run(tmp_path, REGISTRY_CARD + CORRECTION, model="another")


def test_correction_of_an_unknown_column_is_bad_input(tmp_path: Path) -> None:
    card = REGISTRY_CARD + replace(CORRECTION, "column: parameters", "column: params")
    with pytest.raises(SourceError, match="params"):
        read_run(tmp_path, card)


@pytest.mark.parametrize("sign", ["\u200b", "\u202e", "\x1b"])
def test_invisible_character_is_refused_at_its_place(tmp_path: Path, sign: str) -> None:
    (fault,) = find_faults(tmp_path, model=f"oth{sign}er")
    assert (fault.line, fault.column, fault.remedy) == (3, "model", "remove it")
    assert sign not in str(fault)  # printed as an escape


def test_invisible_character_of_an_ignored_column_passes(tmp_path: Path) -> None:
    card = REGISTRY_CARD + "ignored: {note: says nothing}\n"
    assert read_run(tmp_path, card, note="x\u200b")["model"] == "base"


@pytest.fixture
def toy_runs(tmp_path: Path) -> pd.DataFrame:
    """Tuned twice from tuned from base, and one run that nobody verified."""
    rows = [
        RUN,
        RUN | {"model": "tuned", "base_model": "base"},
        RUN | {"model": "tuned twice", "base_model": "tuned", "training_flop": "2e20"},
        RUN | {"model": "recalled", "is_verified": "false"},
    ]
    return read_dataset(write(tmp_path / "registry", REGISTRY_CARD, rows)).validated


def join(
    folder: Path, runs: pd.DataFrame, *rows: dict[str, str], card: str = BOARD_CARD
) -> pd.DataFrame:
    """The toy leaderboard with `rows`, joined to `runs`."""
    return read_dataset(write(folder, card, [SCORE | row for row in rows]), runs).table


def test_figures_of_a_run_are_joined_by_name(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    row = join(tmp_path, toy_runs, {"model": "tuned twice"}).iloc[0]
    assert row["training_flop"] == 2e20
    assert row["release_date"] == pd.Timestamp("2020-02-01")


@pytest.mark.parametrize("column", ["is_dense", "is_open_weights", "training_flop_second_source"])
def test_facts_of_a_run_are_joined_too(tmp_path: Path, toy_runs: pd.DataFrame, column: str) -> None:
    runs = toy_runs.assign(training_flop_second_source=1.4e20)
    (expected,) = runs.loc[runs["model"] == "tuned", column]
    assert join(tmp_path, runs, {"model": "tuned"}).loc[0, column] == expected


def test_rows_keep_their_order_and_lines(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    table = join(tmp_path, toy_runs, {"model": "tuned"}, {"model": "base"})
    assert table[["line", "model"]].to_numpy().tolist() == [[2, "tuned"], [3, "base"]]


@pytest.mark.parametrize("model", ["base", "tuned", "tuned twice"])
def test_base_model_is_the_root_of_the_chain(
    tmp_path: Path, toy_runs: pd.DataFrame, model: str
) -> None:
    assert join(tmp_path, toy_runs, {"model": model}).loc[0, "base_model"] == "base"


def test_chain_of_base_models_that_closes_on_itself_ends(
    tmp_path: Path, toy_runs: pd.DataFrame
) -> None:
    toy_runs.loc[toy_runs["model"] == "base", "base_model"] = "tuned twice"
    assert join(tmp_path, toy_runs, {"model": "tuned"}).loc[0, "base_model"] in set(
        toy_runs["model"]
    )


def test_row_of_an_unverified_run_is_excluded_with_its_reason(
    tmp_path: Path, toy_runs: pd.DataFrame
) -> None:
    table = join(tmp_path, toy_runs, {"model": "recalled"}, {"model": "base"})
    assert table.loc[0, "exclusion"] == "run not verified"
    assert table["exclusion"].isna().tolist() == [False, True]


def test_unknown_run_is_refused_with_the_nearest_names(
    tmp_path: Path, toy_runs: pd.DataFrame
) -> None:
    with pytest.raises(SourceError) as raised:
        join(tmp_path, toy_runs, {"model": "tuned twise"}, {"model": "bsae"})
    first, second = raised.value.failures
    assert (first.line, first.value, first.rule) == (2, "tuned twise", "not in the run registry")
    assert "did you mean 'tuned twice'" in first.remedy
    assert "'base'" in second.remedy


EXCLUDED = """\
exclusions:
  - {rows: {model: a person}, count: 1, rule: human, reason: people have no training compute}
"""


def test_row_that_is_no_run_need_not_be_registered(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    row = join(tmp_path, toy_runs, {"model": "a person"}, card=BOARD_CARD + EXCLUDED).iloc[0]
    assert row["exclusion"] == "human"
    assert pd.isna(row["training_flop"])


@pytest.mark.parametrize("column", ["is_dense", "is_open_weights", "is_compute_circular"])
def test_nothing_is_claimed_of_what_is_no_run(
    tmp_path: Path, toy_runs: pd.DataFrame, column: str
) -> None:
    table = join(tmp_path, toy_runs, {"model": "a person"}, card=BOARD_CARD + EXCLUDED)
    assert not table.loc[0, column]


def test_leaderboard_needs_the_registry(tmp_path: Path) -> None:
    folder = write(tmp_path, BOARD_CARD, [SCORE])
    with pytest.raises(ValueError, match="--runs"):
        read_dataset(folder)


@pytest.mark.parametrize(
    ("cells", "tags"),
    [
        ({}, ""),
        ({"method": "majority"}, "vote"),
        ({"model": "tuned"}, "tuning"),
        ({"model": "tuned twice", "method": "majority"}, "tuning vote"),
    ],
)
def test_techniques_are_those_of_method_and_model(
    tmp_path: Path, toy_runs: pd.DataFrame, cells: dict[str, str], tags: str
) -> None:
    assert join(tmp_path, toy_runs, cells).loc[0, "techniques"] == tags


def test_percent_become_shares(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    assert join(tmp_path, toy_runs, {"score": "78.5"}).loc[0, "score"] == pytest.approx(0.785)


def test_joined_table_passes_its_schema(tmp_path: Path, toy_runs: pd.DataFrame) -> None:
    folder = write(tmp_path, BOARD_CARD, [SCORE, SCORE | {"model": "tuned"}])
    assert read_dataset(folder, toy_runs).failures == []


def test_stage_writes_what_ingest_makes(tmp_path: Path, root: Path) -> None:
    output = tmp_path / "tables/chinchilla_runs.parquet"
    source = root / "data/sources/chinchilla_runs"
    assert ingest.main(["--card", f"{source}/source.yaml", "--output", str(output)]) == 0
    expected: Any = read_dataset(source).table
    pd.testing.assert_frame_equal(pd.read_parquet(output), expected)


def test_stage_refuses_a_citation_that_the_bibliography_lacks(tmp_path: Path) -> None:
    bibliography = tmp_path / "references.bib"
    bibliography.write_text("@misc{data2021, title = {Figures}, year = 2021}", encoding="utf-8")
    card = write(tmp_path, REGISTRY_CARD, [RUN]) / "source.yaml"
    flags = ["--card", str(card), "--bibliography", str(bibliography)]
    with pytest.raises(SourceError, match="no entry of a bibliography"):
        ingest.main([*flags, "--output", str(tmp_path / "table.parquet")])


def test_stage_refuses_a_row_whose_citation_the_bibliography_lacks(tmp_path: Path) -> None:
    bibliography = tmp_path / "references.bib"
    bibliography.write_text("@misc{doe2020, title = {Figures}, year = 2021}", encoding="utf-8")
    rows = [RUN | {"citation": "doe2020"}, RUN | {"model": "Other", "citation": "doe2002"}]
    by_row = replace(REGISTRY_CARD, "citation: {constant: doe2020}", "citation: {}")
    card = write(tmp_path, by_row, rows) / "source.yaml"
    flags = ["--card", str(card), "--bibliography", str(bibliography)]
    with pytest.raises(SourceError) as raised:
        ingest.main([*flags, "--output", str(tmp_path / "table.parquet")])
    (fault,) = raised.value.failures
    assert (fault.line, fault.column, fault.value) == (3, "citation", "doe2002")
    assert "doe2020" in fault.remedy


def test_dataset_brings_the_bibliography_of_its_own_sources(tmp_path: Path) -> None:
    bibliography = tmp_path / "references.bib"
    bibliography.write_text("@misc{data2021, title = {Figures}, year = 2021}", encoding="utf-8")
    folder = write(tmp_path, REGISTRY_CARD, [RUN])
    (folder / "references.bib").write_text("@misc{doe2020, title = {T}, year = 2020}", "utf-8")
    output = tmp_path / "table.parquet"
    flags = ["--card", str(folder / "source.yaml"), "--bibliography", str(bibliography)]
    assert ingest.main([*flags, "--output", str(output)]) == 0
    assert output.is_file()


def test_wrong_units_of_the_card_are_reported_with_their_lines(tmp_path: Path) -> None:
    card = replace(REGISTRY_CARD, "{unit: FLOP}", "{unit: flopz}")
    card = replace(card, "{from: extra, unit: FLOP}", "{from: extra, unit: days}")
    with pytest.raises(SourceError) as raised:
        read_dataset(write(tmp_path, card, [RUN | {"extra": ""}]))
    lines = [n for n, line in enumerate(card.splitlines(), 1) if "flopz" in line or "days" in line]
    assert [fault.line for fault in raised.value.failures] == lines
