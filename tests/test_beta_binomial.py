"""The density of counts keeps its digits where they are nearly binomial."""

import numpy as np
import pymc as pm
import pytest
from scipy import stats

from pipeline.checks import refit
from pipeline.fit.density import UNCOMPILED

ITEMS = np.array([500, 500, 198, 198, 30])
CORRECT = np.array([250, 499, 0, 198, 7])
EXPECTED = np.array([0.4, 0.99, 0.02, 0.97, 0.3])


def find_density(dispersion: float) -> np.ndarray:
    """As models are evaluated, which importing the module of refits has set up."""
    assert refit.find_log_density
    alpha, beta = EXPECTED * dispersion**-2, (1 - EXPECTED) * dispersion**-2
    counts = pm.BetaBinomial.dist(n=ITEMS, alpha=alpha, beta=beta)
    return np.asarray(pm.logp(counts, CORRECT).eval(mode=UNCOMPILED))


@pytest.mark.parametrize("dispersion", [0.5, 0.05, 0.001])
def test_density_is_that_of_a_beta_binomial(dispersion: float) -> None:
    total = dispersion**-2
    expected = stats.betabinom.logpmf(CORRECT, ITEMS, EXPECTED * total, (1 - EXPECTED) * total)
    np.testing.assert_allclose(find_density(dispersion), expected, rtol=1e-6)


@pytest.mark.parametrize("dispersion", [1e-5, 1e-7, 1e-9, 1e-12])
def test_density_without_scatter_is_binomial_and_does_not_rise(dispersion: float) -> None:
    expected = stats.binom.logpmf(CORRECT, ITEMS, EXPECTED)
    np.testing.assert_allclose(find_density(dispersion), expected, rtol=1e-3, atol=1e-3)
