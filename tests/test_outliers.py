"""Outliers: the robust regression is that of statsmodels, and wrong rows do not hide themselves."""

import numpy as np
import pytest
import statsmodels.api as sm

from pipeline.commands.outliers import FAR, _measure_distance


@pytest.fixture
def cloud() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, two regressors and a group of 300 rows; every twentieth is far off."""
    rng = np.random.default_rng(1)
    design, group = rng.normal(size=(300, 2)), rng.integers(0, 7, 300)
    outcome = design @ [1.0, -2.0] + group + rng.normal(scale=0.1, size=300)
    outcome[::20] += 3
    return outcome, design, group


def test_distance_is_that_of_statsmodels(
    cloud: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    outcome, design, group = cloud
    full = np.column_stack([design, group[:, None] == np.arange(7)])
    fit = sm.RLM(outcome, full, M=sm.robust.norms.HuberT()).fit()
    expected = fit.resid / fit.scale
    np.testing.assert_allclose(_measure_distance(*cloud), expected, rtol=1e-2, atol=1e-3)


def test_wrong_rows_are_far_and_others_are_not(
    cloud: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    is_far = np.abs(_measure_distance(*cloud)) > FAR
    assert is_far[::20].all()
    assert is_far.sum() == 15


def test_regressors_that_repeat_each_other_change_nothing(
    cloud: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    outcome, design, group = cloud
    twice = np.column_stack([design, design])
    np.testing.assert_allclose(
        _measure_distance(outcome, twice, group), _measure_distance(*cloud), atol=1e-9
    )


def test_rows_without_spread_have_no_distance() -> None:
    outcome, group = np.arange(5.0), np.arange(5)
    assert not _measure_distance(outcome, np.ones((5, 1)), group).any()
