"""Validate: every failure at once, in words to act on; nothing is dropped without a count."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT, Dataset, read_dataset

from pipeline.failures import SourceError
from pipeline.ingest import convert as ingest
from pipeline.ingest import validate
from pipeline.ingest.tables import TABLES, schema
from pipeline.ingest.validate import _in_words, find_failures
from pipeline.site.overview.acceptance import accept

Read = Callable[[Path], Dataset]
Copy = Callable[[str], Path]


def edit(folder: Path, old: str, new: str, file: str = "records.csv") -> Path:
    """Replace the first `old` in a file of the dataset."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def add_to_card(folder: Path, text: str) -> Path:
    path = folder / "source.yaml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return folder


def test_failure_names_file_line_column_value_rule_and_remedy(
    copy_source: Copy, read: Read
) -> None:
    (failure,) = read(edit(copy_source("minerva"), ",33.6,", ",112,")).failures
    assert (failure.line, failure.column, failure.value) == (7, "score_percent", "112")
    assert failure.file.endswith("minerva/records.csv")
    assert failure.rule == "at most 1"
    assert failure.remedy == "check the unit on the card: percent or fraction"


@pytest.mark.parametrize(
    ("old", "new", "column", "remedy"),
    [
        (
            "earlier: {model: PaLM 540B, method: chain-of-thought}",
            "earlier: {model: PaLM 541B, method: chain-of-thought}",
            "options.comparisons.0.earlier.model",
            "did you mean 'PaLM 540B'",
        ),
        (
            "later: {model: Minerva 540B, method: majority-vote}",
            "later: {model: Minerva 540B, method: majority-votes}",
            "options.comparisons.0.later.method",
            "did you mean 'majority-vote'",
        ),
    ],
)
def test_comparison_of_rows_that_are_not_there_is_refused_at_its_line(
    copy_source: Copy, old: str, new: str, column: str, remedy: str
) -> None:
    folder = edit(copy_source("minerva"), old, new, "source.yaml")
    copy_source("training_runs")
    with pytest.raises(SourceError) as raised:
        accept(folder.parent, "minerva")
    (failure, *_) = raised.value.failures
    assert (failure.column, failure.rule) == (column, "no row has this name")
    assert remedy in failure.remedy
    line = (folder / "source.yaml").read_text(encoding="utf-8").splitlines()[failure.line - 1]
    assert failure.value in line


@pytest.mark.parametrize(
    ("dataset", "old", "new", "column"),
    [
        (
            "research_inputs",
            "headline_domain: computer vision",
            "headline_domain: computer visions",
            "options.headline_domain",
        ),
        (
            "training_runs",
            "named_runs: [GPT-3 175B",
            "named_runs: [GPT-3 1750B",
            "options.named_runs.0",
        ),
    ],
)
def test_option_that_names_no_row_is_refused_at_its_line(
    copy_source: Copy, dataset: str, old: str, new: str, column: str
) -> None:
    folder = edit(copy_source(dataset), old, new, "source.yaml")
    with pytest.raises(SourceError) as raised:
        accept(folder.parent, dataset)
    (failure,) = raised.value.failures
    assert (failure.column, failure.rule) == (column, "no row has this name")
    assert "did you mean" in failure.remedy


def test_comparison_of_rows_that_are_left_out_is_refused_with_the_rule(copy_source: Copy) -> None:
    old = "later: {model: Minerva 540B, method: majority-vote}"
    new = "later: {model: davinci-002, method: chain-of-thought}"
    folder = edit(copy_source("math"), old, new, "source.yaml")
    copy_source("training_runs")
    with pytest.raises(SourceError) as raised:
        accept(folder.parent, "math")
    (failure, *_) = raised.value.failures
    assert "is fitted" in failure.rule
    assert "'no compute'" in failure.remedy


@pytest.mark.parametrize(
    ("side", "rule", "remedy"),
    [
        ("{model: GPT-3 175B (davinci), method: zero-shot}", "is fitted", "'published selection'"),
        (
            "{model: GPT-2 (1542M), method: zero-shot, is_fitted: false}",
            "a row of 'GPT-2 (1542M)' with method 'zero-shot' is fitted",
            "remove is_fitted: false",
        ),
        (
            "{model: RSM, method: test perplexity, is_fitted: false}",
            "has parameters and dataset tokens",
            "name another row",
        ),
    ],
)
def test_end_that_is_not_fitted_says_so(
    copy_source: Copy, side: str, rule: str, remedy: str
) -> None:
    old = "later: {model: GPT-3 175B (davinci), method: zero-shot, is_fitted: false}"
    folder = edit(copy_source("lm_perplexity"), old, f"later: {side}", "source.yaml")
    with pytest.raises(SourceError) as raised:
        accept(folder.parent, "lm_perplexity")
    (failure, *_) = raised.value.failures
    assert rule in failure.rule
    assert remedy in failure.remedy


def test_all_failures_are_found_at_once(copy_source: Copy, read: Read) -> None:
    folder = edit(copy_source("minerva"), ",1.5,4,", ",-1.5,4,")
    edit(folder, "PaLM 62B,2022-06-29", "PaLM 62B,2031-06-29")
    edit(folder, ",8.8,4,chain-of-thought,1,", ",8.8,4,chain-of-thought,0,")
    assert [(f.line, f.column) for f in read(folder).failures] == [
        (2, "score_percent"),
        (3, "eval_date"),
        (4, "sample_count"),
    ]


def test_first_of_two_equal_rows_is_kept(copy_source: Copy, read: Read) -> None:
    folder = copy_source("minerva")
    last = (folder / "records.csv").read_text(encoding="utf-8").splitlines()[-1]
    with (folder / "records.csv").open("a", encoding="utf-8") as file:
        file.write(last + "\n")
    (failure,) = read(folder).failures
    assert (failure.line, failure.column) == (38, "model")
    assert failure.rule.startswith("a score stands once")


def test_column_that_the_table_lacks_is_a_failure_of_the_file(read: Read, root: Path) -> None:
    dataset = read(root / "data/sources/minerva")
    (failure,) = find_failures(dataset.table.assign(mood="good"), dataset.card, dataset.records)
    assert failure.line is None
    assert "mood" in str(failure)


def test_missing_column_is_a_failure_of_the_file(read: Read, root: Path) -> None:
    dataset = read(root / "data/sources/minerva")
    (failure,) = find_failures(dataset.table.drop(columns="lab"), dataset.card, dataset.records)
    assert failure.line is None
    assert "lab" in str(failure)


RULES = sorted(
    {
        (str(check.error), str(check))
        for table in TABLES
        for column in schema(table, pd.Timestamp("2024-01-01").date()).columns.values()
        for check in column.checks
    }
)


@pytest.mark.parametrize("rule", [rule for rule, _ in RULES] + ["not_nullable", "field_uniqueness"])
def test_rules_are_said_in_plain_words(rule: str) -> None:
    words = _in_words(rule)
    assert "_" not in words.split("(")[0]
    assert "None" not in words


def write_allowed(folder: Path, model: str = "PaLM 62B", count: int = 1) -> Path:
    return add_to_card(
        folder,
        f"allowed_failures:\n  - rows: {{model: {model}, benchmark: MATH}}\n    count: {count}\n"
        "    reason: the source prints a negative score\n",
    )


def test_row_that_the_card_allows_to_fail_is_left_out(copy_source: Copy, read: Read) -> None:
    folder = write_allowed(edit(copy_source("minerva"), ",4.4,", ",-4.4,"))
    validated = read(folder).validated
    assert len(validated) == 35
    assert 3 not in set(validated["line"])


def test_row_left_out_is_counted_with_its_reason(copy_source: Copy, read: Read) -> None:
    dataset = read(write_allowed(edit(copy_source("minerva"), ",4.4,", ",-4.4,")))
    summary = validate.summarise(dataset.card, dataset.validated, dataset.failures, 36)
    assert (summary["rows_in"], summary["rows_out"], summary["rows_quarantined"]) == (36, 35, 1)
    (allowed,) = summary["allowed_failures"]
    assert allowed["reason"] == "the source prints a negative score"


def test_other_failures_are_still_refused(copy_source: Copy, read: Read) -> None:
    folder = write_allowed(edit(copy_source("minerva"), ",4.4,", ",-4.4,"))
    with pytest.raises(SourceError) as raised:
        _ = read(edit(folder, ",8.8,", ",-8.8,")).validated
    assert [failure.line for failure in raised.value.failures] == [4]


def test_allowed_failure_that_does_not_fail_is_refused(copy_source: Copy, read: Read) -> None:
    with pytest.raises(SourceError, match=r"line 3 of records.csv does not fail"):
        _ = read(write_allowed(copy_source("minerva"))).validated


def test_allowed_failure_that_finds_another_count_is_refused(copy_source: Copy, read: Read) -> None:
    with pytest.raises(SourceError, match="expects 2 rows"):
        _ = read(write_allowed(copy_source("minerva"), count=2)).validated


def exclude(dataset: Dataset, line: int, **cells: Any) -> Any:
    """The exclusion of the row at `line` with cells of the ingested table replaced."""
    table = dataset.table.copy()
    for column, value in cells.items():
        table.loc[table["line"] == line, column] = value
    made = validate.exclude_by_rule(table, dataset.card, dataset.records)
    (exclusion,) = made.loc[made["line"] == line, "exclusion"]
    return exclusion


@pytest.mark.parametrize(
    ("cells", "rule"),
    [
        ({"is_compute_circular": True}, "circular compute"),
        ({"training_flop": float("nan")}, "no compute"),
        ({"is_verified": False}, "not verified"),
        ({"is_compute_circular": True, "is_verified": False}, "circular compute"),
        ({"training_flop": float("nan"), "is_verified": False}, "no compute"),
        ({"exclusion": "human", "is_verified": False}, "human"),
    ],
)
def test_first_rule_that_applies_is_named(
    read: Read, root: Path, cells: dict[str, object], rule: str
) -> None:
    assert exclude(read(root / "data/sources/minerva"), 2, **cells) == rule


@pytest.mark.parametrize(
    ("name", "column", "rule"),
    [
        ("imagenet", "training_flop", "no compute"),
        ("lm_perplexity", "parameters", "no parameters or tokens"),
        ("lm_perplexity", "dataset_tokens", "no parameters or tokens"),
    ],
)
def test_row_with_its_own_run_is_excluded_by_rule_too(
    read: Read, root: Path, name: str, column: str, rule: str
) -> None:
    dataset = read(root / "data/sources" / name)
    fitted = dataset.validated[dataset.validated["exclusion"].isna()]
    assert exclude(dataset, int(fitted["line"].iloc[0]), **{column: float("nan")}) == rule


def test_perplexity_without_compute_is_fitted(read: Read, root: Path) -> None:
    """Not every model of the table reads compute; one that does leaves such rows out."""
    dataset = read(root / "data/sources/lm_perplexity")
    fitted = dataset.validated[dataset.validated["exclusion"].isna()]
    line = int(fitted.loc[fitted["training_flop"].notna(), "line"].iloc[0])
    assert pd.isna(exclude(dataset, line, training_flop=float("nan")))


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


def test_every_row_is_counted(read: Read, root: Path) -> None:
    dataset = read(root / "data/sources/math")
    summary = validate.summarise(dataset.card, dataset.validated, [], len(dataset.table))
    counted = summary["rows_fitted"] + sum(summary["excluded"].values())
    assert summary["rows_in"] == counted + summary["rows_quarantined"] == 176


@dataclass(frozen=True)
class Stages:
    """Ingest and validate of one dataset as processes, writing to a folder."""

    source: Path
    folder: Path
    registry: Path | None

    @property
    def table(self) -> Path:
        return self.folder / "tables/toys.parquet"

    @property
    def output(self) -> Path:
        return self.folder / "validated/toys.parquet"

    @property
    def summary(self) -> Path:
        return self.folder / "checks/toys.json"

    @property
    def quarantine(self) -> Path:
        return self.folder / "checks/toys-quarantine.csv"

    @property
    def ingest_flags(self) -> list[str]:
        runs = ["--runs", str(self.registry)] if self.registry else []
        return ["--card", f"{self.source}/source.yaml", "--output", str(self.table), *runs]

    @property
    def validate_flags(self) -> list[str]:
        paths = {"--table": self.table, "--output": self.output, "--summary": self.summary}
        named = paths | {"--quarantine": self.quarantine, "--card": self.source / "source.yaml"}
        return [str(part) for pair in named.items() for part in pair]

    def run(self) -> tuple[int, str]:
        """Exit code and messages of the first stage that fails, or of the last."""
        code, said = 0, ""
        for stage, flags in (("ingest", self.ingest_flags), ("validate", self.validate_flags)):
            command = [sys.executable, "-m", f"pipeline.{stage}", *flags]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            code, said = done.returncode, done.stderr
            if code:
                break
        return code, said

    @property
    def written(self) -> set[str]:
        """The files that exist downstream of ingest."""
        return {path.name for path in (self.output, self.summary) if path.exists()}


@pytest.fixture
def start(tmp_path: Path, runs: pd.DataFrame) -> Callable[[Path], Stages]:
    def make(source: Path) -> Stages:
        if source.name == "training_runs":
            return Stages(source, tmp_path / "made", None)
        registry = tmp_path / "training_runs.parquet"
        runs.to_parquet(registry)
        return Stages(source, tmp_path / "made", registry)

    return make


Start = Callable[[Path], Stages]


def repeat_last_row(folder: Path) -> None:
    path = folder / "records.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + text.splitlines()[-1] + "\n", encoding="utf-8")


def drop_column(folder: Path) -> None:
    path = folder / "records.csv"
    pd.read_csv(path, dtype=str).drop(columns="sample_count").to_csv(path, index=False)


def encode_in_utf16(folder: Path) -> None:
    path = folder / "records.csv"
    path.write_text(path.read_text(encoding="utf-8"), encoding="utf-16")


def encode_a_row_in_utf16(folder: Path) -> None:
    path = folder / "records.csv"
    first, second, *rest = path.read_text(encoding="utf-8").splitlines()
    lines = [first.encode(), second.encode("utf-16-le"), *(line.encode() for line in rest)]
    path.write_bytes(b"\n".join(lines) + b"\n")


BROKEN: dict[str, tuple[str, Callable[[Path], object], list[str]]] = {
    "a negative FLOP": (
        "training_runs",
        lambda folder: edit(folder, ",3.41e23,", ",-3.41e23,"),
        ["records.csv:2: training_flop '-3.41e23': above 0", "give total floating-point"],
    ),
    "a score of 112": (
        "minerva",
        lambda folder: edit(folder, ",33.6,", ",112,"),
        ["records.csv:7: score_percent '112': at most 1", "check the unit on the card"],
    ),
    "a date of 2031": (
        "minerva",
        lambda folder: edit(folder, "PaLM 62B,2022-06-29", "PaLM 62B,2031-06-29"),
        ["records.csv:3: eval_date '2031-06-29", "not after 2026-11-20", "write YYYY-MM-DD"],
    ),
    "a duplicate row": (
        "minerva",
        repeat_last_row,
        ["records.csv:38: model 'Minerva 540B': a score stands once", "remove the repeated row"],
    ),
    "an unknown run": (
        "minerva",
        lambda folder: edit(folder, "Minerva 540B", "Minerva 450B"),
        [
            "records.csv:7: model 'Minerva 450B': not in the run registry",
            "did you mean 'Minerva 540B'",
        ],
    ),
    "a missing column": (
        "minerva",
        drop_column,
        ["records.csv:1: sample_count: the card reads this column and the file lacks it"],
    ),
    "a file in UTF-16": (
        "minerva",
        encode_in_utf16,
        ["records.csv: the file is UTF-16, not UTF-8", "save it as CSV in UTF-8"],
    ),
    "a row in UTF-16": (
        "minerva",
        encode_a_row_in_utf16,
        ["not UTF-8. Remedy: save it as CSV in UTF-8"],
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_broken_input_ends_with_its_message_and_writes_nothing_downstream(
    fault: str, copy_source: Copy, start: Start
) -> None:
    name, break_it, messages = BROKEN[fault]
    folder = copy_source(name)
    break_it(folder)
    stages = start(folder)
    code, said = stages.run()
    assert code == 1
    assert "Traceback" not in said
    assert all(message in said for message in messages)
    assert stages.written == set()


def test_rows_that_fail_stand_in_the_quarantine_file(copy_source: Copy, start: Start) -> None:
    folder = edit(copy_source("minerva"), ",33.6,", ",112,")
    stages = start(edit(folder, "PaLM 62B,2022-06-29", "PaLM 62B,2031-06-29"))
    ingest.main(stages.ingest_flags)
    with pytest.raises(SourceError):
        validate.main(stages.validate_flags)
    quarantine = pd.read_csv(stages.quarantine)
    assert list(quarantine) == ["line", "column", "value", "rule", "remedy"]
    assert quarantine[["line", "column"]].to_numpy().tolist() == [
        [3, "eval_date"],
        [7, "score_percent"],
    ]


def test_good_dataset_gets_table_summary_and_an_empty_quarantine(root: Path, start: Start) -> None:
    stages = start(root / "data/sources/minerva")
    assert ingest.main(stages.ingest_flags) == 0
    assert validate.main(stages.validate_flags) == 0
    assert json.loads(stages.summary.read_text(encoding="utf-8"))["rows_fitted"] == 36
    assert stages.quarantine.read_text(encoding="utf-8") == "line,column,value,rule,remedy\n"
    assert len(pd.read_parquet(stages.output)) == 36


def test_same_input_gives_the_same_bytes(root: Path, start: Start) -> None:
    stages = start(root / "data/sources/minerva")
    made = []
    for _ in range(2):
        ingest.main(stages.ingest_flags)
        validate.main(stages.validate_flags)
        made.append([path.read_bytes() for path in (stages.output, stages.summary)])
    assert made[0] == made[1]


def test_validated_table_survives_its_file(root: Path, runs: pd.DataFrame, tmp_path: Path) -> None:
    validated = read_dataset(root / "data/sources/math", runs).validated
    validated.to_parquet(tmp_path / "math.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "math.parquet"), validated)
