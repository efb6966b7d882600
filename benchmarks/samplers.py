"""Least effective draws a second: our sampler and settings against `pm.sample` with PyMC's own NUTS
and its defaults, on the same model and data, with as many chains, in one run.

The least bulk ESS of all parameters counts. Seconds include the warm-up; `ratio` leaves compiling
out on both sides, `ratio with compile` has it in. Some 20 minutes for all models.
"""

import time
import warnings
from collections.abc import Iterator
from typing import Any

import arviz_stats
import pymc as pm

from benchmarks import Row
from benchmarks.cells import Compiled, compile_cells

# One cell per model, of a dataset that is not its largest.
CELLS = (
    "imagenet_efficiency-efficiency_frontier",
    "chinchilla_runs-scaling_law",
    "minerva-compute_multiplier",
    "lm_perplexity-augmented_scaling_law",
    "substitution_elasticity-meta_analysis",
    "software_hardware_rates-rate_coincidence",
    "research_inputs-idea_production",
    "research_inputs-idea_production_ceiling",
    "training_runs-compute_growth",
    "own_rates-shared_rate",
)
SEED, CORES = 20261128, 2


def measure(wanted: list[str]) -> Iterator[Row]:
    """One row per cell."""
    for made in compile_cells(wanted or list(CELLS)):
        ours, theirs = _measure_ours(made), _measure_pymc(made)
        yield {
            "cell": made.name,
            **{f"our_{name}": round(value, 1) for name, value in ours.items()},
            **{f"pymc_{name}": round(value, 1) for name, value in theirs.items()},
            "ratio": round(_rate(ours, "sample_s") / _rate(theirs, "sample_s"), 1),
            "ratio_with_compile": round(
                _rate(ours, "compile_s", "sample_s") / _rate(theirs, "compile_s", "sample_s"), 1
            ),
        }


def _rate(measured: dict[str, float], *seconds: str) -> float:
    return measured["least_ess"] / sum(measured[name] for name in seconds)


def _measure_ours(made: Compiled) -> dict[str, float]:
    start = time.perf_counter()
    tree = made.sample(SEED)
    seconds = time.perf_counter() - start
    return {"compile_s": made.seconds, "sample_s": seconds, "least_ess": _least_ess(made, tree)}


def _measure_pymc(made: Compiled) -> dict[str, float]:
    """PyMC compiles and samples in one call, and says itself how long sampling took."""
    start = time.perf_counter()
    with made.refitter.built, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # divergences and the like, which its ESS shows
        tree = pm.sample(
            chains=made.lengths["chains"],
            cores=CORES,
            nuts_sampler="pymc",
            random_seed=SEED,
            progressbar=False,
            compute_convergence_checks=False,
        )
    sampling = float(tree["posterior"].attrs["sampling_time"])
    compiling = time.perf_counter() - start - sampling
    return {"compile_s": compiling, "sample_s": sampling, "least_ess": _least_ess(made, tree)}


def _least_ess(made: Compiled, tree: Any) -> float:
    names = [variable.name for variable in made.refitter.built.free_RVs]
    ess = arviz_stats.ess(tree["posterior"].to_dataset()[names], method="bulk")
    return float(ess.to_array().min())
