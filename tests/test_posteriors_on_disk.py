"""What `make repro` left on disk: shares recomputed, verdicts, and the promised numbers."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from tables_for_models import (
    FLOP,
    ROOT,
    find_row,
    list_cells,
    list_present,
    list_steps,
    load_real,
    read_reference,
    recompute_change,
    recompute_step,
)

import models
from models import Card, fitted_rows
from models.options import Comparison, LeaderboardOptions

DATA = ROOT / "data"
NOT_THERE = "run make repro first"
CELLS = list_cells()
LEADERBOARDS = [cell for cell in CELLS if models.load(cell[1]).TABLE.endswith("_leaderboard")]
SCORED = [cell for cell in LEADERBOARDS if models.load(cell[1]).TABLE == "accuracy_leaderboard"]
# Cells that readers are promised: they are fitted, and the sampler can be believed.
PROMISED = [
    ("mmlu", "compute_multiplier"),
    ("math", "compute_multiplier"),
    ("imagenet", "compute_multiplier"),
    ("minerva", "compute_multiplier"),
    ("lm_perplexity", "augmented_scaling_law"),
]
BENCHMARKS = {
    "MATH": "math",
    "GSM8K": "gsm8k",
    "OCWCourses": "ocwcourses",
    "MMLU-STEM": "mmlu_stem",
}


def parametrize(cells: list[tuple[str, str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("dataset", "name"), cells, ids=["-".join(c) for c in cells])


each_cell, each_leaderboard = parametrize(CELLS), parametrize(LEADERBOARDS)
each_benchmark = pytest.mark.parametrize("benchmark", BENCHMARKS)


def find(path: Path) -> Path:
    if not path.is_file():
        pytest.skip(NOT_THERE)
    return path


@cache
def read_tree(path: Path) -> xr.DataTree:
    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def read_fit(dataset: str, name: str) -> xr.DataTree:
    """The posterior file of a cell; skips the test where it is missing or says why it is empty."""
    tree = read_tree(find(DATA / f"posteriors/{dataset}-{name}.nc"))
    if reason := tree.attrs.get("not_fitted"):
        pytest.skip(f"not fitted: {reason}")
    return tree


def read_posterior(dataset: str, name: str) -> xr.Dataset:
    return read_fit(dataset, name)["posterior"].to_dataset()


def read_table(dataset: str) -> pd.DataFrame:
    return pd.read_parquet(find(DATA / f"validated/{dataset}.parquet"))


@cache
def read_estimands(dataset: str, name: str) -> xr.Dataset:
    table, (_, card) = read_table(dataset), load_real(dataset)
    return models.load(name).estimands(read_posterior(dataset, name), table, card)


def read_json(kind: str, dataset: str, name: str) -> dict[str, Any]:
    return json.loads(find(DATA / kind / f"{dataset}-{name}.json").read_text(encoding="utf-8"))


def read_attributions(dataset: str, name: str) -> dict[str, Any]:
    read_fit(dataset, name)
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


# Steps recomputed from the parameters, with no code of the models.


def list_split_steps(dataset: str, name: str) -> list[Comparison]:
    """The steps that the model splits: the card's and the record paths."""
    needs_compute = name != "augmented_scaling_law"
    return list_steps(read_table(dataset), load_real(dataset)[1], needs_compute)


def recompute_decades(dataset: str, name: str, step: Comparison) -> dict[str, np.ndarray]:
    draws, table = read_posterior(dataset, name), read_table(dataset)
    if name != "augmented_scaling_law":
        return recompute_step(draws, table, step)
    early, late = find_ends(table, step)
    sizes = [FLOP * row["parameters"] * row["dataset_tokens"] for row in (early, late)]
    years = (late["release_date"] - early["release_date"]).days / 365.25
    rate = draws["rate"].to_numpy()
    return {"compute": np.full(rate.shape, np.log10(sizes[1] / sizes[0])), "trend": rate * years}


def find_ends(table: pd.DataFrame, step: Comparison) -> tuple[pd.Series, pd.Series]:
    rows = table.assign(training_flop=1.0)  # the augmented law reads no compute
    unfitted = rows.assign(exclusion=None)
    early, late = (
        find_row(rows if side.is_fitted else unfitted, step.benchmark, side)
        for side in (step.earlier, step.later)
    )
    return early, late


def recompute_change_of_score(dataset: str, name: str, step: Comparison) -> np.ndarray:
    draws, table = read_posterior(dataset, name), read_table(dataset)
    if name != "augmented_scaling_law":
        return recompute_change(draws, table, load_real(dataset)[1], step)
    early, late = (law_of_row(draws, table, row) for row in find_ends(table, step))
    return late - early


def law_of_row(draws: xr.Dataset, table: pd.DataFrame, row: pd.Series) -> np.ndarray:
    """E + P (N / N_ref)^-a + D (D / D_ref)^-b, both sizes grown with the date: (chain, draw)."""
    rows, drawn = fitted_rows(table), draws.sel(benchmark=row["benchmark"])
    age = (row["release_date"] - rows["release_date"].mean()).total_seconds() / 86_400 / 365.25
    total = drawn["irreducible_loss"].to_numpy()
    for name, column, sign in (("parameters", "parameters", 1), ("tokens", "dataset_tokens", -1)):
        rate = (draws["rate"] + sign * draws["rate_difference"]).to_numpy() / 2
        decades = np.log10(row[column]) - np.log10(rows[column]).mean() + rate * age
        term = 10 ** (-draws[f"exponent_{name}"].to_numpy() * decades)
        total = total + drawn[f"contribution_{name}"].to_numpy() * term
    return np.asarray(total)


def join_compute(
    parts: dict[str, np.ndarray], like: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Compute and unexplained as one part, where the recomputed step has them so."""
    if "compute and unexplained" not in like:
        return parts
    joined = dict(parts)
    joined["compute and unexplained"] = joined.pop("compute") + joined.pop("unexplained")
    return joined


@each_leaderboard
def test_decades_agree_with_the_parameters_in_every_draw(dataset: str, name: str) -> None:
    made = read_estimands(dataset, name)
    steps = list_split_steps(dataset, name)
    assert steps
    for step in steps:
        expected = recompute_decades(dataset, name, step)
        found = join_compute(list_present(made, "decades", step.id), expected)
        assert set(found) == set(expected), step.id
        for part, values in expected.items():
            message = f"{step.id}, {part}"
            np.testing.assert_allclose(found[part], values, atol=1e-9, err_msg=message)


@each_leaderboard
def test_shares_agree_with_the_parameters_and_sum_to_one_in_every_draw(
    dataset: str, name: str
) -> None:
    made, reported = read_estimands(dataset, name), 0
    for step in list_split_steps(dataset, name):
        if step.id in made["share_compute"].attrs["reasons"]:
            continue
        reported += 1
        decades = recompute_decades(dataset, name, step)
        total = sum(decades.values())
        found = list_present(made, "share", step.id)
        np.testing.assert_allclose(sum(found.values()), 1, atol=1e-9, err_msg=step.id)
        found = join_compute(found, decades)
        for part, values in decades.items():
            message = f"{step.id}, {part}"
            np.testing.assert_allclose(found[part], values / total, atol=1e-9, err_msg=message)
    assert reported


@each_leaderboard
def test_shapley_values_sum_to_the_change_of_the_score_in_every_draw(
    dataset: str, name: str
) -> None:
    made = read_estimands(dataset, name)
    for step in list_split_steps(dataset, name):
        change = recompute_change_of_score(dataset, name, step)
        total = sum(list_present(made, "shapley", step.id).values())
        np.testing.assert_allclose(total, change, atol=1e-9, err_msg=step.id)


@each_leaderboard
def test_shapley_shares_are_shapley_values_over_the_change_of_the_score(
    dataset: str, name: str
) -> None:
    made, reported = read_estimands(dataset, name), 0
    for step in list_split_steps(dataset, name):
        change = recompute_change_of_score(dataset, name, step)
        is_small = (np.abs(change) < 0.01).mean() > 0.01
        assert (step.id in made["shapley_share_compute"].attrs["reasons"]) == is_small, step.id
        if is_small:
            continue
        reported += 1
        shares = list_present(made, "shapley_share", step.id)
        np.testing.assert_allclose(sum(shares.values()), 1, atol=1e-9, err_msg=step.id)
        for part, values in list_present(made, "shapley", step.id).items():
            np.testing.assert_allclose(shares[part] * change, values, atol=1e-9, err_msg=part)
    assert reported


@each_leaderboard
def test_algorithms_are_all_parts_but_compute_and_the_unexplained(dataset: str, name: str) -> None:
    made = read_estimands(dataset, name)
    for step in list_split_steps(dataset, name):
        for kind in ("share", "shapley_share"):
            parts = list_present(made, kind, step.id)
            if not parts:
                continue
            algorithms = [v for p, v in parts.items() if p not in ("compute", "unexplained")]
            found = made[f"{kind}_algorithms"].sel(comparison=step.id).to_numpy()
            np.testing.assert_allclose(found, sum(algorithms), atol=1e-9, err_msg=step.id)


@each_leaderboard
def test_shares_are_withheld_only_where_the_total_is_near_zero(dataset: str, name: str) -> None:
    entries = read_attributions(dataset, name)
    for step in list_split_steps(dataset, name):
        total = sum(recompute_decades(dataset, name, step).values())
        is_small = (np.abs(total) < 0.1).mean() > 0.01
        entry = entries[f"share_compute[{step.id}]"]
        assert (entry["median"] is None) == is_small, step.id
        assert ("reason" in entry) == is_small, step.id


@each_leaderboard
def test_steps_of_unknown_compute_say_so(dataset: str, name: str) -> None:
    entries = read_attributions(dataset, name)
    split = {step.id for step in list_split_steps(dataset, name)}
    for comparison in list_comparisons(load_real(dataset)[1]):
        entry = entries[f"decades_compute[{comparison.id}]"]
        assert (entry["median"] is not None) == (comparison.id in split), comparison.id
        assert ("is not known" in entry.get("reason", "")) == (comparison.id not in split)


# Files, verdicts and the promised numbers.


@each_cell
def test_every_fit_passes(dataset: str, name: str) -> None:
    check = read_json("checks", dataset, name)
    if not check.get("not_fitted"):
        assert check["verdict"] == "pass", check["reasons"]


@parametrize(PROMISED)
def test_promised_cell_is_fitted_and_passes(dataset: str, name: str) -> None:
    check = read_json("checks", dataset, name)
    assert not check.get("not_fitted")
    assert check["verdict"] == "pass", check["reasons"]


@each_cell
def test_cell_is_fitted_unless_the_model_says_why_not(dataset: str, name: str) -> None:
    tree = read_tree(find(DATA / f"posteriors/{dataset}-{name}.nc"))
    reason = models.load(name).unsupported_reason(read_table(dataset), load_real(dataset)[1])
    assert tree.attrs.get("not_fitted", "") == reason
    assert read_json("checks", dataset, name).get("not_fitted") == (reason or None)


@each_cell
def test_posterior_holds_every_group_that_later_stages_read(dataset: str, name: str) -> None:
    tree = read_fit(dataset, name)
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
    found = dict(models.flatten(read_estimands(dataset, name)))
    entries = read_attributions(dataset, name)
    assert set(entries) == set(found)
    for key, entry in entries.items():
        if entry["median"] is not None:
            assert entry["median"] == pytest.approx(found[key].median().item(), rel=2e-3, abs=2e-3)


@parametrize(SCORED)
def test_allocation_is_never_a_gain_over_the_best_division(dataset: str, name: str) -> None:
    draws = read_posterior(dataset, name)
    if "allocation" not in draws:
        pytest.skip("the card does not ask for it")
    # The moment summary is linear in normal variables: near the optimum it may cross zero a little.
    assert (draws["allocation"].median(("chain", "draw")) <= 0.01).all()
    assert draws["allocation"].max() < 0.2


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


@pytest.mark.parametrize("domain", read_reference("erdil2024ideas"))
def test_published_returns_are_within_the_interval(domain: str) -> None:
    entry = read_attributions("research_inputs", "idea_production")[
        f"returns_to_research[{domain}]"
    ]
    published = read_reference("erdil2024ideas")[domain]
    assert entry["lower"] < published["estimate"] < entry["upper"]


def test_exponents_of_idea_production_are_said_to_lean_on_the_prior() -> None:
    """One ratio of efficiencies a field: the page may not pass them for findings."""
    path = find(DATA / "checks/research_inputs-idea_production.json")
    driven = json.loads(path.read_text(encoding="utf-8"))["driven_by_prior"]
    assert [key for key in driven if key.startswith(("stepping_on_toes[", "fishing_out["))]


def test_published_growth_of_compute_is_within_reach() -> None:
    """4 to 5 times a year by Epoch AI."""
    entry = read_attributions("training_runs", "compute_growth")["growth_decades_per_year"]
    assert entry["lower"] < np.log10(4.5) < entry["upper"]


def test_compute_of_gpt4_is_the_reported_figure_with_its_error() -> None:
    entry = read_attributions("training_runs", "compute_growth")["run_flop[GPT-4]"]
    assert entry["median"] == pytest.approx(2.1e25, rel=0.05)
    assert entry["upper"] / entry["lower"] == pytest.approx(10 ** (2 * 1.645 * 0.3), rel=0.1)
