"""Made-up results of the posteriors that the synthesis reads."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from cells import CHECK, FAILED
from toy_takeoff import HERE, link_project

from pipeline.files import write_json, write_parquet
from pipeline.ingest.cards.card import load_card
from pipeline.layout import Layout
from pipeline.site.overview.estimates import record_key
from pipeline.site.synthesis_page import write_synthesis_page
from pipeline.synthesis.shares import COMPUTE, FIELDS, POOLED, read_domains
from pipeline.synthesis.stage import synthesise

RETURNS = "research_returns-meta_analysis"
MODELS = {
    "imagenet": ("compute_multiplier", "era_ceilings"),
    "lm_perplexity": ("augmented_scaling_law",),
    "mmlu": ("compute_multiplier",),
    "math": ("compute_multiplier",),
}
DOMAINS = {each.dataset: each.name for each in read_domains(HERE)}
DATASETS = {
    "training_runs": ["training_runs"],
    "accuracy_leaderboard": ["math", "mmlu", "imagenet"],
    "loss_leaderboard": ["lm_perplexity"],
    "published_estimates": ["research_returns"],
    "growth_rates": ["software_hardware_rates"],
    "own_rates": ["own_rates"],
}
DRAWS = 400
VALIDATION = {"rows_in": 4, "rows_out": 4, "rows_quarantined": 0, "rows_fitted": 4, "excluded": {}}
UNITS = {f"m{i}": 1 for i in range(12)}
PASSED = CHECK | {"is_calibrated": True, "is_identified": True, "unit": "base model"}
PASSED |= {"elpd_method": "PSIS-LOO", "rows_by_unit": UNITS}
UNITS_OF = {"share": "share", "rate": "decades per year", "ratio": "factor"}


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


def write_toys(folder: Path, toy: Toy) -> Layout:
    """A project with these results."""
    layout, rng = link_project(folder, DATASETS), np.random.default_rng(1)
    for name, frame in make_frames(toy, rng).items():
        check = PASSED | {"elpd_by_unit": dict(zip(UNITS, rng.normal(-1, 0.3, 12), strict=True))}
        check |= FAILED if name in toy.failed else {}
        check |= {"is_identified": False} if name in toy.unidentified else {}
        write_json(layout.attribution(name), {key: describe(key, frame[key]) for key in frame})
        write_json(layout.check(name), check)
        write_json(layout.rows(name.partition("-")[0]), VALIDATION)
        write_parquet(layout.draws(name), frame)
    return layout


def make_page(folder: Path, toy: Toy | None = None) -> Path:
    """The page of a synthesis of made-up results."""
    layout = write_toys(folder, toy or Toy())
    synthesise(layout)
    write_synthesis_page(layout)
    return layout.page("synthesis")


def make_frames(toy: Toy, rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Draws of every posterior, a column an estimand."""

    def draw(mean: float, spread: float = 0.05) -> np.ndarray:
        return np.asarray(rng.normal(mean, spread, DRAWS))

    frames: dict[str, pd.DataFrame] = {}
    for dataset, models in MODELS.items():
        for model in models:
            compute = draw(toy.shares[dataset])
            columns = {"rate_decades_per_year": draw(toy.rates[dataset])}
            for key in list_keys(dataset):
                columns[key] = compute
                columns[key.replace("share_compute", "share_algorithms")] = 1 - compute
            frames[f"{dataset}-{model}"] = pd.DataFrame(columns)
    rates = {f"rate[{DOMAINS[each]}]": draw(rate) for each, rate in toy.rates.items()}
    by_domain, mean = pd.DataFrame(rates), float(np.mean(list(toy.rates.values())))
    slowest, fastest = by_domain.min(axis=1), by_domain.max(axis=1)
    frames[POOLED] = by_domain.assign(
        mean=draw(mean, 0.1),
        predictive=draw(mean, 0.5),
        slowest=slowest,
        fastest_over_slowest=fastest / slowest,
    )
    frames[COMPUTE] = pd.DataFrame({"growth_decades_per_year": draw(toy.growth)})
    ratios = {f"ratio[{name}]": ratio * 10 ** draw(0) for name, ratio in toy.ratios.items()}
    frames[FIELDS] = pd.DataFrame({"ratio": draw(1.5, 0.1)} | ratios)
    frames[RETURNS] = pd.DataFrame({"pooled": draw(1.6, 0.3), "predictive": draw(1.6, 0.6)})
    return frames


def list_keys(dataset: str) -> list[str]:
    """Compute's share of the headline step and of the record path."""
    options: Any = load_card(HERE.card(dataset)).options
    headline = f"share_compute[{options.headline_comparison}]"
    return list(dict.fromkeys([headline, record_key(headline)]))


def describe(key: str, draws: pd.Series) -> dict[str, Any]:
    """The entry of the attribution file."""
    lower, median, upper = np.quantile(draws, [0.05, 0.5, 0.95], method="inverted_cdf")
    return {
        "label": f"Compute, share of the step in effective compute: {key}",
        "unit": next((unit for start, unit in UNITS_OF.items() if key.startswith(start)), "1"),
        "median": float(median),
        "lower": float(lower),
        "upper": float(upper),
        "prob": 0.9,
        "p_positive": float((draws > 0).mean()),
        "p_finite": 1.0,
    }
