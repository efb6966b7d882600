"""Classical twins: coefficients of a least-squares fit, and intervals of what follows from them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.base.wrapper import ResultsWrapper

from models import INTERVAL_PROBABILITY
from models.core.estimands import to_doubling_time
from models.effective_compute.split import SMALL_TOTAL_DECADES, divide

DRAWS = 20_000  # of the coefficients' normal distribution
Quantity = Callable[[pd.DataFrame], Any]  # a value for each row of coefficients


class Classical:
    """Estimates and percentile intervals of quantities that follow from fitted coefficients."""

    def __init__(self, fit: ResultsWrapper, seed: int) -> None:
        draws = np.random.default_rng(seed).multivariate_normal(fit.params, fit.cov_params(), DRAWS)
        self.point = fit.params.to_frame().T
        self.draws = pd.DataFrame(draws, columns=list(fit.params.index))
        self.rows: list[dict[str, Any]] = []

    def add(self, key: str, quantity: Quantity) -> None:
        """The row of one quantity."""
        self._add(key, quantity(self.point), quantity(self.draws))

    def add_doubling_time(self, rate: Quantity) -> None:
        """The time in which efficiency doubles, in months."""
        self.add("doubling_time_months", lambda frame: to_doubling_time(rate(frame)))

    def add_share(self, comparison: str, decades: Callable[[pd.DataFrame], dict[str, Any]]) -> None:
        """The share of compute in a step; no row where the total is too often near zero."""
        (point, no_point), (draws, no_draws) = (
            divide(decades(frame), SMALL_TOTAL_DECADES, "decades")
            for frame in (self.point, self.draws)
        )
        if not (no_point or no_draws):
            self._add(f"share_compute[{comparison}]", point["compute"], draws["compute"])

    def _add(self, key: str, point: Any, draws: Any) -> None:
        tail = (1 - INTERVAL_PROBABILITY) / 2
        lower, upper = np.quantile(draws, [tail, 1 - tail], method="inverted_cdf")
        estimate = float(np.asarray(point)[0])
        made = {"key": key, "label": key, "estimate": estimate, "lower": lower, "upper": upper}
        self.rows.append(made)
