"""One model compiled once, then refitted to other data of the same shape in tenths of a second.

For studies that fit a model hundreds of times: simulated outcomes, changed compute, wider priors.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import nutpie
import pandas as pd
import xarray as xr

import models
from models import Card
from pipeline.fit.arithmetic import round_alike


@dataclass(frozen=True)
class Settings:
    """Length of one refit, the depth at which a trajectory is cut off, and the largest acceptance
    aimed at: models ask for up to 0.99, which costs twice the time for the same effective draws.
    Beyond `many` parameters the mass matrix is diagonal whatever the model asks for: adapting a
    low-rank one takes seconds, ten times what the draws themselves take.

    One chain: when one of several cannot start, nutpie's others go on reading data that Python has
    let go, which may end the process.
    """

    draws: int = 500
    tune: int = 500
    maxdepth: int = 8
    target_accept: float = 0.85
    many: int = 60


QUICK = Settings()
FULL = Settings(draws=3000, tune=1500, maxdepth=10, target_accept=1.0)
THOROUGH = Settings(draws=2000, tune=1000, maxdepth=10, target_accept=1.0)


FEW = 8  # parameters


def choose_settings(refitter: "Refitter") -> Settings:
    """How long refits to simulated data are: a chain of the fit's own length where the model has
    few parameters, QUICK elsewhere.

    Draws of a few parameters are cheap, and such models lie along curved ridges that short chains
    do not walk to the end: with QUICK, the scaling law's 90 % intervals held 0.79 to 0.85 of the
    truths.
    """
    return FULL if refitter.parameter_count <= FEW else QUICK


class RefitError(Exception):
    """The sampler gave nothing that can be read; the text says what it gave."""


class Refitter:
    """A compiled model; `refit` gives the posterior on other values of its data.

    Safe to call from several threads: sampling runs outside of Python's lock, and the same seed
    gives the same draws in whatever order the calls come.
    """

    def __init__(self, model: models.Model, table: pd.DataFrame, card: Card) -> None:
        self._model = model
        with round_alike():
            compiled = nutpie.compile_pymc_model(model.build(table, card, model.Priors()))
        start = _one_at_a_time(compiled.initial_point_func)
        self._compiled = replace(compiled, initial_point_func=start)
        self._shapes = {
            str(variable.name): compiled.shared_data[key].shape
            for variable, key in compiled.shared_var_keys.items()
        }

    @property
    def parameter_count(self) -> int:
        """How many unconstrained parameters are sampled."""
        return int(self._compiled.n_dim)

    @property
    def data_names(self) -> set[str]:
        """The data that the compiled model reads: a prior that it does not use is not there."""
        return set(self._shapes)

    def refit(
        self, table: pd.DataFrame, card: Card, priors: Any, seed: int, settings: Settings = QUICK
    ) -> xr.Dataset:
        """The posterior, with the count of divergent transitions in attribute `divergences`.

        Raises RefitError where data or draws are not finite, no starting point has a density, or
        every transition diverges; ValueError where the data have another shape.
        """
        values = self._check(self._model.data(table, card, priors))
        try:
            tree = nutpie.sample(
                self._compiled.with_data(**values),
                draws=settings.draws,
                tune=settings.tune,
                chains=1,
                cores=1,
                seed=seed,
                save_warmup=False,
                progress_bar=False,
                maxdepth=settings.maxdepth,
                **self._adapt(settings),
            )
        except RuntimeError as error:  # of nutpie, with a trace of its own stack below
            raise RefitError(str(error).splitlines()[0]) from error
        return _read(tree)

    def _adapt(self, settings: Settings) -> dict[str, Any]:
        asked = self._model.SAMPLER
        changed = {"target_accept": min(asked.get("target_accept", 0.9), settings.target_accept)}
        if self._compiled.n_dim > settings.many:
            changed["adaptation"] = "diag"
        return asked | changed

    def _check(self, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        known = {name: np.asarray(v) for name, v in values.items() if name in self._shapes}
        for name, value in known.items():
            if value.shape != self._shapes[name]:
                raise ValueError(
                    f"{name} has shape {value.shape}, compiled for {self._shapes[name]}: "
                    "a model is refitted to as many rows, labs, tags and base models as it was "
                    "built for"
                )
            if not np.isfinite(value).all():
                raise RefitError(f"the data {name} are not finite")
        return known


def _one_at_a_time(function: Callable[[Any], np.ndarray]) -> Callable[[Any], np.ndarray]:
    """PyTensor keeps a function's arguments in one place: two threads would mix their seeds."""
    lock = threading.Lock()

    def call(seed: Any) -> np.ndarray:
        with lock:
            return function(seed)

    return call


def _read(tree: Any) -> xr.Dataset:
    posterior: xr.Dataset = tree["posterior"].to_dataset()
    diverging = tree["sample_stats"]["diverging"]
    if bool(diverging.all()):
        raise RefitError("every transition diverged")
    broken = [str(name) for name, each in posterior.items() if not bool(np.isfinite(each).all())]
    if broken:
        raise RefitError(f"draws of {', '.join(broken)} are not finite")
    return posterior.assign_attrs(divergences=int(diverging.sum()))
