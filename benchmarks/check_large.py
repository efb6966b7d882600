"""Seconds and memory of `apportion check` on a leaderboard of 100,000 rows, good and bad.

`python -m benchmarks.check_large`, or with the names of some cases. The dataset is made in a
temporary copy of `data/sources`; the limits that a test holds stand here. Needs Linux, whose /proc
tells the memory.
"""

import csv
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = 100_000
LIMIT_SECONDS, LIMIT_MEGABYTES, LIMIT_LINES = 20, 1000, 200
COLUMNS = ("case", "rows", "seconds", "peak_mb", "lines_printed", "exit_code")
BENCHMARKS = [f"toy_{number}" for number in range(20)]
CARD = """\
table: accuracy_leaderboard
title: Many rows
question: How long does a check take?
description: Rows made up for the measurement.
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
  is_verified: {}
options:
  trend: linear
  reference_harness: reported
  allocation: none
  allocation_reason: made up for the measurement
  techniques:
    vote: {label: Vote, definition: several samples, methods: [majority]}
  comparisons:
    - id: toy_0-gpt3-chinchilla
      label: GPT-3 to Chinchilla
      benchmark: toy_0
      earlier: {model: GPT-3 175B, method: direct}
      later: {model: Chinchilla 70B, method: direct}
  headline_comparison: toy_0-gpt3-chinchilla
  benchmarks:
""" + "".join(
    f"    {name}: {{label: Toy, chance: 0.25, ceiling: 0.95, item_count: 99, reason: made up}}\n"
    for name in BENCHMARKS
)
# A program that runs the command and writes the most memory it held, in kB, to standard error.
# Not getrusage: what it says of a child counts the parent's memory before the child's program.
PROGRAM = """
import atexit, re, sys
from pathlib import Path
def tell():
    status = Path("/proc/self/status").read_text()
    print(re.search(r"VmHWM:\\s+(\\d+)", status)[1], file=sys.stderr)
atexit.register(tell)
from pipeline.cli import main
main()
"""
Row = dict[str, str]


@dataclass(frozen=True)
class Measured:
    """What one run of the command took and printed."""

    seconds: float
    megabytes: float
    printed: str
    exit_code: int


def make_rows() -> Iterator[Row]:
    """Rows that differ in what they measure, of the models of the run registry."""
    with (ROOT / "data/sources/training_runs/records.csv").open(encoding="utf-8") as file:
        models = [row["model"] for row in csv.DictReader(file)]
    keys = product(range(5), ("direct", "majority"), ("reported", "helm"), BENCHMARKS, models)
    for number, (shots, method, harness, benchmark, model) in enumerate(keys):
        yield {
            "benchmark": benchmark,
            "model": model,
            "eval_date": f"20{20 + number % 5}-{1 + number % 12:02}-{1 + number % 28:02}",
            "score": f"{30 + number * 7919 % 60000 / 1000:.3f}",
            "n_shot": str(shots),
            "method": method,
            "harness": harness,
            "locator": f"Table {number % 40}, row {number}",
            "is_verified": "true",
        }


# Name of a case: what is changed in the row at a position.
CASES: dict[str, Callable[[int], Row]] = {
    "accepted": lambda _: {},
    "repeated": lambda _: {"n_shot": "5", "method": "direct"},
    "unknown_models": lambda number: {"model": f"Model {number}"},
    "missing_models": lambda _: {"model": ""},
    "unreadable_scores": lambda number: {"score": f"about {number}"},
    "unknown_units": lambda number: {"score": f"{number % 90} u{'x' * (number % 9)}{number}"},
    "wrong_scores": lambda number: {"score": f"{200 + number}"},
    "everything_wrong": lambda _: {
        "benchmark": "",
        "score": "-5",
        "eval_date": "2027-01-01",
        "locator": "",
        "harness": "",
    },
}


def write_dataset(folder: Path, case: str, count: int = ROWS) -> None:
    """A copy of the project's sources in `folder`, with the dataset `large` beside them."""
    shutil.copytree(ROOT / "data/sources", folder / "data/sources")
    shutil.copy(ROOT / "data/references.bib", folder / "data")
    shutil.copytree(ROOT / "models", folder / "models", ignore=shutil.ignore_patterns("__*__"))
    large = folder / "data/sources/large"
    large.mkdir()
    (large / "source.yaml").write_text(CARD, encoding="utf-8")
    rows = [row | CASES[case](number) for number, row in enumerate(islice(make_rows(), count))]
    with (large / "records.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def measure(case: str) -> Measured:
    """Run `apportion check large` on the dataset of `case`, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        write_dataset(Path(folder), case)
        start = time.perf_counter()
        done = subprocess.run(  # noqa: S603  the command is the project's own
            [sys.executable, "-c", PROGRAM, "check", "large", "--root", folder],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.perf_counter() - start
    kilobytes = int(done.stderr.splitlines()[-1])
    return Measured(seconds, kilobytes / 1000, done.stdout, done.returncode)


def main() -> None:
    """Print one tab-separated row a case, as they are measured."""
    print(*COLUMNS, sep="\t", flush=True)
    for case in sys.argv[1:] or CASES:
        made = measure(case)
        lines = len(made.printed.splitlines())
        numbers = (ROWS, round(made.seconds, 1), round(made.megabytes), lines, made.exit_code)
        print(case, *numbers, sep="\t", flush=True)


if __name__ == "__main__":
    main()
