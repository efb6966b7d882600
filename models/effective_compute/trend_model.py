"""The trend of `trend.py` as part of a PyMC model."""

from typing import Any

from models.effective_compute.around import draw_around
from models.effective_compute.trend import Trend


def trend_data(trend: Trend) -> dict[str, tuple[Any, tuple[str, ...]]]:
    """Value and dims of every pm.Data of the walk."""
    return {
        "walk_basis": (trend.basis, ("row", "step")),
        "walk": (trend.walk, ("year", "step")),
        "trend_information": (trend.information, ("step",)),
    }


def build_trend(trend: Trend, priors: Any, data: dict[str, Any]) -> Any:
    """Decades of each row since the reference date, and the rate of every year.

    Call inside the model. `data` has those of `trend_data` and `years`, by row.
    """
    import pymc as pm

    rate = priors.rate.variable("rate")
    if len(trend.years) == 1:
        return rate * data["years"]
    drift = priors.drift.scaled_variable("drift")
    width = (1 + data["trend_information"] * drift**2) ** -0.5
    steps = drift * draw_around("drift_step", 0.0, 1.0, 0.0, width, dims="step")
    pm.Deterministic("rate_by_year", rate + pm.math.dot(data["walk"], steps), dims="year")
    return rate * data["years"] + pm.math.dot(data["walk_basis"], steps)
