"""The simulation on made-up draws: its file of scenarios, pairing, estimands, page and refusals."""

import hashlib
import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import read_cases
from toy_takeoff import (
    DRAWS,
    FAILED,
    PASSED,
    make_frames,
    make_page,
    read_real,
    write_toys,
)

from models.takeoff import Economy
from pipeline.core.failures import SourceError
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.site.takeoff_page.page import (
    describe_answer,
    describe_times,
    list_doubts,
    list_rates,
    summarise_doubts,
)
from pipeline.studies.verdict import find_caveats
from pipeline.takeoff.draws import Paths, Posterior, pair
from pipeline.takeoff.results import ESTIMANDS, run_all
from pipeline.takeoff.scenarios import PLAIN, ROLES, read_scenarios
from pipeline.takeoff.sensitivity import analyse, spread
from pipeline.takeoff.stage import simulate

VISION = "research_inputs-idea_production"
POOLED = "research_returns-meta_analysis"
RATE = "mmlu-compute_multiplier"
LANGUAGE = "lm_perplexity-augmented_scaling_law"
SCENARIOS = {each.id: each for each in read_real().scenarios}
Run = tuple[Layout, dict[str, Any], str]


def make_paths(frames: dict[str, pd.DataFrame], count: int = 300) -> Paths:
    posteriors = {name: Posterior(frame) for name, frame in frames.items()}
    return pair(read_real(), posteriors, count, seed=3)


def read_results(page: Path) -> Run:
    layout = Layout(page.parents[2])
    return layout, read_json(layout.attribution("takeoff")), page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run with every posterior passed: the project, its estimands, its page."""
    return read_results(make_page(tmp_path_factory.mktemp("takeoff")))


def test_rows_of_one_posterior_stay_together_and_every_draw_is_used_as_often() -> None:
    frames = make_frames()
    toes, fishing = frames[VISION].columns
    frames[VISION][fishing] = 2 * frames[VISION][toes]
    paths = make_paths(frames, count=DRAWS + 100)
    economy = paths.economy(SCENARIOS["central"])
    np.testing.assert_allclose(economy.fishing_out, 2 * economy.stepping_on_toes)
    for rows in paths.rows.values():
        assert set(np.bincount(rows, minlength=DRAWS)) == {1, 2}
    first, second = list(paths.rows.values())[:2]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.2


def test_pooled_returns_keep_the_ratio_and_borrow_the_speed() -> None:
    paths = make_paths(make_frames())
    economy, central = (paths.economy(SCENARIOS[name]) for name in ("returns_pooled", "central"))
    pooled = paths.posteriors[POOLED].draws["predictive"].to_numpy()[paths.rows[POOLED]]
    np.testing.assert_allclose(economy.stepping_on_toes / economy.fishing_out, pooled)
    np.testing.assert_array_equal(economy.fishing_out, central.fishing_out)
    name = "substitution_elasticity-meta_analysis"
    sigma = paths.posteriors[name].draws["predictive"].to_numpy()[paths.rows[name]]
    np.testing.assert_allclose(economy.rho, (sigma - 1) / sigma)
    assert np.all(paths.economy(SCENARIOS["cobb_douglas"]).rho == 0)


def test_todays_rate_is_the_mean_of_the_years_since_one_draw_by_draw() -> None:
    frames = make_frames()
    paths = make_paths(frames)
    drawn = frames[RATE].iloc[paths.rows[RATE]]
    recent = drawn[["rate_decades_per_year[2023]", "rate_decades_per_year[2024]"]].mean(axis=1)
    rate = paths.economy(SCENARIOS["central"]).rate_decades_per_year
    np.testing.assert_allclose(rate, recent)
    whole = paths.economy(SCENARIOS["rate_all_years"]).rate_decades_per_year
    np.testing.assert_array_equal(whole, drawn["rate_decades_per_year"])


def test_a_tenfold_gain_is_sooner_where_progress_accelerates_from_todays_rate_on() -> None:
    """Labour alone, no delay and no jump: A grows as today at first, then faster or slower."""
    labour = {"labour_share": 1.0, "delay_years": 0.0, "ceiling_decades": 300.0}
    scenario = SCENARIOS["labour_only"].model_copy(update={"assumptions": labour})
    (found,) = run_all(make_paths(make_frames()), [scenario])
    draws = found.draws()
    np.testing.assert_array_equal(draws["p_sooner"], draws["p_acceleration"])
    assert 0.2 < draws["p_sooner"].mean() < 0.8


def test_scenarios_change_what_theory_says() -> None:
    names = ("labour_only", "experiments_grow", "experiments_shrink")
    labour, slow, fast = run_all(make_paths(make_frames()), [SCENARIOS[name] for name in names])
    ratio = labour.economy.stepping_on_toes / labour.economy.fishing_out
    np.testing.assert_array_equal(labour.draws()["p_acceleration"], (ratio > 1).astype(float))
    assert np.all(fast.draws()["years_to_100x"] <= slow.draws()["years_to_100x"])
    assert np.all(fast.draws()["feedback"] >= slow.draws()["feedback"])


def test_estimands_are_those_of_the_draws(made: Run) -> None:
    layout, entries, _ = made
    draws = pd.read_parquet(layout.draws("takeoff"))
    listed = pd.read_csv(layout.attribution("takeoff").with_suffix(".csv"), keep_default_na=False)
    assert list(listed["key"]) == list(entries)
    for scenario in SCENARIOS:
        for name, estimand in ESTIMANDS.items():
            key = f"{name}[{scenario}]"
            quantile = np.quantile(draws[key], 0.5, method="inverted_cdf")
            expected = draws[key].mean() if estimand.is_probability else quantile
            assert entries[key]["median"] == pytest.approx(expected, rel=1e-5)
            assert (entries[key]["lower"] is None) == estimand.is_probability
    today = entries["years_to_10x[no_automation]"]["median"]
    years = ["rate_decades_per_year[2023]", "rate_decades_per_year[2024]"]
    rates = make_frames()[RATE][years].mean(axis=1)
    assert today == pytest.approx(1 / rates.median(), rel=0.03)
    assert entries["p_acceleration[no_automation]"]["reason"]


def test_the_same_draws_give_the_same_bytes(made: Run, tmp_path: Path) -> None:
    again, entries, page = read_results(make_page(tmp_path))
    assert (entries, page) == made[1:]
    for name in ("takeoff", "takeoff-variations"):
        assert again.draws(name).read_bytes() == made[0].draws(name).read_bytes()


def test_the_page_says_what_it_is_before_any_number(made: Run) -> None:
    layout, entries, page = made
    main = page[page.index("<main") :]
    caveat = main.index("A simulation, not a measurement")
    assert caveat < main.index('class="answer"')
    assert not re.search(r"\d\.\d", main[:caveat])
    assert describe_answer(entries) in html.unescape(page)
    for each in read_real().assumptions:
        assert f'id="assumption-{each.id}"' in main
    files = [layout.scenarios, *(layout.draws(name) for name in make_frames())]
    lines = (f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in files)
    assert f"data SHA-256 {hashlib.sha256(''.join(lines).encode()).hexdigest()}." in page


def test_one_input_that_failed_is_not_quoted_and_names_are_text(tmp_path: Path) -> None:
    driven = {"driven_by_prior": ["predictive"], "driven_by": {"predictive": ["<b>prior</b>"]}}
    checks = {POOLED: FAILED, "substitution_elasticity-meta_analysis": PASSED | driven}
    _, entries, page = read_results(make_page(tmp_path, checks))
    reason = f"the fit of {POOLED} did not converge"
    silent = entries["years_to_10x[returns_pooled]"]
    assert (silent["median"], silent["reason"]) == (None, reason)
    assert entries["years_to_10x[central]"]["median"]
    assert page.count(f"Withheld: {reason}.") == 2  # its scenario, and as another input
    assert "<b>prior</b>" not in page
    assert "driven by the prior (&lt;b&gt;prior&lt;/b&gt;)" in page


def test_where_the_central_inputs_failed_the_page_withholds_the_answer(tmp_path: Path) -> None:
    _, entries, page = read_results(make_page(tmp_path, {VISION: FAILED}))
    reason = f"the fit of {VISION} did not converge"
    assert f'<p class="answer">Withheld: {reason}.' in page
    automated = [key for key in entries if not key.endswith("[no_automation]")]
    assert all(entries[key]["median"] is None for key in automated)


def test_missing_posteriors_keys_and_impossible_draws_are_refused(tmp_path: Path) -> None:
    frames = make_frames()
    frames[POOLED] = frames[POOLED].rename(columns={"predictive": "predicted"})
    frames[VISION].iloc[3, 0] = -1.0
    frames[RATE] = frames[RATE][["rate_decades_per_year", "rate_decades_per_year[2022]"]]
    layout = write_toys(tmp_path, frames)
    layout.draws(LANGUAGE).unlink()
    with pytest.raises(SourceError) as caught:
        simulate(layout)
    for said in (
        f"{layout.draws(LANGUAGE)}: the file is missing",
        "no draws of this estimand for years since 2023",
        "did you mean 'predicted'?",
        "1 draws are not positive finite numbers",
    ):
        assert said in str(caught.value)


def test_an_input_that_alone_varies_has_all_of_the_sensitivity() -> None:
    frames = make_frames()
    for name in set(frames) - {RATE}:
        frames[name][:] = 1.0
    paths, narrow = make_paths(frames), []
    for each in paths.scenarios.assumptions:
        middle = (
            np.sqrt(each.low * each.high) if each.scale == "log" else (each.low + each.high) / 2
        )
        found = spread(each, np.array([0.0, 0.5, 1.0]))
        np.testing.assert_allclose(found, [each.low, middle, each.high])
        high = each.central + 1e-9 * (each.central + 1)
        narrow.append(each.model_copy(update={"low": each.central, "high": high}))
    still = replace(paths, scenarios=paths.scenarios.model_copy(update={"assumptions": narrow}))
    indices = analyse(still, samples=256, seed=1).query("outcome == 'years_to_10x'")
    is_rate = indices["input"] == "rate"
    np.testing.assert_allclose(indices.loc[is_rate, "index"], [1, 1], atol=0.05)
    assert indices.loc[~is_rate, "index"].abs().max() < 0.01


def test_doubts_are_counted_by_posterior_and_listed_by_input() -> None:
    vague = PASSED | {"is_calibrated": None, "driven_by_prior": ["pooled"]}
    said = summarise_doubts({"a": (PASSED, ["rate"]), "b": (vague, ["pooled", "predictive"])})
    assert "the 2 posteriors" in said
    assert said.count(" 1 ") == 2  # of unmeasured calibration, driven by the prior
    assert len(list_doubts(vague, {"elasticity": ["pooled"]})) == 2
    assert list_doubts(vague, {"elasticity": ["predictive"]}) == ["calibration not measured"]
    assert list_doubts(FAILED, {"rate": ["rate"]}) == ["the fit did not converge"]
    assert summarise_doubts({"a": (PASSED, ["rate"])}) == ""


def test_doubts_are_what_stands_before_the_number_elsewhere_and_the_pull_of_a_prior() -> None:
    held = {"share": 0.74, "covered": 74, "intervals": 100}
    like_fit = {"structures": {"structures": {"fitted": {"estimands": {"g": held}}}}}
    check = PASSED | {"study": like_fit, "is_calibrated": None}
    check |= {"prior_sensitivity": {"s": {"prior": 0.17}, "g": {"prior": 0.02}}}
    (missed,) = list_doubts(check, {"rate": ["g"]})
    assert missed == find_caveats("g", check)[0]
    assert "74 of 100" in missed
    (_, sensitive) = list_doubts(check, {"elasticity": ["s"]})
    assert sensitive.startswith("elasticity of substitution prior-sensitive")
    (driven,) = list_doubts(
        check | {"driven_by_prior": ["s"], "is_calibrated": True}, {"elasticity": ["s"]}
    )
    assert "driven" in driven


def test_the_answer_says_whether_a_tenfold_gain_takes_longer_than_today(made: Run) -> None:
    entries = dict(made[1])
    for sooner, said in ((0.1, "longer than"), (0.5, "about as long as"), (0.9, "less than")):
        entries["p_sooner[central]"] = entries["p_sooner[central]"] | {"median": sooner}
        assert f", {said} the" in describe_times(entries, "central")
    assert "0.90" in describe_times(entries, "central")
    assert "Two questions" in describe_answer(entries)


def test_every_rate_stands_beside_the_others_with_what_it_gives(made: Run) -> None:
    layout, entries, page = made
    drawn = {name: pd.read_parquet(layout.draws(name)) for name in (RATE, LANGUAGE)}
    rows = list_rates(read_real(), entries, drawn)
    assert [row["is_central"] for row in rows] == [True, False, False]
    whole = drawn[RATE]["rate_decades_per_year"]
    assert rows[1]["rate"]["median"] == pytest.approx(whole.median(), rel=0.01)
    assert rows[1]["goes_on"]["median"] == pytest.approx(1 / whole.median(), rel=0.01)
    assert rows[2]["years_to_10x"] == entries["years_to_10x[rate_language]"]
    assert "shares of 300 paths" in page
    assert f"at most {0.5 / 300**0.5:.3f}" in page


KEYS = ["davidson2025quick", "besiroglu2024economic"]
CASES = read_cases("scenarios.yaml")


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["now"])
def test_what_is_wrong_is_named_with_its_line(tmp_path: Path, case: dict[str, Any]) -> None:
    path = tmp_path / "takeoff.yaml"
    path.write_text(CASES["good"], encoding="utf-8")
    assert read_scenarios(path, KEYS).posteriors() == ["a-b", "a-c", "a-d"]
    assert case["was"] in CASES["good"]
    path.write_text(CASES["good"].replace(case["was"], case["now"]), encoding="utf-8")
    with pytest.raises(SourceError) as caught:
        read_scenarios(path, KEYS)
    lines = [each for each in str(caught.value).splitlines() if case["said"] in each]
    assert any(f"takeoff.yaml:{case.get('line', '')}" in each for each in lines)


def test_assumptions_and_draws_are_all_parameters_of_a_path() -> None:
    drawn = {"stepping_on_toes", "fishing_out", "rho", "rate_decades_per_year"}
    assert {*PLAIN, *drawn} == set(Economy.__dataclass_fields__)


def test_every_assumption_and_role_of_the_project_moves_in_a_scenario() -> None:
    made = read_real()
    assert {str(each.id) for each in made.assumptions} == set(PLAIN)
    assert {name for each in made.scenarios for name in each.assumptions} == set(PLAIN)
    for role in ROLES:
        used = {each.inputs[role] for each in made.scenarios if role in each.inputs}
        assert used - {made.defaults[role]}
