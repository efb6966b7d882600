"""Cards and rows of small datasets: a run registry, and a leaderboard that joins it."""

from pathlib import Path

import pandas as pd

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
    """The folder of the dataset `toys`, below `folder`."""
    folder = folder / "toys"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "source.yaml").write_text(card, encoding="utf-8")
    pd.DataFrame(rows).to_csv(folder / "records.csv", index=False)
    return folder


def replace(card: str, old: str, new: str) -> str:
    """The card with `old`, which must be there once, replaced."""
    assert card.count(old) == 1, old
    return card.replace(old, new)
