"""A copy of the project with one small dataset and few draws, to run stages or DVC in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
COPIED = (
    *("pipeline", "models", "reports/templates", "reports/models", "dvc.yaml", ".ci"),
    *("pyproject.toml", ".dvcignore", ".gitignore", "CITATION.cff", "data/references.bib"),
    *("data/calibration", "data/multiverse", "data/backtests", "data/takeoff.yaml", ".dvc/plots"),
    "data/benchmarks.yaml",
    *("data/sources/training_runs", "data/sources/imagenet_efficiency"),
)
TABLES = YAML(typ="safe").load(ROOT / "data/sources/datasets.yaml")["datasets"]
KEPT = {"training_runs": "training_runs", "efficiency": "imagenet_efficiency"}
DATASETS = "datasets:\n" + "".join(f"  {table}: [{KEPT.get(table, '')}]\n" for table in TABLES)
CLAIMS = """claims:
  - id: fell_44_times
    text: The compute needed to reach AlexNet's accuracy fell 44 times.
    source: hernandez2020efficiency
    locator: abstract
    posterior: imagenet_efficiency-efficiency_frontier
    estimand: reduction_factor[AlexNet]
    at_least: 44
"""
FEW_DRAWS = {"chains": 2, "tune": 300, "draws": 300}
JOINT = ("synthesis", "takeoff")  # stages that read posteriors by name, which the copy has not


def make_project(project: Path) -> Path:
    """A copy of the project in the folder `project`, without results, the registry unfitted."""
    for name in COPIED:
        source, target = ROOT / name, project / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    (project / "data/sources/datasets.yaml").write_text(DATASETS, encoding="utf-8")
    (project / "data/claims.yaml").write_text(CLAIMS, encoding="utf-8")
    models = project / "models/models.yaml"
    models.write_text(models.read_text("utf-8").replace("[compute_growth]", "[]"), "utf-8")
    params = read_params()
    YAML().dump(params | {"fit": params["fit"] | FEW_DRAWS}, project / "params.yaml")
    return project


def read_params() -> dict[str, Any]:
    """The settings of the project."""
    return dict(YAML(typ="safe").load(ROOT / "params.yaml"))


def start_dvc(project: Path) -> Path:
    """The copy under Git and DVC, without the stages that read posteriors by name."""
    yaml = YAML()
    flow = yaml.load(project / "dvc.yaml")
    for name in JOINT:
        flow["stages"].pop(name)
    yaml.dump(flow, project / "dvc.yaml")
    run(project, "git", "init", "--quiet")
    run(project, "dvc", "init", "--quiet")
    return project


def list_files(project: Path) -> dict[str, bytes]:
    """Every file of the copy that is not code, with its bytes."""
    folders = [project / name for name in ("data", "reports", "models")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    kept = [path for path in paths if "__pycache__" not in path.parts]
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in kept}


def environment() -> dict[str, str]:
    """The environment of a user inside the virtual environment, whose code is the folder's own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": ".", "DVC_NO_ANALYTICS": "true"}


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in the project."""
    return subprocess.run(
        command, cwd=project, env=environment(), capture_output=True, text=True, check=False
    )
