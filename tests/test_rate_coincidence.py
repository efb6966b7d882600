"""Software and hardware rates: ratios always, a test of coincidence where pairs are enough."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from models import Card, as_draws
from models.estimates import rate_coincidence
from models.options.estimates import GrowthOptions

CARD = Card("toy", "growth_rates", GrowthOptions(within_factor=1.5))


def make_table(count: int) -> pd.DataFrame:
    """Pairs whose rates differ from pair to pair."""
    hardware = 0.1 * 1.3 ** np.arange(count)
    frame = pd.DataFrame({"software_rate": 2 * hardware, "hardware_rate": hardware})
    return frame.assign(
        domain=[f"Field {i}" for i in range(count)],
        exclusion=pd.Series([None] * count, dtype="str"),
    )


def estimate(count: int, decades: float) -> xr.Dataset:
    """The estimands of one draw in which software is a fixed multiple of hardware."""
    table = make_table(count)
    hardware = dict(zip(table["domain"], np.log10(table["hardware_rate"]), strict=True))
    truth = {
        "level": np.log10(rate_coincidence.MOORE) + decades,
        "slope": 1.0,
        "scatter": 1e-6,
        "hardware_true": hardware,
        "deviation": dict.fromkeys(hardware, 0.0),
    }
    return rate_coincidence.estimands(as_draws(truth, rate_coincidence.DIMS), table, CARD)


def test_fewer_than_eight_pairs_have_ratios_and_no_test_and_one_pair_nothing() -> None:
    made = estimate(7, np.log10(2))
    np.testing.assert_allclose(made["ratio_by_domain"], 2.0)
    np.testing.assert_allclose(made["ratio"], 2.0)
    for name in ("slope", "correlation", "p_ratio_within", "closer_than_reshuffled"):
        assert made[name].isnull().all()
        (reason,) = set(made[name].attrs["reasons"].values())
        assert reason.startswith("7 independent pairs")
    assert "1 pairs" in rate_coincidence.unsupported_reason(make_table(1), CARD)


@pytest.mark.parametrize(("factor", "share"), [(2.0, 0.0), (1.2, 1.0)])
def test_eight_pairs_are_tested(factor: float, share: float) -> None:
    made = estimate(8, np.log10(factor))
    found = {name: made[name].item() for name in ("p_ratio_within", "correlation", "slope")}
    assert found == pytest.approx({"p_ratio_within": share, "correlation": 1.0, "slope": 1.0})
    assert estimate(8, 0.0)["closer_than_reshuffled"].item() > 0.95  # pairs that belong together
