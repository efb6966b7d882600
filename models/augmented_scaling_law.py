"""Perplexity from parameters and tokens, both of which count for more every year: the form of Ho et
al. 2024, with an irreducible loss.

Equations, for row i on benchmark k, of paper j, released at t_i::

    log ppl_i ~ Normal(E_k + P_k 10^(-a n_i) + Q_k 10^(-b d_i) + paper_effect[j], noise_scale)
    paper_effect[j] ~ Normal(0, paper_scale)
    n_i = log10(N_i / N_ref) + rate_N (t_i - t_ref)
    d_i = log10(D_i / D_ref) + rate_D (t_i - t_ref)
    rate = rate_N + rate_D,     rate_difference = rate_N - rate_D

    N_i, D_i    parameters, and distinct tokens of the training set; the references are the
                geometric means of the fitted rows, t_ref is their mean release date
    a, b        exponent_parameters, exponent_tokens: as in A N^-a + B D^-b, so per natural log
    rate        decades of effective compute (6 N D) per year at the same N and D
    E_k         irreducible_loss, nats per token: the same for all dates
    P_k, Q_k    contribution_parameters, contribution_tokens: nats that each term adds at the
                references. Sampled are the sum level_k = E_k + P_k + Q_k, which the data know well,
                the share of E_k in it and the share of P_k in the rest; these two are alike across
                benchmarks (normal on the logit scale)
    paper_effect    nats shared by the rows of a paper: its vocabulary, tricks and protocol. The
                effects are integrated out of the likelihood, exactly, and what the rows say of each
                is kept: sampled with the rest, they halve the effective draws and a fit takes
                several times as long

On the rows of Ho et al. paper effects raise the predictive density of rows left out by 27 nats, and
normal noise predicts as well as Student's t, so noise is normal.

What identifies the parts: N and D, from models of one date; the rate, from models of like N and D
and different dates. What it cannot tell apart: progress through parameters from progress through
tokens (`rate_difference` follows its prior in part, and should not be quoted); E from the exponents
of its benchmark, where all models are far above E; better data, larger vocabularies and what was
done at test time from the trend. Tokens are counted once however often they are read: the compute
of the split is 6 N D of distinct tokens, not what training took.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
from scipy import stats

from models import INTERVAL_PROBABILITY, Card, Curve, Figure, Headline, Truth, fitted_rows
from models._dates import DAYS_A_YEAR, years_since
from models._design import name_benchmark
from models._figures import make_curve, make_intervals, summarise
from models._options import Comparison, LossOptions, Side
from models._prior import Prior, prior_data
from models._rates import doubling_time_months, to_doubling_time
from models._reverse import describe_reverse_tests
from models._shapley import shapley_of_sum
from models._split import LOSS_KINDS, SMALL_TOTAL_DECADES, Step, assemble, combine, divide

TABLE = "loss_leaderboard"
TITLE = "Augmented scaling law"
# Measured on the 231 rows of Ho et al. 2024, 4 x (1500 + 2000) draws: as many effective draws as
# with diagonal adaptation in half of the gradient evaluations; at 0.95 single transitions diverge.
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.98}
DIMS: dict[str, tuple[str, ...]] = {
    "level": ("benchmark",),
    "irreducible_loss": ("benchmark",),
    "contribution_parameters": ("benchmark",),
    "contribution_tokens": ("benchmark",),
    "paper_effect": ("paper",),
}
LOG_10 = float(np.log(10))
FLOP_A_PARAMETER_AND_TOKEN = 6  # forward and backward pass, Kaplan et al. 2020, section 2.1
LARGEST_DECADES = 300.0  # of a compute that is finite: more does not fit into a number
BASELINE_SEED = 20240309
BASELINE_DRAWS = 20_000
ABSENT = {
    "allocation": "inside compute: parameters and tokens are explained apart by this model",
    "technique": "not in this model: what is done at test time is in its paper effects and noise",
    "lab": "not in this model: the effect of a paper is on the log perplexity, not on compute",
    "unexplained": "not in this model: paper effects and noise are not decades of compute",
}
POINT_COLUMNS = [
    *("benchmark", "model", "paper", "release_date", "parameters", "dataset_tokens", "flop_6nd"),
    *("perplexity", "method", "status", "is_verified", "citation", "locator", "shown"),
]


@dataclass(frozen=True)
class Priors:
    """In years, decades of effective compute, and nats per token."""

    rate: Prior = Prior(
        "Normal",
        (0.4, 0.6),
        "decades per year",
        "published rates are 0.2 to 1.2; regress is not ruled out",
    )
    rate_difference: Prior = Prior(
        "Normal",
        (0.0, 0.6),
        "decades per year",
        "the scale of the rate: makes the rates of parameters and tokens independent",
    )
    exponent_parameters: Prior = Prior(
        "LogNormal",
        (float(np.log(0.12)), 0.6),
        "1",
        "0.07 in Ho et al. 2024 without E, 0.34 in Hoffmann et al. 2022: 95 % in 0.04-0.39",
    )
    exponent_tokens: Prior = Prior(
        "LogNormal",
        (float(np.log(0.12)), 0.6),
        "1",
        "0.04 in Ho et al. 2024 without E, 0.28 in Hoffmann et al. 2022: 95 % in 0.04-0.39",
    )
    level: Prior = Prior(
        "LogNormal",
        (float(np.log(3.5)), 0.25),
        "nats per token",
        "a model of middling size has a perplexity of 10 to 200 (90 %)",
    )
    irreducible_share_center: Prior = Prior(
        "Beta",
        (2.0, 4.0),
        "share of the level",
        "text is neither free of entropy nor all of it: 0.08 to 0.66 (90 %), E about 1 nat",
    )
    irreducible_share_spread: Prior = Prior(
        "HalfNormal", (0.5,), "logits", "texts and vocabularies differ: odds by up to 2.7 (95 %)"
    )
    parameters_share_center: Prior = Prior(
        "Beta",
        (2.0, 2.0),
        "share of the level above E",
        "small models and little data cost alike: 0.14 to 0.86 (90 %)",
    )
    parameters_share_spread: Prior = Prior(
        "HalfNormal", (0.5,), "logits", "training sets differ in size: odds by up to 2.7 (95 %)"
    )
    paper_scale: Prior = Prior(
        "HalfNormal",
        (0.2,),
        "log perplexity",
        "vocabularies and protocols move a perplexity by up to half (95 %)",
    )
    noise_scale: Prior = Prior(
        "HalfNormal",
        (0.2,),
        "log perplexity",
        "networks of one size and date differ by up to half (95 %)",
    )


@dataclass(frozen=True)
class Sizes:
    """The fitted rows as arrays; `rows` keeps their order. Decades and years from references."""

    rows: pd.DataFrame
    benchmarks: list[str]
    papers: list[str]
    log10_parameters_reference: float
    log10_tokens_reference: float
    date_reference: pd.Timestamp
    log10_parameters: np.ndarray  # (row,)
    log10_tokens: np.ndarray  # (row,)
    years: np.ndarray  # (row,)


@dataclass(frozen=True)
class Pair:
    """One step, with the positions of its two ends among the rows."""

    comparison: Comparison
    rows: tuple[int, int]


def why_not(table: pd.DataFrame, card: Card) -> str:
    """Why the model cannot be fitted: no trend, or rows without N or D; empty where it can."""
    if _options(card).trend == "none":
        return "the card says `trend: none`, and this model is one of progress with the calendar"
    lacking = fitted_rows(table)[["parameters", "dataset_tokens"]].isna().any(axis=1)
    if lacking.any():
        return f"{int(lacking.sum())} fitted rows lack parameters or dataset tokens"
    return ""


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """Sizes, dates, labels, weights and outcomes of the rows, and the parameters of the priors."""
    return _row_data(_make_sizes(table)) | prior_data(priors)


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: row, benchmark, paper."""
    import pymc as pm

    sizes = _make_sizes(table)
    coords = {
        "row": np.arange(len(sizes.rows)),
        "benchmark": sizes.benchmarks,
        "paper": sizes.papers,
    }
    with pm.Model(coords=coords) as model:
        given = {name: pm.Data(name, v, dims="row") for name, v in _row_data(sizes).items()}
        expected = _build_expected(priors, given)
        scales = [getattr(priors, name).variable(name) for name in ("noise_scale", "paper_scale")]
        pm.CustomDist(
            "log_perplexity",
            expected,
            *scales,
            given["row_weight"],
            given["paper_index"],
            dist=_draw_rows,
            logp=_weigh_rows,
            observed=given["observed_log_perplexity"],
            dims="row",
        )
        _build_paper_effect(given, expected, *scales)
    return model


def _row_data(sizes: Sizes) -> dict[str, np.ndarray]:
    """Every pm.Data over rows; a row that is held out has weight 0 and leaves the likelihood."""
    rows = sizes.rows
    held_out = rows.get("is_held_out", pd.Series(False, index=rows.index)).astype(bool)
    return {
        "log10_parameters": sizes.log10_parameters,
        "log10_tokens": sizes.log10_tokens,
        "years": sizes.years,
        "benchmark_index": _positions(rows["benchmark"], sizes.benchmarks),
        "paper_index": _positions(rows["lab"], sizes.papers),
        "row_weight": np.where(held_out, 0.0, 1.0),
        "observed_log_perplexity": np.log(rows["perplexity"].to_numpy()),
    }


def _draw_rows(
    expected: Any, noise_scale: Any, paper_scale: Any, weight: Any, paper: Any, size: Any
) -> Any:
    """Rows with a new effect for each paper; there are no more papers than rows."""
    import pymc as pm

    effect = pm.Normal.dist(0, paper_scale, size=expected.shape)[paper]
    return effect + pm.Normal.dist(expected, noise_scale, size=expected.shape)


def _weigh_rows(
    value: Any, expected: Any, noise_scale: Any, paper_scale: Any, weight: Any, paper: Any
) -> Any:
    """Log density of each row, its paper's effect integrated out; nothing where its weight is 0.

    The rows sum to the joint density: of a paper's, that without an effect plus
    log(scale / paper_scale) + (mean / scale)^2 / 2, which is divided equally among its rows.
    """
    import pymc as pm

    count = _sum_by_paper(weight, paper)
    residuals = _sum_by_paper(weight * (value - expected), paper)
    mean, scale = _infer_effect(count, residuals, noise_scale, paper_scale)
    shared = pm.math.log(scale / paper_scale) + (mean / scale) ** 2 / 2
    alone = pm.logp(pm.Normal.dist(expected, noise_scale), value)
    return weight * (alone + (shared / pm.math.maximum(count, 1))[paper])


def _sum_by_paper(values: Any, paper: Any) -> Any:
    """Sums by position of the paper; as long as there are rows, zero after the last paper."""
    import pytensor.tensor as pt

    return pt.inc_subtensor(pt.zeros_like(values)[paper], values)


def _infer_effect(
    count: Any, residuals: Any, noise_scale: Any, paper_scale: Any
) -> tuple[Any, Any]:
    """Mean and standard deviation of a paper's effect, given the sum of `count` residuals."""
    precision = count / noise_scale**2 + 1 / paper_scale**2
    return residuals / noise_scale**2 / precision, precision**-0.5


def _build_expected(priors: Priors, given: dict[str, Any]) -> Any:
    """The law's log perplexity of each row; call inside the model."""
    import pymc as pm

    rate = priors.rate.variable("rate")
    difference = priors.rate_difference.variable("rate_difference")
    parameters = given["log10_parameters"] + (rate + difference) / 2 * given["years"]
    tokens = given["log10_tokens"] + (rate - difference) / 2 * given["years"]
    exponent_parameters = priors.exponent_parameters.variable("exponent_parameters")
    exponent_tokens = priors.exponent_tokens.variable("exponent_tokens")
    irreducible, from_parameters, from_tokens = (
        each[given["benchmark_index"]] for each in _build_contributions(priors)
    )
    return (
        irreducible
        + from_parameters * pm.math.exp(-exponent_parameters * LOG_10 * parameters)
        + from_tokens * pm.math.exp(-exponent_tokens * LOG_10 * tokens)
    )


def _build_contributions(priors: Priors) -> tuple[Any, Any, Any]:
    """E_k, P_k and Q_k by benchmark; call inside the model."""
    import pymc as pm

    def build_share(name: str) -> Any:
        center = getattr(priors, f"{name}_share_center").variable(f"{name}_share_center")
        spread = getattr(priors, f"{name}_share_spread").variable(f"{name}_share_spread")
        offset = pm.Normal(f"{name}_share_offset", 0, 1, dims="benchmark")
        return pm.math.sigmoid(pm.math.logit(center) + spread * offset)

    level = priors.level.variable("level", dims="benchmark")
    share, parameters_share = build_share("irreducible"), build_share("parameters")
    above = level * (1 - share)
    return (
        pm.Deterministic("irreducible_loss", level * share, dims="benchmark"),
        pm.Deterministic("contribution_parameters", above * parameters_share, dims="benchmark"),
        pm.Deterministic("contribution_tokens", above * (1 - parameters_share), dims="benchmark"),
    )


def _build_paper_effect(
    given: dict[str, Any], expected: Any, noise_scale: Any, paper_scale: Any
) -> None:
    """What the rows say of the effect of each paper, integrated out above; call inside the model.

    Given the parameters it is normal: its mean and standard deviation are kept.
    """
    import pymc as pm

    count = len(pm.modelcontext(None).coords["paper"])
    weight, paper = given["row_weight"], given["paper_index"]
    residual = weight * (given["observed_log_perplexity"] - expected)
    rows_of, sum_of = (_sum_by_paper(each, paper)[:count] for each in (weight, residual))
    mean, scale = _infer_effect(rows_of, sum_of, noise_scale, paper_scale)
    pm.Deterministic("paper_effect_mean", mean, dims="paper")
    pm.Deterministic("paper_effect_scale", scale, dims="paper")


def draw_truth(table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator) -> Truth:
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


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rates, the law's constants, the split of every step, and the reverse test."""
    sizes = _make_sizes(table)
    pairs = _list_pairs(sizes, card)
    made = _rates(posterior).merge(_constants(posterior))
    return made.merge(_split(posterior, sizes, pairs)).merge(_reverse_tests(posterior, sizes, card))


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
            "doubling_time_months": doubling.assign_attrs(judged_by="rate_decades_per_year"),
            "rate_through": _rates_through(posterior).assign_attrs(
                key="rate_decades_per_year_through",
                label="Rate of algorithmic progress through one input",
                unit="decades per year",
                description="yearly gain in effective parameters or tokens; the data hardly tell "
                "one from the other: only their sum is identified",
            ),
        }
    )


def _rates_through(posterior: xr.Dataset) -> xr.DataArray:
    """Decades a year through parameters and through tokens, on dim `through`."""
    rate, difference = posterior["rate"], posterior["rate_difference"]
    both = xr.concat([(rate + difference) / 2, (rate - difference) / 2], dim="through")
    return both.assign_coords(through=["parameters", "tokens"]).transpose(
        "chain", "draw", "through"
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


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Parameters, tokens and date of the fitted rows."""
    sizes = _make_sizes(table)
    return pd.DataFrame(
        {
            "log10 parameters": sizes.log10_parameters,
            "log10 dataset tokens": sizes.log10_tokens,
            "release date": sizes.years,
        }
    )


def unit_log_likelihood(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.DataArray:
    """Log density of the rows of each base model, the effects of their papers integrated out.

    Given the other rows that the posterior was fitted to, which know something of these effects; a
    paper is fitted or held out as a whole. Dims chain, draw, base_model.
    """
    sizes = _make_sizes(table)
    rows = sizes.rows
    expected = _expect(posterior, sizes).transpose("chain", "draw", "row").to_numpy()
    residuals = np.log(rows["perplexity"].to_numpy()) - expected
    base = rows["base_model"].fillna(rows["model"]).astype(str)
    groups: dict[tuple[str, str], list[int]] = {}
    for position, unit in enumerate(zip(base, rows["lab"], strict=True)):
        groups.setdefault(unit, []).append(position)
    found = {name: np.zeros(residuals.shape[:2]) for name in dict.fromkeys(base)}
    for (name, paper), positions in groups.items():
        found[name] += _group_density(posterior, paper, residuals[..., positions])
    coords = {"chain": posterior["chain"], "draw": posterior["draw"], "base_model": list(found)}
    values = np.stack(list(found.values()), axis=-1)
    return xr.DataArray(values, dims=("chain", "draw", "base_model"), coords=coords)


def _group_density(posterior: xr.Dataset, paper: str, residuals: np.ndarray) -> np.ndarray:
    """Log density of residuals that share a paper, shape (chain, draw, row), given its others.

    The rows are taken out of what is known of the paper's effect, then put back one by one.
    """
    noise, own = (posterior[name].to_numpy() ** 2 for name in ("noise_scale", "paper_scale"))
    drawn = posterior.sel(paper=paper)
    precision = drawn["paper_effect_scale"].to_numpy() ** -2.0
    weighted = drawn["paper_effect_mean"].to_numpy() * precision
    fitted_count = np.median(noise * (precision - 1 / own))
    if fitted_count > 0.5:  # else the paper was held out, and nothing is known of its effect
        precision = precision - residuals.shape[-1] / noise
        weighted = weighted - residuals.sum(axis=-1) / noise
    total = np.zeros(noise.shape)
    for residual in np.moveaxis(residuals, -1, 0):
        scale = np.sqrt(noise + 1 / precision)
        total += stats.norm.logpdf(residual, weighted / precision, scale)
        precision, weighted = precision + 1 / noise, weighted + residual / noise
    return total


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with the rate at which compute is `share` of the headline comparison.

    Raises ValueError where no rate gives that share.
    """
    sizes, headline = _make_sizes(table), _options(card).headline_comparison
    pair = next(p for p in _list_pairs(sizes, card) if p.comparison.id == headline)
    compute, years = _decades_of_compute(sizes, pair), _years_between(sizes, pair)
    if not share or not years:
        raise ValueError(f"no rate makes compute {share:g} of a step of {years:.2g} years")
    return truth | {"rate": compute * (1 / share - 1) / years}


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of log perplexity on log10 N, log10 D, date and benchmark: rate and compute shares.

    Simpler than the model: no irreducible loss, so that all slopes are the same at every size. The
    rate is that of Ho et al. 2024, yearly slope over slope in N plus the same in D, with the yearly
    slope divided between the two terms so that both rates are equal. Percentile intervals from
    draws of the coefficients' normal distribution.
    """
    sizes = _make_sizes(table)
    fit = _fit_linear(sizes)
    rng = np.random.default_rng(BASELINE_SEED)
    draws = rng.multivariate_normal(fit.params, fit.cov_params(), BASELINE_DRAWS)
    frames = (fit.params.to_frame().T, pd.DataFrame(draws, columns=list(fit.params.index)))
    rates = [2 * each["years"] / (each["parameters"] + each["tokens"]) for each in frames]
    rows = [
        _baseline_row("rate_decades_per_year", *rates),
        _baseline_row("doubling_time_months", *(to_doubling_time(rate) for rate in rates)),
    ]
    for pair in _list_pairs(sizes, card):
        shares = [_classical_share(sizes, pair, rate.to_numpy()) for rate in rates]
        if all(len(share) for share in shares):
            rows.append(_baseline_row(f"share_compute[{pair.comparison.id}]", *shares))
    method = "OLS of log perplexity, no irreducible loss, clustered by paper"
    return pd.DataFrame(rows).assign(method=method)


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
    groups = {"groups": _positions(sizes.rows["lab"], sizes.papers)}
    terms = "parameters + tokens + years"
    terms += " + C(benchmark)" if len(sizes.benchmarks) > 1 else ""
    return smf.ols(f"log_perplexity ~ {terms}", frame).fit(cov_type="cluster", cov_kwds=groups)


def _classical_share(sizes: Sizes, pair: Pair, rates: np.ndarray) -> np.ndarray:
    """Share of compute for each rate; empty where the total is too often near zero."""
    decades = {
        "compute": np.full(len(rates), _decades_of_compute(sizes, pair)),
        "trend": rates * _years_between(sizes, pair),
    }
    return divide(decades, SMALL_TOTAL_DECADES, "decades")[0].get("compute", np.array([]))


def _baseline_row(key: str, point: Any, draws: Any) -> dict[str, Any]:
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail], method="inverted_cdf")
    estimate = float(np.asarray(point)[0])
    return {"key": key, "label": key, "estimate": estimate, "lower": lower, "upper": upper}


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Perplexity against 6 N D with the least that it could be, the rates, and every step."""
    sizes = _make_sizes(table)
    return [
        _scatter(posterior, table, sizes, card),
        _rates_figure(posterior),
        _parts_figure(posterior, sizes, card),
    ]


def headline(card: Card) -> Headline:
    """The compute share of the headline comparison."""
    comparison = _find_headline(card)
    return Headline(
        key=f"share_compute[{comparison.id}]",
        sentence=f"{comparison.label}: {{median}} of the step in effective compute was training "
        "compute, counted as 6 N D (90 % interval {lower} to {upper}).",
        notes=(
            "Tokens are counted once however often they were read in training.",
            "Data quality, vocabularies and what is done at test time cannot be told from the "
            "trend.",
            "Whether progress came through parameters or through tokens is not identified.",
        ),
    )


def _options(card: Card) -> LossOptions:
    assert isinstance(card.options, LossOptions)
    return card.options


def _find_headline(card: Card) -> Comparison:
    options = _options(card)
    return next(c for c in options.comparisons if c.id == options.headline_comparison)


def _make_sizes(table: pd.DataFrame) -> Sizes:
    """The fitted rows, with references that depend on sizes and dates alone."""
    rows = fitted_rows(table)
    parameters, tokens = (np.log10(rows[name]) for name in ("parameters", "dataset_tokens"))
    date = pd.Timestamp(rows["release_date"].mean())
    return Sizes(
        rows=rows,
        benchmarks=[str(name) for name in rows["benchmark"].unique()],
        papers=[str(name) for name in rows["lab"].unique()],
        log10_parameters_reference=float(parameters.mean()),
        log10_tokens_reference=float(tokens.mean()),
        date_reference=date,
        log10_parameters=(parameters - parameters.mean()).to_numpy(),
        log10_tokens=(tokens - tokens.mean()).to_numpy(),
        years=years_since(rows["release_date"], date).to_numpy(),
    )


def _positions(values: pd.Series, labels: list[str]) -> np.ndarray:
    return pd.Categorical(values, categories=labels).codes.astype(int)


def _expect(posterior: xr.Dataset, sizes: Sizes) -> xr.DataArray:
    """The law's log perplexity of every row, paper effects left out, on a further dim `row`."""
    through = _rates_through(posterior)
    years = xr.DataArray(sizes.years, dims="row")
    names = xr.DataArray(sizes.rows["benchmark"].to_numpy(), dims="row")
    terms = posterior["irreducible_loss"].sel(benchmark=names, drop=True)
    for name, size in (("parameters", sizes.log10_parameters), ("tokens", sizes.log10_tokens)):
        effective = xr.DataArray(size, dims="row") + through.sel(through=name, drop=True) * years
        contribution = posterior[f"contribution_{name}"].sel(benchmark=names, drop=True)
        terms = terms + contribution * np.exp(-posterior[f"exponent_{name}"] * LOG_10 * effective)
    return terms


# The steps.


def _list_pairs(sizes: Sizes, card: Card) -> list[Pair]:
    """The card's comparisons, then the record path of every benchmark: first row to best."""
    pairs = [
        Pair(
            each,
            (
                _find_side(sizes, each.benchmark, each.earlier),
                _find_side(sizes, each.benchmark, each.later),
            ),
        )
        for each in _options(card).comparisons
    ]
    for benchmark in sizes.benchmarks:
        ends = _find_record_path(sizes, benchmark)
        if ends[0] != ends[1]:
            pairs.append(Pair(_name_path(sizes, card, benchmark, ends), ends))
    return pairs


def _find_side(sizes: Sizes, benchmark: str, side: Side) -> int:
    """Position of the fitted row of `side`; rows that differ in perplexity only count as one.

    Raises ValueError where there is none, or where rows differ in size or date.
    """
    rows = sizes.rows
    found = rows[
        (rows["benchmark"] == benchmark)
        & (rows["model"] == side.model)
        & (rows["method"] == side.method)
    ]
    what = f"{benchmark}, model {side.model!r}, method {side.method!r}"
    if not len(found):
        raise ValueError(f"no fitted row is of {what}")
    if len(found.drop_duplicates(["parameters", "dataset_tokens", "release_date"])) > 1:
        raise ValueError(f"rows of {what} differ in parameters, tokens or date")
    return int(found.index[0])


def _find_record_path(sizes: Sizes, benchmark: str) -> tuple[int, int]:
    """Positions of the first row by date and of the lowest perplexity.

    Of several rows on the first date the lowest is taken, of several lowest the earliest.
    """
    rows = sizes.rows[sizes.rows["benchmark"] == benchmark]
    orders = (["release_date", "perplexity"], ["perplexity", "release_date"])
    first, best = (int(rows.sort_values(order, kind="stable").index[0]) for order in orders)
    return first, best


def _name_path(sizes: Sizes, card: Card, benchmark: str, ends: tuple[int, int]) -> Comparison:
    options = _options(card)
    first, last = (
        Side(model=row["model"], method=row["method"])
        for row in (sizes.rows.iloc[end] for end in ends)
    )
    return Comparison(
        id=f"{name_benchmark(benchmark, options.comparisons)}-first_record-last_record",
        label=f"{options.benchmarks[benchmark].label}, first to last record "
        f"({first.model} to {last.model})",
        benchmark=benchmark,
        earlier=first,
        later=last,
    )


def _decades_of_compute(sizes: Sizes, pair: Pair) -> float:
    """Change of log10 6 N D."""
    early, late = pair.rows
    total = sizes.log10_parameters + sizes.log10_tokens
    return float(total[late] - total[early])


def _years_between(sizes: Sizes, pair: Pair) -> float:
    early, late = pair.rows
    return float(sizes.years[late] - sizes.years[early])


def _split(posterior: xr.Dataset, sizes: Sizes, pairs: list[Pair]) -> xr.Dataset:
    """Decades, shares, Shapley values and Shapley shares of every part of every pair."""
    steps = [_make_step(posterior, sizes, pair) for pair in pairs]
    comparisons = [pair.comparison for pair in pairs]
    return assemble(steps, comparisons, ABSENT, posterior["rate"], LOSS_KINDS)


def _make_step(posterior: xr.Dataset, sizes: Sizes, pair: Pair) -> Step:
    """The step of one pair.

    The log perplexity is E and one term of parameters and one of tokens: the Shapley values of the
    players N, D, trend in N and trend in D are those within each term, added up.
    """
    rate = posterior["rate"].to_numpy()
    decades = {
        "compute": np.full(rate.shape, _decades_of_compute(sizes, pair)),
        "trend": rate * _years_between(sizes, pair),
    }
    terms = [
        _shapley_of_term(posterior, sizes, pair, "parameters", sizes.log10_parameters),
        _shapley_of_term(posterior, sizes, pair, "tokens", sizes.log10_tokens),
    ]
    shapley = {part: terms[0][part] + terms[1][part] for part in decades}
    return combine(decades, shapley, "change of log perplexity")


def _shapley_of_term(
    posterior: xr.Dataset, sizes: Sizes, pair: Pair, name: str, size: np.ndarray
) -> dict[str, np.ndarray]:
    """Shapley values of the input (compute) and of its trend in the change of one term."""
    drawn = posterior.sel(benchmark=pair.comparison.benchmark)
    contribution = drawn[f"contribution_{name}"].to_numpy()
    exponent = posterior[f"exponent_{name}"].to_numpy()
    rate = _rates_through(posterior).sel(through=name).to_numpy()
    early, late = pair.rows

    def term(effective: np.ndarray) -> np.ndarray:
        return np.asarray(contribution * np.exp(-exponent * LOG_10 * effective))

    steps = {
        "compute": np.full(rate.shape, size[late] - size[early]),
        "trend": rate * _years_between(sizes, pair),
    }
    return shapley_of_sum(size[early] + rate * sizes.years[early], steps, term)


# The best division of compute between parameters and tokens.


def _law_at(
    posterior: xr.Dataset, sizes: Sizes, benchmark: str, years: float
) -> dict[str, xr.DataArray]:
    """E, a, b and the natural logs of A and B in E + A N^-a + B D^-b, at a date."""
    through = _rates_through(posterior)
    drawn = posterior.sel(benchmark=benchmark, drop=True)
    law: dict[str, xr.DataArray] = {"E": drawn["irreducible_loss"]}
    for letter, name, reference in (
        ("a", "parameters", sizes.log10_parameters_reference),
        ("b", "tokens", sizes.log10_tokens_reference),
    ):
        rate = through.sel(through=name, drop=True)
        exponent = posterior[f"exponent_{name}"]
        at_one = xr.ufuncs.log(drawn[f"contribution_{name}"])
        law[letter] = exponent
        law[f"log_{letter.upper()}"] = at_one + exponent * LOG_10 * (reference - rate * years)
    return law


def _log_compute_of_unit_loss(law: dict[str, xr.DataArray]) -> xr.DataArray:
    """Natural log of the least 6 N D at which A N^-a + B D^-b is 1.

    The best division has A N^-a = R b / (a + b) and B D^-b = R a / (a + b), with R their sum
    (Lagrange multiplier; Hoffmann et al. 2022, eq. 4). So log 6ND falls by 1/a + 1/b per log R.
    """
    a, b = law["a"], law["b"]
    log_parameters = (law["log_A"] + np.log((a + b) / b)) / a
    log_tokens = (law["log_B"] + np.log((a + b) / a)) / b
    return np.log(FLOP_A_PARAMETER_AND_TOKEN) + log_parameters + log_tokens


def _least_flop(law: dict[str, xr.DataArray], loss: xr.DataArray) -> xr.DataArray:
    """Least 6 N D that reaches a loss in nats; infinite where the loss is not above E."""
    above = (loss - law["E"]).where(loss > law["E"])
    slope = 1 / law["a"] + 1 / law["b"]
    decades = (_log_compute_of_unit_loss(law) - slope * np.log(above)) / LOG_10
    # Many decades stay finite: infinite says unreachable and nothing else.
    return (10.0 ** decades.clip(-LARGEST_DECADES, LARGEST_DECADES)).fillna(np.inf)


def _least_loss(law: dict[str, xr.DataArray], flop: xr.DataArray) -> xr.DataArray:
    """Least loss in nats that 6 N D = `flop` reaches."""
    slope = 1 / law["a"] + 1 / law["b"]
    return law["E"] + np.exp((_log_compute_of_unit_loss(law) - np.log(flop)) / slope)


def _reverse_tests(posterior: xr.Dataset, sizes: Sizes, card: Card) -> xr.Dataset:
    """Compute, at its best division, with which the first method would match the best loss."""
    needed: dict[str, np.ndarray] = {}
    expected = _expect(posterior, sizes)
    for benchmark in sizes.benchmarks:
        first, best = _find_record_path(sizes, benchmark)
        if first != best:
            name = str(sizes.rows["model"].iloc[first])
            label = name if len(sizes.benchmarks) == 1 else f"{benchmark}: {name}"
            law = _law_at(posterior, sizes, benchmark, float(sizes.years[first]))
            flop = _least_flop(law, expected.isel(row=best))
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


# The pictures.


def _scatter(posterior: xr.Dataset, table: pd.DataFrame, sizes: Sizes, card: Card) -> Figure:
    benchmark = _find_headline(card).benchmark
    points = table.assign(
        paper=table["lab"],
        flop_6nd=FLOP_A_PARAMETER_AND_TOKEN * table["parameters"] * table["dataset_tokens"],
        status=np.where(table["exclusion"].isna(), "fitted", "not fitted"),
        shown=table["benchmark"].where(table["exclusion"].isna(), "not fitted"),
    ).dropna(subset=["flop_6nd"])
    return Figure(
        kind="scatter",
        id="perplexity-against-compute",
        title="Perplexity against parameters times tokens",
        caption=f"Bands: the least perplexity on {benchmark} that the law gives to this much "
        "compute at its best division between parameters and tokens, 90 %; their distance along "
        "the horizontal axis is what algorithms were worth. Models that divided it otherwise lie "
        "higher.",
        frame=points[POINT_COLUMNS],
        x="flop_6nd",
        y="perplexity",
        colour="shown",
        x_title="6 x parameters x distinct tokens (FLOP)",
        y_title="perplexity",
        is_log_x=True,
        is_log_y=True,
        hover=tuple(name for name in POINT_COLUMNS if name not in ("locator", "shown")),
        curve=Curve(_curves(posterior, sizes, benchmark)),
    )


def _curves(posterior: xr.Dataset, sizes: Sizes, benchmark: str) -> pd.DataFrame:
    """Least perplexity over 6 N D at three dates: the first, a middle and the last year."""
    total = sizes.log10_parameters + sizes.log10_tokens
    reference = sizes.log10_parameters_reference + sizes.log10_tokens_reference
    grid = np.geomspace(10 ** total.min(), 10 ** total.max(), 30)
    flop = FLOP_A_PARAMETER_AND_TOKEN * 10**reference * grid
    dates = sizes.rows["release_date"].dt.year
    frames = []
    for year in sorted({dates.min(), round((dates.min() + dates.max()) / 2), dates.max()}):
        middle = pd.Timestamp(int(year), 7, 1)
        age = (middle - sizes.date_reference) / pd.Timedelta(days=DAYS_A_YEAR)
        law = _law_at(posterior, sizes, benchmark, age)
        loss = _least_loss(law, xr.DataArray(flop, dims="x"))
        frames.append(make_curve(flop, xr.ufuncs.exp(loss), f"methods of {year}"))
    return pd.concat(frames, ignore_index=True)


def _rates_figure(posterior: xr.Dataset) -> Figure:
    total = posterior["rate"].expand_dims(through=["together"])
    frame = make_intervals(xr.concat([total, _rates_through(posterior)], dim="through"))
    words = {"parameters": "through parameters", "tokens": "through tokens"}
    return Figure(
        kind="intervals",
        id="rates-of-progress",
        title="How fast algorithms progressed",
        caption="The sum is known; how it divides between parameters and tokens is not identified.",
        frame=frame.assign(label=frame["label"].replace(words)),
        x_title="decades of effective compute per year",
    )


def _parts_figure(posterior: xr.Dataset, sizes: Sizes, card: Card) -> Figure:
    pairs = _list_pairs(sizes, card)
    split = _split(posterior, sizes, pairs)
    labels = [pair.comparison.label for pair in pairs]
    frames = [
        summarise(split[f"decades_{part}"]).assign(comparison=labels, part=part)
        for part in ("compute", "trend")
    ]
    return Figure(
        kind="parts",
        id="parts-of-each-step",
        title="Where each step came from",
        caption="Decades of effective compute, median and 90 % interval; parts add up to the step. "
        "Compute is the change of 6 N D.",
        frame=pd.concat(frames, ignore_index=True),
        x_title="decades of effective compute",
    )
