"""Effective draws a second of every cell under each adaptation of the sampler.

Machines are noisy: compare the ratios within one run. `make bench`, or
`python -m benchmarks.fits minerva-compute_multiplier` for some cells. Needs what `dvc repro` makes.
"""

import sys
import time
from pathlib import Path

import arviz_stats
import nutpie

import models
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.studies.calibrate import read_cell

ADAPTATIONS = ("diag", "low_rank")
DRAWS, TUNE, CHAINS, SEED = 1000, 1000, 4, 1
COLUMNS = ("cell", "adaptation", "compile_s", "sample_s", "divergences", "min_ess", "ess_per_s")


def measure(dataset: str, name: str) -> list[tuple[object, ...]]:
    """One row an adaptation: seconds to compile and sample, divergences, least bulk or tail ESS.

    None where the model cannot be fitted to the dataset.
    """
    model = models.load(name)
    table, card = read_cell(Path(), dataset)
    if model.unsupported_reason(table, card):
        return []
    start = time.perf_counter()
    compiled = nutpie.compile_pymc_model(model.build(table, card, model.Priors()))
    compile_seconds = time.perf_counter() - start
    return [
        (
            f"{dataset}-{name}",
            adaptation,
            round(compile_seconds, 1),
            *_sample(compiled, model, adaptation),
        )
        for adaptation in ADAPTATIONS
    ]


def _sample(compiled: object, model: models.Model, adaptation: str) -> tuple[object, ...]:
    start = time.perf_counter()
    tree = nutpie.sample(
        compiled,
        draws=DRAWS,
        tune=TUNE,
        chains=CHAINS,
        seed=SEED,
        progress_bar=False,
        **model.SAMPLER | {"adaptation": adaptation},
    )
    seconds = time.perf_counter() - start
    summary = arviz_stats.summary(tree["posterior"], kind="diagnostics", round_to="none")
    ess = float(summary[["ess_bulk", "ess_tail"]].min(axis=None))
    divergences = int(tree["sample_stats"]["diverging"].sum())
    return round(seconds, 1), divergences, round(ess), round(ess / seconds)


def list_cells() -> list[tuple[str, str]]:
    """Every (dataset, model) of the registries."""
    datasets = read_datasets(Path("data/sources/datasets.yaml"))
    registry = read_models(Path("models/models.yaml"))
    return [(d, m) for table, names in registry.items() for m in names for d in datasets[table]]


def main() -> None:
    """Print one tab-separated row a cell and adaptation, as they are measured."""
    wanted = set(sys.argv[1:])
    print(*COLUMNS, sep="\t", flush=True)
    for dataset, model in list_cells():
        if not wanted or f"{dataset}-{model}" in wanted:
            for row in measure(dataset, model):
                print(*row, sep="\t", flush=True)


if __name__ == "__main__":
    main()
