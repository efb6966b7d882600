"""What readers ask of the augmented law: rates, its constants, the split, and the reverse test."""

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, Truth
from models.core.rates import describe_rate
from models.core.shapley import shapley_of_sum
from models.effective_compute.estimands import describe_reverse_tests
from models.effective_compute.paths import label_early, list_record_paths
from models.effective_compute.split import Step, assemble, combine
from models.losses.augmented_design import SizePair, Sizes, prepare
from models.losses.augmented_law import LOG_10, expect, law_at, least_flop, rates_through

ABSENT = {
    "allocation": "inside compute: parameters and tokens are explained apart by this model",
    "technique": "not in this model: what is done at test time is in its paper effects and noise",
    "lab": "not in this model: the effect of a paper is on the log perplexity, not on compute",
    "unexplained": "not in this model: paper effects and noise are not decades of compute",
}
CONSTANTS = {  # label, unit
    "exponent_parameters": ("Exponent of parameters", "1"),
    "exponent_tokens": ("Exponent of tokens", "1"),
    "irreducible_loss": ("Irreducible loss", "nats per token"),
}


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rates, the law's constants, the split of every step, and the reverse test."""
    sizes = prepare(table, card)
    made = describe_rate(posterior["rate"])
    made["rate_through"] = rates_through(posterior).assign_attrs(
        key="rate_decades_per_year_through",
        label="Rate of algorithmic progress through one input",
        unit="decades per year",
    )
    for name, (label, unit) in CONSTANTS.items():
        made[name] = posterior[name].assign_attrs(label=label, unit=unit, is_positive=True)
    pairs = sizes.list_pairs()
    steps = [_make_step(posterior, pair) for pair in pairs]
    comparisons = [pair.comparison for pair in pairs]
    split = assemble(steps, comparisons, ABSENT, posterior["rate"], is_loss=True)
    return made.merge(split).merge(_reverse_tests(posterior, sizes, card))


def _make_step(posterior: xr.Dataset, pair: SizePair) -> Step:
    """The step of one pair.

    The log perplexity is E and one term of parameters and one of tokens: the Shapley values of the
    players N, D, trend in N and trend in D are those within each term, added up.
    """
    rate = posterior["rate"].to_numpy()
    decades = {"compute": np.full(rate.shape, pair.decades_of_compute), "trend": rate * pair.years}
    sizes = {
        "parameters": (pair.early.log10_parameters, pair.late.log10_parameters),
        "tokens": (pair.early.log10_tokens, pair.late.log10_tokens),
    }
    terms = [_shapley_of_term(posterior, pair, name, *ends) for name, ends in sizes.items()]
    shapley = {part: terms[0][part] + terms[1][part] for part in decades}
    return combine(decades, shapley, is_loss=True)


def _shapley_of_term(
    posterior: xr.Dataset, pair: SizePair, name: str, early: float, late: float
) -> dict[str, np.ndarray]:
    """Shapley values of the input (compute) and of its trend in the change of one term."""
    drawn = posterior.sel(benchmark=pair.comparison.benchmark)
    contribution = drawn[f"contribution_{name}"].to_numpy()
    exponent = posterior[f"exponent_{name}"].to_numpy()
    rate = rates_through(posterior).sel(through=name).to_numpy()

    def term(effective: np.ndarray) -> np.ndarray:
        return np.asarray(contribution * np.exp(-exponent * LOG_10 * effective))

    steps = {"compute": np.full(rate.shape, late - early), "trend": rate * pair.years}
    return shapley_of_sum(early + rate * pair.early.years, steps, term)


def _reverse_tests(posterior: xr.Dataset, sizes: Sizes, card: Card) -> xr.Dataset:
    """Compute, at its best division, with which the first method would match the best loss."""
    needed: dict[str, np.ndarray] = {}
    expected = expect(posterior, sizes)
    for path in list_record_paths(sizes.rows, sizes.options.comparisons):
        assert path.rows is not None
        first, best = path.rows
        law = law_at(posterior, sizes, path.comparison.benchmark, float(sizes.years[first]))
        flop = least_flop(law, expected.isel(row=best)).transpose("chain", "draw")
        needed[label_early(sizes.rows, path)] = flop.to_numpy()
    return describe_reverse_tests(needed, posterior["rate"], card, "rate_decades_per_year")


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with the rate at which compute is `share` of the headline comparison.

    Raises ValueError where no rate gives that share.
    """
    sizes = prepare(table, card)
    headline = sizes.options.headline_comparison
    pair = next(each for each in sizes.list_pairs() if each.comparison.id == headline)
    if not share or not pair.years:
        raise ValueError(f"no rate makes compute {share:g} of a step of {pair.years:.2g} years")
    return truth | {"rate": pair.decades_of_compute * (1 / share - 1) / pair.years}
