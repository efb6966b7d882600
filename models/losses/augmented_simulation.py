"""Perplexities drawn from known parameters of the augmented law, in plain NumPy: no code in common
with the model.
"""

from typing import Any

import numpy as np
import pandas as pd

from models import Card, Truth, fitted_rows

DIMS: dict[str, tuple[str, ...]] = {
    "level": ("benchmark",),
    "irreducible_loss": ("benchmark",),
    "contribution_parameters": ("benchmark",),
    "contribution_tokens": ("benchmark",),
    "paper_effect": ("paper",),
}


def sample_prior(table: pd.DataFrame, card: Card, priors: Any, rng: np.random.Generator) -> Truth:
    """Every parameter drawn from its prior, in plain NumPy."""
    rows = fitted_rows(table)
    benchmarks, papers = (list(dict.fromkeys(rows[name])) for name in ("benchmark", "lab"))
    labelled = {"level"}
    truth: Truth = {
        name: float(prior.draw(rng)) for name, prior in vars(priors).items() if name not in labelled
    }
    level = np.asarray(priors.level.draw(rng, len(benchmarks)), dtype=float)

    def draw_share(name: str) -> np.ndarray:
        center, spread = truth[f"{name}_share_center"], truth[f"{name}_share_spread"]
        logits = np.log(center / (1 - center)) + rng.normal(0, spread, len(benchmarks))
        return np.asarray(1 / (1 + np.exp(-logits)))

    share, parameters_share = draw_share("irreducible"), draw_share("parameters")
    by_benchmark = {
        "level": level,
        "irreducible_loss": level * share,
        "contribution_parameters": level * (1 - share) * parameters_share,
        "contribution_tokens": level * (1 - share) * (1 - parameters_share),
    }
    effects = rng.normal(0, truth["paper_scale"], len(papers))
    return (
        truth
        | {
            name: dict(zip(benchmarks, values.tolist(), strict=True))
            for name, values in by_benchmark.items()
        }
        | {"paper_effect": dict(zip(papers, effects.tolist(), strict=True))}
    )


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The fitted rows with perplexities drawn from `truth`.

    Its keys: rate, rate_difference, exponent_parameters, exponent_tokens, noise_scale;
    irreducible_loss, contribution_parameters and contribution_tokens by benchmark; paper_effect by
    paper, missing ones count as zero.
    """
    rows = fitted_rows(table)
    larger = rows["parameters"] / np.exp(np.log(rows["parameters"]).mean())
    longer = rows["dataset_tokens"] / np.exp(np.log(rows["dataset_tokens"]).mean())
    days = (rows["release_date"] - rows["release_date"].mean()).dt.total_seconds() / 86_400
    age = days / 365.25
    larger = larger * 10 ** ((truth["rate"] + truth["rate_difference"]) / 2 * age)
    longer = longer * 10 ** ((truth["rate"] - truth["rate_difference"]) / 2 * age)
    names = rows["benchmark"]
    loss = (
        names.map(truth["irreducible_loss"])
        + names.map(truth["contribution_parameters"]) / larger ** truth["exponent_parameters"]
        + names.map(truth["contribution_tokens"]) / longer ** truth["exponent_tokens"]
        + rows["lab"].map(truth.get("paper_effect", {})).astype(float).fillna(0.0)
    )
    return rows.assign(perplexity=np.exp(rng.normal(loss, truth["noise_scale"])))
