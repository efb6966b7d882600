"""What readers ask of the augmented law: rates, its constants, the split, and the reverse test; and
its classical twin, OLS of log perplexity, clustered by paper.
"""

from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr

from models import Card, Truth, as_draws
from models.core.estimands import describe
from models.core.shapley import shapley_of_sum
from models.effective_compute.baseline import Classical
from models.effective_compute.estimands import (
    describe_rates,
    describe_rates_over_steps,
    describe_reverse_tests,
)
from models.effective_compute.split import Step, assemble, combine
from models.effective_compute.steps import label_early, list_record_paths, quicken
from models.losses import augmented_law as law
from models.losses.augmented_design import End, SizePair, Sizes, prepare
from models.losses.augmented_simulation import DIMS

BASELINE_SEED = 20240309
SPLIT_SEED = 20240309  # of the errors of compute at the ends of a step
Parts = dict[str, np.ndarray]  # part: draws
PLAYERS = ("compute", "allocation", "trend")
ABSENT = {
    "inference": "no row has more than one answer",
    "technique": "not in this model: what is done at test time is in its paper effects and noise",
    "lab": "not in this model: the effect of a paper is on the log perplexity, not on compute",
    "unexplained": "not in this model: paper effects and noise are not decades of compute",
}
CONSTANTS = {  # label, unit
    "exponent_parameters": ("Exponent of parameters", "1"),
    "exponent_tokens": ("Exponent of tokens", "1"),
    "irreducible_loss": ("Irreducible loss", "nats per token"),
    "repetition_worth": ("Readings of a text that count, beyond the first", "readings"),
}


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rates, the law's constants, the split of every step, and the reverse test."""
    sizes = prepare(table, card)
    made = describe_rates(posterior, sizes.trend, sizes.years)
    label, key = "Rate of algorithmic progress through one input", "rate_decades_per_year_through"
    through = law.rates_through(posterior)
    made["rate_through"] = describe(through, label, "decades per year", key=key)
    for name, (label, unit) in CONSTANTS.items():
        made[name] = describe(posterior[name], label, unit, "positive")
    pairs = sizes.list_pairs()
    steps = [_make_step(posterior, sizes, pair) for pair in pairs]
    comparisons = [pair.comparison for pair in pairs]
    split = assemble(steps, comparisons, ABSENT, posterior["rate"], is_loss=True)
    over_steps = describe_rates_over_steps(split, [pair.years for pair in pairs])
    return made.merge(split).merge(over_steps).merge(_reverse_tests(posterior, sizes, card))


def _make_step(posterior: xr.Dataset, sizes: Sizes, pair: SizePair) -> Step:
    """The step of one pair.

    Compute moves parameters and the tokens that were read; allocation, what reading them again was
    worth. The log perplexity is E and one term of parameters and one of tokens: the Shapley values
    are those within each term, added up.
    """
    benchmark, moved, terms = pair.comparison.benchmark, dict[str, Parts](), dict[str, Parts]()
    for name in ("parameters", "tokens"):
        start, moved[name] = _move(posterior, sizes, pair, name)
        terms[name] = _shapley_of_term(posterior, benchmark, name, start, moved[name])
    decades, shapley = (
        {part: each["parameters"][part] + each["tokens"][part] for part in PLAYERS}
        for each in (moved, terms)
    )
    return combine(decades, shapley, is_loss=True)


def _move(
    posterior: xr.Dataset, sizes: Sizes, pair: SizePair, name: str
) -> tuple[np.ndarray, Parts]:
    """Effective parameters or tokens at the early end, and by how much each part moves them."""
    ends = early, late = (pair.early, pair.late)
    years = np.array([early.years, late.years])
    gained = law.progress_through(posterior, sizes, years, name).transpose("date", "chain", "draw")
    before, after = gained.to_numpy()
    larger = late.log10_parameters - early.log10_parameters
    if name == "parameters":
        zero = np.zeros_like(before)
        moved = {"compute": zero + larger, "allocation": zero, "trend": after - before}
        return before + early.log10_parameters, moved
    first, last = (draw_flop(posterior, end, place) for place, end in enumerate(ends))
    read = last - first - larger
    worth = [law.repeat_worth(posterior, xr.DataArray(end.readings)).to_numpy() for end in ends]
    tokens = late.log10_tokens - early.log10_tokens + worth[1] - worth[0]
    start = before + worth[0] + early.log10_tokens
    return start, {"compute": read, "allocation": tokens - read, "trend": after - before}


def draw_flop(posterior: xr.Dataset, end: End, place: int) -> np.ndarray:
    """Draws of log10 of the training FLOP of an end, by a fixed seed for its place in the step.

    A truth brings its own error, in standard deviations.
    """
    if "flop_errors" in posterior:
        standard = posterior["flop_errors"].isel(end=place).to_numpy()
    else:
        shape = posterior["rate"].shape
        standard = np.random.default_rng(SPLIT_SEED + place).standard_normal(shape)
    return np.asarray(end.log10_flop + end.flop_error * standard)


def _shapley_of_term(
    posterior: xr.Dataset, benchmark: str, name: str, start: np.ndarray, moved: Parts
) -> Parts:
    """Shapley values of the parts in the change of one term."""
    contribution = posterior[f"contribution_{name}"].sel(benchmark=benchmark).to_numpy()
    exponent = posterior[f"exponent_{name}"].to_numpy()

    def term(effective: np.ndarray) -> np.ndarray:
        return np.asarray(contribution * np.exp(-exponent * law.LOG_10 * effective))

    return shapley_of_sum(start, moved, term)


def _reverse_tests(posterior: xr.Dataset, sizes: Sizes, card: Card) -> xr.Dataset:
    """Compute, at its best division, with which the first method would match the best loss."""
    needed: dict[str, np.ndarray] = {}
    expected = law.expect(posterior, sizes)
    for path in list_record_paths(sizes.rows, sizes.options.comparisons):
        assert path.rows is not None
        first, best = path.rows
        years = float(sizes.years[first])
        at_first = law.law_at(posterior, sizes, path.comparison.benchmark, years)
        flop = law.least_flop(at_first, expected.isel(row=best)).transpose("chain", "draw")
        needed[label_early(sizes.rows, path)] = flop.to_numpy()
    return describe_reverse_tests(needed, posterior["rate"], card, "rate_decades_per_year")


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with the rate at which compute is `share` of the headline comparison.

    The rates of all years move alike. Raises ValueError where no rate gives that share.
    """
    sizes = prepare(table, card)
    headline = sizes.options.headline_comparison
    pair = next(each for each in sizes.list_pairs() if each.comparison.id == headline)
    if not share or not pair.years:
        raise ValueError(f"no rate makes compute {share:g} of a step of {pair.years:.2g} years")
    drawn = as_draws(truth, DIMS)
    decades = _make_step(drawn, sizes, pair).values["decades"]
    step = {part: float(each.mean()) for part, each in decades.items()}
    return quicken(truth, (step["compute"] / share - sum(step.values())) / pair.years)


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of log perplexity on log10 N, log10 D, date and benchmark: rate and compute shares.

    Simpler than the model: no irreducible loss, so that all slopes are the same at every size. The
    rate is that of Ho et al. 2024, yearly slope over slope in N plus the same in D, with the yearly
    slope divided between the two terms so that both rates are equal. Percentile intervals from
    draws of the coefficients' normal distribution.
    """
    sizes = prepare(table, card)
    classical = Classical(_fit_linear(sizes), BASELINE_SEED)
    classical.add("rate_decades_per_year", _rate)
    classical.add_doubling_time(_rate)
    for pair in sizes.list_pairs():
        classical.add_share(pair.comparison.id, partial(_classical_decades, pair))
    method = "OLS of log perplexity, no irreducible loss, clustered by paper"
    return pd.DataFrame(classical.rows).assign(method=method)


def _fit_linear(sizes: Sizes) -> Any:
    frame = pd.DataFrame(
        {
            "log_perplexity": np.log(sizes.rows["perplexity"]),
            "parameters": sizes.log10_parameters,
            "tokens": sizes.log10_tokens,
            "years": sizes.years,
            "benchmark": sizes.rows["benchmark"],
        }
    )
    terms = "parameters + tokens + years"
    terms += " + C(benchmark)" if len(sizes.benchmarks) > 1 else ""
    model = smf.ols(f"log_perplexity ~ {terms}", frame)
    return model.fit(cov_type="cluster", cov_kwds={"groups": sizes.paper_index})


def _rate(coefficients: pd.DataFrame) -> pd.Series:
    return 2 * coefficients["years"] / (coefficients["parameters"] + coefficients["tokens"])


def _classical_decades(pair: SizePair, coefficients: pd.DataFrame) -> Parts:
    rate = _rate(coefficients).to_numpy()
    early, late = pair.early, pair.late
    larger = late.log10_parameters - early.log10_parameters
    longer = late.log10_tokens - early.log10_tokens
    read = late.log10_flop - early.log10_flop
    parts = {"compute": read, "allocation": larger + longer - read}
    made = {part: np.full(len(rate), decades) for part, decades in parts.items()}
    return made | {"trend": rate * pair.years}
