"""The source card: every fault is reported with the file, the line and the key where it stands."""

from pathlib import Path

import pandas as pd
import pytest

from models.options import AccuracyOptions, LossOptions
from pipeline.failures import Failure, SourceError
from pipeline.ingest.cards.card import Selection, load_card
from pipeline.ingest.cards.checks import MEASURED
from pipeline.ingest.sources.units import TARGETS, factor

CARD = """\
table: accuracy_leaderboard
title: Toy
question: Which part was compute?
description: Rows made up for tests.
citations: [doe2020]
licence: none
retrieved: 2024-12-31
runs: registry
columns:
  benchmark: {constant: toy}
  model: {}
  eval_date: {order: ymd}
  score: {unit: percent}
  n_shot: {}
  method: {}
  sample_count: {}
  harness: {constant: reported}
  citation: {}
  locator: {}
  is_verified: {}
options:
  benchmarks:
    toy: {label: Toy, chance: 0.25, ceiling: 0.9, item_count: 100, reason: made up for tests}
  trend: none
  reference_harness: reported
  allocation: none
  allocation_reason: made up for tests
  techniques: {}
  comparisons:
    - id: toy-first-second
      label: First to second
      benchmark: toy
      earlier: {model: first, method: direct}
      later: {model: second, method: direct}
  headline_comparison: toy-first-second
"""


def replace_all(text: str, changes: dict[str, str]) -> str:
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def write(folder: Path, text: str) -> Path:
    path = folder / "toys" / "source.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def find_faults(folder: Path, old: str, new: str) -> list[Failure]:
    """The faults of the card with `old` replaced by `new`."""
    assert CARD.count(old) == 1, old
    with pytest.raises(SourceError) as raised:
        load_card(write(folder, CARD.replace(old, new)))
    return raised.value.failures


def test_good_card_loads(tmp_path: Path) -> None:
    card = load_card(write(tmp_path, CARD))
    assert (card.dataset, card.table) == ("toys", "accuracy_leaderboard")
    assert isinstance(card.options, AccuracyOptions)


def test_models_see_options_and_no_path(tmp_path: Path) -> None:
    seen = vars(load_card(write(tmp_path, CARD)).for_model())
    assert set(seen) == {"dataset", "table", "options", "runs", "scaling_law"}


def line_of(text: str, key: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if key in line)


@pytest.mark.parametrize(
    ("old", "new", "key", "message", "at"),
    [
        ("title:", "titel: x\ntitle:", "titel", "no such key", "titel"),
        ("order: ymd", "ordre: ymd", "columns.eval_date.ordre", "no such key", "eval_date"),
        ("trend: none", "trend: none\n  tags: 1", "options.tags", "no such key", "tags"),
        ("2024-12-31", "someday", "retrieved", "date", "retrieved"),
        ("[doe2020]", "doe2020", "citations", "list", "citations"),
        ("[doe2020]", "[]", "citations", "at least 1", "citations"),
        ("[doe2020]", "[doe2020, doe2020]", "citations", "repeats", "citations"),
        ("order: ymd", "order: american", "columns.eval_date.order", "'ymd'", "eval_date"),
        ("{constant: toy}", "{constant: toy, from: x}", "columns.benchmark", "one of", "benchmark"),
        ("table: accuracy", "table: accurate", "table", "'training_runs'", "table"),
        ("trend: none", "trend: cubic", "options.trend", "'linear'", "trend"),
        ("chance: 0.25", "chance: 25", "options.benchmarks.toy.chance", "", "toy: {label"),
        ("chance: 0.25", "chance: 0.9", "options.benchmarks.toy", "not below", "toy: {label"),
        ("item_count: 100", "item_count: 0", "options.benchmarks.toy.item_count", "", "toy: {lab"),
        (
            "allocation: none",
            "allocation: guessed",
            "options.allocation",
            "'scaling",
            "allocation:",
        ),
        (
            "allocation_reason: made up for tests",
            "allocation_reason: none",
            "options.allocation_reason",
            "at least 10",
            "allocation_reason",
        ),
        ("id: toy-first-second", "id: first", "options.comparisons.0.id", "match", "id: first"),
        (
            "id: toy-first-second",
            "id: Toy-First-Second",
            "options.comparisons.0.id",
            "match",
            "id:",
        ),
    ],
)
def test_wrong_value_is_reported_with_line_and_key(
    tmp_path: Path, old: str, new: str, key: str, message: str, at: str
) -> None:
    faults = [fault for fault in find_faults(tmp_path, old, new) if fault.column.startswith(key)]
    assert faults
    assert message in faults[0].rule
    assert faults[0].file.endswith("toys/source.yaml")
    assert faults[0].line == line_of(CARD.replace(old, new), at)


@pytest.mark.parametrize("key", ["table", "title", "question", "licence", "retrieved"])
def test_missing_key_is_reported_by_name(tmp_path: Path, key: str) -> None:
    line = next(line for line in CARD.splitlines() if line.startswith(key))
    faults = find_faults(tmp_path, line + "\n", "")
    assert [(fault.column, fault.rule) for fault in faults] == [(key, "the key is missing")]


@pytest.mark.parametrize("key", ["trend", "reference_harness", "allocation", "allocation_reason"])
def test_missing_option_is_reported_at_the_options(tmp_path: Path, key: str) -> None:
    line = next(line for line in CARD.splitlines() if line.startswith(f"  {key}:"))
    (fault,) = find_faults(tmp_path, line + "\n", "")
    assert (fault.column, fault.line) == (f"options.{key}", line_of(CARD, "options:"))


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    text = CARD.replace("title: Toy\n", "").replace("order: ymd", "order: american")
    with pytest.raises(SourceError) as raised:
        load_card(write(tmp_path, text))
    assert {fault.column for fault in raised.value.failures} == {"title", "columns.eval_date.order"}


def test_column_of_the_table_must_be_mapped(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, "  method: {}\n", "")
    assert (fault.column, fault.rule) == (
        "columns.method",
        "column of accuracy_leaderboard is not mapped",
    )
    assert fault.line == line_of(CARD, "columns:")


def test_column_that_the_table_lacks_is_refused(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, "  method: {}\n", "  method: {}\n  mood: {}\n")
    assert (fault.column, fault.rule, fault.line) == (
        "columns.mood",
        "not a column of accuracy_leaderboard",
        line_of(CARD, "  method: {}") + 1,
    )


def test_column_of_the_registry_cannot_be_mapped_by_a_leaderboard(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, "  method: {}\n", "  method: {}\n  training_flop: {}\n")
    assert fault.column == "columns.training_flop"
    assert "joined from the run registry" in fault.rule


def test_headline_must_be_one_of_the_comparisons(tmp_path: Path) -> None:
    (fault,) = find_faults(
        tmp_path, "headline_comparison: toy-first-second", "headline_comparison: toy-first-third"
    )
    assert "'toy-first-third' is not among ['toy-first-second']" in fault.rule
    assert fault.line == line_of(CARD, "headline_comparison")


def test_comparison_of_scores_cannot_end_at_a_row_that_is_not_fitted(tmp_path: Path) -> None:
    old = "earlier: {model: first, method: direct}"
    (fault,) = find_faults(tmp_path, old, old.replace("}", ", is_fitted: false}"))
    assert "is_fitted: false is for losses" in fault.rule


def test_comparison_must_name_a_benchmark_of_the_card(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, "      benchmark: toy\n", "      benchmark: MATH\n")
    assert "'MATH' is not among ['toy']" in fault.rule
    assert (fault.column, fault.line) == (
        "options.comparisons.0.benchmark",
        line_of(CARD, "      benchmark: toy"),
    )


def test_comparison_ids_may_not_repeat(tmp_path: Path) -> None:
    entry = CARD[CARD.index("    - id:") : CARD.index("  headline")]
    (fault,) = find_faults(tmp_path, entry, entry + entry)
    assert "comparison ids repeat: ['toy-first-second']" in fault.rule


def test_chance_may_be_estimated(tmp_path: Path) -> None:
    load_card(write(tmp_path, CARD.replace("chance: 0.25", "chance: estimated")))


def test_measurement_error_of_compute_may_be_the_cards_own(tmp_path: Path) -> None:
    own = "  compute_error_decades: {likely: 0.2}\n  compute_error_reason: thirteen pairs\n"
    options = load_card(write(tmp_path, CARD + own)).options
    assert isinstance(options, AccuracyOptions)
    assert options.compute_error_decades.likely == 0.2
    assert options.compute_error_decades.confident == 0.15


LOSS_CARD = replace_all(
    CARD,
    {
        "accuracy_leaderboard": "loss_leaderboard",
        "  eval_date: {order: ymd}\n": "",
        "  score: {unit: percent}\n": "  perplexity: {}\n",
        "  n_shot: {}\n": "  dataset_tokens: {}\n",
        "  sample_count: {}\n": "  epochs: {}\n  is_published_sample: {}\n",
        "chance: 0.25, ceiling: 0.9, item_count: 100, ": "",
    },
)


def test_card_of_perplexities_says_nothing_of_chance_and_ceiling(tmp_path: Path) -> None:
    assert isinstance(load_card(write(tmp_path, LOSS_CARD)).options, LossOptions)


@pytest.mark.parametrize("fact", ["chance: 0.25", "ceiling: 0.9", "item_count: 100"])
def test_fact_of_a_test_of_questions_is_refused_for_perplexities(tmp_path: Path, fact: str) -> None:
    text = replace_all(LOSS_CARD, {"toy: {label: Toy,": f"toy: {{label: Toy, {fact},"})
    with pytest.raises(SourceError, match="no such key"):
        load_card(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("title: [", "not YAML"),
        ("- a\n- b\n", "not a mapping"),
        ("", "the card is empty"),
        ("title: a\ntitle: b\n", "duplicate key"),
    ],
)
def test_file_that_is_no_card_is_refused(tmp_path: Path, text: str, rule: str) -> None:
    with pytest.raises(SourceError, match=rule):
        load_card(write(tmp_path, text))


def test_card_in_utf16_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, CARD)
    path.write_text(CARD, encoding="utf-16")
    with pytest.raises(SourceError, match="UTF-8"):
        load_card(path)


def test_missing_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the card is missing"):
        load_card(tmp_path / "source.yaml")


def find_all(folder: Path, text: str, keys: list[str] | None = None) -> dict[str, Failure]:
    """The faults of a card, by key."""
    with pytest.raises(SourceError) as raised:
        load_card(write(folder, text), keys)
    return {fault.column: fault for fault in raised.value.failures}


@pytest.mark.parametrize(
    ("old", "new", "key", "meant"),
    [
        ("citations:", "citation:", "citation", "did you mean 'citations'"),
        ("order: ymd", "ordre: ymd", "columns.eval_date.ordre", "did you mean 'order'?"),
        ("trend: none", "trend: linaer", "options.trend", "did you mean 'linear'?"),
        ("runs: registry", "runs: registri", "runs", "did you mean 'registry'?"),
        ("  method: {}", "  methode: {}", "columns.methode", "did you mean 'method'?"),
        ("model: first,", "modle: first,", "options.comparisons.0.earlier.modle", "'model'?"),
    ],
)
def test_nearest_key_or_value_is_named(
    tmp_path: Path, old: str, new: str, key: str, meant: str
) -> None:
    fault = find_all(tmp_path, replace_all(CARD, {old: new}))[key]
    assert meant in fault.remedy


def test_missing_key_is_explained(tmp_path: Path) -> None:
    text = replace_all(CARD, {"licence: none\n": "", "chance: 0.25, ": ""})
    faults = find_all(tmp_path, text)
    assert faults["licence"].remedy.startswith("add `licence:`; `licence`: licence of the source")
    chance = faults["options.benchmarks.toy.chance"]
    assert "score of a guesser" in chance.remedy
    assert chance.line == line_of(text, "toy: {label")


@pytest.mark.parametrize("placeholder", ["TODO", "TODO: say why", "TBD", "???", "...", "todo"])
def test_placeholder_is_refused(tmp_path: Path, placeholder: str) -> None:
    (fault,) = find_faults(tmp_path, "title: Toy", f"title: {placeholder!r}")
    assert (fault.column, fault.line, fault.rule) == ("title", 2, "still to be filled in")


def test_placeholder_is_one_fault_whatever_else_its_key_asks(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, "retrieved: 2024-12-31", "retrieved: TODO")
    assert fault.rule == "still to be filled in"


@pytest.mark.parametrize("empty", ["", "''", "'  '", "~", "null"])
def test_empty_text_is_refused(tmp_path: Path, empty: str) -> None:
    (fault,) = find_faults(tmp_path, "licence: none", f"licence: {empty}")
    assert (fault.column, fault.rule) == ("licence", "is empty")


@pytest.mark.parametrize("value", ["20241231", "2024", "1.7e9", "true"])
def test_number_is_not_taken_for_a_date(tmp_path: Path, value: str) -> None:
    (fault,) = find_faults(tmp_path, "2024-12-31", value)
    assert "must be a date" in fault.rule


def test_date_may_be_quoted(tmp_path: Path) -> None:
    card = load_card(write(tmp_path, replace_all(CARD, {"2024-12-31": "'2024-12-31'"})))
    assert card.card.retrieved.isoformat() == "2024-12-31"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("title: Toy", "title: 2024-12-31", "title"),
        ("title: Toy", "title: 12", "title"),
        ("model: first,", "model: 7,", "options.comparisons.0.earlier.model"),
        ("chance: 0.25", "chance: '0.25'", "options.benchmarks.toy.chance"),
        ("item_count: 100", "item_count: true", "options.benchmarks.toy.item_count"),
    ],
)
def test_nothing_is_converted_from_another_type(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    fault = find_all(tmp_path, replace_all(CARD, {old: new}))[key]
    assert fault.rule.startswith("must be ")


def test_truth_value_does_not_select_rows(tmp_path: Path) -> None:
    rows = "exclusions: [{rows: {x: true}, count: 1, rule: human, reason: made up for tests}]\n"
    fault = find_all(tmp_path, CARD + rows)["exclusions.0.rows.x"]
    assert (fault.value, fault.line) == ("true", len(CARD.splitlines()) + 1)
    assert fault.remedy.startswith("put it in quotes")


def test_unit_of_a_measured_column_must_be_said(tmp_path: Path) -> None:
    (fault,) = find_faults(tmp_path, "{unit: percent}", "{from: x}")
    assert (fault.column, fault.line) == ("columns.score", line_of(CARD, "score:"))
    assert "percent, fraction" in fault.remedy


def test_every_column_with_a_unit_is_measured() -> None:
    assert set(MEASURED) == set(TARGETS)


@pytest.mark.parametrize("name", [*MEASURED])
def test_usual_units_are_those_of_their_column(name: str) -> None:
    for unit in MEASURED[name].split(", "):
        assert factor(unit, name) > 0


def test_citations_must_be_in_the_bibliography(tmp_path: Path) -> None:
    text = replace_all(CARD, {"  citation: {}": "  citation: {constant: doe2002}"})
    text += "published: [{estimand: x, label: y, citation: roe2021, locator: p. 1}]\n"
    faults = find_all(tmp_path, text, ["doe2021", "roe2021"])
    assert set(faults) == {"citations.0", "columns.citation.constant"}
    assert faults["citations.0"].line == line_of(text, "citations:")
    assert "did you mean 'doe2021'" in faults["citations.0"].remedy


def test_known_citations_are_accepted(tmp_path: Path) -> None:
    load_card(write(tmp_path, CARD), ["doe2020"])


def test_faults_of_every_part_are_reported_at_once(tmp_path: Path) -> None:
    text = replace_all(
        CARD,
        {
            "title: Toy": "title: TODO",
            "citations: [doe2020]\n": "",
            "  method: {}\n": "  methud: {}\n",
            "trend: none": "trend: cubic",
            "benchmark: toy\n": "benchmark: toi\n",
        },
    )
    assert set(find_all(tmp_path, text, [])) == {
        *("title", "citations", "columns.methud", "columns.method"),
        *("options.trend", "options.comparisons.0.benchmark"),
    }


def test_missing_options_are_one_fault(tmp_path: Path) -> None:
    text = CARD[: CARD.index("options:")]
    (fault,) = find_all(tmp_path, text).values()
    assert (fault.column, fault.rule) == ("options", "the key is missing")
    assert "'benchmarks'" in fault.remedy


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("table: accuracy_leaderboard", "table: [x]", "table"),
        ("runs: registry", "runs: {a: b}", "runs"),
        ("  method: {}", "  method: ~", "columns.method"),
        ("  method: {}", "  method: text", "columns.method"),
        ("techniques: {}", "techniques: []", "options.techniques"),
        ("earlier: {model: first, method: direct}", "earlier: 1", "options.comparisons.0.earlier"),
        ("id: toy-first-second", "id: [1]", "options.comparisons.0.id"),
        ("citations: [doe2020]", "citations: {a: b}", "citations"),
        ("citations: [doe2020]", "citations: [[a]]", "citations.0"),
    ],
)
def test_wrong_shape_is_a_fault_and_no_traceback(
    tmp_path: Path, old: str, new: str, key: str
) -> None:
    assert key in find_all(tmp_path, replace_all(CARD, {old: new}), ["doe2020"])


def test_folder_must_have_a_name_for_a_dataset(tmp_path: Path) -> None:
    path = tmp_path / "My Data" / "source.yaml"
    path.parent.mkdir()
    path.write_text(CARD, encoding="utf-8")
    with pytest.raises(SourceError, match=r"call it 'my_data'"):
        load_card(path)


def test_selection_off_the_count_names_its_line(tmp_path: Path) -> None:
    rows = "exclusions:\n- {rows: {model: x}, count: 1, rule: human, reason: made up for tests}\n"
    path = write(tmp_path, CARD + rows)
    (exclusion,) = load_card(path).card.exclusions
    with pytest.raises(SourceError) as raised:
        exclusion.find(RECORDS, path)
    assert raised.value.failures[0].line == len(CARD.splitlines()) + 2


RECORDS = pd.DataFrame({"model": ["first", "second", "third"], "score": ["1", "2", "2"]})


def find_selected(rows: dict[str, str | int | float | list[str | int | float]], count: int) -> list:
    selection = Selection(rows=rows, count=count, reason="made up for tests")
    return list(selection.find(RECORDS, Path("source.yaml")))


def test_selection_finds_rows_by_all_of_its_columns() -> None:
    assert find_selected({"model": ["second", "first"], "score": 2}, 1) == [False, True, False]


def test_selection_that_finds_another_number_of_rows_is_refused() -> None:
    with pytest.raises(SourceError, match=r"expects 1 rows .* finds 2"):
        find_selected({"score": 2}, 1)


def test_selection_by_an_unknown_column_is_refused() -> None:
    with pytest.raises(SourceError, match=r"'modell', which records\.csv lacks"):
        find_selected({"modell": "first"}, 1)
