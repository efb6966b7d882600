"""Perplexity from effective compute: the compute multiplier for losses.

Equations, for row i of benchmark b, base model g and paper l::

    log ppl_i = E_b + exp(c_b - k (log10 C_i + a_i)) + noise_i,   noise_i ~ StudentT(nu, 0, scale)
    a_i       = rate (t_i - t_ref) + sum of technique gains + lab_effect[l] + deviation[g]

    E_b   irreducible loss on the benchmark, nats a token
    c_b   log of the reducible loss at the reference compute and date
    k     fall of the log reducible loss per decade of effective compute, common to all benchmarks

The terms of a_i are described in `models/effective_compute/multiplier.py`. Laboratories are not coded in these data:
the paper stands in their place. Rows without a compute figure are not read;
`models/losses/augmented_scaling_law.py` reads them.

What identifies the rate: models of like compute and different dates on the same benchmark. What it
cannot tell apart: better data from the trend; how compute was divided between parameters and data,
which moved with the date and is inside the rate here. The published form explains parameters and
data apart, and that, not the sampler, is what makes the two differ.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
from scipy import special, stats

from models import INTERVAL_PROBABILITY, Card, Curve, Figure, Headline, Truth, as_draws
from models.core.dates import years_since
from models.core.figures import make_curve, make_intervals, summarise
from models.core.noise import weighted_student_t
from models.core.prior import Prior, prior_data
from models.core.rates import doubling_time_months, to_doubling_time
from models.core.shapley import Subset
from models.effective_compute import simulation as _simulation
from models.effective_compute.design import Design, find_record_path, make_design
from models.effective_compute.multiplier import (
    MultiplierPriors,
    absent_parts,
    build_deviation,
    build_shared,
    divide_deviation,
    get_options,
    integrate_out,
    label_units,
    multiplier_coords,
    multiplier_data,
    row_terms,
)
from models.effective_compute.multiplier import regressors as multiplier_regressors
from models.effective_compute.reverse import describe_reverse_tests
from models.effective_compute.split import PARTS
from models.effective_compute.steps import list_pairs, split_steps

TABLE = "loss_leaderboard"
TITLE = "Compute multiplier for losses"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.95}
DIMS = _simulation.DIMS | {"reducible": ("benchmark",)}
SMALLEST_LOSS = 0.1  # nats above the floor: below, the logarithm says nothing
BASELINE_SEED = 20220630


@dataclass(frozen=True)
class Priors(MultiplierPriors):
    """In decades of effective compute, years and nats."""

    irreducible_loss: Prior = Prior(
        "LogNormal",
        (0.0, 0.6),
        "nats per token",
        "entropy of a token given its past: 90 % within 0.4 to 2.7, perplexity 1.5 to 15",
    )
    reducible: Prior = Prior(
        "Normal",
        (float(np.log(2.0)), 0.7),
        "log nats per token",
        "at typical compute a perplexity of 7 to 600 is 0.6 to 6 nats above the floor (90 %)",
    )
    steepness: Prior = Prior(
        "LogNormal",
        (float(np.log(0.25)), 0.7),
        "per decade",
        "tenfold compute divides the reducible loss by 1.1 to 2.2: Kaplan et al. 0.12, Hoffmann et "
        "al. 0.4",
    )
    noise_scale: Prior = Prior(
        "HalfNormal", (0.1,), "nats per token", "tokenizers and tuning move a loss by up to 0.2"
    )
    tail_weight: Prior = Prior(
        "Gamma",
        (2.0, 0.1),
        "degrees of freedom above one",
        "Juarez & Steel 2010: from heavy tails to nearly normal",
    )


def unsupported_reason(table: pd.DataFrame, card: Card) -> str:
    """Needs a trend."""
    return "" if get_options(card).trend == "linear" else "the card says `trend: none`"


def _design(table: pd.DataFrame, card: Card) -> Design:
    return make_design(table, get_options(card).reference_harness)


def _arrays(design: Design, card: Card) -> dict[str, tuple[Any, tuple[str, ...]]]:
    return multiplier_data(design, card) | {
        "row_weight": (1.0 - design.is_held_out, ("row",)),
        "observed_log_perplexity": (np.log(design.rows["perplexity"].to_numpy()), ("row",)),
    }


def data(table: pd.DataFrame, card: Card, priors: Priors) -> dict[str, np.ndarray]:
    """The value of every pm.Data of `build`, by name."""
    design = _design(table, card)
    arrays = {name: np.asarray(value) for name, (value, _) in _arrays(design, card).items()}
    return arrays | prior_data(priors)


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows with compute; dims: row, benchmark, lab, base_model."""
    import pymc as pm

    design = _design(table, card)
    with pm.Model(coords=multiplier_coords(design, card)) as model:
        given = {
            name: pm.Data(name, value, dims=dims or None)
            for name, (value, dims) in _arrays(design, card).items()
        }
        floor = priors.irreducible_loss.variable("irreducible_loss", dims="benchmark")
        reducible = priors.reducible.variable("reducible", dims="benchmark")
        shared = build_shared(design, card, priors, given, has_interaction=False)
        index = design.benchmark_index
        steepness = priors.steepness.variable("steepness")
        noise_scale = priors.noise_scale.variable("noise_scale")
        before = reducible[index] - steepness * shared
        # What a row alone says of its deviation: its loss above the floor, on the log scale.
        above = pm.math.maximum(given["observed_log_perplexity"] - floor[index], SMALLEST_LOSS)
        information = given["row_weight"] * (steepness * above / noise_scale) ** 2
        deviation = build_deviation(
            design, priors, given, (before - pm.math.log(above)) / steepness, information
        )
        expected = floor[index] + pm.math.exp(before - steepness * deviation)
        weighted_student_t(
            "log_perplexity",
            priors.tail_weight.variable("tail_weight"),
            expected,
            noise_scale,
            given["row_weight"],
            given["observed_log_perplexity"],
            "row",
        )
    return model


def sample_prior(
    table: pd.DataFrame, card: Card, priors: Priors, rng: np.random.Generator
) -> Truth:
    """Every parameter drawn from its prior, in plain NumPy."""
    truth = _simulation.draw_multiplier(table, card, priors, rng)
    rows = fitted_with_compute(table)
    benchmarks = list(dict.fromkeys(rows["benchmark"]))
    truth |= {
        "irreducible_loss": {n: float(priors.irreducible_loss.draw(rng)) for n in benchmarks},
        "reducible": {name: float(priors.reducible.draw(rng)) for name in benchmarks},
    }
    for name in ("steepness", "noise_scale", "tail_weight"):
        truth[name] = float(getattr(priors, name).draw(rng))
    return truth


def fitted_with_compute(table: pd.DataFrame) -> pd.DataFrame:
    """The fitted rows that have a compute figure."""
    return table[table["exclusion"].isna() & table["training_flop"].notna()]


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The fitted rows, those with compute with perplexities drawn from `truth`."""
    rows = fitted_with_compute(table)
    level = rows["benchmark"].map(truth["reducible"]).to_numpy()
    effective = _simulation.effective_compute(rows, truth)
    loss = rows["benchmark"].map(truth["irreducible_loss"]).to_numpy() + np.exp(
        np.minimum(level - truth["steepness"] * effective, 50.0)  # beyond, numbers overflow
    )
    noise = truth["noise_scale"] * rng.standard_t(1 + truth["tail_weight"], len(rows))
    drawn = pd.Series(np.exp(np.clip(loss + noise, -300, 300)), index=rows.index)
    fitted = table[table["exclusion"].isna()]
    return fitted.assign(perplexity=drawn.reindex(fitted.index).fillna(fitted["perplexity"]))


def fix_share(truth: Truth, share: float, table: pd.DataFrame, card: Card) -> Truth:
    """The truth with its rate moved: compute is `share` of the headline comparison."""
    design = _design(table, card)
    wanted = get_options(card).headline_comparison
    pair = next(p for p in list_pairs(design, card, False) if p.comparison.id == wanted)
    made = estimands(as_draws(truth, DIMS), table, card).sel(comparison=wanted)
    decades = {part: float(made[f"decades_{part}"].sum()) for part in PARTS}
    missing = decades["compute"] / share - sum(np.nan_to_num(v) for v in decades.values())
    assert pair.rows is not None, f"{pair.comparison.id}: an end has no compute"
    first, last = pair.rows
    return truth | {"rate": truth["rate"] + missing / (design.years[last] - design.years[first])}


def unit_log_likelihood(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.DataArray:
    """Log density of the rows of each base model, what is its own integrated out.

    Dims chain, draw, base_model; coordinate row_count. Integrals are sums over equal steps.
    """
    design = _design(table, card)
    given = integrate_out(posterior, design, card)
    density = np.empty(given.scale.shape)
    for position in range(len(design.bases)):
        rows = np.flatnonzero(design.base_index == position)
        at = given.effective[..., rows, None] + given.scale[..., position, None, None] * given.nodes
        each = _row_density(posterior, design, rows, at).sum(axis=-2)
        density[..., position] = special.logsumexp(each + given.log_weights, axis=-1)
    return label_units(posterior, design, density)


def _row_density(
    posterior: xr.Dataset, design: Design, rows: np.ndarray, effective: np.ndarray
) -> np.ndarray:
    """Log density of `rows` at effective compute of shape (chain, draw, row, node)."""
    index = design.benchmark_index[rows]

    def common(name: str) -> np.ndarray:
        return np.asarray(posterior[name].to_numpy()[..., None, None])

    floor, level = (
        posterior[name].isel(benchmark=index).to_numpy()[..., None]
        for name in ("irreducible_loss", "reducible")
    )
    expected = floor + np.exp(level - common("steepness") * effective)
    observed = np.log(design.rows["perplexity"].to_numpy()[rows])[:, None]
    return np.asarray(
        stats.t.logpdf(observed, 1 + common("tail_weight"), expected, common("noise_scale"))
    )


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rate, doubling time, steepness, technique gains, the split, and the reverse test."""
    design = _design(table, card)
    made = xr.Dataset(
        {
            "rate_decades_per_year": posterior["rate"].assign_attrs(
                label="Rate of algorithmic progress",
                unit="decades per year",
                description="yearly gain in effective compute at the same compute and technique",
                is_headline=True,
            ),
            "doubling_time_months": doubling_time_months(posterior["rate"]).assign_attrs(
                derived_from="rate_decades_per_year"
            ),
            "steepness": posterior["steepness"].assign_attrs(
                label="Fall of the log reducible loss",
                unit="per decade",
                description="natural log, per decade of effective compute",
                is_positive=True,
            ),
            "irreducible_loss": posterior["irreducible_loss"].assign_attrs(
                label="Irreducible loss",
                unit="nats per token",
                description="loss that no effective compute gets below",
                is_positive=True,
            ),
        }
    )
    if design.tags:
        labels = {tag: get_options(card).techniques[tag].label for tag in design.tags}
        made["technique_gain_decades"] = posterior["technique_gain"].assign_attrs(
            labels=labels,
            label="Gain of a technique",
            unit="decades",
            description="decades of training compute that it is worth",
            is_headline=True,
        )
    pairs = list_pairs(design, card, is_better_high=False)
    score = _expected_loss(posterior, design)
    made = made.merge(split_steps(posterior, design, card, pairs, score, is_loss=True))
    return made.merge(_reverse_tests(posterior, design, card))


def _expected_loss(posterior: xr.Dataset, design: Design) -> Any:
    """The fitted log perplexity of a step, from effective compute."""

    def score(first: int, last: int, effective: np.ndarray, changed: Subset) -> np.ndarray:
        drawn = posterior.isel(benchmark=design.benchmark_index[first])
        steepness = posterior["steepness"].to_numpy()
        return np.asarray(
            drawn["irreducible_loss"].to_numpy()
            + np.exp(drawn["reducible"].to_numpy() - steepness * effective)
        )

    return score


def _reverse_tests(posterior: xr.Dataset, design: Design, card: Card) -> xr.Dataset:
    """Compute with which the earliest model's method would reach the best fitted loss.

    With an irreducible loss common to all dates some compute always suffices.
    """
    divided = divide_deviation(posterior, design, get_options(card))
    needed = {}
    for benchmark in design.benchmarks:
        first, best = find_record_path(design, benchmark, is_better_high=False)
        early, late = (row_terms(posterior, design, row, divided) for row in (first, best))
        target = sum(late.values(), np.zeros_like(late["compute"]))
        others = sum(
            (values for part, values in early.items() if part != "compute"),
            np.zeros_like(target),
        )
        name = design.rows["model"].iloc[first]
        label = name if len(design.benchmarks) == 1 else f"{benchmark}: {name}"
        with np.errstate(over="ignore"):
            needed[label] = 10.0 ** (target - others + design.log10_flop_reference)
    return describe_reverse_tests(needed, posterior["deviation_scale"], card, "steepness")


def regressors(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """Compute, date and techniques of the fitted rows with compute."""
    return multiplier_regressors(_design(table, card), get_options(card))


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of log perplexity on compute, date, technique and benchmark, clustered by paper.

    No irreducible loss. The rate is the ratio of the slopes of date and compute; its interval comes
    from draws of the coefficients' normal distribution.
    """
    design = _design(table, card)
    frame = pd.DataFrame(design.has_tag, columns=[f"tag_{tag}" for tag in design.tags]).assign(
        log_perplexity=np.log(design.rows["perplexity"].to_numpy()),
        log10_compute=design.log10_compute,
        years=design.years,
        benchmark=design.rows["benchmark"],
    )
    terms = ["log10_compute", "years", "C(benchmark)", *(f"tag_{tag}" for tag in design.tags)]
    fit = smf.ols("log_perplexity ~ " + " + ".join(terms), frame).fit(
        cov_type="cluster", cov_kwds={"groups": design.lab_index}
    )
    rng = np.random.default_rng(BASELINE_SEED)
    draws = pd.DataFrame(
        rng.multivariate_normal(fit.params, fit.cov_params(), 20_000), columns=fit.params.index
    )
    rates = [each["years"] / each["log10_compute"] for each in (fit.params, draws)]
    months = [to_doubling_time(pd.Series(rate)) for rate in rates]
    tail = (1 - INTERVAL_PROBABILITY) / 2
    rows = []
    for key, (point, drawn) in (("rate_decades_per_year", rates), ("doubling_time_months", months)):
        lower, upper = np.quantile(drawn, [tail, 1 - tail], method="inverted_cdf")
        estimate = float(np.ravel(point)[0])
        rows.append({"key": key, "estimate": estimate, "lower": lower, "upper": upper})
    return pd.DataFrame(rows).assign(
        label=lambda made: made["key"],
        method="OLS of log perplexity, no irreducible loss, clustered by paper",
    )


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Perplexity against compute, the gains of techniques, and the parts of every comparison."""
    design, options = _design(table, card), get_options(card)
    wanted = next(c for c in options.comparisons if c.id == options.headline_comparison).benchmark
    points = design.rows[design.rows["benchmark"] == wanted].assign(
        release_year=lambda rows: rows["release_date"].dt.year.astype(str)
    )
    made = estimands(posterior, table, card)
    labels = made["decades_compute"].attrs["labels"]
    reported = [c for c in labels if c not in made["decades_compute"].attrs["reasons"]]
    parts = [
        summarise(made[f"decades_{part}"].sel(comparison=reported)).assign(
            comparison=[labels[c] for c in reported], part=part
        )
        for part in PARTS
        if part not in absent_parts(design, card)
    ]
    figures = [
        Figure(
            kind="scatter",
            id="perplexity-against-compute",
            title="Perplexity against training compute",
            caption=f"Bands: fitted perplexity on {wanted}, 90 %, for an average paper and no "
            "technique. Their distance along the horizontal axis is what algorithms were worth.",
            frame=points,
            x="training_flop",
            y="perplexity",
            colour="release_year",
            x_title="training compute (FLOP)",
            y_title="perplexity",
            is_log_x=True,
            is_log_y=True,
            hover=("model", "lab", "release_date", "training_flop", "perplexity", "method"),
            curve=Curve(_curves(posterior, design, wanted)),
        )
    ]
    if design.tags:
        gain = make_intervals(made["technique_gain_decades"])
        words = made["technique_gain_decades"].attrs["labels"]
        figures.append(
            Figure(
                kind="intervals",
                id="technique-gains",
                title="What each technique was worth",
                caption="Training compute that would have given the same gain; a decade is ten "
                "times.",
                frame=gain.assign(label=gain["label"].map(words)),
                x_title="decades of training compute",
            )
        )
    return [
        *figures,
        Figure(
            kind="parts",
            id="parts-of-each-step",
            title="Where each step came from",
            caption="Decades of effective compute, median and 90 % interval; parts add up to the "
            "step. Steps with an end of unknown compute are left out.",
            frame=pd.concat(parts, ignore_index=True),
            x_title="decades of effective compute",
        ),
    ]


def _curves(posterior: xr.Dataset, design: Design, benchmark: str) -> pd.DataFrame:
    grid = np.linspace(design.log10_compute.min(), design.log10_compute.max(), 30)
    drawn = posterior.sel(benchmark=benchmark)
    released = design.rows["release_date"].dt.year
    first, last = int(released.min()), int(released.max())
    years = sorted({first, round((first + last) / 2), last})
    dates = pd.Series([pd.Timestamp(year, 7, 1) for year in years])
    frames = []
    for year, since in zip(years, years_since(dates, design.reference_date), strict=True):
        effective = xr.DataArray(grid, dims="x") + drawn["rate"] * since
        loss = drawn["irreducible_loss"] + np.exp(
            drawn["reducible"] - drawn["steepness"] * effective
        )
        x = 10 ** (grid + design.log10_flop_reference)
        perplexity = np.exp(loss.clip(max=700.0))  # beyond, numbers overflow
        frames.append(make_curve(x, perplexity, f"models of {year}"))
    return pd.concat(frames, ignore_index=True)


def headline_key(card: Card) -> str:
    """The compute share of the headline comparison."""
    return f"share_compute[{get_options(card).headline_comparison}]"


def headline(card: Card) -> Headline:
    """The compute share of the headline comparison."""
    options = get_options(card)
    step = next(c for c in options.comparisons if c.id == options.headline_comparison)
    return Headline(
        key=f"share_compute[{step.id}]",
        sentence=f"{step.label}: {{median}} of the step in effective compute was training compute "
        "(90 % interval {lower} to {upper}).",
        notes=(
            "Explains perplexity by compute alone: how it was divided between parameters and data "
            "is inside the rate.",
            "Data quality, distillation and contamination cannot be told from the trend.",
        ),
    )
