"""Seconds of `dvc repro` in a clone of the last commit: cold, with nothing to do, after a dataset
is added, and after a prior has changed.

Every cache starts empty: DVC's, PyTensor's and Numba's. What is not committed does not count.
"""

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import Row

ROOT = Path(__file__).parents[1]
COPIED, ADDED = "substitution_elasticity", "substitution_elasticity_again"
PRIOR = re.compile(r'(Prior\(\s*"\w+",\s*\([^)]*?)(\d+\.\d+)(,?\))')


def measure(_: list[str]) -> Iterator[Row]:
    """One row per run: wall and CPU seconds, stages that ran, and the ratio to the cold run."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        cold = None
        for name, change in RUNS.items():
            change(clone)
            row = _repro(clone)
            cold = cold or row["wall_s"]
            yield {"run": name, **row, "ratio_to_cold": round(row["wall_s"] / cold, 3)}


def _repro(clone: Path) -> Row:
    before = _count_cpu_seconds()
    start = time.perf_counter()
    done = subprocess.run(
        [Path(sys.executable).parent / "dvc", "repro"],
        cwd=clone,
        env=_make_environment(clone),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - start
    return {
        "wall_s": round(seconds, 1),
        "cpu_s": round(_count_cpu_seconds() - before),
        "stages": len(re.findall("Running stage", done.stdout)),
    }


def _count_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _make_environment(clone: Path) -> dict[str, str]:
    """That of a user in the virtual environment, with code and caches of the clone's own."""
    caches = clone.parent / "caches"
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": ".",
        "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(caches / "numba"),
    }


def add_dataset(clone: Path) -> None:
    """A second dataset of published estimates: a folder and a word in the registry."""
    sources = clone / "data/sources"
    shutil.copytree(sources / COPIED, sources / ADDED)
    registry = sources / "datasets.yaml"
    text = registry.read_text("utf-8")
    registry.write_text(re.sub(rf"\b{COPIED}\b", f"{COPIED}, {ADDED}", text, count=1), "utf-8")


def change_prior(clone: Path) -> None:
    """The last parameter of the first prior of the leaderboards' models, a tenth larger."""
    for path in sorted((clone / "models/leaderboards").glob("*.py")):
        text = path.read_text("utf-8")
        changed = PRIOR.sub(lambda m: f"{m[1]}{float(m[2]) * 1.1:.4g}{m[3]}", text, count=1)
        if changed != text:
            path.write_text(changed, "utf-8")
            return
    raise ValueError("no prior in models/leaderboards")


RUNS: dict[str, Callable[[Path], None]] = {
    "cold": lambda _: None,
    "nothing to do": lambda _: None,
    "a dataset added": add_dataset,
    "a prior of the leaderboards changed": change_prior,
}
