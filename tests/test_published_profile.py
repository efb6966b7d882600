"""The published fit of the perplexities: the objective by hand, recovery, the committed file."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from scipy.optimize import approx_fprime

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.studies import published_fits as fits
from pipeline.studies import published_law as law
from pipeline.studies import published_profile as study
from pipeline.studies.record import describe_inputs, is_current

LAYOUT = Layout(ROOT)
TIES = {
    "none": None,
    "neutral": law.NEUTRAL,
    "bias": law.tie_bias(0.3),
    "growth": law.tie_growth(0.8),
}
# Three constants, trend and exponent of each term: growth 0.02 / 0.08 + 0.03 / 0.06 = 0.75 a year.
TRUTH = np.array([0.9, 0.1, 0.05, 0.02, 0.08, 0.8, 0.15, 0.1, 0.03, 0.06])
DOUBLING_TIME = 12 * np.log(2) / 0.75
E = np.e


def simulate(noise: float, rows: int = 240) -> law.Sample:
    """Networks over ten years and many sizes, their perplexities those of `TRUTH` and noise."""
    rng = np.random.default_rng(7)
    days = pd.to_timedelta(rng.uniform(0, 3650, rows), unit="D")
    table = pd.DataFrame(
        {
            "benchmark": rng.choice(["WikiText-103", "PTB", "WikiText-2"], rows),
            "release_date": pd.Timestamp(2013, 1, 1) + days,
            "parameters": 10 ** rng.uniform(6, 10, rows),
            "dataset_tokens": 10 ** rng.uniform(6, 11, rows),
            "perplexity": 1.0,
        }
    )
    sample = law.prepare(table)  # the log perplexities are zero: residuals are what the law says
    observed = sample.residuals(TRUTH) + rng.normal(0, noise, rows)
    return law.Sample(sample.parameter_term, sample.token_term, observed)


def test_objective_of_two_rows_is_that_of_the_hand() -> None:
    """Terms 2 + 3 against 4, then 2 x 1.5 / (1.5 x 2) + 3 / (9 / 3) against 4."""
    table = pd.DataFrame(
        {
            "benchmark": ["WikiText-103", "PTB"],
            "release_date": pd.to_datetime(["2019-01-01", "2020-01-01"]),
            "parameters": [1e6, E * 1e6],
            "dataset_tokens": [1e8, E**2 * 1e8],
            "perplexity": [E**4, E**4],
        }
    )
    first = [np.log(2), np.log(1.5), 0.7, np.log(1.5), np.log(2)]
    second = [np.log(3), 0.0, 0.7, -np.log(3), np.log(3)]
    coefficients, sample = np.array([*first, *second]), law.prepare(table)
    assert sample.residuals(coefficients) == pytest.approx([1, -2])
    size = 2 * np.log(2) + 2 * np.log(1.5) + 3 * np.log(3) + 1.4
    assert fits.penalise(coefficients, sample) == pytest.approx(2.5 + 0.0025 * size)
    assert law.find_growth(coefficients) == pytest.approx(np.log(1.5) / np.log(2) - 1)


@pytest.mark.parametrize("tie", TIES.values(), ids=TIES)
def test_gradient_is_that_of_differences_and_parts_have_the_same_objective(tie: Any) -> None:
    sample = simulate(0.1)
    free = tie.restrict(TRUTH) if tie else TRUTH
    parts = np.concatenate([free + 0.2, np.full_like(free, 0.2)])
    by_differences = approx_fprime(parts, lambda at: fits.penalise_parts(at, sample, tie)[0], 1e-8)
    assert fits.penalise_parts(parts, sample, tie)[1] == pytest.approx(
        by_differences, rel=1e-4, abs=1e-5
    )
    apart = np.concatenate([free, -free]).clip(min=0)
    value = fits.penalise_parts(apart, sample, tie)[0]
    assert value == pytest.approx(fits.penalise(free, sample, tie))


def test_restrictions_hold_and_give_back_what_they_leave_free() -> None:
    for tie in filter(None, TIES.values()):
        free = np.append(TRUTH[law.KEPT], 0.4)
        assert tie.restrict(tie.expand(free)[0]) == pytest.approx(free)
    trends = law.NEUTRAL.expand(free)[0][law.TRENDS]
    assert trends == pytest.approx([0.4, 0.4])
    biased = law.tie_bias(0.3).expand(free)[0]
    assert biased[3] / biased[4] == pytest.approx(0.3 * law.find_growth(biased))
    assert law.find_growth(law.tie_growth(0.8).expand(free)[0]) == pytest.approx(0.8)


def test_truth_is_recovered_from_any_start() -> None:
    """Exactly without noise; with as much as in the data the interval holds it, and the bias."""
    with np.errstate(over="ignore", invalid="ignore"):
        exact = fits.minimise_squares(simulate(0.0), fits.draw_starts()[:6])
        assert exact.coefficients == pytest.approx(TRUTH, abs=1e-6)
        sample = simulate(0.05)
        least = fits.minimise_squares(sample, fits.draw_starts()[:6])
        known, times = [least.coefficients], np.geomspace(4, 40, 12)
        found = fits.profile(sample, least, known, fits.tie_doubling_time, times)
        bias = fits.profile(sample, least, known, law.tie_bias, np.linspace(-2, 3, 12))
    assert [fit.doubling_time for fit in found.fits] == pytest.approx(list(times))
    lower, upper = found.ends
    assert lower is not None
    assert upper is not None
    assert lower < DOUBLING_TIME < upper
    assert bias.ends[0] is not None
    assert bias.ends[0] < 1 / 3  # of the growth comes through parameters


@cache
def read_printed() -> pd.DataFrame:
    """The published rows as printed."""
    return study.read_printed(LAYOUT.records(study.DATASET))


@cache
def read_found() -> dict[str, Any]:
    """The committed file."""
    found: dict[str, Any] = read_json(LAYOUT.study(study.CELL))
    return found


def test_published_optimiser_stops_at_the_published_fitted_values() -> None:
    """All but one, of a network whose figures are swapped in the source: the card says so."""
    rows = read_printed()
    stop = fits.stop_as_published(law.prepare(rows), fits.DEFAULT_TOLERANCE)
    fitted = law.prepare(rows.assign(perplexity=1.0)).residuals(stop.coefficients)
    is_off = np.abs(fitted - rows["published_fit_log_perplexity"]) > 1e-4
    assert list(rows.loc[is_off, "model"]) == ["Integer Transformer"]
    assert fits.penalise(stop.coefficients, law.prepare(rows)) == pytest.approx(0.0518129, abs=5e-8)


def test_committed_file_agrees_with_a_recomputation() -> None:
    found, sample = read_found()["as_printed"], law.prepare(read_printed())
    assert found["rows"] == len(sample.log_perplexity) == 231
    penalised, squares = found["penalised"], found["least_squares"]
    starts = [np.array(each["coefficients"]) for each in squares.values()]
    with np.errstate(over="ignore", invalid="ignore"):
        least = fits.minimise_squares(sample, starts)
        made = [
            (fits.stop_as_published(sample, fits.DEFAULT_TOLERANCE), penalised["published_stop"]),
            (fits.minimise_penalised(sample, []), penalised["minimum"]),
            (fits.minimise_penalised(sample, [], law.NEUTRAL), penalised["neutral_minimum"]),
            (least, squares["minimum"]),
            (fits.minimise_squares(sample, starts, law.NEUTRAL), squares["neutral"]),
        ]
    for fit, each in made:
        assert fit.doubling_time == pytest.approx(each["doubling_time_months"], rel=1e-3)
        assert fit.value == pytest.approx(each["minimised"], rel=1e-3)
    for months in (found["over_doubling_time"]["lower"], found["over_doubling_time"]["upper"]):
        fit = fits.minimise_squares(sample, starts, fits.tie_doubling_time(months))
        assert 231 * np.log(fit.value / least.value) == pytest.approx(fits.THRESHOLD, abs=0.01)


def test_committed_file_is_of_the_present_data_and_compares_with_the_published_figures() -> None:
    found = read_found()
    assert is_current(describe_inputs(LAYOUT, study.CELL), found)
    for name, pair in study.PUBLISHED.items():
        compared = found["comparison"][name]
        assert compared["ours"] == study.list_pairs(found["as_printed"])[name]
        assert compared["difference"].startswith(
            study.describe_difference(pair, compared["ours"]).removesuffix(".")
        )


@pytest.mark.parametrize(
    ("ours", "words"),
    [
        ([4.148, 40.47], "Nothing: both round to what was printed."),
        ([4.16, 40.47], "4.1 months printed, 4.16 here."),
        ([4.16, None], "4.1 months printed, 4.16 here; 40.5 months printed, none here."),
    ],
)
def test_difference_is_said_where_rounding_does_not_cover_it(
    ours: list[float | None], words: str
) -> None:
    assert study.describe_difference(("4.1", "40.5"), ours) == words


def test_range_over_an_open_interval_has_no_longest_doubling_time() -> None:
    values, ratios = np.array([0.0, 1.0, 2.0]), np.array([5.0, 1.0, 2.0])
    made = [fits.Fit(law.tie_growth(growth).expand(np.ones(9))[0], 0.0, 1) for growth in (3, 2, 1)]
    closed = study.find_range(fits.Profile(values, made, ratios, (0.5, 1.5)))
    assert closed["shortest_months"] == pytest.approx(12 * np.log(2) * (1 / 3 + 1 / 2) / 2)
    assert closed["longest_months"] == pytest.approx(12 * np.log(2))
    opened = study.find_range(fits.Profile(values, made, ratios, (0.5, None)))
    assert opened["longest_months"] is None
