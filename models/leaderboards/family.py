"""What every model of scores does alike; a model adds its priors and when it cannot be fitted."""

from typing import Any

from models.effective_compute.design import get_options, headline_key
from models.effective_compute.simulation import DIMS
from models.effective_compute.simulation import draw_accuracy as sample_prior
from models.effective_compute.simulation import simulate_accuracy as simulate
from models.leaderboards.accuracy import (
    AccuracyPriors,
    build,
    data,
    fix_share,
    regressors,
    unit_log_likelihood,
)
from models.leaderboards.accuracy_baseline import baseline
from models.leaderboards.accuracy_estimands import estimands

__all__ = [
    "DIMS",
    "SAMPLER",
    "TABLE",
    "AccuracyPriors",
    "baseline",
    "build",
    "data",
    "estimands",
    "fix_share",
    "get_options",
    "headline_key",
    "regressors",
    "sample_prior",
    "simulate",
    "unit_log_likelihood",
]

TABLE = "accuracy_leaderboard"
# Diagonal: on some hundred dimensions a low-rank mass matrix costs more warm-up than it saves.
SAMPLER: dict[str, Any] = {"adaptation": "diag", "target_accept": 0.98, "draws": 4000}
