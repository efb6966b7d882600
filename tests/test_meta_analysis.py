"""The meta-analysis: how rows are read, what it refuses, its densities, and what it recovers."""

from typing import Any

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from scipy import integrate, stats
from statsmodels.stats.meta_analysis import combine_effects
from tables_for_models import sample

from models import Card
from models.estimates import meta_analysis
from models.estimates.classical import regress_funnel
from models.estimates.estimates import prepare, to_natural, to_working
from models.estimates.meta_analysis import log_density
from models.options import EstimateOptions

OPTIONS: dict[str, Any] = {
    "quantity": "toy",
    "unit": "1",
    "scale": "log",
    "reference": 2.0,
    "thresholds": [1.0],
}
POINT: dict[str, Any] = {
    "specification": None,
    "lower": np.nan,
    "upper": np.nan,
    "interval_kind": "none",
    "interval_probability": np.nan,
    "bound": None,
    "is_primary": True,
    "is_own": False,
}
RANGE = {"estimate": np.nan, "lower": 1.0, "upper": 4.0, "interval_kind": "range"}


def make_card(**changes: Any) -> Card:
    """A card of estimates on the log scale, with options changed."""
    return Card("toy", "published_estimates", EstimateOptions.model_validate(OPTIONS | changes))


def make_table(*rows: dict[str, Any]) -> pd.DataFrame:
    """A table of points, each with the given cells; studies and domains are numbered."""
    made = [
        POINT | {"study": f"Study {i}", "domain": f"Field {i % 2}", "estimate": 2.0} | row
        for i, row in enumerate(rows)
    ]
    frame = pd.DataFrame(made).assign(line=range(2, 2 + len(made)), exclusion=None)
    return frame.astype(dict.fromkeys(("specification", "bound", "exclusion"), "str"))


def with_interval(estimate: float, error: float, level: float = 0.9) -> dict[str, Any]:
    """A row whose interval at `level` has this standard error on the log scale."""
    reach = np.exp({0.9: 1.6448536, 0.95: 1.9599640}[level] * error)
    ends = {"estimate": estimate, "lower": estimate / reach, "upper": estimate * reach}
    return ends | {"interval_kind": "probability", "interval_probability": level}


@pytest.mark.parametrize(
    ("row", "options", "expected"),
    [
        (with_interval(3.0, 0.25), {}, {"stated_sd": 0.25, "value": np.log(1.5)}),
        (with_interval(3.0, 0.25, 0.95), {}, {"stated_sd": 0.25}),
        (with_interval(2.0, 0.2) | {"is_primary": False}, {}, {"stated_sd": 0.4}),
        (RANGE, {}, {"value": 0.0, "half_width": np.log(2), "is_range": 1.0}),
        ({"estimate": -0.1}, {"floor": 0.1}, {"side": -1.0, "value": np.log(0.1 / 2)}),
        ({"bound": "lower"}, {}, {"side": 1.0, "unstated_factor": 1.0}),
        ({"estimate": 3.0}, {"scale": "identity", "spread": 0.5}, {"value": 2.0}),
    ],
)
def test_row_is_read_as_it_was_published(
    row: dict[str, Any], options: dict[str, Any], expected: dict[str, float]
) -> None:
    card = make_card(**options)
    rows = prepare(make_table(row, {}), card).rows
    assert to_natural(to_working(3.0, card.options), card.options) == pytest.approx(3.0)
    assert rows[list(expected)].iloc[0].to_dict() == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([{"study": "One"}, {"study": "One"}], "of one study"),
        ([{"bound": "lower"}, {"bound": "upper"}], "one-sided bounds"),
        ([{"estimate": -1.0}, {}], "lines 2 are zero or below"),
        ([RANGE | {"lower": -1.0}, {}], "reaches zero or below"),
        ([{}, {"bound": "lower"}], ""),
    ],
)
def test_what_cannot_be_pooled_is_refused_in_words(rows: list[dict[str, Any]], words: str) -> None:
    reason = meta_analysis.unsupported_reason(make_table(*rows), make_card())
    assert words in reason
    assert bool(words) == bool(reason)


def test_density_of_a_range_is_that_of_its_integral_and_of_a_bound_the_probability() -> None:
    """A uniform error and a normal deviation, integrated numerically."""

    def density_of(*row: float) -> float:  # value, location, error, side, is_range, half, weight
        return float(np.exp(log_density(*map(pt.as_tensor_variable, row)).eval()))

    half, error, away = 0.7, 0.2, 0.6
    density, _ = integrate.quad(lambda t: stats.norm.pdf(t, away, error) / (2 * half), -half, half)
    assert density_of(0.0, away, error, 0.0, 1.0, half, 1.0) == pytest.approx(density, rel=1e-6)
    for side, expected in ((1.0, 0.8413447), (-1.0, 0.1586553)):
        found = density_of(0.0, 0.5, 0.5, side, 0.0, 1.0, 1.0)
        assert found == pytest.approx(expected, rel=1e-6)


def test_egger_finds_the_missing_half_of_a_funnel() -> None:
    rng = np.random.default_rng(5)
    errors = rng.uniform(0.05, 0.6, 60)
    drawn = rng.normal(0, errors)
    for values, is_lopsided in ((abs(drawn), True), (drawn, False)):
        pairs = zip(2 * np.exp(values), errors, strict=True)
        rows = prepare(make_table(*(with_interval(v, e) for v, e in pairs)), make_card()).rows
        found = regress_funnel(rows, rows["stated_sd"].to_numpy())
        assert found is not None
        assert (found.p_value < 0.01) is is_lopsided


def test_classical_interval_is_of_the_level_that_is_printed() -> None:
    rows = [with_interval(2 * np.exp(value), 0.3) for value in (0.1, 0.3, 0.2)]
    found = meta_analysis.baseline(make_table(*rows), make_card()).set_index("method")
    (common,) = [found.loc[name] for name in found.index if name.startswith("common effect")]
    half = np.log(common["upper"] / common["lower"]) / 2
    assert half == pytest.approx(stats.norm.ppf(0.95) * 0.3 / np.sqrt(3), rel=1e-3)


def test_rho_of_an_elasticity() -> None:
    """Knoblach et al. 2020: sigma from 0.45 to 0.87."""
    for sigma, rho in ((0.45, -1.22), (0.87, -0.15), (1.0, 0.0)):
        assert meta_analysis.make_rho(sigma) == pytest.approx(rho, abs=0.005)


@pytest.mark.slow
def test_pooled_value_of_a_large_homogeneous_case_is_that_of_dersimonian_and_laird() -> None:
    """Eighty studies of eight domains that differ by their errors alone."""
    rng = np.random.default_rng(11)
    values = rng.normal(0.2, 0.3, 80)
    rows = [
        with_interval(2 * np.exp(value), 0.3) | {"domain": f"Field {i % 8}"}
        for i, value in enumerate(values)
    ]
    posterior = sample("meta_analysis", make_table(*rows), make_card(), seed=4, draws=800)
    classical = combine_effects(values, np.full(80, 0.09), method_re="dl")
    away = abs(float(posterior["mean"].mean()) - classical.mean_effect_re)
    assert away < 0.1 * classical.sd_eff_w_re
