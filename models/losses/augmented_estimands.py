"""What readers ask of the augmented law: rates, its constants, the split, and the reverse test."""

import numpy as np
import pandas as pd
import xarray as xr

from models import Card, Truth
from models.core.rates import doubling_time_months
from models.core.shapley import shapley_of_sum
from models.effective_compute.reverse import describe_reverse_tests
from models.effective_compute.split import LOSS_KINDS, Step, assemble, combine
from models.losses.augmented_design import (
    Pair,
    Sizes,
    decades_of_compute,
    find_record_path,
    get_loss_options,
    list_size_pairs,
    make_sizes,
    years_between,
)
from models.losses.augmented_law import LOG_10, expect, law_at, least_flop, rates_through

ABSENT = {
    "allocation": "inside compute: parameters and tokens are explained apart by this model",
    "technique": "not in this model: what is done at test time is in its paper effects and noise",
    "lab": "not in this model: the effect of a paper is on the log perplexity, not on compute",
    "unexplained": "not in this model: paper effects and noise are not decades of compute",
}


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rates, the law's constants, the split of every step, and the reverse test."""
    sizes = make_sizes(table)
    pairs = list_size_pairs(sizes, card)
    made = _rates(posterior).merge(_constants(posterior))
    return made.merge(split_pairs(posterior, pairs)).merge(_reverse_tests(posterior, sizes, card))


def _rates(posterior: xr.Dataset) -> xr.Dataset:
    rate = posterior["rate"]
    doubling = doubling_time_months(rate)
    return xr.Dataset(
        {
            "rate_decades_per_year": rate.assign_attrs(
                label="Rate of algorithmic progress",
                unit="decades per year",
                description="yearly gain in effective compute at the same parameters and tokens",
                is_headline=True,
            ),
            "doubling_time_months": doubling.assign_attrs(derived_from="rate_decades_per_year"),
            "rate_through": rates_through(posterior).assign_attrs(
                key="rate_decades_per_year_through",
                label="Rate of algorithmic progress through one input",
                unit="decades per year",
                description="yearly gain in effective parameters or tokens; the data hardly tell "
                "one from the other: only their sum is identified",
            ),
        }
    )


def _constants(posterior: xr.Dataset) -> xr.Dataset:
    words = {
        "exponent_parameters": (
            "Exponent of parameters",
            "1",
            "a in A N^-a: the log perplexity above E falls by a per natural log of parameters",
        ),
        "exponent_tokens": (
            "Exponent of tokens",
            "1",
            "b in B D^-b: the log perplexity above E falls by b per natural log of tokens",
        ),
        "irreducible_loss": (
            "Irreducible loss",
            "nats per token",
            "E: log perplexity that no parameters, tokens and progress of this kind get below",
        ),
    }
    return xr.Dataset(
        {
            name: posterior[name].assign_attrs(
                label=label, unit=unit, description=description, is_positive=True
            )
            for name, (label, unit, description) in words.items()
        }
    )


def split_pairs(posterior: xr.Dataset, pairs: list[Pair]) -> xr.Dataset:
    """Decades, shares, Shapley values and Shapley shares of every part of every pair."""
    steps = [_make_step(posterior, pair) for pair in pairs]
    comparisons = [pair.comparison for pair in pairs]
    return assemble(steps, comparisons, ABSENT, posterior["rate"], LOSS_KINDS)


def _make_step(posterior: xr.Dataset, pair: Pair) -> Step:
    """The step of one pair.

    The log perplexity is E and one term of parameters and one of tokens: the Shapley values of the
    players N, D, trend in N and trend in D are those within each term, added up.
    """
    rate = posterior["rate"].to_numpy()
    decades = {
        "compute": np.full(rate.shape, decades_of_compute(pair)),
        "trend": rate * years_between(pair),
    }
    sizes = {
        "parameters": (pair.early.log10_parameters, pair.late.log10_parameters),
        "tokens": (pair.early.log10_tokens, pair.late.log10_tokens),
    }
    terms = [_shapley_of_term(posterior, pair, name, *ends) for name, ends in sizes.items()]
    shapley = {part: terms[0][part] + terms[1][part] for part in decades}
    return combine(decades, shapley, "change of log perplexity")


def _shapley_of_term(
    posterior: xr.Dataset, pair: Pair, name: str, early: float, late: float
) -> dict[str, np.ndarray]:
    """Shapley values of the input (compute) and of its trend in the change of one term."""
    drawn = posterior.sel(benchmark=pair.comparison.benchmark)
    contribution = drawn[f"contribution_{name}"].to_numpy()
    exponent = posterior[f"exponent_{name}"].to_numpy()
    rate = rates_through(posterior).sel(through=name).to_numpy()

    def term(effective: np.ndarray) -> np.ndarray:
        return np.asarray(contribution * np.exp(-exponent * LOG_10 * effective))

    steps = {
        "compute": np.full(rate.shape, late - early),
        "trend": rate * years_between(pair),
    }
    return shapley_of_sum(early + rate * pair.early.years, steps, term)


def _reverse_tests(posterior: xr.Dataset, sizes: Sizes, card: Card) -> xr.Dataset:
    """Compute, at its best division, with which the first method would match the best loss."""
    needed: dict[str, np.ndarray] = {}
    expected = expect(posterior, sizes)
    for benchmark in sizes.benchmarks:
        first, best = find_record_path(sizes, benchmark)
        if first != best:
            name = str(sizes.rows["model"].iloc[first])
            label = name if len(sizes.benchmarks) == 1 else f"{benchmark}: {name}"
            law = law_at(posterior, sizes, benchmark, float(sizes.years[first]))
            flop = least_flop(law, expected.isel(row=best))
            needed[label] = flop.transpose("chain", "draw").to_numpy()
    made = describe_reverse_tests(needed, posterior["rate"], card, "rate_decades_per_year")
    if needed:
        made["reverse_test_flop"].attrs["description"] = (
            "6 N D at the best division between parameters and tokens, with the law of the first "
            "row's date, for the law's perplexity of the best row"
        )
        made["reverse_test_p_unreachable"].attrs["description"] = (
            "zero by construction: the irreducible loss is the same at all dates in this model"
        )
    return made


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with the rate at which compute is `share` of the headline comparison.

    Raises ValueError where no rate gives that share.
    """
    sizes, headline = make_sizes(table), get_loss_options(card).headline_comparison
    pair = next(p for p in list_size_pairs(sizes, card) if p.comparison.id == headline)
    compute, years = decades_of_compute(pair), years_between(pair)
    if not share or not years:
        raise ValueError(f"no rate makes compute {share:g} of a step of {years:.2g} years")
    return truth | {"rate": compute * (1 / share - 1) / years}
