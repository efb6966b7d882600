"""Made-up results of the posteriors that the synthesis reads, and the flags of its stage."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cells import CHECK, CITATION, FAILED, TEMPLATES
from conftest import ROOT

from models.options import LeaderboardOptions
from pipeline.ingest.cards.card import load_card
from pipeline.site.overview.estimates import record_key
from pipeline.synthesis.synthesis_results import FIELDS, POOLED

RETURNS, COMPUTE = "research_returns-meta_analysis", "training_runs-compute_growth"
MODELS = {
    "imagenet": ("compute_multiplier", "era_ceilings"),
    "lm_perplexity": ("augmented_scaling_law",),
    "mmlu": ("compute_multiplier",),
    "math": ("compute_multiplier",),
}
DOMAINS = {
    "imagenet": "Images (ImageNet)",
    "lm_perplexity": "Language (perplexity)",
    "mmlu": "Knowledge (MMLU)",
    "math": "Mathematics (MATH)",
}
DRAWS = 400
VALIDATION = {"rows_in": 4, "rows_out": 4, "rows_quarantined": 0, "rows_fitted": 4, "excluded": {}}
UNITS = {f"m{i}": 1 for i in range(12)}
PASSED = CHECK | {"is_calibrated": True, "is_identified": True, "unit": "base model"}
PASSED |= {"elpd_method": "PSIS-LOO", "rows_by_unit": UNITS}


@dataclass(frozen=True)
class Toy:
    """What the made-up posteriors say; all draws are normal with these means."""

    shares: dict[str, float] = field(
        default_factory=lambda: {"imagenet": 0.5, "lm_perplexity": 0.8, "mmlu": 0.7, "math": 0.3}
    )
    rates: dict[str, float] = field(
        default_factory=lambda: {"imagenet": 0.4, "lm_perplexity": 0.4, "mmlu": 0.6, "math": 1.4}
    )
    growth: float = 0.6
    ratios: dict[str, float] = field(default_factory=lambda: {"Solvers": 3.0, "Sorting": 1.0})
    failed: tuple[str, ...] = ()
    unidentified: tuple[str, ...] = ()


def write_toys(folder: Path, toy: Toy | None = None) -> dict[str, list[str]]:
    """Writes the results below `folder`; the flags of the stage."""
    made = toy or Toy()
    rng = np.random.default_rng(1)
    frames = make_frames(made, rng)
    names = dict.fromkeys(name.partition("-")[0] for name in frames)
    for each in ("attributions", "checks"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        entries = {key: describe(key, frame[key]) for key in frame}
        check = PASSED | {"elpd_by_unit": dict(zip(UNITS, rng.normal(-1, 0.3, 12), strict=True))}
        if name in made.failed:
            check |= FAILED
        if name in made.unidentified:
            check |= {"is_identified": False}
        write(folder / f"attributions/{name}.json", entries)
        write(folder / f"checks/{name}.json", check)
        frame.to_parquet(folder / f"attributions/{name}.parquet")
    for name in names:
        write(folder / f"checks/{name}.json", VALIDATION)
    return {
        "--attributions": [str(folder / f"attributions/{name}.json") for name in frames],
        "--checks": [str(folder / f"checks/{name}.json") for name in (*frames, *names)],
        "--cards": [str(ROOT / "data/sources")],
        "--datasets": [str(ROOT / "data/sources/datasets.yaml")],
        "--models": [str(ROOT / "models/models.yaml")],
        "--bibliography": [str(ROOT / "data/references.bib")],
        "--citation": [str(CITATION)],
        "--templates": [str(TEMPLATES)],
        "--output": [str(folder / "attributions/synthesis.json")],
        "--page": [str(folder / "synthesis.html")],
    }


def make_frames(toy: Toy, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Draws of every posterior, a column an estimand."""

    def draw(mean: float, spread: float) -> np.ndarray:
        return np.asarray(rng.normal(mean, spread, DRAWS))

    frames: dict[str, pd.DataFrame] = {}
    for dataset, models in MODELS.items():
        for model in models:
            compute = draw(toy.shares[dataset], 0.05)
            columns = {"rate_decades_per_year": draw(toy.rates[dataset], 0.05)}
            for key in list_keys(dataset):
                columns[key] = compute
                columns[key.replace("share_compute", "share_algorithms")] = 1 - compute
            frames[f"{dataset}-{model}"] = pd.DataFrame(columns)
    rates = {f"rate[{DOMAINS[each]}]": draw(rate, 0.05) for each, rate in toy.rates.items()}
    by_domain = pd.DataFrame(rates)
    mean = float(np.mean(list(toy.rates.values())))
    slowest, fastest = by_domain.min(axis=1), by_domain.max(axis=1)
    frames[POOLED] = by_domain.assign(
        mean=draw(mean, 0.1),
        predictive=draw(mean, 0.5),
        slowest=slowest,
        fastest_over_slowest=fastest / slowest,
    )
    frames[COMPUTE] = pd.DataFrame({"growth_decades_per_year": draw(toy.growth, 0.05)})
    ratios = {f"ratio[{name}]": ratio * 10 ** draw(0, 0.05) for name, ratio in toy.ratios.items()}
    frames[FIELDS] = pd.DataFrame({"ratio": draw(1.5, 0.1)} | ratios)
    frames[RETURNS] = pd.DataFrame({"pooled": draw(1.6, 0.3), "predictive": draw(1.6, 0.6)})
    return frames


def list_keys(dataset: str) -> list[str]:
    """Compute's share of the headline step and of the record path."""
    options = load_card(ROOT / "data/sources" / dataset / "source.yaml").options
    assert isinstance(options, LeaderboardOptions)
    headline = f"share_compute[{options.headline_comparison}]"
    return list(dict.fromkeys([headline, record_key(headline)]))


def describe(key: str, draws: pd.Series) -> dict[str, Any]:
    """The entry of the attribution file."""
    lower, median, upper = np.quantile(draws, [0.05, 0.5, 0.95], method="inverted_cdf")
    units = {"share": "share", "rate": "decades per year", "ratio": "factor"}
    unit = next((unit for start, unit in units.items() if key.startswith(start)), "1")
    return {
        "label": f"Compute, share of the step in effective compute: {key}",
        "unit": unit,
        "median": float(median),
        "lower": float(lower),
        "upper": float(upper),
        "prob": 0.9,
        "p_positive": float((draws > 0).mean()),
        "p_finite": 1.0,
    }


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")
