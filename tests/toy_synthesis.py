"""Made-up results of the posteriors that the synthesis reads: draws that are normal."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from toy_takeoff import HERE, PASSED, link_project

from pipeline.core.files import write_json, write_parquet, write_text
from pipeline.core.layout import Layout
from pipeline.ingest.cards.card import load_card
from pipeline.site.overview.estimates import record_key
from pipeline.site.synthesis_page import page
from pipeline.studies.domains import read_domains
from pipeline.synthesis.shares import COMPUTE, FIELDS, POOLED
from pipeline.synthesis.stage import synthesise

DATASETS = {
    "training_runs": ["training_runs"],
    "accuracy_leaderboard": ["math", "mmlu", "imagenet", "gpqa_diamond"],
    "loss_leaderboard": ["lm_perplexity"],
    "published_estimates": ["research_returns"],
    "growth_rates": ["software_hardware_rates"],
    "own_rates": ["own_rates"],
}
SHARES = {"imagenet": 0.5, "lm_perplexity": 0.8, "mmlu": 0.7, "math": 0.3, "gpqa_diamond": 0.5}
RATES = {"imagenet": 0.4, "lm_perplexity": 0.4, "mmlu": 0.6, "math": 1.4, "gpqa_diamond": 0.4}
YEARS = {  # of single leaderboards: the rate of each year
    "lm_perplexity": {2021: 0.4, 2022: 0.4, 2023: 0.5},
    "mmlu": {2021: 0.0, 2022: 0.2, 2023: 0.6, 2024: 0.6},
    "gpqa_diamond": {2024: 0.9, 2025: 0.9},
}
GROWTH, RATIOS = 0.6, {"Solvers": 3.0, "Sorting": 1.0}
READ = read_domains(HERE)
DOMAINS = {each.dataset: each.name for each in READ}
LIMITS = {"max_rhat": 1.01, "min_ess": 400, "max_divergences": 0, "min_bfmi": 0.3}
CONVERGED = {"limits": LIMITS, "max_rhat": 1.0, "min_ess_bulk": 900, "min_ess_tail": 900}
CHECK = PASSED | CONVERGED | {"divergences": 0, "min_bfmi": 0.9}
UNITS_OF = {"share": "share", "rate": "decades per year", "ratio": "factor"}


def write_toys(
    folder: Path,
    shares: Mapping[str, float] = SHARES,
    failed: Collection[str] = (),
    unidentified: Collection[str] = (),
) -> Layout:
    """A project with these results."""
    layout, rng = link_project(folder, DATASETS), np.random.default_rng(1)
    for name, frame in make_frames(shares, rng).items():
        check = CHECK | ({"verdict": "fail", "reasons": ["R-hat 1.2"]} if name in failed else {})
        check |= {"is_identified": False} if name in unidentified else {}
        write_json(layout.attribution(name), {key: describe(key, frame[key]) for key in frame})
        write_json(layout.check(name), check)
        write_json(layout.rows(name.partition("-")[0]), {"rows_in": 4})
        write_parquet(layout.draws(name), frame)
    write_parquet(layout.table("own_rates"), make_own_rates())
    return layout


def make_own_rates() -> pd.DataFrame:
    """The table of the pooled rates: MMLU and GPQA Diamond score the same models."""
    same = ("mmlu", "gpqa_diamond")
    rows = [
        {"domain": each.name, "rate": RATES[each.dataset], "rate_sd": 0.1, "exclusion": None}
        | {"prior_mean": 0.4, "prior_sd": 0.6}
        | {"base_models": "A | B" if each.dataset in same else each.dataset}
        for each in READ
    ]
    return pd.DataFrame(rows)


def make_page(folder: Path, **toy: Any) -> Path:
    """The page of a synthesis of made-up results."""
    layout = write_toys(folder, **toy)
    synthesise(layout)
    write_text(layout.page("synthesis"), page.render(layout))
    return layout.page("synthesis")


def make_frames(shares: Mapping[str, float], rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    """Draws of every posterior, a column an estimand."""

    def draw(mean: float, spread: float = 0.05) -> np.ndarray:
        return np.asarray(rng.normal(mean, spread, 400))

    frames: dict[str, pd.DataFrame] = {}
    for domain in READ:
        compute = draw(shares[domain.dataset])
        columns = {"rate_decades_per_year": draw(RATES[domain.dataset])}
        for year, rate in YEARS.get(domain.dataset, {}).items():
            columns[f"rate_decades_per_year[{year}]"] = draw(rate)
        for key in list_keys(domain.dataset):
            columns[key] = compute
            columns[key.replace("share_compute", "share_algorithms")] = 1 - compute
        frames[domain.posterior] = pd.DataFrame(columns)
    rates = pd.DataFrame({f"rate[{DOMAINS[each]}]": draw(rate) for each, rate in RATES.items()})
    ends = {"slowest": rates.min(axis=1), "fastest_over_slowest": rates.max(axis=1)}
    ends["fastest_over_slowest"] /= ends["slowest"]
    frames[POOLED] = rates.assign(mean=draw(0.7, 0.1), predictive=draw(0.7, 0.5), **ends)
    frames[COMPUTE] = pd.DataFrame({"growth_decades_per_year": draw(GROWTH)})
    ratios = {f"ratio[{name}]": ratio * 10 ** draw(0) for name, ratio in RATIOS.items()}
    frames[FIELDS] = pd.DataFrame({"ratio": draw(1.5, 0.1)} | ratios)
    returns = pd.DataFrame({"pooled": draw(1.6, 0.3), "predictive": draw(1.6, 0.6)})
    return frames | {"research_returns-meta_analysis": returns}


def list_keys(dataset: str) -> list[str]:
    """Compute's share of the headline step and of the record path."""
    options: Any = load_card(HERE.card(dataset)).options
    headline = f"share_compute[{options.headline_comparison}]"
    return list(dict.fromkeys([headline, record_key(headline)]))


def describe(key: str, draws: pd.Series) -> dict[str, Any]:
    """The entry of the attribution file."""
    lower, median, upper = (float(draws.quantile(each)) for each in (0.05, 0.5, 0.95))
    unit = next((unit for start, unit in UNITS_OF.items() if key.startswith(start)), "1")
    head = {"label": f"Compute, share of the step in effective compute: {key}", "unit": unit}
    numbers = {"median": median, "lower": lower, "upper": upper, "prob": 0.9}
    return head | numbers | {"p_positive": float((draws > 0).mean()), "p_finite": 1.0}
