"""A copy of the project with one small dataset and few draws, to run DVC in."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
COPIED = (
    *(
        "pipeline",
        "models",
        "reports/templates",
        "reports/models",
        "dvc.yaml",
        ".ci",
        "pyproject.toml",
    ),
    *(".dvcignore", ".gitignore", "CITATION.cff", "data/references.bib"),
    *("data/calibration", ".dvc/plots"),
)
DATASETS = """datasets:
  training_runs: [training_runs]
  efficiency: [imagenet_efficiency]
  scaling_grid: []
  accuracy_leaderboard: []
  loss_leaderboard: []
  published_estimates: []
  growth_rates: []
  research_inputs: []
  own_rates: []
"""
SUMMARIES = (
    "answers.md",
    "answers.svg",
    "comparison.json",
    "claims.csv",
    "rates.csv",
    "shares.csv",
)
SUMMARY_OF_ALL = {f"reports/summary/{name}" for name in (*SUMMARIES, "coverage.csv")}
IGNORED = shutil.ignore_patterns("__pycache__")
CLAIMS = """claims:
  - id: fell_44_times
    text: The compute needed to reach AlexNet's accuracy fell 44 times.
    source: hernandez2020efficiency
    locator: abstract
    posterior: imagenet_efficiency-efficiency_frontier
    estimand: reduction_factor[AlexNet]
    at_least: 44
"""
PARAMS = "fit: {seed: 1, chains: 2, tune: 300, draws: 300}\n"


def make_project(project: Path) -> Path:
    """A copy of the project in the folder `project`, without results."""
    for name in COPIED:
        source, target = ROOT / name, project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=IGNORED)
        else:
            shutil.copy(source, target)
    for dataset in ("training_runs", "imagenet_efficiency"):
        shutil.copytree(ROOT / "data/sources" / dataset, project / "data/sources" / dataset)
    (project / "data/sources/datasets.yaml").write_text(DATASETS, encoding="utf-8")
    _leave_out_joint_stages(project / "dvc.yaml")
    (project / "data/claims.yaml").write_text(CLAIMS, encoding="utf-8")
    limits = (ROOT / "params.yaml").read_text(encoding="utf-8").partition("\ncheck:")[2]
    (project / "params.yaml").write_text(f"{PARAMS}check:{limits}", encoding="utf-8")
    run(project, "git", "init", "--quiet")
    run(project, "dvc", "init", "--quiet")
    return project


def _leave_out_joint_stages(path: Path) -> None:
    """Takes the stages away that read posteriors by name, which the small project has not."""
    text = path.read_text(encoding="utf-8")
    kept, count = re.subn(r"  # ---- takeoff:.*?(?=  # ---- overview:)", "", text, flags=re.DOTALL)
    assert count == 1
    path.write_text(kept, encoding="utf-8")


def commit(project: Path) -> None:
    """Everything in the project, committed to Git."""
    run(project, "git", "add", "--all")
    named = ("-c", "user.name=Doe", "-c", "user.email=doe@example.org")
    made = run(project, "git", *named, "commit", "--quiet", "--message", "Before")
    assert made.returncode == 0, made.stderr


def list_changes(project: Path) -> set[str]:
    """What Git sees of the project that was not committed, file by file."""
    changed = run(project, "git", "status", "--porcelain", "--untracked-files=all").stdout
    return {line[3:] for line in changed.splitlines()}


def list_stages(repro: subprocess.CompletedProcess[str]) -> list[str]:
    """The stages that a `dvc repro` ran, by name."""
    return sorted(re.findall(r"Running stage '(.*)'", repro.stdout))


def make_results(project: Path) -> Path:
    """A copy of the project in the folder `project` with results and tests, committed to Git."""
    make_project(project)
    for name in ("tests", "benchmarks"):  # the former import the latter
        shutil.copytree(ROOT / name, project / name, ignore=IGNORED)
    made = run(project, "dvc", "repro")
    assert made.returncode == 0, made.stdout + made.stderr
    commit(project)
    return project


def environment() -> dict[str, str]:
    """The environment of a user inside the virtual environment, whose code is the folder's own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": ".", "DVC_NO_ANALYTICS": "true"}


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in the project."""
    return subprocess.run(
        command, cwd=project, env=environment(), capture_output=True, text=True, check=False
    )
