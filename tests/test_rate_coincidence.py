"""Software and hardware rates: ratios always, a test of coincidence where pairs are enough."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models import Card, as_draws
from models.estimates import rate_coincidence
from models.estimates.options import GrowthOptions

CARD = Card("toy", "growth_rates", GrowthOptions(within_factor=1.5))
TESTED = ("slope", "correlation", "p_ratio_within", "closer_than_reshuffled")


def make_table(count: int) -> pd.DataFrame:
    """Pairs of which software is twice hardware, whose rates differ from pair to pair."""
    hardware = 0.1 * 1.3 ** np.arange(count)
    return pd.DataFrame(
        {
            "study": [f"Study {i}" for i in range(count)],
            "domain": [f"Field {i}" for i in range(count)],
            "software_rate": 2 * hardware,
            "hardware_rate": hardware,
            "period_start": 1990.0,
            "period_end": 2010.0,
            "exclusion": pd.Series([None] * count, dtype="str"),
        }
    )


def make_posterior(table: pd.DataFrame, level: float) -> xr.Dataset:
    """One draw in which software is a fixed multiple of hardware."""
    names = list(table["domain"])
    truth = {
        "level": np.log10(rate_coincidence.MOORE) + level,
        "slope": 1.0,
        "scatter": 1e-6,
        "hardware_true": dict(zip(names, np.log10(table["hardware_rate"]), strict=True)),
        "deviation": dict.fromkeys(names, 0.0),
    }
    return as_draws(truth, rate_coincidence.DIMS)


@pytest.mark.parametrize("count", [5, 7])
def test_fewer_than_eight_pairs_are_not_tested(count: int) -> None:
    table = make_table(count)
    made = rate_coincidence.estimands(make_posterior(table, 0.3), table, CARD)
    for name in TESTED:
        assert made[name].isnull().all()
        (reason,) = set(made[name].attrs["reasons"].values())
        assert reason.startswith(f"{count} independent pairs")
        assert "no test of coincidence" in reason


def test_ratios_are_reported_however_few_the_pairs() -> None:
    table = make_table(2)
    made = rate_coincidence.estimands(make_posterior(table, np.log10(2)), table, CARD)
    np.testing.assert_allclose(made["ratio_by_domain"], 2.0)
    np.testing.assert_allclose(made["ratio"], 2.0)


@pytest.mark.parametrize(("level", "share"), [(np.log10(2), 0.0), (np.log10(1.2), 1.0)])
def test_eight_pairs_are_tested(level: float, share: float) -> None:
    table = make_table(8)
    made = rate_coincidence.estimands(make_posterior(table, level), table, CARD)
    assert float(made["p_ratio_within"].item()) == share
    assert float(made["correlation"].item()) == pytest.approx(1.0)
    assert float(made["slope"].item()) == 1.0


def test_pairs_that_belong_together_are_closer_than_reshuffled() -> None:
    table = make_table(8)
    made = rate_coincidence.estimands(make_posterior(table, 0.0), table, CARD)
    assert float(made["closer_than_reshuffled"].item()) > 0.95


def test_one_pair_is_refused() -> None:
    assert "1 pairs" in rate_coincidence.unsupported_reason(make_table(1), CARD)
