"""Leaderboards drawn from known parameters, in plain NumPy: no code in common with the models.

The equations of `compute_multiplier.py` are written here a second time on purpose; `truths.py`
draws parameters from their priors.
"""

import numpy as np
import pandas as pd

from models import Truth, fitted_rows

# Variables of a truth that have labels, with the dims of their labels.
BY_BENCHMARK = "slope level chance ceiling item_count early_shortfall early_height"
BY_BASE_MODEL = "allocation deviation compute_error compute_correction unexplained"
DIMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(BY_BENCHMARK.split(), ("benchmark",)),
    **dict.fromkeys(BY_BASE_MODEL.split(), ("base_model",)),
    "guess_rate": ("guessed_benchmark",),
    "rate_by_year": ("year",),
    "harness_shift": ("harness",),
    "technique_gain": ("technique",),
    "is_inference": ("technique",),
    "technique_by_base_effect": ("pair",),
    "technique_on_benchmark": ("benchmark", "technique"),
    "lab_effect": ("lab",),
}


def list_names(rows: pd.DataFrame, column: str) -> list[str]:
    """The distinct values of a column, in the order of the rows."""
    return list(dict.fromkeys(rows[column]))


def rows_with_compute(table: pd.DataFrame) -> pd.DataFrame:
    """The fitted rows that have a compute figure."""
    rows = fitted_rows(table)
    return rows[rows["training_flop"].notna()]


def list_tags(rows: pd.DataFrame) -> list[str]:
    """The technique tags that rows carry, sorted."""
    return sorted({tag for text in rows["techniques"].fillna("") for tag in text.split()})


def find_centre(rows: pd.DataFrame) -> tuple[float, pd.Timestamp]:
    """Reference compute (log10 FLOP) and date: the median rounded, and the median model's year."""
    years = rows.groupby("base_model")["release_date"].min().dt.year
    middle = np.round(np.median(np.log10(rows["training_flop"])))
    return float(middle), pd.Timestamp(year=int(years.median()), month=1, day=1)


def draw_walk(
    rows: pd.DataFrame, truth: Truth, rng: np.random.Generator, has_bend: bool = False
) -> dict[str, float]:
    """Rates by year: a walk, moved so that its mean over the span is the drawn rate.

    With a bend it takes one step, into the middle year.
    """
    days = pd.date_range(rows["release_date"].min(), rows["release_date"].max())
    years = np.arange(days.year[0], days.year[-1] + 1)
    steps = truth["drift"] * rng.normal(size=len(years) - 1)
    if has_bend:
        steps = steps * (years[1:] == find_centre(rows)[1].year)
    walk = np.append(0.0, np.cumsum(steps))
    rates = truth["rate"] + walk - walk[days.year[:-1] - years[0]].mean()
    return {str(y): float(r) for y, r in zip(years, rates, strict=True)}


def effective_compute(rows: pd.DataFrame, truth: Truth) -> np.ndarray:
    """log10 effective compute of each row, decades above the reference, from the truth's terms."""
    reference, date = find_centre(rows)
    compute = np.log10(rows["training_flop"].to_numpy()) - reference
    compute = compute + rows["base_model"].map(truth.get("compute_correction", {})).fillna(0.0)
    years = (rows["release_date"] - date).dt.days.to_numpy() / 365.25
    total = compute + truth.get("rate", 0.0) * years
    if "rate_by_year" in truth:
        total = compute + _walk(rows["release_date"], date, truth["rate_by_year"])
    total = total + truth.get("interaction", 0.0) * np.maximum(years, 0.0) * compute
    for column, name in (
        ("base_model", "deviation"),
        ("base_model", "allocation"),
        ("lab", "lab_effect"),
    ):
        total = total + rows[column].map(truth.get(name, {})).fillna(0.0).to_numpy()
    varied, common = truth.get("technique_on_benchmark", {}), truth.get("technique_gain", {})
    for tag in list_tags(rows):
        carried = rows["techniques"].fillna("").str.split().map(lambda tags, tag=tag: tag in tags)
        if truth.get("is_inference", {}).get(tag):
            carried = carried * _dose(rows, carried)
        gain = rows["benchmark"].map({b: varied[b][tag] for b in varied}) if varied else None
        worth = common.get(tag, 0.0) if gain is None else gain.to_numpy()
        by_base = truth.get("technique_by_base_effect", {})
        own = (rows["base_model"] + f": {tag}").map(by_base).fillna(0.0).to_numpy(dtype=float)
        total = total + carried.to_numpy() * (worth + own)
    return np.asarray(total, dtype=float)


def _walk(dates: pd.Series, reference: pd.Timestamp, rates: dict[str, float]) -> np.ndarray:
    """Decades since the reference, the yearly rates added up day by day."""
    days = pd.date_range(min(dates.min(), reference), max(dates.max(), reference))
    known = pd.Series(rates)
    inside = np.clip(days.year, int(known.index[0]), int(known.index[-1])).astype(str)
    daily = pd.Series(known[inside].to_numpy() / 365.25, days).cumsum().shift(fill_value=0.0)
    return np.asarray(daily[dates].to_numpy() - daily[reference])


def _dose(rows: pd.DataFrame, carried: pd.Series) -> pd.Series:
    """Decades of samples; where they are not known, the mean of those that are."""
    decades = pd.Series(np.log10(rows["sample_count"].astype(float).clip(lower=1)), rows.index)
    known = decades[carried & decades.notna()]
    return decades.fillna(known.mean() if len(known) else 1.0)


def simulate(table: pd.DataFrame, truth: Truth, rng: np.random.Generator) -> pd.DataFrame:
    """The fitted rows with scores drawn from `truth`.

    Keys: slope, level, chance, ceiling, item_count (by benchmark), dispersion; and, counting as
    zero where missing, those of `effective_compute`, harness_shift and (as one) early_height.
    """
    rows = rows_with_compute(table).copy()
    name = rows["benchmark"]
    effective = effective_compute(rows, truth)
    logit = name.map(truth["level"]) + name.map(truth["slope"]) * effective
    logit = logit + rows["harness"].map(truth.get("harness_shift", {})).fillna(0.0)
    span = name.map(truth["ceiling"]) - name.map(truth["chance"])
    if "early_height" in truth:
        first = rows.groupby("base_model")["release_date"].min().median()
        span = span * np.where(rows["release_date"] <= first, name.map(truth["early_height"]), 1.0)
    power = np.exp(truth.get("skew", 0.0))
    half = 0.5 ** (1 / power)  # the curve passes one half with the slope of a logistic
    inner = 1 + (1 - half) / half * np.exp(-logit / (2 * power * (1 - half)))
    mean = (name.map(truth["chance"]) + span * inner**-power).to_numpy(dtype=float)
    weight = truth["dispersion"] ** -2
    count = name.map(truth["item_count"]).to_numpy(dtype=int)
    # A beta variable of tiny parameters underflows to 0/0: clip, at the edge the draw is 0 or 1.
    success = rng.beta(np.maximum(mean * weight, 1e-12), np.maximum((1 - mean) * weight, 1e-12))
    return rows.assign(score=rng.binomial(count, np.nan_to_num(success)) / count)
