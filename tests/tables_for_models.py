"""Tables, cards and draws for the tests of models, and a step recomputed by hand."""

import json
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from boards import make_board, make_board_card
from committed import read_committed
from ruamel.yaml import YAML
from scipy import stats

import models
from models import Card
from models.core.parts import PARTS
from models.options import AccuracyOptions, Comparison, Side
from pipeline.checks.refit import Refitter
from pipeline.core.layout import Layout
from pipeline.ingest.cards.card import LoadedCard, load_card
from pipeline.ingest.convert import ingest
from pipeline.ingest.in_house import add_in_house
from pipeline.ingest.sources.records import read_records
from pipeline.ingest.validate import exclude_by_rule

ROOT = Path(__file__).parents[1]
MIDDLE_OF_GRID = {"parameters": 9e8, "tokens": 1.6e10}  # geometric means of the Chinchilla runs
FLOP = 6  # a parameter and token
# Of the toy leaderboard: the median of its computes, rounded; 1 January of its median model's year.
TOY_LOG10_FLOP, TOY_DATE = 24.0, pd.Timestamp(2021, 1, 1)


def read_yaml(path: Path) -> Any:
    """The tree of a YAML file, as plain dicts and lists."""
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))


def list_cells() -> list[tuple[str, str]]:
    """Every (dataset, model) that the two registries ask for."""
    datasets = read_yaml(ROOT / "data/sources/datasets.yaml")["datasets"]
    names = read_yaml(ROOT / "models/models.yaml")["models"]
    return [(d, m) for table, found in names.items() for m in found for d in datasets[table]]


def read_reference(name: str) -> dict[str, Any]:
    """Published numbers from tests/reference/<name>.yaml."""
    return read_yaml(ROOT / "tests/reference" / f"{name}.yaml")


def read_result(path: str) -> dict[str, Any]:
    """A result as Git has it."""
    found: dict[str, Any] = json.loads((read_committed().root / path).read_text(encoding="utf-8"))
    return found


@cache
def load_real(dataset: str) -> tuple[pd.DataFrame, Card]:
    """The table of `dataset` as the stages make it, and what models see of its card."""
    card = load_card(ROOT / "data/sources" / dataset / "source.yaml")
    joined = _registry() if card.card.runs != "own" else None
    return _convert(card, joined), card.for_model(_registry(), make_law())


@cache
def _registry() -> pd.DataFrame:
    return _convert(load_card(ROOT / "data/sources/training_runs/source.yaml"), None)


def _convert(card: LoadedCard, runs: pd.DataFrame | None) -> pd.DataFrame:
    records = read_records(card.records_path)
    table, committed = ingest(card, records, runs), _committed_with_tables()
    for posterior in table.get("posterior", ()):  # whose tables are not in Git
        path = committed.table(dataset := posterior.partition("-")[0])
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            load_real(dataset)[0].to_parquet(path)
    return exclude_by_rule(add_in_house(table, card, committed), card, records)


@cache
def _committed_with_tables() -> Layout:
    """A copy of its own: a study is current only where a table has the very bytes of a run."""
    return read_committed.__wrapped__()


@cache
def make_law(draws: int = 1000) -> pd.DataFrame:
    """Draws of a scaling law near the published fit, in place of those of our own.

    Exponents are normal with the published standard errors (Besiroglu et al. 2024). Coefficients
    follow them so that each term keeps its published value in the middle of the grid: where the
    data lie the law is known well, whatever the exponents.
    """
    published = read_reference("besiroglu2024chinchilla")
    rng = np.random.default_rng(20240415)
    made = {}
    for name, middle in MIDDLE_OF_GRID.items():
        exponent, coefficient = (
            published[f"{kind}_{name}"] for kind in ("exponent", "coefficient")
        )
        drawn = rng.normal(exponent["estimate"], exponent["standard_error"], draws)
        made[f"exponent_{name}"] = drawn
        moved = middle ** (drawn - exponent["estimate"])
        made[f"coefficient_{name}"] = coefficient["estimate"] * moved
    return pd.DataFrame(made)


def sample(name: str, table: pd.DataFrame, card: Card, seed: int, draws: int = 400) -> xr.Dataset:
    """The posterior of model `name`: 2 short chains, with the model's own adaptation."""
    refitter = Refitter(models.load(name), table, card)
    tree = refitter.sample(seed, chains=2, draws=draws, tune=500)
    return tree["posterior"].to_dataset()


def make_leaderboard() -> pd.DataFrame:
    """Eight rows: four base models of two labs, each tuned further, all but one given a vote.

    Of the third base model the tokens are not known, nor the samples of its vote. Tuning adds a
    fifth of the compute.
    """
    base, tuned = np.repeat(range(4), 2), np.tile([0, 1], 4)
    flop = 10.0 ** (22 + base) * (1 + 0.2 * tuned)
    parameters = np.array([7e9, 7e10, 2e11, 1e11])[base]
    names = [f"{('Base', 'Tuned')[t]} {b}" for b, t in zip(base, tuned, strict=True)]
    # one without the vote: tags that always occur together are refused
    tags = ["", "domain_tuning", *["", "domain_tuning majority_vote"] * 3]
    dates = [f"{2020 + b}-{(4, 10)[t]:02}-01" for b, t in zip(base, tuned, strict=True)]
    return make_board(
        names,
        benchmark="MATH",
        base_model=[f"Base {b}" for b in base],
        lab=[f"Lab {b % 2}" for b in base],
        compute_confidence=np.repeat(["confident", "likely", "speculative", "likely"], 2),
        parameters=parameters,
        is_dense=True,
        method=["direct", "vote"] * 4,
        techniques=tags,
        sample_count=[1.0, 1.0, 1.0, 100.0, 1.0, np.nan, 1.0, 10.0],
        release_date=pd.to_datetime(dates),
        training_flop=flop,
        training_tokens=np.where(base == 2, np.nan, flop / (FLOP * parameters)),
        score=0.1 + 0.15 * base + 0.2 * tuned,
    )


BENCHMARK = {"label": "MATH", "chance": 0.02, "ceiling": 0.95, "item_count": 500, "reason": "test"}
WITHIN, BETWEEN, NOTHING = "math-base_3-tuned_3", "math-base_0-tuned_3", "math-base_0-base_0"
RECORD = "math-first_record-last_record"  # Base 0 to Tuned 3 too, found by date and score


def make_card(trend: str = "linear", kind: str = "berkson", **changes: Any) -> Card:
    """Its card: a step within a base model, one between labs and dates, one of nothing.

    `kind` is that of the errors of compute; `changes` replace options. Allocation is measured
    against the law of `make_law`.
    """
    technique = {"label": "t", "definition": "test"}
    steps = {
        WITHIN: ("MATH", "Base 3", "Tuned 3|vote"),
        BETWEEN: ("MATH", "Base 0", "Tuned 3|vote"),
        NOTHING: ("MATH", "Base 0", "Base 0"),
    }
    options: dict[str, Any] = {
        "benchmarks": {"MATH": BENCHMARK},
        "trend": trend,
        "techniques": {
            "domain_tuning": technique,
            "majority_vote": technique | {"part": "inference"},
        },
        "headline_comparison": BETWEEN,
        "allocation": "scaling_law",
        "compute_error_decades": {"kind": kind},
    }
    return replace(make_board_card(steps, **(options | changes)), scaling_law=make_law())


TAGS = ["domain_tuning", "majority_vote"]
TOY_COORDS = {
    "benchmark": ["MATH"],
    "technique": TAGS,
    "lab": ["Lab 0", "Lab 1"],
    "base_model": [f"Base {i}" for i in range(4)],
    "pair": [f"Base {i}: {tag}" for i in range(4) for tag in TAGS[: 1 + (i > 0)]],
    "harness": ["uniform"],
    "year": ["2020", "2021", "2022", "2023"],
}
DAYS = [275, 365, 365, 273]  # of each year between the first release and the last
Moments = tuple[float, float, str | None]  # mean, standard deviation, label dim
TOY_MOMENTS: dict[str, Moments] = {
    "slope": (1.0, 0.05, "benchmark"),
    "level": (-1.5, 0.1, "benchmark"),
    "chance": (0.02, 0.001, "benchmark"),
    "technique_gain": (0.6, 0.1, "technique"),
    "lab_effect": (0.0, 0.2, "lab"),
    "deviation": (0.0, 0.3, "base_model"),
    "deviation_scale": (0.3, 0.02, None),
    "continued_error": (0.0, 0.3, None),
    "dispersion": (0.08, 0.005, None),
    "skew": (0.7, 0.5, None),
    "allocation": (-0.3, 0.1, "base_model"),
    "allocation_under": (1.0, 0.3, None),
    "allocation_over": (0.5, 0.3, None),
    "harness_shift": (0.4, 0.1, "harness"),
}
# Where as few base models as the toy's may say how far the worth of a technique varies.
PAIRED: dict[str, Moments] = {
    "technique_by_base": (0.2, 0.0, None),
    "technique_by_base_effect": (0.0, 0.2, "pair"),
}
TREND_MOMENTS: dict[str, Moments] = {
    "rate_by_year": (0.4, 0.2, "year"),
    "interaction": (0.05, 0.02, None),
    "early_height": (0.97, 0.005, "benchmark"),
}


def make_posterior(
    seed: int = 1, draws: int = 300, trend: str = "linear", **more: Moments
) -> xr.Dataset:
    """Two chains of every parameter of the toy leaderboard, independent of one another.

    `more`: further parameters, or other moments.
    """
    rng = np.random.default_rng(seed)
    made = {}
    moments = TOY_MOMENTS | (TREND_MOMENTS if trend == "linear" else {}) | more
    for name, (mean, sd, dim) in moments.items():
        size = (2, draws, *([len(TOY_COORDS[dim])] if dim else []))
        made[name] = (("chain", "draw", *([dim] if dim else [])), rng.normal(mean, sd, size))
    used = {dim for dims, _ in made.values() for dim in dims}
    drawn = xr.Dataset(made, coords={dim: at for dim, at in TOY_COORDS.items() if dim in used})
    if "rate_by_year" in drawn:
        drawn["rate"] = drawn["rate_by_year"].weighted(xr.DataArray(DAYS, dims="year")).mean("year")
    return drawn


# Steps recomputed from the documented equations, with no code of the models.


def rows_with_compute(table: pd.DataFrame) -> pd.DataFrame:
    """The rows that models of effective compute read."""
    return table[table["exclusion"].isna() & table["training_flop"].notna()]


def rows_with_growth(table: pd.DataFrame) -> pd.DataFrame:
    """The efficiencies after the first of each field."""
    rows = table[table["exclusion"].isna() & table["efficiency"].notna()]
    return rows[rows["year"] > 0]


def base_runs_with_compute(table: pd.DataFrame) -> pd.DataFrame:
    """Language models that started from no other run, with compute that no score was used for."""
    kept = rows_with_compute(table)
    kept = kept[kept["base_model"].isna() & ~kept["is_compute_circular"]]
    return kept[~kept["model"].isin(["AlphaGo Zero", "AlphaZero"])]


def find_centre(table: pd.DataFrame) -> tuple[float, pd.Timestamp]:
    """log10 FLOP and date that decades and years are counted from."""
    rows = rows_with_compute(table)
    released = rows.groupby("base_model")["release_date"].min()
    log10_flop = float(np.round(np.log10(rows["training_flop"]).median()))
    return log10_flop, pd.Timestamp(int(released.dt.year.median()), 1, 1)


def find_row(table: pd.DataFrame, benchmark: str, side: Side) -> pd.Series:
    """The first fitted row of one end of a step."""
    rows = rows_with_compute(table)
    is_side = (rows["model"] == side.model) & (rows["method"] == side.method)
    return rows[is_side & (rows["benchmark"] == benchmark)].iloc[0]


def recompute_terms(
    posterior: xr.Dataset, table: pd.DataFrame, row: pd.Series
) -> dict[str, np.ndarray]:
    """Terms of a row's effective compute by part, decades from the reference, (chain, draw).

    The deviation of a base model is part error of its compute, part unexplained; how it is divided
    is drawn. The two stand here together, as `compute and unexplained`. What the interaction adds
    stands as `interaction`.
    """
    reference, date = find_centre(table)

    def pick(name: str, **labels: str) -> np.ndarray:
        return posterior[name].sel(labels).transpose("chain", "draw").to_numpy()

    base, years = row["base_model"], (row["release_date"] - date).days / 365.25
    decades = np.log10(row["training_flop"]) - reference
    if "compute_correction" in posterior:
        decades = decades + pick("compute_correction", base_model=base)
    terms = {"compute and unexplained": decades + pick("deviation", base_model=base)}
    terms["lab"] = pick("lab_effect", lab=row["lab"])
    if "allocation" in posterior:
        terms["allocation"] = pick("allocation", base_model=base)
    for part, tag in zip(("technique", "inference"), TAGS, strict=True):
        gain, where = "technique_gain", {"technique": tag}
        if "technique_on_benchmark" in posterior:
            gain, where = "technique_on_benchmark", where | {"benchmark": row["benchmark"]}
        dose = float(tag in row["techniques"].split())
        if part == "inference":  # the unknown count is the mean of the known, 100 and 10
            dose *= np.log10(row["sample_count"]) if row["sample_count"] > 0 else 1.5
        if dose and "technique_by_base_effect" in posterior:
            terms[part] = pick("technique_by_base_effect", pair=f"{base}: {tag}") * dose
        terms[part] = terms.get(part, 0.0) + pick(gain, **where) * dose
    if "rate_by_year" in posterior:
        days = Counter(pd.date_range(*sorted((date, row["release_date"])), inclusive="left").year)
        passed = [pick("rate_by_year", year=str(y)) * n / 365.25 for y, n in days.items()]
        terms["trend"] = np.sign(years) * np.sum(passed, axis=0)
        strength = posterior["interaction"].transpose("chain", "draw").to_numpy()
        terms["interaction"] = strength * max(years, 0.0) * decades
    return terms


def recompute_step(
    posterior: xr.Dataset, table: pd.DataFrame, comparison: Comparison
) -> dict[str, np.ndarray]:
    """Decades of each part of a step from the posterior's parameters, shape (chain, draw).

    The change of the interaction's product is divided as Shapley values of two players: what the
    change of one adds, halfway through the change of the other.
    """
    sides = (comparison.earlier, comparison.later)
    rows = [find_row(table, comparison.benchmark, side) for side in sides]
    early, late = (recompute_terms(posterior, table, row) for row in rows)
    parts = {part: late[part] - early[part] for part in late}
    for sign, row in zip((-1, 1), rows, strict=True):
        own = table.loc[table["base_model"] == row["base_model"], "training_flop"].min()
        added = row["training_flop"] / own - 1  # whose error is that of continued training
        wrong = 1 + added * 10 ** posterior["continued_error"].to_numpy()
        parts["compute and unexplained"] = parts["compute and unexplained"] + sign * np.log10(
            wrong / (1 + added)
        )
    if "interaction" not in parts:
        return parts
    reference, date = find_centre(table)
    decades = [np.log10(row["training_flop"]) - reference for row in rows]
    years = [max((row["release_date"] - date).days / 365.25, 0.0) for row in rows]
    strength = posterior["interaction"].transpose("chain", "draw").to_numpy()
    by_compute = strength * (decades[1] - decades[0]) * np.mean(years)
    parts["compute and unexplained"] = parts["compute and unexplained"] + by_compute
    parts["trend"] = parts["trend"] + parts.pop("interaction") - by_compute
    return parts


def recompute_score(
    posterior: xr.Dataset, table: pd.DataFrame, card: Card, row: pd.Series
) -> np.ndarray:
    """The fitted score under the reference harness, shape (chain, draw)."""
    effective = sum(recompute_terms(posterior, table, row).values())
    drawn = posterior.sel(benchmark=row["benchmark"])
    assert isinstance(card.options, AccuracyOptions)
    chance = drawn["chance"].to_numpy()
    logit = drawn["level"].to_numpy() + drawn["slope"].to_numpy() * effective
    curve = stats.genlogistic(np.exp(drawn["skew"].to_numpy()))
    height = curve.cdf(curve.median() + logit / (4 * curve.pdf(curve.median())))
    span = card.options.benchmarks[row["benchmark"]].ceiling - chance
    rows = rows_with_compute(table)
    boundary = rows.groupby("base_model")["release_date"].min().median()
    if "early_height" in posterior and row["release_date"] <= boundary:
        span = span * drawn["early_height"].to_numpy()
    return chance + span * height


def recompute_change(
    posterior: xr.Dataset, table: pd.DataFrame, card: Card, comparison: Comparison
) -> np.ndarray:
    """Change of the fitted score from one end of a step to the other, shape (chain, draw)."""
    early, late = (
        recompute_score(posterior, table, card, find_row(table, comparison.benchmark, side))
        for side in (comparison.earlier, comparison.later)
    )
    return late - early


def list_present(made: xr.Dataset, kind: str, comparison: str) -> dict[str, np.ndarray]:
    """Draws of the parts that the model has of a step, by part."""
    found = {
        part: made[f"{kind}_{part}"]
        .sel(comparison=comparison)
        .transpose("chain", "draw")
        .to_numpy()
        for part in PARTS
    }
    return {part: values for part, values in found.items() if not np.isnan(values).all()}
