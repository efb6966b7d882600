"""The scaling law's posterior against the published method: 4,000 bootstraps of the Huber fit.

Whole processes are timed, imports and compiling included. The bootstraps run with our gradient in
closed form and start from the best fit alone, both in favour of the published method, which started
each from a grid: what our own short grid would take is told from 100 fits. Intervals agree where
each holds the other's centre.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import Row
from models import fitted_rows
from models.scaling import huber, scaling_law
from pipeline.core.files import read_json, write_json
from pipeline.core.layout import Layout
from pipeline.studies.calibrate import read_cell

DATASET, MODEL = "chinchilla_runs", "scaling_law"
BOOTSTRAPS, TIMED = 4000, 100
KEYS = (
    "irreducible_loss",
    "exponent_parameters",
    "exponent_tokens",
    "optimal_exponent_parameters",
    "optimal_tokens_per_parameter[5.76e23]",
)


def measure(_: list[str]) -> Iterator[Row]:
    """Seconds of the two processes, then both intervals of each quantity."""
    with tempfile.TemporaryDirectory() as folder:
        layout, output = Layout(Path(folder)), Path(folder) / "bootstraps.json"
        _copy_inputs(Layout(), layout)
        posterior = _time(["pipeline", "fit", DATASET, MODEL, "--root", folder])
        bootstraps = _time(["benchmarks.scaling_law", str(output)])
        ours, theirs = read_json(layout.attribution(f"{DATASET}-{MODEL}")), read_json(output)
    for what, seconds in (
        ("seconds, whole process", bootstraps),
        (f"seconds, {len(huber.STARTS)} starts per bootstrap", _time_grid()),
    ):
        row = _describe(what, f"{posterior:.1f}", f"{seconds:.1f}")
        yield row | {"ratio": round(seconds / posterior, 1)}
    for key in KEYS:
        one, other = ours[key] | {"estimate": ours[key]["median"]}, theirs[key]
        widths = [each["upper"] - each["lower"] for each in (one, other)]
        agree = all(
            a["lower"] <= b["estimate"] <= a["upper"] for a, b in ((one, other), (other, one))
        )
        yield _describe(key, _format(one), _format(other)) | {
            "ratio": round(widths[1] / widths[0], 2),
            "agree": "yes" if agree else "no",
        }


def _describe(what: str, posterior: str, bootstraps: str) -> Row:
    return {
        "what": what,
        "posterior": posterior,
        "bootstraps": bootstraps,
        "ratio": "",
        "agree": "",
    }


def _format(found: dict[str, float]) -> str:
    return f"{found['estimate']:.3g} ({found['lower']:.3g} to {found['upper']:.3g})"


def _copy_inputs(source: Layout, target: Layout) -> None:
    """What the fit of the cell reads, in a folder of its own."""
    for path in (source.table(DATASET), source.options(DATASET), source.registry, source.params):
        copy = target.root / path.relative_to(source.root)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def _time(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _time_grid() -> float:
    """Seconds that all bootstraps would take from every start of the grid."""
    rows = fitted_rows(read_cell(Layout(), DATASET)[0])
    start = time.perf_counter()
    for seed in range(TIMED):
        huber.fit(rows.sample(frac=1.0, replace=True, random_state=seed))
    return (time.perf_counter() - start) / TIMED * BOOTSTRAPS


def bootstrap(output: Path) -> None:
    """Write the published method's estimates and 90 % intervals by key."""
    huber.BOOTSTRAP_COUNT = BOOTSTRAPS
    frame = scaling_law.baseline(*read_cell(Layout(), DATASET)).dropna(subset="lower")
    write_json(output, frame.set_index("key")[["estimate", "lower", "upper"]].to_dict("index"))


if __name__ == "__main__":
    bootstrap(Path(sys.argv[1]))
