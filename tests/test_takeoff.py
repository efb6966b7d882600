"""The simulation's stage on made-up draws: pairing, estimands, sensitivity, page and refusals."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from toy_takeoff import DRAWS, FAILED, FILE, PASSED, flatten, make_frames, read_real, write_toys

from pipeline.failures import SourceError
from pipeline.site.pages.answers import describe_probability
from pipeline.site.pages.rendering import format_number
from pipeline.site.words import read_words
from pipeline.takeoff import stage as takeoff
from pipeline.takeoff.draws import Paths, Posterior, pair, read_posteriors
from pipeline.takeoff.results import ESTIMANDS, Run, run_all
from pipeline.takeoff.scenarios import Scenario
from pipeline.takeoff.sensitivity import analyse, pick_returns, spread
from pipeline.takeoff.words import describe_answer, list_doubts, summarise_doubts

VISION = "research_inputs-idea_production"
POOLED = "research_returns-meta_analysis"
RATE = "mmlu-compute_multiplier"


def make_paths(frames: dict[str, pd.DataFrame] | None = None, count: int = 500) -> Paths:
    posteriors = {
        name: Posterior(name, Path(name), frame, PASSED)
        for name, frame in (frames or make_frames()).items()
    }
    return pair(read_real(), posteriors, count, seed=3)


def run(paths: Paths, scenario: Scenario) -> Run:
    (found,) = run_all(paths, [scenario])
    return found


def find_scenario(name: str) -> Scenario:
    return next(each for each in read_real().scenarios if each.id == name)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run with every posterior passed; treat as read-only."""
    folder = tmp_path_factory.mktemp("takeoff")
    assert takeoff.main(flatten(write_toys(folder))) == 0
    return folder


def read_entries(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "takeoff.json").read_text(encoding="utf-8")))


def test_rows_of_one_posterior_stay_together() -> None:
    frames = make_frames()
    frame = frames[VISION]
    toes, fishing = frame.columns
    frame[fishing] = 2 * frame[toes]
    economy = make_paths(frames).economy(find_scenario("central"))
    np.testing.assert_allclose(economy.fishing_out, 2 * economy.stepping_on_toes)


def test_every_draw_is_used_as_often_as_any_other() -> None:
    paths = make_paths(count=DRAWS + 100)
    for rows in paths.rows.values():
        counts = np.bincount(rows, minlength=DRAWS)
        assert set(counts) == {1, 2}


def test_different_posteriors_are_paired_at_random_and_with_a_seed() -> None:
    paths, again = make_paths(count=2000), make_paths(count=2000)
    first, second = list(paths.rows.values())[:2]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.1
    np.testing.assert_array_equal(first, next(iter(again.rows.values())))


def test_pooled_returns_keep_the_ratio_and_borrow_the_speed() -> None:
    paths = make_paths()
    economy = paths.economy(find_scenario("returns_pooled"))
    pooled = paths.posteriors[POOLED].draws["predictive"].to_numpy()[paths.rows[POOLED]]
    np.testing.assert_allclose(economy.stepping_on_toes / economy.fishing_out, pooled)
    central = paths.economy(find_scenario("central"))
    np.testing.assert_array_equal(economy.fishing_out, central.fishing_out)


def test_rho_is_what_the_elasticity_says() -> None:
    paths = make_paths()
    economy = paths.economy(find_scenario("central"))
    name = "substitution_elasticity-meta_analysis"
    sigma = paths.posteriors[name].draws["predictive"].to_numpy()[paths.rows[name]]
    np.testing.assert_allclose(economy.rho, (sigma - 1) / sigma)
    assert np.all(paths.economy(find_scenario("cobb_douglas")).rho == 0)


def test_labour_alone_accelerates_where_returns_exceed_one() -> None:
    paths = make_paths()
    found = run(paths, find_scenario("labour_only"))
    ratio = found.economy.stepping_on_toes / found.economy.fishing_out
    np.testing.assert_array_equal(found.draws()["p_acceleration"], (ratio > 1).astype(float))


def test_probabilities_are_shares_of_the_draws(made: Path) -> None:
    entries, draws = read_entries(made), pd.read_parquet(made / "takeoff.parquet")
    for scenario in read_real().scenarios:
        for name, (_, _, _, is_probability, _) in ESTIMANDS.items():
            key = f"{name}[{scenario.id}]"
            entry = entries[key]
            if is_probability:
                assert entry["median"] == pytest.approx(draws[key].mean(), abs=1e-6)
                assert entry["lower"] is None
                assert entry["upper"] is None
            else:
                quantile = np.quantile(draws[key], 0.5, method="inverted_cdf")
                assert entry["median"] == pytest.approx(quantile, rel=1e-5)
                assert entry["lower"] <= entry["median"]
        feedback = draws[f"feedback[{scenario.id}]"]
        share = entries[f"p_acceleration[{scenario.id}]"]["median"]
        assert share == pytest.approx((feedback > 0).mean(), abs=1e-6)


def test_keys_are_those_that_the_design_promises(made: Path) -> None:
    entries = read_entries(made)
    names = [each.id for each in read_real().scenarios]
    for family in ("p_acceleration", "years_to_10x", "years_to_100x"):
        assert all(f"{family}[{name}]" in entries for name in names)
    listed = pd.read_csv(made / "takeoff.csv", keep_default_na=False)
    assert list(listed["key"]) == list(entries)


def test_without_automation_ten_times_take_one_over_the_rate(made: Path) -> None:
    entries = read_entries(made)
    rates = make_frames()[RATE]["rate_decades_per_year"]
    median = entries["years_to_10x[no_automation]"]["median"]
    assert median == pytest.approx(1 / rates.median(), rel=0.03)
    assert entries["p_acceleration[no_automation]"]["reason"]


def test_more_labour_share_and_cheaper_experiments_never_slow_a_path() -> None:
    paths = make_paths(count=200)
    slow = run(paths, Scenario(id="a", label="a", assumptions={"experiment_growth": 0.5}))
    fast = run(paths, Scenario(id="b", label="b", assumptions={"experiment_growth": -0.5}))
    assert np.all(fast.draws()["years_to_100x"] <= slow.draws()["years_to_100x"])
    assert np.all(fast.draws()["feedback"] >= slow.draws()["feedback"])


def test_the_page_and_the_files_are_the_same_bytes_again(made: Path, tmp_path: Path) -> None:
    assert takeoff.main(flatten(write_toys(tmp_path))) == 0
    for name in ("takeoff.json", "takeoff.csv", "takeoff.parquet"):
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()
    assert (tmp_path / "takeoff.html").read_bytes() == (made / "takeoff.html").read_bytes()


def test_the_page_says_what_it_is_before_any_number(made: Path) -> None:
    page = (made / "takeoff.html").read_text(encoding="utf-8")
    main = page[page.index("<main") :]
    caveat = main.index("A simulation, not a measurement")
    assert caveat < main.index('class="answer"')
    assert not re.search(r"\d\.\d", main[:caveat])
    assert "What the model leaves out" in main
    for each in read_real().assumptions:
        assert f'id="assumption-{each.id}"' in main
    assert len(page) < 3_000_000


def test_names_of_posteriors_are_text_on_the_page(tmp_path: Path) -> None:
    check = PASSED | {"is_calibrated": None, "driven_by_prior": ["predictive"], "driven_by": {
        "predictive": ["<b>prior</b>"]}}  # fmt: skip
    assert takeoff.main(flatten(write_toys(tmp_path, checks={POOLED: check}))) == 0
    page = (tmp_path / "takeoff.html").read_text(encoding="utf-8")
    assert "<b>prior</b>" not in page
    assert "driven by the prior (&lt;b&gt;prior&lt;/b&gt;)" in page


def test_nothing_that_did_not_converge_is_quoted(tmp_path: Path) -> None:
    assert takeoff.main(flatten(write_toys(tmp_path, checks={POOLED: FAILED}))) == 0
    entries = read_entries(tmp_path)
    silent = entries["years_to_10x[returns_pooled]"]
    assert silent["median"] is None
    assert silent["reason"] == f"the fit of {POOLED} did not converge"
    assert entries["years_to_10x[central]"]["median"]
    page = (tmp_path / "takeoff.html").read_text(encoding="utf-8")
    assert f"Withheld: the fit of {POOLED} did not converge" in page


def test_where_the_central_inputs_failed_the_page_withholds_the_answer(tmp_path: Path) -> None:
    assert takeoff.main(flatten(write_toys(tmp_path, checks={VISION: FAILED}))) == 0
    page = (tmp_path / "takeoff.html").read_text(encoding="utf-8")
    assert f"Withheld: the fit of {VISION} did not converge." in page
    entries = read_entries(tmp_path)
    assert all(
        entry["median"] is None
        for key, entry in entries.items()
        if not key.endswith("[no_automation]")
    )


def read_faults(folder: Path, frames: dict[str, pd.DataFrame], drop: str = "") -> str:
    given = write_toys(folder, frames)
    paths = {
        flag: [Path(each) for each in given[flag] if not (drop and Path(each).stem == drop)]
        for flag in ("--draws", "--checks")
    }
    with pytest.raises(SourceError) as caught:
        read_posteriors(read_real(), paths["--draws"], paths["--checks"])
    return str(caught.value)


def test_missing_posteriors_keys_and_impossible_draws_are_refused(tmp_path: Path) -> None:
    frames = make_frames()
    frames[POOLED] = frames[POOLED].rename(columns={"predictive": "predicted"})
    frames[VISION].iloc[3, 0] = -1.0
    faults = read_faults(tmp_path, frames, drop=RATE)
    assert f"{RATE}: no draws of this posterior" in faults
    assert "did you mean 'predicted'?" in faults
    assert "1 draws are not positive finite numbers" in faults


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    given = write_toys(tmp_path)
    Path(given["--draws"][0]).unlink()
    with pytest.raises(SourceError, match="the file is missing"):
        takeoff.main(flatten(given))


def test_two_uniform_numbers_return_every_draw_equally_often() -> None:
    rng = np.random.default_rng(0)
    returns = {"stepping_on_toes": rng.lognormal(size=57), "fishing_out": rng.lognormal(size=57)}
    grid = (np.arange(0, 1, 1 / 570) + 1 / 1140).round(9)
    first, second = (each.ravel() for each in np.meshgrid(grid, grid))
    counts = np.bincount(pick_returns(returns, first, second), minlength=57)
    assert counts.min() > 0.8 * counts.mean()
    assert counts.max() < 1.2 * counts.mean()


def test_the_first_number_orders_draws_by_the_ratio_and_the_second_by_fishing_out() -> None:
    rng = np.random.default_rng(0)
    returns = {"stepping_on_toes": rng.lognormal(size=400), "fishing_out": rng.lognormal(size=400)}
    ratio = returns["stepping_on_toes"] / returns["fishing_out"]
    steps = np.linspace(0.01, 0.99, 50)
    middle = np.full(50, 0.5)
    by_first = ratio[pick_returns(returns, steps, middle)]
    assert np.all(np.diff(by_first[::5]) > 0)
    by_second = returns["fishing_out"][pick_returns(returns, middle, steps)]
    assert np.all(np.diff(by_second) >= 0)


def test_assumptions_are_spread_evenly_or_evenly_on_the_logarithm() -> None:
    by_id = {str(each.id): each for each in read_real().assumptions}
    ends = np.array([0.0, 0.5, 1.0])
    share, jump = by_id["labour_share"], by_id["labour_jump"]
    np.testing.assert_allclose(
        spread(share, ends), [share.low, (share.low + share.high) / 2, share.high]
    )
    np.testing.assert_allclose(
        spread(jump, ends), [jump.low, np.sqrt(jump.low * jump.high), jump.high]
    )


def test_an_input_that_alone_varies_has_all_of_the_sensitivity() -> None:
    frames = make_frames()
    for name, frame in frames.items():
        if name != RATE:
            frame[:] = 1.0
    paths = make_paths(frames)
    narrow = [
        each.model_copy(
            update={"low": each.central, "high": each.central + 1e-9 * max(each.central, 1)}
        )
        for each in paths.scenarios.assumptions
    ]
    still = Paths(
        paths.scenarios.model_copy(update={"assumptions": narrow}),
        paths.posteriors,
        paths.rows,
        paths.count,
    )
    found = analyse(still, samples=256, seed=1)
    found = found[found["outcome"] == "years_to_10x"]
    is_rate = found["input"] == "rate"
    np.testing.assert_allclose(found.loc[is_rate, "index"], [1, 1], atol=0.05)
    assert found.loc[~is_rate, "index"].abs().max() < 0.01


def test_indices_are_on_the_record_with_their_intervals(made: Path) -> None:
    entries = read_entries(made)
    keys = [key for key in entries if key.startswith("sobol_")]
    assert "sobol_total[years_to_10x-elasticity]" in keys
    for key in keys:
        assert entries[key]["lower"] <= entries[key]["median"] <= entries[key]["upper"]


def test_the_answer_names_the_central_probability_and_the_range(made: Path) -> None:
    entries = read_entries(made)
    central = describe_probability(entries["p_acceleration[central]"]["median"])
    sentence = describe_answer(entries)
    assert f"with probability {central};" in sentence
    assert f"over the {len(read_real().scenarios)} scenarios" in sentence
    assert sentence in (made / "takeoff.html").read_text(encoding="utf-8").replace("&lt;", "<")


def test_an_answer_that_is_withheld_says_why() -> None:
    withheld = {"median": None, "reason": "nothing was fitted"}
    said = {"median": 0.5}
    entries = {"p_acceleration[central]": withheld, "p_acceleration[other]": said}
    assert describe_answer(entries) == "Withheld: nothing was fitted."


def test_the_page_is_cited_with_the_hash_of_its_inputs(made: Path, tmp_path: Path) -> None:
    page = (made / "takeoff.html").read_text(encoding="utf-8")
    files = [FILE, *(made / "attributions" / f"{name}.parquet" for name in make_frames())]
    lines = (f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.name}\n" for each in files)
    whole = hashlib.sha256("".join(lines).encode()).hexdigest()
    assert f"data SHA-256 {whole}." in page
    frames = make_frames()
    frames[RATE] *= 1.01
    assert takeoff.main(flatten(write_toys(tmp_path, frames))) == 0
    assert whole not in (tmp_path / "takeoff.html").read_text(encoding="utf-8")


def test_the_page_has_equations_and_its_sources_as_files(made: Path) -> None:
    page = (made / "takeoff.html").read_text(encoding="utf-8")
    equations = read_words(ROOT / "reports/models", "takeoff").equations
    assert page.count('<math display="block">') == len(equations)
    for ending in ("bib", "json"):
        assert f'data-file="takeoff-sources.{ending}"' in page
    assert "jones1995models" in page


def test_doubts_are_counted_by_posterior_and_listed_by_input() -> None:
    vague = PASSED | {"is_calibrated": None, "driven_by_prior": ["pooled"]}
    posteriors = {"a": (PASSED, ["rate"]), "b": (vague, ["pooled", "predictive"])}
    assert summarise_doubts(posteriors) == (
        "Doubts about the 2 posteriors that it reads: 1 of unmeasured calibration, 1 driven by "
        "a prior in what is read"
    )
    assert list_doubts(vague, {"elasticity": "pooled"}) == [
        "calibration not measured",
        "elasticity of substitution driven by the prior",
    ]
    assert list_doubts(vague, {"elasticity": "predictive"}) == ["calibration not measured"]
    assert list_doubts(FAILED | {"is_calibrated": None}, {"rate": "rate"}) == [
        "the fit did not converge"
    ]
    assert summarise_doubts({"a": (PASSED, ["rate"])}) == ""


def test_years_at_todays_rate_stand_beside_the_central_ones(made: Path) -> None:
    page = (made / "takeoff.html").read_text(encoding="utf-8")
    entries = read_entries(made)
    central, today = (
        format_number(entries[f"years_to_10x[{name}]"]["median"])
        for name in ("central", "no_automation")
    )
    assert re.search(
        rf"efficient after {central} years \(.+\), at today&#39;s rate after {today} ", page
    )
