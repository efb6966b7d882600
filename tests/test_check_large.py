"""A check of many rows, good or bad, ends with a report that can be read."""

import csv
import shutil
from itertools import islice, product
from pathlib import Path

import pytest
from conftest import ROOT
from typer.testing import CliRunner

from pipeline import cli

ROWS, LIMIT_LINES = 20_000, 200
BENCHMARKS = [f"toy_{number}" for number in range(20)]
FACTS = "{label: Toy, chance: 0.25, ceiling: 0.95, item_count: 99, reason: made up}"
CARD = """\
table: accuracy_leaderboard
title: Many rows
question: How long is the report?
description: Rows made up for a test.
citations: [hendrycks2021mmlu]
licence: none
retrieved: 2026-11-20
runs: registry
columns:
  benchmark: {}
  model: {}
  eval_date: {}
  score: {unit: percent}
  n_shot: {}
  method: {}
  sample_count: {constant: 1}
  harness: {}
  citation: {constant: hendrycks2021mmlu}
  locator: {}
  is_verified: {constant: true}
options:
  trend: linear
  reference_harness: reported
  allocation: none
  allocation_reason: made up for the test
  techniques: {}
  comparisons:
    - id: toy_0-gpt3-chinchilla
      label: GPT-3 to Chinchilla
      benchmark: toy_0
      earlier: {model: GPT-3 175B, method: direct}
      later: {model: Chinchilla 70B, method: direct}
  headline_comparison: toy_0-gpt3-chinchilla
  benchmarks:
""" + "".join(f"    {name}: {FACTS}\n" for name in BENCHMARKS)
COLUMNS = ("n_shot", "method", "harness", "benchmark", "model")


def write_dataset(root: Path, changed: dict[str, str]) -> None:
    """A copy of the sources with the dataset `large`, whose rows all have the `changed` cells."""
    shutil.copytree(ROOT / "data/sources", root / "data/sources")
    shutil.copytree(ROOT / "models", root / "models", ignore=shutil.ignore_patterns("__*__"))
    shutil.copy(ROOT / "data/references.bib", root / "data")
    with (ROOT / "data/sources/training_runs/records.csv").open(encoding="utf-8") as file:
        models = [row["model"] for row in csv.DictReader(file)]
    keys = product(
        map(str, range(5)), ("direct", "majority"), ("reported", "helm"), BENCHMARKS, models
    )
    large = root / "data/sources/large"
    large.mkdir()
    (large / "source.yaml").write_text(CARD, encoding="utf-8")
    with (large / "records.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, "eval_date", "score", "locator"])
        writer.writeheader()
        for number, key in enumerate(islice(keys, ROWS)):
            score = f"{30 + number * 7919 % 60000 / 1000:.3f}"
            row = dict(zip(COLUMNS, key, strict=True)) | {"score": score}
            row |= {"eval_date": f"202{number % 5}-01-02", "locator": f"Table 1, row {number}"}
            writer.writerow(row | {name: each.format(number) for name, each in changed.items()})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changed", "exit_code", "words"),
    [
        ({}, 0, f"large: {ROWS} rows in, "),
        ({"model": "Model {}"}, 1, f"  {ROWS} x model: not in the run registry"),
        (
            {
                "benchmark": "",
                "score": "-5",
                "eval_date": "2027-01-01",
                "locator": "",
                "harness": "",
            },
            1,
            f"  {ROWS} x benchmark: not empty",
        ),
    ],
)
def test_report_on_many_rows_counts_what_it_cannot_list(
    tmp_path: Path, changed: dict[str, str], exit_code: int, words: str
) -> None:
    write_dataset(tmp_path, changed)
    result = CliRunner().invoke(cli.app, ["check", "large", "--root", str(tmp_path)])
    assert result.exit_code == exit_code
    assert words in result.output
    assert len(result.output.splitlines()) < LIMIT_LINES
