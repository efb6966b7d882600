"""A small repository to be attacked: two datasets, the run registry, a bibliography."""

import hashlib
import os
from pathlib import Path

MODELS = """models:
  efficiency: [efficiency_frontier]
  accuracy_leaderboard: [compute_multiplier]
"""
DATASETS = """datasets:
  training_runs: [training_runs]
  efficiency: [toy]
  scaling_grid: []
  accuracy_leaderboard: [scores]
  loss_leaderboard: []
  research_inputs: []
  own_rates: []
"""
BIBLIOGRAPHY = """@misc{doe2020,
    author = "Doe, Jane",
    title = "Toys",
    year = "2020"
}
"""
HEAD = """title: Toys
question: How fast did the toys improve?
description: Rows made up for tests.
citations: [doe2020]
licence: made up
retrieved: 2024-01-01
"""
TOY_CARD = f"""table: efficiency
{HEAD}columns:
  target: {{}}
  metric: {{constant: accuracy}}
  target_score: {{constant: 0.5}}
  model: {{}}
  release_date: {{}}
  arxiv_id: {{constant: ""}}
  resource: {{unit: FLOP}}
  resource_kind: {{constant: FLOP}}
  epochs: {{constant: ""}}
  multiply_adds_per_image: {{constant: ""}}
  reduction_factor: {{constant: ""}}
  citation: {{constant: doe2020}}
  locator: {{}}
  is_verified: {{constant: true}}
ignored:
  notes: remarks of the keeper of the file
options:
  headline_target: first
  reference_resource: {{first: 1.0e+18}}
"""
TOY_RECORDS = """target,model,release_date,resource,locator,notes
first,one,2012-06-01,1e18,Table 1,
first,two,2014-06-01,1e17,Table 1,
first,three,2016-06-01,1e16,Table 2,
"""
RUNS_CARD = f"""table: training_runs
{HEAD}columns:
  model: {{}}
  organization: {{constant: Doe}}
  lab: {{constant: Doe}}
  family: {{constant: Toy}}
  base_model: {{constant: ""}}
  release_date: {{}}
  parameters: {{}}
  training_tokens: {{}}
  training_flop: {{unit: FLOP}}
  training_flop_second_source: {{constant: ""}}
  flop_basis: {{constant: reported}}
  compute_confidence: {{constant: confident}}
  is_compute_circular: {{constant: false}}
  is_open_weights: {{constant: false}}
  is_dense: {{constant: true}}
  extra_training_tokens: {{constant: ""}}
  extra_training_flop: {{constant: ""}}
  citation: {{constant: doe2020}}
  locator: {{constant: Table 1}}
  is_verified: {{constant: true}}
options: {{}}
"""
RUNS_RECORDS = """model,release_date,parameters,training_tokens,training_flop
one,2020-01-01,1e9,1e10,6e19
two,2021-01-01,1e9,1e11,6e20
three,2022-01-01,1e10,1e11,6e21
"""
SCORES_CARD = f"""table: accuracy_leaderboard
{HEAD}runs: registry
columns:
  benchmark: {{}}
  model: {{}}
  method: {{}}
  harness: {{constant: reported}}
  score: {{unit: percent}}
  eval_date: {{}}
  n_shot: {{constant: 0}}
  sample_count: {{constant: 1}}
  citation: {{constant: doe2020}}
  locator: {{constant: Table 1}}
  is_verified: {{constant: true}}
options:
  benchmarks:
    quiz:
      label: Quiz
      reason: Section 1 of the paper that made it
      chance: 0.25
      ceiling: 1.0
      item_count: 100
  trend: linear
  techniques: {{}}
  comparisons:
    - id: quiz-one-three
      label: One to three
      benchmark: quiz
      earlier: {{model: one, method: plain}}
      later: {{model: three, method: plain}}
  headline_comparison: quiz-one-three
  reference_harness: reported
  allocation: none
  allocation_reason: the runs are too few for it
"""
SCORES_RECORDS = """benchmark,model,method,score,eval_date
quiz,one,plain,30,2020-02-01
quiz,two,plain,50,2021-02-01
quiz,three,plain,70,2022-02-01
"""
FILES = {
    "models/models.yaml": MODELS,
    "models/efficiency/efficiency_frontier.py": "",
    "models/leaderboards/compute_multiplier.py": "",
    "data/references.bib": BIBLIOGRAPHY,
    "data/sources/datasets.yaml": DATASETS,
    "data/sources/toy/source.yaml": TOY_CARD,
    "data/sources/toy/records.csv": TOY_RECORDS,
    "data/sources/training_runs/source.yaml": RUNS_CARD,
    "data/sources/training_runs/records.csv": RUNS_RECORDS,
    "data/sources/scores/source.yaml": SCORES_CARD,
    "data/sources/scores/records.csv": SCORES_RECORDS,
}


def write_project(root: Path) -> Path:
    """The repository in the folder `root`, in which every check passes."""
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def hash_tree(root: Path) -> str:
    """A hash of every name, link and byte below `root`."""
    made = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        made.update(os.fsencode(f"{path.relative_to(root)}\0{path.lstat().st_mode}\0"))
        if path.is_symlink():
            made.update(os.fsencode(path.readlink()))
        elif path.is_file():
            made.update(path.read_bytes())
    return made.hexdigest()
