"""`python -m benchmarks.large_leaderboards [SCORES ...]`: what a fit of a large table costs.

Simulates leaderboards of 300 to 27,000 scores on six benchmarks (seed 20261129), takes each in by
`apportion new` and *ingest*, and fits it as the pipeline does, in a process of its own. A line of
tab-separated numbers each: seconds of taking in and of the fit, peak memory of the fit in GB, and
its verdict by the limits of params.yaml.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.front_door import MODEL, make_project, take_in
from benchmarks.leaderboards import BENCHMARKS, simulate
from pipeline.core.files import read_json

SEED, SIZES = 20261129, (300, 1000, 3000, 10_000, 27_000)
COLUMNS = (
    *("scores", "models", "take_in_s", "fit_s", "peak_gb", "verdict", "divergences", "max_rhat"),
    *("min_ess_bulk", "min_ess_tail", "posterior_mb", "reasons"),
)
NAME = "large"


def main() -> None:
    """Print a line for each size, as soon as it is measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_leaderboards")
    parser.description = __doc__
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("scores", nargs="*", type=int, help="of each leaderboard", metavar="SCORES")
    print(*COLUMNS, sep="\t", flush=True)
    for scores in parser.parse_args().scores or SIZES:
        with tempfile.TemporaryDirectory() as folder:
            print(*measure(scores, Path(folder)), sep="\t", flush=True)


def measure(scores: int, root: Path) -> list[object]:
    """One line of `COLUMNS`."""
    layout, models = make_project(root), scores // len(BENCHMARKS)
    made = simulate(0.5, 0.5, models, len(BENCHMARKS), np.random.default_rng(SEED))
    start = time.perf_counter()
    take_in(layout, NAME, made.received)
    taken_in = time.perf_counter() - start
    command = [sys.executable, "-m", "pipeline", "fit", NAME, MODEL, "--root", str(root)]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds, peak = time.perf_counter() - start, usage.ru_maxrss / 1e6
    head = [models * len(BENCHMARKS), models, round(taken_in, 1), round(seconds, 1), round(peak, 2)]
    if status:
        return [*head, f"ended with {status}"]
    cell = f"{NAME}-{MODEL}"
    found = read_json(layout.check(cell))
    numbers = [found[name] for name in COLUMNS[5:10]]
    size = round(layout.posterior(cell).stat().st_size / 1e6, 1)
    return [*head, *numbers, size, "; ".join(found["reasons"])]


if __name__ == "__main__":
    main()
