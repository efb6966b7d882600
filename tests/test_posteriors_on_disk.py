"""What `make repro` left on disk: shares recomputed, verdicts, and the promised numbers."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import ROOT, list_cells, load_real, recompute_step

import models
from models import Card
from models._options import Comparison, LeaderboardOptions

DATA = ROOT / "data"
NOT_THERE = "run make repro first"
CELLS = list_cells()
LEADERBOARDS = [dataset for dataset, name in CELLS if name == "compute_multiplier"]
BENCHMARKS = {
    "MATH": "math",
    "GSM8K": "gsm8k",
    "OCWCourses": "ocwcourses",
    "MMLU-STEM": "mmlu_stem",
}

each_cell = pytest.mark.parametrize(("dataset", "name"), CELLS, ids=["-".join(c) for c in CELLS])
each_leaderboard = pytest.mark.parametrize("dataset", LEADERBOARDS)
each_benchmark = pytest.mark.parametrize("benchmark", BENCHMARKS)


def find(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(NOT_THERE)
    return path


@cache
def read_tree(path: Path) -> xr.DataTree:
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def read_posterior(dataset: str, name: str) -> xr.Dataset:
    return read_tree(find(DATA / f"posteriors/{dataset}-{name}.nc"))["posterior"].to_dataset()


def read_table(dataset: str) -> pd.DataFrame:
    return pd.read_parquet(find(DATA / f"validated/{dataset}.parquet"))


@cache
def read_estimands(dataset: str, name: str) -> xr.Dataset:
    table, (_, card) = read_table(dataset), load_real(dataset)
    return models.load(name).estimands(read_posterior(dataset, name), table, card)


def read_json(kind: str, dataset: str, name: str) -> dict[str, Any]:
    return json.loads(find(DATA / kind / f"{dataset}-{name}.json").read_text(encoding="utf-8"))


def read_attributions(dataset: str, name: str) -> dict[str, Any]:
    return read_json("attributions", dataset, name)


def list_comparisons(card: Card) -> list[Comparison]:
    assert isinstance(card.options, LeaderboardOptions)
    return card.options.comparisons


def find_step(benchmark: str) -> Comparison:
    """From PaLM 540B to Minerva 540B with majority vote, on the card of minerva."""
    (found,) = [
        c
        for c in list_comparisons(load_real("minerva")[1])
        if c.benchmark == benchmark
        and c.earlier.model == "PaLM 540B"
        and (c.later.model, c.later.method) == ("Minerva 540B", "majority-vote")
    ]
    return found


@each_cell
def test_verdict_is_pass(dataset: str, name: str) -> None:
    check = read_json("checks", dataset, name)
    assert check["verdict"] == "pass", check["reasons"]


@each_cell
def test_posterior_holds_every_group_that_later_stages_read(dataset: str, name: str) -> None:
    tree = read_tree(find(DATA / f"posteriors/{dataset}-{name}.nc"))
    assert set(tree.children) == {
        *("prior", "prior_predictive", "posterior", "posterior_predictive", "sample_stats"),
        *("observed_data", "constant_data", "log_likelihood", "log_prior"),
    }
    assert (tree.attrs["dataset"], tree.attrs["model"]) == (dataset, name)


@each_cell
def test_every_draw_of_the_parameters_is_finite(dataset: str, name: str) -> None:
    draws = read_posterior(dataset, name)
    assert all(np.isfinite(values).all() for values in draws.data_vars.values())


@each_cell
def test_attributions_are_the_medians_of_the_draws(dataset: str, name: str) -> None:
    entries = read_attributions(dataset, name)
    found = dict(models.flatten(read_estimands(dataset, name)))
    assert set(entries) == set(found)
    for key, entry in entries.items():
        if entry["median"] is not None:
            assert entry["median"] == pytest.approx(found[key].median().item(), rel=2e-3, abs=2e-3)


@each_leaderboard
def test_shares_agree_with_the_parameters_and_sum_to_one_in_every_draw(dataset: str) -> None:
    draws, table = read_posterior(dataset, "compute_multiplier"), read_table(dataset)
    made = read_estimands(dataset, "compute_multiplier")
    reported = 0
    for comparison in list_comparisons(load_real(dataset)[1]):
        if comparison.id in made["share_compute"].attrs["reasons"]:
            continue
        reported += 1
        decades = recompute_step(draws, table, comparison)
        total = sum(decades.values())
        found = {
            part: made[f"share_{part}"].sel(comparison=comparison.id).to_numpy()
            for part in ("compute", "technique", "trend", "lab", "unexplained")
        }
        present = {part: values for part, values in found.items() if not np.isnan(values).all()}
        np.testing.assert_allclose(sum(present.values()), 1, atol=1e-9)
        present["compute and unexplained"] = present.pop("compute") + present.pop("unexplained")
        assert set(present) == set(decades)
        for part, values in decades.items():
            np.testing.assert_allclose(present[part], values / total, atol=1e-9, err_msg=part)
    assert reported


@each_leaderboard
def test_shares_are_withheld_only_where_the_total_is_near_zero(dataset: str) -> None:
    draws, table = read_posterior(dataset, "compute_multiplier"), read_table(dataset)
    entries = read_attributions(dataset, "compute_multiplier")
    for comparison in list_comparisons(load_real(dataset)[1]):
        total = sum(recompute_step(draws, table, comparison).values())
        is_small = (np.abs(total) < 0.1).mean() > 0.01
        entry = entries[f"share_compute[{comparison.id}]"]
        assert (entry["median"] is None) == is_small
        assert ("reason" in entry) == is_small


@each_benchmark
def test_minerva_shares_of_one_base_model_are_known_from_compute_and_technique(
    benchmark: str,
) -> None:
    draws, table = read_posterior("minerva", "compute_multiplier"), read_table("minerva")
    step = find_step(benchmark)
    flop = table.drop_duplicates("model").set_index("model")["training_flop"]
    compute = np.log10(flop["Minerva 540B"] / flop["PaLM 540B"])
    technique = draws["technique_on_benchmark"].sel(benchmark=benchmark).sum("technique")
    made = read_estimands("minerva", "compute_multiplier")
    np.testing.assert_allclose(
        made["share_compute"].sel(comparison=step.id), compute / (compute + technique), atol=1e-9
    )
    np.testing.assert_allclose(
        made["share_algorithms"].sel(comparison=step.id),
        technique / (compute + technique),
        atol=1e-9,
    )


@each_benchmark
def test_minerva_step_is_reported_on_each_benchmark(benchmark: str) -> None:
    entries = read_attributions("minerva", "compute_multiplier")
    step = f"{BENCHMARKS[benchmark]}-palm_540b-minerva_540b_maj"
    assert find_step(benchmark).id == step
    for part in ("compute", "algorithms"):
        entry = entries[f"share_{part}[{step}]"]
        assert entry["lower"] <= entry["median"] <= entry["upper"]


def test_compute_share_of_minerva_on_math_is_below_a_fifth() -> None:
    entries = read_attributions("minerva", "compute_multiplier")
    assert entries["share_compute[math-palm_540b-minerva_540b_maj]"]["upper"] < 0.2


def test_minerva_prints_no_rate() -> None:
    keys = read_attributions("minerva", "compute_multiplier")
    assert not [key for key in keys if key.startswith(("rate", "doubling_time"))]


def test_minerva_says_why_there_is_no_trend() -> None:
    entries = read_attributions("minerva", "compute_multiplier")
    trend = [entry for key, entry in entries.items() if key.startswith("decades_trend[")]
    assert len(trend) >= len(BENCHMARKS)
    assert all(e["median"] is None and "trend: none" in e["reason"] for e in trend)


@pytest.mark.parametrize("tag", ["domain_tuning", "majority_vote"])
def test_minerva_reports_each_technique_apart(tag: str) -> None:
    entries = read_attributions("minerva", "compute_multiplier")
    assert entries[f"technique_gain_decades[{tag}]"]["median"] > 0
    assert entries[f"technique_gain_factor[{tag}]"]["median"] > 1


@pytest.mark.parametrize(
    ("key", "low", "high"),
    [
        ("exponent_parameters", 0.336, 0.356),
        ("exponent_tokens", 0.351, 0.371),
        ("irreducible_loss", 1.79, 1.83),
        ("optimal_tokens_per_parameter[5.76e23]", 15, 23),
        ("allocation_factor[Gopher 280B]", 1.7, 2.4),
    ],
)
def test_scaling_law_meets_an_independent_fit(key: str, low: float, high: float) -> None:
    assert low <= read_attributions("chinchilla_runs", "scaling_law")[key]["median"] <= high


def test_alexnet_halves_every_twelve_to_eighteen_months() -> None:
    entry = read_attributions("imagenet_efficiency", "efficiency_frontier")[
        "doubling_time_months[AlexNet]"
    ]
    assert 12 <= entry["median"] <= 18
    assert entry["lower"] < 16 < entry["upper"]


def test_alexnet_reduction_of_44_times_is_within_the_interval() -> None:
    entry = read_attributions("imagenet_efficiency", "efficiency_frontier")[
        "reduction_factor[AlexNet]"
    ]
    assert entry["lower"] < 44 < entry["upper"]
