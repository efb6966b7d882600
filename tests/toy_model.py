"""A leaderboard model that can be fitted exactly: studies of it take milliseconds a refit.

score_i = log10 C_i + rate years_i + deviation[base model_i] + Normal(0, 0.1), deviations
Normal(0, 0.2): linear and Gaussian, so the posterior is a normal distribution in closed form.
"""

# ruff: noqa: ARG002   the contract's arguments are the same for every model
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from boards import make_board, make_board_card

from models import Card, Truth
from models.core.prior import Prior, prior_data
from pipeline.checks.refit import QUICK, RefitError, Settings
from pipeline.studies.trials import Study

NOISE, DEVIATION = 0.1, 0.2
COMPARISON = "toy-first-last"
STEP = f"share_compute[{COMPARISON}]"


@dataclass(frozen=True)
class Priors:
    rate: Prior = Prior("Normal", (0.5, 0.5), "decades per year", "a toy's")
    weight: Prior = Prior("Beta", (2.0, 2.0), "1", "used, and without a scale")
    absent: Prior = Prior("Normal", (0.0, 1.0), "1", "not used on this dataset")


def _identity(latent: Any) -> Any:
    return latent


@dataclass(frozen=True)
class Toy:
    """The model; another `simulated_noise`, or a `link` of the truth to scores, makes it wrong."""

    simulated_noise: float = NOISE
    link: Callable[[Any], Any] = _identity
    reason: str = ""
    TABLE: str = "loss_leaderboard"  # whose ranges do not speak of the score
    SAMPLER: dict[str, Any] = field(default_factory=dict)
    Priors: type = Priors
    DIMS: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"deviation": ("base_model",)})

    def unsupported_reason(self, table: pd.DataFrame, card: Card) -> str:
        return self.reason

    def data(self, table: pd.DataFrame, card: Card, priors: Any) -> dict[str, np.ndarray]:
        compute = np.log10(table["training_flop"])
        made = {"log10_compute": compute, "years": years_of(table), "score": table["score"]}
        return {name: np.asarray(each) for name, each in made.items()} | prior_data(priors)

    def sample_prior(
        self, table: pd.DataFrame, card: Card, priors: Any, rng: np.random.Generator
    ) -> Truth:
        bases = table["base_model"].drop_duplicates()
        return {
            "rate": float(priors.rate.draw(rng)),
            "deviation": {base: float(rng.normal(0, DEVIATION)) for base in bases},
        }

    def simulate(self, table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
        known = np.log10(table["training_flop"]) + truth["rate"] * years_of(table)
        own = table["base_model"].map(truth["deviation"])
        score = self.link(known + own) + rng.normal(0, self.simulated_noise, len(table))
        return table.assign(score=score)

    def estimands(self, posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
        """Shares are never reported, as of a total near zero: a study must divide by itself."""
        first, last = find_ends(table)
        own = posterior["deviation"].sel(base_model=["Model 0", "Model 11"])
        decades = {
            "compute": np.log10(last["training_flop"] / first["training_flop"]),
            "trend": posterior["rate"] * (last["years"] - first["years"]),
            "unexplained": own.diff("base_model").squeeze("base_model", drop=True),
            "lab": np.nan,
        }
        zero = xr.zeros_like(posterior["rate"]).expand_dims({"comparison": [COMPARISON]}, -1)
        made = {f"decades_{name}": zero + each for name, each in decades.items()}
        made["share_compute"] = (zero + np.nan).assign_attrs(is_headline=True)
        made["rate_decades_per_year"] = posterior["rate"].assign_attrs(is_headline=True)
        return xr.Dataset(made)

    def fix_share(self, truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
        first, last = find_ends(table)
        compute = np.log10(last["training_flop"] / first["training_flop"])
        own = truth["deviation"][last["base_model"]] - truth["deviation"][first["base_model"]]
        years = last["years"] - first["years"]
        return truth | {"rate": (compute / share - compute - own) / years}


def years_of(table: pd.DataFrame) -> pd.Series:
    return (table["release_date"] - pd.Timestamp(2020, 1, 1)).dt.days / 365.25


def find_ends(table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """The rows of the comparison."""
    rows = table.assign(years=years_of(table)).set_index("model", drop=False)
    return rows.loc["Model 0"], rows.loc["Model 11"]


class ExactRefitter:
    """Draws from the exact posterior. Every seed divisible by `failing` gives none."""

    parameter_count = 13
    data_names = frozenset({"log10_compute", "years", "score", "prior_rate", "prior_weight"})

    def __init__(self, model: Any, table: pd.DataFrame, card: Card, failing: int = 0) -> None:
        self.model, self._failing = model, failing

    def refit(
        self, table: pd.DataFrame, card: Card, priors: Any, seed: int, settings: Settings = QUICK
    ) -> xr.Dataset:
        if self._failing and seed % self._failing == 0:
            raise RefitError("a toy's")
        data = self.model.data(table, card, priors)
        bases = list(table["base_model"].drop_duplicates())
        is_base = table["base_model"].to_numpy()[:, None] == np.array(bases)
        design = np.column_stack([data["years"], is_base])
        center, scale = priors.rate.parameters
        prior_mean = np.array([center, *np.zeros(len(bases))])
        prior_precision = np.diag([scale**-2.0, *np.full(len(bases), DEVIATION**-2.0)])
        precision = prior_precision + design.T @ design / NOISE**2
        outcome = design.T @ (data["score"] - data["log10_compute"]) / NOISE**2
        mean = np.linalg.solve(precision, prior_precision @ prior_mean + outcome)
        rng = np.random.default_rng(seed)
        drawn = rng.multivariate_normal(mean, np.linalg.inv(precision), (1, settings.draws))
        dims = ("chain", "draw", "base_model")
        return xr.Dataset(
            {"rate": (dims[:2], drawn[..., 0]), "deviation": (dims, drawn[..., 1:])},
            {"base_model": bases},
            {"divergences": 1},
        )


def make_table() -> pd.DataFrame:
    """Twelve base models, compute growing with the date; half published it."""
    count = np.arange(12)
    return make_board(
        [f"Model {i}" for i in count],
        release_date=pd.Timestamp(2020, 1, 1) + pd.to_timedelta(count * 90, "D"),
        training_flop=10 ** (22 + 0.2 * count),
        parameters=1e9,
        training_tokens=1e12,
        compute_confidence=np.where(count % 2, "likely", "confident"),
        is_open_weights=count % 2 == 0,
        score=22 + 0.35 * count + 0.1 * (count % 3),
    )


def make_card() -> Card:
    """The card of the toy's table, whose scores are no shares: a step from first to last row."""
    card = make_board_card({COMPARISON: ("Toy", "Model 0", "Model 11")})
    return replace(card, table=Toy.TABLE)


class ExactRecipe:
    """Stands for a recipe; compiles nothing."""

    def __init__(self, *made_of: Any) -> None:
        self._made_of = made_of

    def compile(self) -> ExactRefitter:
        """The toy's refitter."""
        return ExactRefitter(*self._made_of)


def make_toy_study(model: Toy | None = None, failing: int = 0) -> Study:
    """The study of the toy, with exact refits."""
    toy: Any = model or Toy()  # an object that stands for a module
    table, card = make_table(), make_card()
    recipe: Any = ExactRecipe(toy, table, card, failing)
    return Study("toy-toy", toy, table, card, recipe, seed=1)
