"""Paths after full automation: closed forms, ceiling, the CES and its limits, delay, robustness."""

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from models.takeoff import Economy, Outcome, feedback, simulate
from models.takeoff.economy import LN10, log_research
from models.takeoff.paths import REACH_DECADES

RATE = 0.5  # decades a year
G = RATE * LN10  # the same, natural
LABOUR_ONLY: dict[str, Any] = {
    "stepping_on_toes": 1.0,
    "fishing_out": 1.0,
    "rho": 0.0,
    "rate_decades_per_year": RATE,
    "labour_share": 1.0,
    "labour_jump": 1.0,
    "ceiling_decades": np.inf,
    "experiment_growth": 0.0,
    "delay_years": 0.0,
}
GENERAL_NAMES = [
    name for name in LABOUR_ONLY if name not in ("rate_decades_per_year", "delay_years")
]
GENERAL = [
    (1.4, 1.0, -0.5, 0.5, 1.0, 6.0, 0.0),
    (3.0, 0.5, -1.0, 0.5, 10.0, 8.0, 0.5),
    (5.0, 1.5, 0.5, 0.4, 1.0, 4.0, -0.5),
    (1.2, 0.3, -3.0, 0.7, 100.0, 2.5, 0.0),
]


def make(**changes: Any) -> Economy:
    """Research by labour alone, without delay, jump and ceiling, but for `changes`."""
    return Economy(**(LABOUR_ONLY | changes))


def make_general(values: tuple[float, ...], delay: float = 0.0) -> Economy:
    given = dict(zip(GENERAL_NAMES, values, strict=True))
    return make(**given, delay_years=delay)


def run(economy: Economy, *dates: float) -> Outcome:
    return simulate(economy, dates=dates)


# With F = A the growth rate is G A^x, x = stepping_on_toes - fishing_out. From dA/dt = G A^(1 + x)
# follows d(A^-x)/dt = -x G, hence A^-x = 1 - x G t, and t = (1 - A^-x) / (x G).
@pytest.mark.parametrize("x", [-3.0, -0.01, 1e-9, 0.5, 5.0])
def test_labour_alone_follows_the_power_law(x: float) -> None:
    economy = make(stepping_on_toes=6.0, fishing_out=6.0 - x)
    *expected, halfway = (-np.expm1(-x * np.log(each)) / (x * G) for each in (10.0, 100.0, 3.0))
    found = run(economy, halfway)
    np.testing.assert_allclose(found.years_to[0], expected, rtol=1e-9)
    np.testing.assert_allclose(found.decades[0], np.log10(3.0), rtol=1e-9)
    assert feedback(economy)[0] == pytest.approx(x)


def test_more_returns_than_fishing_out_blow_up_at_the_known_time() -> None:
    blow_up = 1 / (2 * G)
    economy = make(stepping_on_toes=3.0)
    before, after = run(economy, 0.999 * blow_up, 1.0001 * blow_up).decades[0]
    assert before == pytest.approx(3 / 2, rel=1e-6)  # A = (1 - 0.999)^(-1/x)
    assert after == pytest.approx(REACH_DECADES)
    delayed = run(make(stepping_on_toes=3.0, delay_years=0.5), blow_up)
    assert delayed.decades[0, 0] < 1
    assert np.all(delayed.years_to > run(economy).years_to)


def test_the_ceiling_gives_the_logistic_curve_and_saturates() -> None:
    dates, most = np.array([1.0, 5.0, 6.0, 7.0, 60.0]), 1e3
    found = run(make(ceiling_decades=3.0), *dates).decades[0]
    # theta makes the first growth rate G, the ceiling's factor included
    expected = most / (1 + (most - 1) * np.exp(-G / (1 - 1 / most) * dates))
    np.testing.assert_allclose(found, np.log10(expected), rtol=1e-9)
    assert found[-1] == pytest.approx(3.0, abs=1e-6)


def grow(values: tuple[float, ...], a: float, written: float) -> float:
    """The growth rate of A at ln A = `a`, with labour by software of ln A = `written`."""
    toes, fishing, rho, share, jump, ceiling, growth = values
    experiments, labour = np.exp(-growth * a), jump * np.exp(written)
    research = ((1 - share) * experiments**rho + share * labour**rho) ** (1 / rho)
    rest = (1 - np.exp(a) / 10**ceiling) / (1 - 1 / 10**ceiling)
    return float(G * np.exp(-fishing * a) * research**toes * rest)


@pytest.mark.parametrize("values", GENERAL, ids=str)
def test_times_and_paths_are_those_of_an_ordinary_solver(values: tuple[float, ...]) -> None:
    solved = solve_ivp(
        lambda _, state: [grow(values, state[0], state[0])],
        (0, 800),
        [0.0],
        method="LSODA",
        rtol=1e-10,
        atol=1e-12,
        t_eval=[1.0, 3.0],
        events=[lambda _, y, f=factor: y[0] - np.log(f) for factor in (10.0, 100.0)],
    )
    found = run(make_general(values), 1.0, 3.0)
    np.testing.assert_allclose(found.decades[0], solved.y[0] / LN10, rtol=5e-4)
    np.testing.assert_allclose(found.years_to[0], [t[0] for t in solved.t_events], rtol=2e-3)
    barely = run(make_general(values, delay=1e-4))
    np.testing.assert_allclose(barely.years_to, found.years_to, rtol=3e-3)


@pytest.mark.parametrize(("number", "delay"), [(0, 0.25), (2, 0.1), (1, 0.5)])
def test_a_delay_agrees_with_small_steps_of_the_delay_equation(number: int, delay: float) -> None:
    step = 1e-4
    lag, steps = round(delay / step), round(0.5 / step)
    a = np.zeros(steps + 1)
    for i in range(steps):
        written = a[i - lag] if i >= lag else G * (i - lag) * step
        a[i + 1] = a[i] + step * grow(GENERAL[number], a[i], written + G * delay)
    found = run(make_general(GENERAL[number], delay), 0.25, 0.5).decades[0]
    np.testing.assert_allclose(found * LN10, a[[steps // 2, steps]], rtol=5e-3)


@pytest.mark.parametrize("rho", [1e-3, 1e-12, -1e-12, -1e-3])
def test_the_ces_tends_to_cobb_douglas(rho: float) -> None:
    values = {"labour_share": 0.4, "labour_jump": 30.0, "stepping_on_toes": 2.0}
    near, limit = run(make(**values, rho=rho), 1.0), run(make(**values, rho=0.0), 1.0)
    tolerance = 20 * abs(rho) + 1e-8
    np.testing.assert_allclose(near.years_to, limit.years_to, rtol=tolerance)
    np.testing.assert_allclose(near.decades, limit.decades, rtol=tolerance)
    # F = L^0.4, so A grows as G jump^0.8 A^(0.8 - 1): the power law again
    x, first = 0.8 - 1, G * 30**0.8
    expected = [(1 - factor**-x) / (x * first) for factor in (10.0, 100.0)]
    np.testing.assert_allclose(limit.years_to[0], expected, rtol=1e-9)


# Davidson 2025 ("compute bottlenecks"): with half of research in labour and labour without bound,
# research grows at most (1/2)^(1/rho) times: 2, 5.66, 32 and 1024.
def test_compute_bounds_what_labour_can_do() -> None:
    economy = make(labour_share=0.5, rho=[-1.0, -0.4, -0.2, -0.1])
    bound = np.exp(log_research(economy, np.zeros(4), np.full(4, 500.0)))
    np.testing.assert_allclose(bound, [2.0, 5.66, 32.0, 1024.0], rtol=1e-3)


@pytest.mark.parametrize("values", GENERAL, ids=str)
def test_feedback_is_the_slope_of_the_log_growth_rate(values: tuple[float, ...]) -> None:
    economy, step = make_general(values), 1e-4
    a = run(economy, 0.0, step, 2 * step).decades[0] * LN10
    rates = np.diff(a) / step
    slope = np.log(rates[1] / rates[0]) / (a[2] - a[0]) * 2
    # within the first step the slope is the mean over a twentieth of a decade
    assert feedback(economy)[0] == pytest.approx(slope, abs=0.04)


def test_without_progress_today_nothing_moves() -> None:
    found = run(make(rate_decades_per_year=[0.0, -0.3], delay_years=0.25), 1.0)
    assert np.isinf(found.years_to).all()
    assert np.all(found.decades == 0)


def test_extreme_exponents_give_numbers_and_paths_that_never_fall() -> None:
    economy = make(
        stepping_on_toes=[1e-6, 200.0, 1e-6, 200.0],
        fishing_out=[1e-6, 1e-6, 200.0, 200.0],
        labour_jump=900.0,
        delay_years=0.25,
    )
    found = run(economy, *np.linspace(0, 12, 100))
    assert not np.isnan(found.years_to).any()
    assert np.all(np.diff(found.decades, axis=1) >= 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("stepping_on_toes", 0.0), ("fishing_out", -1.0), ("rho", 1.1), ("rho", -np.inf)),
        *(("labour_share", 0.0), ("labour_share", 1.2), ("labour_jump", 0.0)),
        *(("ceiling_decades", 0.0), ("delay_years", -0.1), ("rate_decades_per_year", np.nan)),
    ],
)
def test_impossible_parameters_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match="paths need"):
        make(**{name: value})
    with pytest.raises(ValueError, match="thresholds"):
        simulate(make(), thresholds=[1e5])
