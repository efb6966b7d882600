"""Score on a benchmark from effective compute: training compute times what algorithms made of it.

Equations, for row i of benchmark b, base model g and lab l::

    P_i     = chance_b + (ceiling_b - chance_b) logistic(slope_b (log10 C_i + a_i - midpoint_b))
    a_i     = rate (t_i - t_ref) + sum of technique gains + lab_effect[l] + deviation[g]
    score_i ~ BetaBinomial(item_count_b, mean P_i, concentration 1 / dispersion^2)

    C_i         training FLOP, counted in decades from 1e24
    t_i         release date, years from 2023-01-01
    chance      from the card; of free-form answers, estimated (guess_rate): the commonest answers
                can be guessed, and a floor taken for skill would make early models look efficient
    slope       logits per decade of effective compute
    midpoint    decades at which half of the range between chance and ceiling is reached
    technique   decades of compute that a technique is worth; it varies between benchmarks
    lab_effect  decades shared by the models of a laboratory
    deviation   decades particular to a base model and all models trained further from it:
                Normal(0, sqrt(s[confidence]^2 + deviation_scale^2))

The deviation holds two things that the data cannot separate: the error of the compute figure, with
standard deviation s by its confidence class, and what is particular to the model. They are
recovered from it afterwards by their conditional normal distribution; `unexplained` is the second,
and the first corrects the compute.

What identifies the parts: compute, from models of one date and lab that differ in compute;
techniques, from models evaluated with and without them; the rate, from models of like compute and
different dates. What it cannot tell apart: better data, distillation and contamination from the
trend; a technique that came with its date from the date. With `trend: none` on the card there is no
rate, and with one laboratory no lab effect.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf
import xarray as xr
from scipy import special

from models import INTERVAL_PROBABILITY, Card, Curve, Figure, Headline
from models._design import (
    CLASSES,
    LOG10_FLOP_REFERENCE,
    REFERENCE_DATE,
    Design,
    find_side,
    make_design,
)
from models._figures import make_curve, make_intervals, summarise
from models._options import Comparison, LeaderboardOptions
from models._prior import Prior
from models._rates import doubling_time_months, to_doubling_time
from models._split import PARTS, SMALL_TOTAL_DECADES, Step, assemble, divide, make_step

TABLE = "accuracy_leaderboard"
TITLE = "Compute multiplier"
SAMPLER: dict[str, Any] = {"adaptation": "low_rank", "target_accept": 0.98}
# Standard deviation of log10 of a compute figure, by class. Reported figures of one run (6ND, the
# paper's own count,
# hardware time) differ by factors of 1.1 to 1.4: 0.15. Epoch gives its 'likely' figures as good to
# a factor of 3 at
# 90 %, so 0.3, and its 'speculative' ones to a factor of 10, so 0.6.
COMPUTE_ERROR_DECADES = {"confident": 0.15, "likely": 0.3, "speculative": 0.6}
POINT_COLUMNS = [
    *("benchmark", "model", "lab", "release_date", "release_year", "training_flop"),
    *("compute_confidence", "score", "method", "techniques", "status", "is_verified"),
    *("citation", "locator", "shown"),
]
NO_TREND_NOTE = {
    "linear": (),
    "none": ("No rate is fitted: progress between the dates of a step counts as technique.",),
}
# Fewer clusters than this give a covariance of too low a rank or too small a scale.
MINIMUM_CLUSTERS = 20
SPLIT_SEED = 20220630  # of the conditional draws that divide a deviation


@dataclass(frozen=True)
class Priors:
    """In decades of effective compute, years and logits."""

    slope: Prior = Prior(
        "LogNormal",
        (0.0, 0.5),
        "logits per decade",
        "tenfold compute multiplies the odds by 1.5 to 10: 90 % in 0.44-2.3",
    )
    midpoint: Prior = Prior(
        "Normal",
        (1.0, 2.0),
        "decades above 1e24 FLOP",
        "half of the range lies between 5e21 and 2e28 FLOP",
    )
    rate: Prior = Prior(
        "Normal",
        (0.4, 0.6),
        "decades per year",
        "published rates are 0.2 to 1.2; regress is not ruled out",
    )
    technique_gain: Prior = Prior(
        "Normal",
        (0.5, 1.0),
        "decades",
        "centred on a factor of 3: 90 % in 0.07 to 140, with Davidson et al. 2023's 5 to 100",
    )
    technique_spread: Prior = Prior(
        "HalfNormal",
        (0.5,),
        "decades",
        "the same technique may be worth three times more on another benchmark",
    )
    lab_scale: Prior = Prior(
        "HalfNormal", (0.5,), "decades", "labs of one date differ by up to a factor of ten"
    )
    deviation_scale: Prior = Prior(
        "HalfNormal", (0.5,), "decades", "models of one lab and date differ as labs do"
    )
    guess_rate: Prior = Prior(
        "HalfNormal",
        (0.03,),
        "share of questions",
        "free-form answers are often small integers: under 6 % in 95 %",
    )
    dispersion: Prior = Prior(
        "HalfNormal",
        (0.1,),
        "share of sqrt(P (1 - P))",
        "prompts and harnesses move a score of one half by up to 10 points (95 %)",
    )


def build(table: pd.DataFrame, card: Card, priors: Priors) -> Any:
    """The PyMC model over the fitted rows; dims: row, benchmark, technique, lab, base_model."""
    import pymc as pm

    design, options = make_design(table), _options(card)
    ceiling, items = _ceiling_and_items(design, options)
    with pm.Model(coords=_coords(design, options)) as model:
        log10_compute = pm.Data("log10_compute", design.log10_compute, dims="row")
        correct = pm.Data(
            "observed_correct", np.round(design.rows["score"] * items).astype(int), dims="row"
        )
        chance = _chance(design, options, priors)[design.benchmark_index]
        slope = priors.slope.variable("slope", dims="benchmark")
        midpoint = priors.midpoint.variable("midpoint", dims="benchmark")
        multiplier = _multiplier(design, options, priors)
        logit = slope[design.benchmark_index] * (
            log10_compute + multiplier - midpoint[design.benchmark_index]
        )
        expected = chance + (ceiling - chance) * pm.math.sigmoid(logit)
        concentration = priors.dispersion.variable("dispersion") ** -2
        pm.BetaBinomial(
            "correct",
            n=items,
            alpha=expected * concentration,
            beta=(1 - expected) * concentration,
            observed=correct,
            dims="row",
        )
    return model


def _chance(design: Design, options: LeaderboardOptions, priors: Priors) -> Any:
    """The chance level of each benchmark, the card's or fitted; call inside the model."""
    import pymc as pm

    guessed = _guessed(design, options)
    if guessed:
        guess_rate = priors.guess_rate.variable("guess_rate", dims="guessed_benchmark")
    levels = [
        guess_rate[guessed.index(name)] if name in guessed else options.benchmarks[name].chance
        for name in design.benchmarks
    ]
    return pm.Deterministic("chance", pm.math.stack(levels), dims="benchmark")


def _guessed(design: Design, options: LeaderboardOptions) -> list[str]:
    return [name for name in design.benchmarks if options.benchmarks[name].chance == "estimated"]


def _multiplier(design: Design, options: LeaderboardOptions, priors: Priors) -> Any:
    """a_i in decades; call inside the model."""
    import pymc as pm

    total = _deviation(design, priors)[design.base_index]
    if options.trend == "linear":
        years = pm.Data("years", design.years, dims="row")
        total = total + priors.rate.variable("rate") * years
    if design.tags:
        total = total + _technique(design, priors)
    if len(design.labs) > 1:
        scale = priors.lab_scale.variable("lab_scale")
        effect = pm.Deterministic(
            "lab_effect", scale * pm.Normal("lab_offset", 0, 1, dims="lab"), dims="lab"
        )
        total = total + effect[design.lab_index]
    return total


def _technique(design: Design, priors: Priors) -> Any:
    import pymc as pm

    gain = priors.technique_gain.variable("technique_gain", dims="technique")
    if len(design.benchmarks) == 1:
        return pm.math.dot(design.has_tag, gain)
    spread = priors.technique_spread.variable("technique_spread")
    offset = pm.Normal("technique_offset", 0, 1, dims=("benchmark", "technique"))
    on_benchmark = pm.Deterministic(
        "technique_on_benchmark", gain + spread * offset, dims=("benchmark", "technique")
    )
    return (on_benchmark[design.benchmark_index] * design.has_tag).sum(axis=1)


def _deviation(design: Design, priors: Priors) -> Any:
    import pymc as pm

    scale = priors.deviation_scale.variable("deviation_scale")
    offset = pm.Normal("deviation_offset", 0, 1, dims="base_model")
    total_scale = pm.math.sqrt(_error_decades(design) ** 2 + scale**2)
    return pm.Deterministic("deviation", total_scale * offset, dims="base_model")


def simulate(table: pd.DataFrame, truth: dict[str, Any], rng: np.random.Generator) -> pd.DataFrame:
    """The table with scores drawn from `truth`.

    Keys: slope, midpoint, chance, ceiling, item_count (by benchmark); technique_gain (by tag) or
    technique_on_benchmark (by benchmark and tag);
    lab_effect (by lab); deviation (by base model); rate, dispersion. Missing rates, labs, tags and
    deviations count as zero.
    """
    rows = table[table["exclusion"].isna()].copy()
    scores = []
    for _, row in rows.iterrows():
        name = row["benchmark"]
        years = (row["release_date"] - pd.Timestamp("2023-01-01")).days / 365.25
        effective = np.log10(row["training_flop"] / 1e24) + truth.get("rate", 0.0) * years
        gains = truth.get("technique_on_benchmark", {}).get(name, truth.get("technique_gain", {}))
        effective += sum(gains.get(tag, 0.0) for tag in str(row["techniques"] or "").split())
        effective += truth.get("lab_effect", {}).get(row["lab"], 0.0)
        effective += truth.get("deviation", {}).get(row["base_model"], 0.0)
        height = 1 / (1 + np.exp(-truth["slope"][name] * (effective - truth["midpoint"][name])))
        mean = truth["chance"][name] + (truth["ceiling"][name] - truth["chance"][name]) * height
        weight = truth["dispersion"] ** -2
        chance_of_success = rng.beta(mean * weight, (1 - mean) * weight)
        scores.append(
            rng.binomial(truth["item_count"][name], chance_of_success) / truth["item_count"][name]
        )
    return rows.assign(score=scores)


def estimands(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> xr.Dataset:
    """Rate, doubling time, slopes, technique gains, and the split of every comparison."""
    design, options = make_design(table), _options(card)
    made = xr.Dataset()
    if options.trend == "linear":
        made["rate_decades_per_year"] = posterior["rate"].assign_attrs(
            label="Rate of algorithmic progress",
            unit="decades per year",
            description="yearly gain in effective compute at the same compute, technique and lab",
            is_headline=True,
        )
        made["doubling_time_months"] = doubling_time_months(posterior["rate"]).assign_attrs(
            judged_by="rate_decades_per_year"
        )
    if "guess_rate" in posterior:
        made["guess_rate"] = posterior["guess_rate"].assign_attrs(
            label="Rate of guessing",
            unit="share",
            description="score without any skill",
            is_positive=True,
        )
    made["score_slope"] = posterior["slope"].assign_attrs(
        label="Slope of the score",
        unit="logits per decade",
        description="logits of the score's range per decade of effective compute",
        is_positive=True,
    )
    if design.tags:
        gain = posterior["technique_gain"].assign_attrs(labels=_technique_labels(design, options))
        made["technique_gain_decades"] = gain.assign_attrs(
            label="Gain of a technique",
            unit="decades",
            description="decades of training compute that it is worth",
        ).assign_attrs(is_headline=True)
        made["technique_gain_factor"] = (10**gain).assign_attrs(
            labels=gain.attrs["labels"],
            label="Compute-equivalent gain of a technique",
            unit="factor",
            description="how much more training compute would have given the same",
            is_positive=True,
            judged_by="technique_gain_decades",
        )
    return made.merge(_split(posterior, design, options))


def baseline(table: pd.DataFrame, card: Card) -> pd.DataFrame:
    """OLS of logits on compute, date and technique: rate, gains, slope and compute shares.

    The logit is of the place of the score between chance and ceiling. Simpler than the model: no
    guessing on free-form answers, no lab effects, no deviations, one slope for all benchmarks.
    Ratios to the slope get percentile intervals from draws of the coefficients' normal
    distribution.
    """
    design, options = make_design(table), _options(card)
    fit, errors = _fit_logits(design, options)
    rng = np.random.default_rng(SPLIT_SEED)
    names = list(fit.params.index)
    draws = pd.DataFrame(
        rng.multivariate_normal(fit.params, fit.cov_params(), 20_000), columns=names
    )
    frames = (fit.params.to_frame().T, draws)
    quantities = {f"technique_gain_decades[{tag}]": f"tag_{tag}" for tag in design.tags}
    if options.trend == "linear":
        quantities["rate_decades_per_year"] = "years"
    rows = [
        _baseline_row(key, *(frame[name] / frame["log10_compute"] for frame in frames))
        for key, name in quantities.items()
    ]
    if len(design.benchmarks) == 1:
        slopes = [frame["log10_compute"] for frame in frames]
        rows.append(_baseline_row(f"score_slope[{design.benchmarks[0]}]", *slopes))
    if options.trend == "linear":
        months = [to_doubling_time(frame["years"] / frame["log10_compute"]) for frame in frames]
        rows.append(_baseline_row("doubling_time_months", *months))
    for each in options.comparisons:
        parts = [_classical_decades(frame, design, each) for frame in frames]
        shares, reasons = zip(
            *(divide(part, SMALL_TOTAL_DECADES, "decades") for part in parts), strict=True
        )
        if not any(reasons):
            rows.append(_baseline_row(f"share_compute[{each.id}]", *(s["compute"] for s in shares)))
    return pd.DataFrame(rows).assign(method=f"OLS of logits, no labs, no guessing, {errors}")


def _classical_decades(
    frame: pd.DataFrame, design: Design, comparison: Comparison
) -> dict[str, np.ndarray]:
    """Decades of compute, technique and trend for each row of coefficients."""
    sides = (comparison.earlier, comparison.later)
    early, late = (find_side(design, comparison.benchmark, side) for side in sides)
    slope = frame["log10_compute"].to_numpy()
    tags = frame[[f"tag_{tag}" for tag in design.tags]].to_numpy()
    compute = design.log10_compute[late] - design.log10_compute[early]
    parts = {
        "compute": np.full(len(frame), compute),
        "technique": tags @ (design.has_tag[late] - design.has_tag[early]) / slope,
    }
    if "years" in frame:
        parts["trend"] = (
            frame["years"].to_numpy() * (design.years[late] - design.years[early]) / slope
        )
    return parts


def charts(posterior: xr.Dataset, table: pd.DataFrame, card: Card) -> list[Figure]:
    """Scores against compute, the gains of techniques, and the parts of every comparison."""
    design, options = make_design(table), _options(card)
    benchmark = _headline_comparison(options).benchmark
    points = table.assign(
        status=np.where(table["exclusion"].isna(), "fitted", "not fitted"),
        release_year=table["release_date"].dt.year.astype("Int64").astype("str"),
    ).dropna(subset=["training_flop"])
    group = points["benchmark"] if len(design.benchmarks) > 1 else points["release_year"]
    points["shown"] = group.where(points["exclusion"].isna(), "not fitted")
    curve = _curves(posterior, design, options, benchmark)
    return [
        Figure(
            kind="scatter",
            id="score-against-compute",
            title="Score against training compute",
            caption=f"Bands: fitted {benchmark} score, 90 %. Their distance along the horizontal "
            "axis is what algorithms were worth. The lab is an average one; techniques that most "
            "rows carry are in.",
            frame=points[POINT_COLUMNS],
            x="training_flop",
            y="score",
            colour="shown",
            x_title="training compute (FLOP)",
            y_title="score (share of questions)",
            is_log_x=True,
            hover=(
                "model",
                "benchmark",
                "lab",
                "release_date",
                "training_flop",
                "score",
                "method",
                "techniques",
                "status",
                "citation",
            ),
            curve=Curve(curve),
        ),
        *_interval_figures(posterior, design, options),
        _parts_figure(posterior, design, options),
    ]


def headline(card: Card) -> Headline:
    """The compute share of the headline comparison."""
    options = _options(card)
    comparison = _headline_comparison(options)
    return Headline(
        key=f"share_compute[{comparison.id}]",
        sentence=f"{comparison.label}: {{median}} of the step in effective compute was training "
        "compute (90 % interval {lower} to {upper}).",
        notes=(
            "Data quality, distillation and contamination cannot be told from the trend.",
            "The unexplained part is counted in the total and is never called algorithms.",
            "The error of a compute figure is shared by all models of a base model and cancels "
            "between them: that of continued training is not in the interval.",
            *NO_TREND_NOTE[options.trend],
        ),
    )


def _options(card: Card) -> LeaderboardOptions:
    assert isinstance(card.options, LeaderboardOptions)
    return card.options


def _headline_comparison(options: LeaderboardOptions) -> Comparison:
    return next(c for c in options.comparisons if c.id == options.headline_comparison)


def _coords(design: Design, options: LeaderboardOptions) -> dict[str, Any]:
    return {
        "guessed_benchmark": _guessed(design, options),
        "row": np.arange(len(design.rows)),
        "benchmark": design.benchmarks,
        "technique": design.tags,
        "lab": design.labs,
        "base_model": design.bases,
    }


def _ceiling_and_items(
    design: Design, options: LeaderboardOptions
) -> tuple[np.ndarray, np.ndarray]:
    """Ceiling and item count of each row.

    Raises ValueError for a benchmark that the card does not describe.
    """
    unknown = [name for name in design.benchmarks if name not in options.benchmarks]
    if unknown:
        raise ValueError(
            f"the card says nothing of the benchmarks {unknown}; "
            f"it knows {list(options.benchmarks)}"
        )
    facts = [options.benchmarks[name] for name in design.rows["benchmark"]]
    return np.array([fact.ceiling for fact in facts]), np.array([fact.item_count for fact in facts])


def _error_decades(design: Design) -> np.ndarray:
    """Standard deviation of the log10 compute of each base model."""
    return np.array([COMPUTE_ERROR_DECADES[CLASSES[position]] for position in design.class_index])


def _divide_deviation(posterior: xr.Dataset, design: Design) -> tuple[xr.DataArray, xr.DataArray]:
    """The deviation of each base model as (error of its compute, unexplained).

    Drawn from their conditional normal distribution with a fixed seed.

    Given d = e + r with e ~ N(0, s^2) and r ~ N(0, tau^2), e | d ~ N(d s^2 / (s^2 + tau^2), s^2
    tau^2 / (s^2 + tau^2)).
    """
    deviation = posterior["deviation"]
    error_variance = xr.DataArray(
        _error_decades(design) ** 2, dims="base_model", coords={"base_model": design.bases}
    )
    own_variance = posterior["deviation_scale"] ** 2
    total = error_variance + own_variance
    standard = xr.zeros_like(deviation) + np.random.default_rng(SPLIT_SEED).standard_normal(
        deviation.shape
    )
    error = deviation * error_variance / total + standard * np.sqrt(
        error_variance * own_variance / total
    )
    return error, deviation - error


def _split(posterior: xr.Dataset, design: Design, options: LeaderboardOptions) -> xr.Dataset:
    """Decades, shares, Shapley values and Shapley shares of every part of every comparison."""
    divided = _divide_deviation(posterior, design)
    steps = [_step(posterior, design, options, each, divided) for each in options.comparisons]
    return assemble(steps, options.comparisons, _absent_parts(design, options), posterior["slope"])


def _absent_parts(design: Design, options: LeaderboardOptions) -> dict[str, str]:
    """Parts that this model does not have on this dataset, with the reason."""
    absent = {"allocation": "not separated by this model: it is inside the other parts"}
    if options.trend == "none":
        absent["trend"] = "the card says `trend: none`: no rate is fitted"
    if len(design.labs) == 1:
        absent["lab"] = f"all rows are of one lab, {design.labs[0]}"
    if not design.tags:
        absent["technique"] = "no row carries a technique tag"
    return absent


def _step(
    posterior: xr.Dataset,
    design: Design,
    options: LeaderboardOptions,
    comparison: Comparison,
    divided: tuple[xr.DataArray, xr.DataArray],
) -> Step:
    sides = (comparison.earlier, comparison.later)
    rows = [find_side(design, comparison.benchmark, side) for side in sides]
    early, late = (_terms(posterior, design, options, row, divided) for row in rows)
    drawn = posterior[["slope", "midpoint", "chance"]].sel(benchmark=comparison.benchmark)
    slope, midpoint, chance = (drawn[name].to_numpy() for name in ("slope", "midpoint", "chance"))
    ceiling = options.benchmarks[comparison.benchmark].ceiling

    def score(effective: np.ndarray) -> np.ndarray:
        return np.asarray(
            chance + (ceiling - chance) * special.expit(slope * (effective - midpoint))
        )

    return make_step(early, late, score)


def _terms(
    posterior: xr.Dataset,
    design: Design,
    options: LeaderboardOptions,
    row: int,
    divided: tuple[xr.DataArray, xr.DataArray],
) -> dict[str, np.ndarray]:
    """The terms of one row's effective compute, decades above 1e24 FLOP.

    Each has shape (chain, draw).
    """
    base = design.base_index[row]
    error, unexplained = divided
    terms = {
        "compute": design.log10_compute[row] + error.isel(base_model=base).to_numpy(),
        "unexplained": unexplained.isel(base_model=base).to_numpy(),
    }
    if design.tags:
        name = (
            "technique_on_benchmark" if "technique_on_benchmark" in posterior else "technique_gain"
        )
        gain = posterior[name]
        if "benchmark" in gain.dims:
            gain = gain.isel(benchmark=design.benchmark_index[row])
        terms["technique"] = (
            (gain * xr.DataArray(design.has_tag[row], dims="technique")).sum("technique").to_numpy()
        )
    if options.trend == "linear":
        terms["trend"] = posterior["rate"].to_numpy() * design.years[row]
    if len(design.labs) > 1:
        terms["lab"] = posterior["lab_effect"].isel(lab=design.lab_index[row]).to_numpy()
    return terms


def _fit_logits(design: Design, options: LeaderboardOptions) -> tuple[Any, str]:
    """The fit and what its standard errors are."""
    ceiling, items = _ceiling_and_items(design, options)
    levels = [options.benchmarks[name].chance for name in design.rows["benchmark"]]
    chance = np.array([0.0 if level == "estimated" else level for level in levels])
    height = (design.rows["score"] - chance) / (ceiling - chance)
    half_item = 0.5 / items  # keeps logits finite for scores at or below chance
    frame = pd.DataFrame(design.has_tag, columns=[f"tag_{tag}" for tag in design.tags]).assign(
        logit=special.logit(np.clip(height, half_item, 1 - half_item)),
        log10_compute=design.log10_compute,
        years=design.years,
        benchmark=design.rows["benchmark"],
    )
    terms = ["log10_compute", *(f"tag_{tag}" for tag in design.tags)]
    terms += ["years"] if options.trend == "linear" else []
    terms += ["C(benchmark)"] if len(design.benchmarks) > 1 else []
    model = smf.ols("logit ~ " + " + ".join(terms), frame)
    if len(design.bases) < MINIMUM_CLUSTERS:
        return model.fit(cov_type="HC3"), "robust errors"
    groups = {"groups": design.base_index}
    return model.fit(cov_type="cluster", cov_kwds=groups), "clustered by base model"


def _baseline_row(key: str, point: Any, draws: Any) -> dict[str, Any]:
    tail = (1 - INTERVAL_PROBABILITY) / 2
    lower, upper = np.quantile(draws, [tail, 1 - tail], method="inverted_cdf")
    return {
        "key": key,
        "label": key,
        "estimate": float(np.asarray(point)[0]),
        "lower": lower,
        "upper": upper,
    }


def _curves(
    posterior: xr.Dataset, design: Design, options: LeaderboardOptions, benchmark: str
) -> pd.DataFrame:
    """Fitted score over compute: at three dates, or for techniques added in turn."""
    grid = np.linspace(design.log10_compute.min(), design.log10_compute.max() + 0.3, 30)
    fact = options.benchmarks[benchmark]
    drawn = posterior.sel(benchmark=benchmark)
    frames = []
    x = 10 ** (grid + LOG10_FLOP_REFERENCE)
    for series, multiplier in _curve_series(drawn, design, options):
        effective = xr.DataArray(grid, dims="x") + multiplier - drawn["midpoint"]
        height = xr.apply_ufunc(special.expit, drawn["slope"] * effective)
        score = drawn["chance"] + (fact.ceiling - drawn["chance"]) * height
        frames.append(make_curve(x, score, series))
    return pd.concat(frames, ignore_index=True)


def _curve_series(
    drawn: xr.Dataset, design: Design, options: LeaderboardOptions
) -> list[tuple[str, xr.DataArray]]:
    name = "technique_on_benchmark" if "technique_on_benchmark" in drawn else "technique_gain"
    gain = drawn[name]
    if options.trend == "linear":
        first, last = (
            design.rows["release_date"].dt.year.min(),
            design.rows["release_date"].dt.year.max(),
        )
        years = sorted({int(first), round((first + last) / 2), int(last)})
        common = gain.sel(technique=_common_tags(design)).sum("technique")
        return [
            (
                f"models of {year}",
                drawn["rate"] * (pd.Timestamp(year, 7, 1) - REFERENCE_DATE).days / 365.25 + common,
            )
            for year in years
        ]
    labels = [options.techniques[tag].label for tag in design.tags]
    total = xr.zeros_like(drawn["slope"])
    series = [("base model", total)]
    for tag, label in zip(design.tags, labels, strict=True):
        total = total + gain.sel(technique=tag)
        series.append((f"+ {label}", total))
    return series


def _common_tags(design: Design) -> list[str]:
    """Tags that most rows carry: the curves show models with them."""
    return [
        tag
        for tag, share in zip(design.tags, design.has_tag.mean(axis=0), strict=True)
        if share > 0.5
    ]


def _technique_labels(design: Design, options: LeaderboardOptions) -> dict[str, str]:
    return {tag: options.techniques[tag].label for tag in design.tags}


def _interval_figures(
    posterior: xr.Dataset, design: Design, options: LeaderboardOptions
) -> list[Figure]:
    if not design.tags:
        return []
    gain = make_intervals(posterior["technique_gain"])
    labels = _technique_labels(design, options)
    return [
        Figure(
            kind="intervals",
            id="technique-gains",
            title="What each technique was worth",
            caption="Training compute that would have given the same gain; a decade is ten times.",
            frame=gain.assign(label=gain["label"].map(labels)),
            x_title="decades of training compute",
        )
    ]


def _parts_figure(posterior: xr.Dataset, design: Design, options: LeaderboardOptions) -> Figure:
    split = _split(posterior, design, options)
    labels = [comparison.label for comparison in options.comparisons]
    absent = _absent_parts(design, options)
    frames = [
        summarise(split[f"decades_{part}"]).assign(comparison=labels, part=part)
        for part in PARTS
        if part not in absent
    ]
    return Figure(
        kind="parts",
        id="parts-of-each-step",
        title="Where each step came from",
        caption="Decades of effective compute, median and 90 % interval; parts add up to the step.",
        frame=pd.concat(frames, ignore_index=True),
        x_title="decades of effective compute",
    )
