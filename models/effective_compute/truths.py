"""Parameters of a leaderboard drawn from their priors, in plain NumPy: no code in common with the
models. What a truth is says `simulation.py`.
"""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models import Card, Truth
from models.effective_compute.simulation import draw_walk, list_names, list_tags, rows_with_compute

SIDES = ("under", "over")
CONTINUED_ERROR = 0.3  # decades, of the compute of continued training
MINIMUM_PAIRED = 5  # base models, for techniques to be worth more to one than to another


def draw_multiplier(
    table: pd.DataFrame, card: Card, priors: Any, rng: np.random.Generator
) -> Truth:
    """The terms of effective compute, each from its prior."""
    options: Any = card.options
    rows = rows_with_compute(table)
    labs, bases, tags = list_names(rows, "lab"), list_names(rows, "base_model"), list_tags(rows)
    scale = float(priors.deviation_scale.draw(rng))
    errors = _errors_of_compute(rows, bases, options)
    truth: Truth = {"deviation_scale": scale, "compute_error": {}, "unexplained": {}}
    truth["compute_correction"] = {base: errors[base][0] for base in bases}
    for base in bases:
        truth["compute_error"][base] = float(rng.normal(0, errors[base][1]))
        truth["unexplained"][base] = float(rng.normal(0, scale))
    truth["deviation"] = {
        base: truth["compute_error"][base] + truth["unexplained"][base] for base in bases
    }
    truth["continued_error"] = float(rng.normal(0, CONTINUED_ERROR))
    if options.trend == "linear":
        truth |= _draw_trend(rows, options.bend, priors, rng)
    if len(labs) > 1:
        truth["lab_scale"] = float(priors.lab_scale.draw(rng))
        effects = rng.normal(0, truth["lab_scale"], len(labs))
        truth["lab_effect"] = dict(zip(labs, effects, strict=True))
    if tags:
        truth |= _draw_techniques(tags, list_names(rows, "benchmark"), priors, rng)
        parts = {tag: options.techniques[tag].part for tag in tags}
        truth["is_inference"] = {tag: float(part == "inference") for tag, part in parts.items()}
        truth |= _draw_by_base(rows, bases, tags, priors, rng)
    if options.allocation == "scaling_law":
        truth |= _draw_allocation(rows, bases, card, priors, rng)
    return truth


def _draw_by_base(
    rows: pd.DataFrame, bases: list[str], tags: list[str], priors: Any, rng: np.random.Generator
) -> Truth:
    """What a technique is worth to a base model that was evaluated with and without it."""
    carried = rows["techniques"].fillna("").str.split()
    effects, scale = {}, float(priors.technique_by_base.draw(rng))
    for base in bases:
        own = carried[rows["base_model"] == base]
        for tag in tags:
            if len({tag in each for each in own}) == 2:
                effects[f"{base}: {tag}"] = float(rng.normal(0, scale))
    made: Truth = {"technique_by_base": scale, "technique_by_base_effect": effects}
    paired = {name.rpartition(": ")[0] for name in effects}
    return made if len(paired) >= MINIMUM_PAIRED else {}


def _draw_trend(rows: pd.DataFrame, has_bend: bool, priors: Any, rng: np.random.Generator) -> Truth:
    truth: Truth = {"rate": float(priors.rate.draw(rng))}
    if len(set(rows["release_date"].dt.year)) > 1:
        truth["drift"] = float(priors.drift.draw(rng))
        truth["rate_by_year"] = draw_walk(rows, truth, rng, has_bend)
    truth["interaction"] = float(priors.interaction.draw(rng))
    return truth


def _errors_of_compute(
    rows: pd.DataFrame, bases: list[str], options: Any
) -> dict[str, tuple[float, float]]:
    """By base model: what corrects its figure, and the standard deviation of what is then open."""
    order = ["confident", "likely", "speculative"]
    scale = options.compute_error_decades.model_dump()
    each = rows.groupby("base_model").agg(
        figure=("training_flop", "min"), date=("release_date", "min")
    )
    held = rows.groupby("base_model")["compute_confidence"].agg(set)
    each["error"] = held.map(lambda have: scale[next(name for name in order if name in have)])
    each = each.loc[bases]
    if scale["kind"] == "berkson":
        return {str(base): (0.0, float(error)) for base, error in each["error"].items()}
    figure = np.log10(each["figure"])
    time = (each["date"] - each["date"].min()).dt.days
    line = stats.linregress(time, figure) if time.max() else None
    expected = line.intercept + line.slope * time if line else figure.mean()
    spread = ((figure - expected) ** 2).sum() / max(len(figure) - (2 if line else 1), 1)
    own = (spread - each["error"] ** 2).clip(lower=spread / 2)
    trust = own / (own + each["error"] ** 2)
    left = np.sqrt(trust) * each["error"]
    move = (1 - trust) * (expected - figure)
    return {base: (float(move[base]), float(left[base])) for base in bases}


def _draw_techniques(
    tags: list[str], benchmarks: list[str], priors: Any, rng: np.random.Generator
) -> Truth:
    gain = dict(zip(tags, priors.technique_gain.draw(rng, len(tags)), strict=True))
    if len(benchmarks) == 1:
        return {"technique_gain": gain}
    spread = float(priors.technique_spread.draw(rng))
    varied = {
        name: {tag: float(rng.normal(gain[tag], spread)) for tag in tags} for name in benchmarks
    }
    return {"technique_gain": gain, "technique_spread": spread, "technique_on_benchmark": varied}


def _draw_allocation(
    rows: pd.DataFrame, bases: list[str], card: Card, priors: Any, rng: np.random.Generator
) -> Truth:
    """One draw of the law for all models whose size is known; the others from the known mean."""
    assert card.scaling_law is not None, "allocation is measured against the law"
    law = {str(name): column.to_numpy() for name, column in card.scaling_law.items()}
    groups = rows.groupby("base_model")
    size = groups[["parameters", "training_tokens"]].min().reindex(bases)
    size = size.where(groups["is_dense"].all().reindex(bases), axis=0)
    is_known = size.notna().all(axis=1)
    known = size[is_known].to_numpy()
    cost = np.column_stack([_cost(law, *sizes) for sizes in known])
    coefficient = {side: float(getattr(priors, f"allocation_{side}").draw(rng)) for side in SIDES}
    worth = np.array([coefficient[_side(law, *sizes)] for sizes in known])
    # minus an exponential variable, by its distribution function
    unit = -stats.norm.logsf(rng.normal(size=len(bases)))
    drawn = pd.Series((worth * cost.mean(axis=0)).mean() * unit, index=bases)
    drawn[is_known] = worth * cost[rng.integers(len(cost))]
    allocation = {str(base): float(value) for base, value in drawn.items()}
    named = {f"allocation_{side}": value for side, value in coefficient.items()}
    return {**named, "allocation": allocation}


def _side(law: dict[str, np.ndarray], parameters: float, tokens: float) -> str:
    """Too many tokens where more of the loss is due to the parameters than at the best division."""
    a, b = law["exponent_parameters"], law["exponent_tokens"]
    from_parameters = a * law["coefficient_parameters"] * parameters**-a
    from_tokens = b * law["coefficient_tokens"] * tokens**-b
    return SIDES[int(np.log(from_parameters / from_tokens).mean() > 0)]


def _cost(law: dict[str, np.ndarray], parameters: float, tokens: float) -> np.ndarray:
    """log10 of the least N D with their loss over theirs, by draw (Hoffmann et al. 2022, eq. 4).

    The best N is G (N D)^(b / (a + b)) and the best D is N D over it.
    """
    a, b = law["exponent_parameters"], law["exponent_tokens"]
    big_a, big_b = law["coefficient_parameters"], law["coefficient_tokens"]
    g = (a * big_a / (b * big_b)) ** (1 / (a + b))
    reducible = big_a * parameters**-a + big_b * tokens**-b
    at_one = big_a * g**-a + big_b * g**b  # the best loss where N D is 1
    return np.log10((at_one / reducible) ** ((a + b) / (a * b)) / (parameters * tokens))


def sample_prior(table: pd.DataFrame, card: Card, priors: Any, rng: np.random.Generator) -> Truth:
    """Every parameter of an accuracy leaderboard, with the card's facts of its benchmarks."""
    options: Any = card.options
    rows = rows_with_compute(table)
    benchmarks = list_names(rows, "benchmark")
    truth = draw_multiplier(table, card, priors, rng)
    facts = {name: options.benchmarks[name] for name in benchmarks}
    truth |= {
        "slope": {name: float(priors.slope.draw(rng)) for name in benchmarks},
        "level": {name: float(priors.level.draw(rng)) for name in benchmarks},
        "dispersion": float(priors.dispersion.draw(rng)),
        "ceiling": {name: fact.ceiling for name, fact in facts.items()},
        "item_count": {name: fact.item_count for name, fact in facts.items()},
    }
    free = [name for name, fact in facts.items() if fact.chance == "estimated"]
    guessed = {name: float(priors.guess_rate.draw(rng)) for name in free}
    truth["chance"] = {name: fact.chance for name, fact in facts.items()} | guessed
    if guessed:
        truth["guess_rate"] = guessed
    harnesses = [name for name in list_names(rows, "harness") if name != options.reference_harness]
    if harnesses:
        shifts = priors.harness_shift.draw(rng, len(harnesses))
        truth["harness_shift"] = dict(zip(harnesses, shifts, strict=True))
    truth["skew"] = float(priors.skew.draw(rng))
    if "rate" in truth:
        short = {n: float(priors.early_shortfall.draw(rng)) for n in benchmarks}
        truth["early_shortfall"] = short
        truth["early_height"] = {n: float(np.exp(-value)) for n, value in short.items()}
    return truth
