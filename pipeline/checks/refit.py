"""One model compiled once: for the fit, and for refits to other data of the same shape.

Compiling is most of what a fit costs. One vector goes in, one of data beside it (packed.py), and
parameters are computed from it afterwards (pipeline/fit/density.py) instead of by a second compiled
function. A pilot run says in which coordinates to walk (whitening.py).
"""

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import nutpie
import pandas as pd
import pytensor
import xarray as xr
from pymc.logprob.abstract import _logprob
from pytensor.compile.sharedvalue import SharedVariable
from pytensor.link.numba.dispatch.basic import register_funcify_default_op_cache_key
from pytensor.tensor.math import Dot
from pytensor.tensor.random.basic import BetaBinomialRV

import models
from models import Card
from pipeline.checks.beta_binomial import find_log_density
from pipeline.checks.packed import PACKED, WHITENED, join, pack
from pipeline.checks.products import multiply_by_loops
from pipeline.checks.whitening import Whitening, estimate_whitening, make_identity
from pipeline.fit.density import Constrainer

register_funcify_default_op_cache_key(Dot)(multiply_by_loops)
_logprob.register(BetaBinomialRV)(find_log_density)
MOST_DIVERGENT = 0.5  # of the transitions: such a chain hardly moves


@dataclass(frozen=True)
class Settings:
    """Length of one refit, the depth at which a trajectory is cut off, and the largest acceptance
    aimed at: models ask for up to 0.995, which costs twice the time for the same effective draws.
    Beyond `many` parameters the mass matrix is diagonal whatever the model asks for: adapting a
    low-rank one takes seconds, more than the draws themselves.

    One chain: when one of several cannot start, nutpie's others go on reading data that Python has
    let go, which may end the process.
    """

    draws: int = 400
    tune: int = 200
    maxdepth: int = 8
    target_accept: float = 0.85
    many: int = 60


QUICK = Settings()
FULL = Settings(draws=3000, tune=500, maxdepth=10, target_accept=1.0)
THOROUGH = Settings(draws=1500, tune=300, maxdepth=10, target_accept=1.0)
PILOT = Settings(draws=500, tune=500)
PILOT_CHAINS, PILOT_SEED = 2, 20261130
# How far from the center chains start, in each coordinate and standard deviations: those of a fit
# wider than the posterior, as R-hat wants them.
FAR, NEAR = 2.0, 1.0
FEW = 8  # parameters


def choose_settings(refitter: "Refitter") -> Settings:
    """How long refits to simulated data are: FULL where the model has few parameters or says
    `LONG_STUDIES`, QUICK elsewhere.

    Draws of a few parameters are cheap, and such models lie along curved ridges that short chains
    do not walk to the end: with QUICK, the scaling law's 90 % intervals held 0.79 to 0.85 of the
    truths.
    """
    is_long = refitter.parameter_count <= FEW or getattr(refitter.model, "LONG_STUDIES", False)
    return FULL if is_long else QUICK


def round_alike() -> Any:
    """A context, or a decorator of a function, in which models are compiled without fast math.

    Fast math lets the compiler add in another order and keep products unrounded, and what it does
    depends on what is compiled together. A function that Numba reads from the cache of an earlier
    run is compiled apart from its callers, a new one with them: with fast math the first fit on a
    machine and the second part ways. Without it both give the same draws, in the same time.
    """
    return pytensor.config.change_flags(numba__fastmath=False)


class RefitError(Exception):
    """The sampler gave nothing that can be read; the text says what it gave."""


class Refitter:
    """A compiled model: `sample` fits its own data, `refit` other values of them.

    Refits may run in several threads: sampling runs outside of Python's lock, and the same seed
    gives the same draws in whatever order the calls come.
    """

    def __init__(self, model: models.Model, table: pd.DataFrame, card: Card) -> None:
        self.model = model
        with round_alike():
            self.built = model.build(table, card, model.Priors())
            self._data = [v for v in self.built.data_vars if isinstance(v, SharedVariable)]
            packed, self._values = pack(self.built, self._data)
            self._compiled = nutpie.compile_pymc_model(packed, var_names=[])
            self._constrainer = Constrainer(self.built)
        self._identity = make_identity(self._values.start, self._values.rotated)

    @property
    def parameter_count(self) -> int:
        """How many unconstrained parameters are sampled."""
        return len(self._values.start)

    @property
    def data_names(self) -> set[str]:
        """The data that the compiled model reads: a prior that it does not use is not there."""
        return {str(variable.name) for variable in self._data}

    def sample(self, seed: int, progress: bool = False, **settings: Any) -> xr.DataTree:
        """Groups posterior and sample_stats of a fit to the data that the model was built with.

        `settings`: chains, draws, tune, and options of the sampler that differ from the model's.
        Raises RefitError where a chain finds no start.
        """
        options = self.model.SAMPLER | settings | {"seed": seed, "progress_bar": progress}
        drawn, stats = self._walk(self._whitening, FAR, {}, **options)
        posterior = self._constrainer.constrain(self._values.split(drawn), {})
        return xr.DataTree.from_dict({"posterior": posterior, "sample_stats": stats})

    def refit(
        self, table: pd.DataFrame, card: Card, priors: Any, seed: int, settings: Settings = QUICK
    ) -> xr.Dataset:
        """The posterior, with the count of divergent transitions in attribute `divergences`.

        Raises RefitError where data or draws are not finite, no starting point has a density, or
        most transitions diverge; ValueError where the data have another shape.
        """
        values = self.read(table, card, priors)
        options = self._shorten(settings) | {"chains": 1, "seed": seed}
        # Where the new data lie far from the model's own, a whitened start may have no gradient.
        for whitening in (self._whitening, self._identity):
            drawn, stats = self._walk(whitening, NEAR, values, **options)
            if (share := float(stats["diverging"].mean())) <= MOST_DIVERGENT:
                break
        else:
            raise RefitError(f"{share:.0%} of the transitions diverged")
        posterior = self._constrainer.constrain(self._values.split(drawn), values)
        broken = [str(name) for name, each in posterior.items() if not np.isfinite(each).all()]
        if broken:
            raise RefitError(f"draws of {', '.join(broken)} are not finite")
        return posterior.assign_attrs(divergences=int(stats["diverging"].sum()))

    @cached_property
    def _whitening(self) -> Whitening:
        """What a short run to the model's own data says; of a run that fails, nothing."""
        options = self._shorten(PILOT) | {"chains": PILOT_CHAINS, "seed": PILOT_SEED}
        try:
            drawn, stats = self._walk(self._identity, NEAR, {}, **options)
        except RefitError:
            return self._identity
        if float(stats["diverging"].mean()) > MOST_DIVERGENT:
            return self._identity
        return estimate_whitening(drawn.reshape(-1, drawn.shape[-1]), self._values.rotated)

    def _walk(
        self,
        whitening: Whitening,
        reach: float,
        values: dict[str, np.ndarray],
        chains: int,
        progress_bar: bool = False,
        **options: Any,
    ) -> tuple[np.ndarray, xr.Dataset]:
        """Draws of the unconstrained values, shape (chain, draw, value), and how sampling went.

        `reach`: of the starts; `values`: data that differ from those of the model, by name.
        """

        def start(seed: Any) -> np.ndarray:
            return np.random.default_rng(seed).uniform(-reach, reach, self.parameter_count)

        given = (values.get(str(each.name), each.get_value()) for each in self._data)
        compiled = self._compiled.with_data(**{PACKED: join(given, whitening)})
        compiled = replace(compiled, initial_point_func=start)
        kept = {"save_warmup": False, "progress_bar": progress_bar}
        try:
            tree = nutpie.sample(compiled, chains=chains, cores=chains, **kept, **options)
        except RuntimeError as error:  # of nutpie, with a trace of its own stack below
            raise RefitError(str(error).splitlines()[0]) from error
        whitened = tree["posterior"][WHITENED].transpose("chain", "draw", ...).to_numpy()
        return whitening.unwhiten(whitened), tree["sample_stats"].to_dataset()

    def _shorten(self, settings: Settings) -> dict[str, Any]:
        """The options of the model's sampler, as `settings` limit them."""
        made = self.model.SAMPLER | asdict(settings)
        asked = self.model.SAMPLER.get("target_accept", 0.9)
        made["target_accept"] = min(asked, settings.target_accept)
        if self.parameter_count > made.pop("many"):
            made["adaptation"] = "diag"
        return made

    def read(self, table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
        """The data that the compiled model would read, by name. Raises as `refit` does."""
        values = self.model.data(table, card, priors)
        shapes = {str(variable.name): variable.get_value().shape for variable in self._data}
        known = {name: np.asarray(v) for name, v in values.items() if name in shapes}
        for name, value in known.items():
            if value.shape != shapes[name]:
                raise ValueError(
                    f"{name} has shape {value.shape}, compiled for {shapes[name]}: "
                    "a model is refitted to as many rows, labs, tags and base models as it was "
                    "built for"
                )
            if not np.isfinite(value).all():
                raise RefitError(f"the data {name} are not finite")
        return known


def differ(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether any of the data in `one` have other values in `other`."""
    return any(not np.array_equal(one[name], other[name]) for name in one)
