"""The simulation's stage on made-up draws: pairing, estimands, sensitivity, page and refusals."""

import hashlib
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from toy_takeoff import (
    DRAWS,
    FAILED,
    PASSED,
    SETTINGS,
    make_frames,
    make_page,
    read_real,
    write_toys,
)

from pipeline.failures import SourceError
from pipeline.files import read_json
from pipeline.layout import Layout
from pipeline.site.pages.answers import describe_probability
from pipeline.site.takeoff_page.words import describe_answer, list_doubts, summarise_doubts
from pipeline.takeoff.draws import Paths, Posterior, pair
from pipeline.takeoff.results import ESTIMANDS, Run, run_all
from pipeline.takeoff.scenarios import Scenario
from pipeline.takeoff.sensitivity import analyse, pick_returns, spread
from pipeline.takeoff.stage import simulate

VISION = "research_inputs-idea_production"
POOLED = "research_returns-meta_analysis"
RATE = "mmlu-compute_multiplier"
ELASTICITY = "substitution_elasticity-meta_analysis"


def make_paths(frames: dict[str, pd.DataFrame] | None = None, count: int = 500) -> Paths:
    posteriors = {name: Posterior(frame) for name, frame in (frames or make_frames()).items()}
    return pair(read_real(), posteriors, count, seed=3)


def run(paths: Paths, scenario: Scenario) -> Run:
    (found,) = run_all(paths, [scenario])
    return found


def find_scenario(name: str) -> Scenario:
    return next(each for each in read_real().scenarios if each.id == name)


def read_results(page: Path) -> tuple[Layout, dict[str, Any], str]:
    layout = Layout(page.parents[2])
    return layout, read_json(layout.attribution("takeoff")), page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Layout, dict[str, Any], str]:
    """A run with every posterior passed: the project, its estimands, its page."""
    return read_results(make_page(tmp_path_factory.mktemp("takeoff")))


def test_rows_of_one_posterior_stay_together_and_every_draw_is_used_as_often() -> None:
    frames = make_frames()
    toes, fishing = frames[VISION].columns
    frames[VISION][fishing] = 2 * frames[VISION][toes]
    paths = make_paths(frames, count=DRAWS + 100)
    economy = paths.economy(find_scenario("central"))
    np.testing.assert_allclose(economy.fishing_out, 2 * economy.stepping_on_toes)
    for rows in paths.rows.values():
        assert set(np.bincount(rows, minlength=DRAWS)) == {1, 2}
    first, second = list(paths.rows.values())[:2]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.2


def test_pooled_returns_keep_the_ratio_and_borrow_the_speed() -> None:
    paths = make_paths()
    economy = paths.economy(find_scenario("returns_pooled"))
    pooled = paths.posteriors[POOLED].draws["predictive"].to_numpy()[paths.rows[POOLED]]
    np.testing.assert_allclose(economy.stepping_on_toes / economy.fishing_out, pooled)
    central = paths.economy(find_scenario("central"))
    np.testing.assert_array_equal(economy.fishing_out, central.fishing_out)


def test_rho_is_what_the_elasticity_says() -> None:
    paths = make_paths()
    sigma = paths.posteriors[ELASTICITY].draws["predictive"].to_numpy()[paths.rows[ELASTICITY]]
    economy = paths.economy(find_scenario("central"))
    np.testing.assert_allclose(economy.rho, (sigma - 1) / sigma)
    assert np.all(paths.economy(find_scenario("cobb_douglas")).rho == 0)


def test_labour_alone_accelerates_where_returns_exceed_one() -> None:
    found = run(make_paths(), find_scenario("labour_only"))
    ratio = found.economy.stepping_on_toes / found.economy.fishing_out
    np.testing.assert_array_equal(found.draws()["p_acceleration"], (ratio > 1).astype(float))


def test_cheaper_experiments_never_slow_a_path() -> None:
    paths = make_paths(count=200)
    slow, fast = (run(paths, find_scenario(f"experiments_{name}")) for name in ("grow", "shrink"))
    assert np.all(fast.draws()["years_to_100x"] <= slow.draws()["years_to_100x"])
    assert np.all(fast.draws()["feedback"] >= slow.draws()["feedback"])


def test_estimands_are_those_of_the_draws(made: tuple[Layout, dict[str, Any], str]) -> None:
    layout, entries, _ = made
    draws = pd.read_parquet(layout.draws("takeoff"))
    listed = pd.read_csv(layout.attribution("takeoff").with_suffix(".csv"), keep_default_na=False)
    assert list(listed["key"]) == list(entries)
    for scenario in read_real().scenarios:
        for name, estimand in ESTIMANDS.items():
            key = f"{name}[{scenario.id}]"
            quantile = np.quantile(draws[key], 0.5, method="inverted_cdf")
            expected = draws[key].mean() if estimand.is_probability else quantile
            assert entries[key]["median"] == pytest.approx(expected, rel=1e-5)
            assert (entries[key]["lower"] is None) == estimand.is_probability
        chance = (draws[f"feedback[{scenario.id}]"] > 0).mean()
        assert entries[f"p_acceleration[{scenario.id}]"]["median"] == pytest.approx(chance, rel=1e-5)
    today = entries["years_to_10x[no_automation]"]["median"]
    rates = make_frames()[RATE]["rate_decades_per_year"]
    assert today == pytest.approx(1 / rates.median(), rel=0.03)
    assert entries["p_acceleration[no_automation]"]["reason"]


def test_the_same_draws_give_the_same_bytes(
    made: tuple[Layout, dict[str, Any], str], tmp_path: Path
) -> None:
    again, entries, page = read_results(make_page(tmp_path))
    assert (entries, page) == made[1:]
    for name in ("takeoff", "takeoff-variations"):
        assert again.draws(name).read_bytes() == made[0].draws(name).read_bytes()


def test_the_page_says_what_it_is_before_any_number(
    made: tuple[Layout, dict[str, Any], str],
) -> None:
    layout, entries, page = made
    main = page[page.index("<main") :]
    caveat = main.index("A simulation, not a measurement")
    assert caveat < main.index('class="answer"')
    assert not re.search(r"\d\.\d", main[:caveat])
    assert describe_answer(entries) in page.replace("&lt;", "<")
    central = describe_probability(entries["p_acceleration[central]"]["median"])
    assert f"with probability {central};" in describe_answer(entries)
    for each in read_real().assumptions:
        assert f'id="assumption-{each.id}"' in main
    files = [layout.scenarios, *(layout.draws(name) for name in make_frames())]
    lines = (f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in files)
    assert f"data SHA-256 {hashlib.sha256(''.join(lines).encode()).hexdigest()}." in page


def test_names_of_posteriors_are_text_on_the_page(tmp_path: Path) -> None:
    driven = {"driven_by_prior": ["predictive"], "driven_by": {"predictive": ["<b>prior</b>"]}}
    _, _, page = read_results(make_page(tmp_path, {POOLED: PASSED | driven}))
    assert "<b>prior</b>" not in page
    assert "driven by the prior (&lt;b&gt;prior&lt;/b&gt;)" in page


def test_nothing_that_did_not_converge_is_quoted(tmp_path: Path) -> None:
    _, entries, page = read_results(make_page(tmp_path, {POOLED: FAILED}))
    silent, reason = (
        entries["years_to_10x[returns_pooled]"],
        f"the fit of {POOLED} did not converge",
    )
    assert (silent["median"], silent["reason"]) == (None, reason)
    assert entries["years_to_10x[central]"]["median"]
    assert page.count(f"Withheld: {reason}.") == 2  # its scenario, and as another input


def test_where_the_central_inputs_failed_the_page_withholds_the_answer(tmp_path: Path) -> None:
    _, entries, page = read_results(make_page(tmp_path, {VISION: FAILED}))
    reason = f"the fit of {VISION} did not converge"
    assert f'<p class="answer">Withheld: {reason}.' in page
    automated = [key for key in entries if not key.endswith("[no_automation]")]
    assert all(entries[key]["median"] is None for key in automated)
    assert describe_answer(entries) == f"Withheld: {reason}."


def test_missing_posteriors_keys_and_impossible_draws_are_refused(tmp_path: Path) -> None:
    frames = make_frames()
    frames[POOLED] = frames[POOLED].rename(columns={"predictive": "predicted"})
    frames[VISION].iloc[3, 0] = -1.0
    layout = write_toys(tmp_path, frames)
    layout.draws(RATE).unlink()
    with pytest.raises(SourceError) as caught:
        simulate(layout, SETTINGS)
    faults = str(caught.value)
    assert f"{layout.draws(RATE)}: the file is missing" in faults
    assert "did you mean 'predicted'?" in faults
    assert "1 draws are not positive finite numbers" in faults


def test_two_uniform_numbers_choose_every_draw_equally_often_and_in_order() -> None:
    rng = np.random.default_rng(0)
    returns = {"stepping_on_toes": rng.lognormal(size=57), "fishing_out": rng.lognormal(size=57)}
    grid = (np.arange(0, 1, 1 / 570) + 1 / 1140).round(9)
    first, second = (each.ravel() for each in np.meshgrid(grid, grid))
    counts = np.bincount(pick_returns(returns, first, second), minlength=57)
    assert counts.min() > 0.8 * counts.mean()
    assert counts.max() < 1.2 * counts.mean()
    ratio = returns["stepping_on_toes"] / returns["fishing_out"]
    steps, middle = np.linspace(0.01, 0.99, 7), np.full(7, 0.5)
    assert np.all(np.diff(ratio[pick_returns(returns, steps, middle)]) > 0)
    assert np.all(np.diff(returns["fishing_out"][pick_returns(returns, middle, steps)]) >= 0)


def test_assumptions_are_spread_evenly_or_evenly_on_the_logarithm() -> None:
    for each in read_real().assumptions:
        low, high = each.low, each.high
        middle = np.sqrt(low * high) if each.scale == "log" else (low + high) / 2
        found = spread(each, np.array([0.0, 0.5, 1.0]))
        np.testing.assert_allclose(found, [low, middle, high])


def test_an_input_that_alone_varies_has_all_of_the_sensitivity() -> None:
    frames = make_frames()
    for name, frame in frames.items():
        if name != RATE:
            frame[:] = 1.0
    paths = make_paths(frames)
    narrow = [
        each.model_copy(
            update={"low": each.central, "high": each.central + 1e-9 * (each.central + 1)}
        )
        for each in paths.scenarios.assumptions
    ]
    still = replace(paths, scenarios=paths.scenarios.model_copy(update={"assumptions": narrow}))
    found = analyse(still, samples=256, seed=1)
    found = found[found["outcome"] == "years_to_10x"]
    is_rate = found["input"] == "rate"
    np.testing.assert_allclose(found.loc[is_rate, "index"], [1, 1], atol=0.05)
    assert found.loc[~is_rate, "index"].abs().max() < 0.01


def test_doubts_are_counted_by_posterior_and_listed_by_input() -> None:
    vague = PASSED | {"is_calibrated": None, "driven_by_prior": ["pooled"]}
    said = summarise_doubts({"a": (PASSED, ["rate"]), "b": (vague, ["pooled", "predictive"])})
    assert "the 2 posteriors" in said
    assert said.count(" 1 ") == 2  # of unmeasured calibration, driven by the prior
    assert len(list_doubts(vague, {"elasticity": "pooled"})) == 2
    assert list_doubts(vague, {"elasticity": "predictive"}) == ["calibration not measured"]
    failed = list_doubts(FAILED | {"is_calibrated": None}, {"rate": "rate"})
    assert failed == ["the fit did not converge"]
    assert summarise_doubts({"a": (PASSED, ["rate"])}) == ""
