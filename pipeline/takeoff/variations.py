"""What each input and assumption changes, one at a time, the others at their central values."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.takeoff.draws import Paths
from pipeline.takeoff.results import DATES, Run, run_all
from pipeline.takeoff.scenarios import ROLES, Scenario, Scenarios

VARIATIONS = "takeoff-variations"  # name of their file of draws
LOW, CENTRAL, HIGH = "low", "central", "high"  # ends of a range, or other inputs
TAIL = (1 - INTERVAL_PROBABILITY) / 2


class Variation(NamedTuple):
    """One line of a panel: what is varied, which end, its value, and the scenario that has it.

    `varied` is an assumption, or a role with the number of the first other input: two a panel.
    """

    varied: str
    series: str
    value: str
    scenario: Scenario


def vary(paths: Paths, central: Run) -> pd.DataFrame:
    """One row per variation and date, or one row with the reason where nothing may be said.

    Columns varied, series, value, reason; p_acceleration, the median years_to_10x and the lower
    end of years_to_100x; years since automation, and log10 A then: median, lower, upper.
    """
    listed = list(list_variations(paths.scenarios))
    changed = [each for each in listed if each.series != CENTRAL]
    found = iter(run_all(paths, [each.scenario for each in changed]))
    return pd.concat(
        [_tabulate(each, central if each.series == CENTRAL else next(found)) for each in listed],
        ignore_index=True,
    )


def list_variations(scenarios: Scenarios) -> Iterator[Variation]:
    """Every variation and, before those of a panel, the central value: inputs, then assumptions."""
    for role in ROLES:
        default = scenarios.input(scenarios.defaults[role])
        others = [each for each in scenarios.inputs if each.role == role and each is not default]
        for start in range(0, len(others), 2):
            name = f"{role}_{start}"
            yield Variation(name, CENTRAL, default.label, scenarios.central)
            for end, other in zip((LOW, HIGH), others[start : start + 2], strict=False):
                yield Variation(name, end, other.label, _change(inputs={role: other.id}))
    for each in scenarios.assumptions:
        name = str(each.id)
        yield Variation(name, CENTRAL, str(each.central), scenarios.central)
        for end, value in ((LOW, each.low), (HIGH, each.high)):
            if value != each.central:
                yield Variation(name, end, str(value), _change(assumptions={name: value}))


def _change(**changes: dict[str, str] | dict[str, float]) -> Scenario:
    return Scenario.model_validate({"id": "varied", "label": "varied"} | changes)


def _tabulate(made: Variation, run: Run) -> pd.DataFrame:
    head = {"varied": made.varied, "series": made.series, "value": made.value}
    if run.outcome is None:
        return pd.DataFrame([head | {"reason": run.reason}])
    first, second = run.outcome.years_to.T
    lower, median, upper = np.quantile(
        run.outcome.decades, [TAIL, 0.5, 1 - TAIL], axis=0, method="inverted_cdf"
    )
    numbers = {
        "p_acceleration": (run.outcome.feedback > 0).mean(),
        "years_to_10x": np.quantile(first, 0.5, method="inverted_cdf"),
        "years_to_100x": np.quantile(second, TAIL, method="inverted_cdf"),
    }
    path = {"median": median.round(4), "lower": lower.round(4), "upper": upper.round(4)}
    return pd.DataFrame(head | {"reason": ""} | numbers | {"years": DATES} | path)
