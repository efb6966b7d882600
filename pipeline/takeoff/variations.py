"""What each input and assumption changes, one at a time, the others at their central values."""

from collections.abc import Iterator
from itertools import batched
from typing import NamedTuple

import numpy as np
import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.takeoff.draws import Paths
from pipeline.takeoff.results import DATES, Run, run_all
from pipeline.takeoff.scenarios import ROLES, Scenario, Scenarios

VARIATIONS = "takeoff-variations"  # name of their file of draws
LOW, CENTRAL, HIGH = "low", "central", "high"  # ends of a range; other inputs, two a panel
STROKES = {LOW: "dashed", CENTRAL: "solid", HIGH: "dotted"}
ROLE_TITLES = {
    "returns": "Returns to research",
    "elasticity": "Elasticity of substitution",
    "rate": "Today's rate of progress",
}
TAIL = (1 - INTERVAL_PROBABILITY) / 2


class Variation(NamedTuple):
    """One line of a panel: its value in words, and the scenario that has it."""

    series: str
    value: str
    scenario: Scenario


def vary(paths: Paths, central: Run) -> pd.DataFrame:
    """One row per variation and date, or one row with the reason where nothing may be said.

    Columns varied, panel, series, value, reason; p_acceleration, the median years_to_10x and the
    lower end of years_to_100x; years since automation, and log10 A then: median, lower, upper.
    """
    panels = list(list_panels(paths.scenarios))
    changed = [each.scenario for _, lines in panels for each in lines if each.series != CENTRAL]
    found = iter(run_all(paths, changed))
    frames = []
    for varied, lines in panels:
        title = ", ".join(f"{each.value} ({STROKES[each.series]})" for each in lines)
        for each in lines:
            head = {"varied": varied, "panel": f"{varied}: {title}"}
            head |= {"series": each.series, "value": each.value}
            run = central if each.series == CENTRAL else next(found)
            frames.append(pd.DataFrame(head | _measure(run)))
    return pd.concat(frames, ignore_index=True)


def list_panels(scenarios: Scenarios) -> Iterator[tuple[str, list[Variation]]]:
    """What is varied, and its values from the low end to the high one: inputs, then assumptions."""
    for role in ROLES:
        default = scenarios.input(scenarios.defaults[role])
        others = [
            Variation("", each.label, _change(inputs={role: each.id}))
            for each in scenarios.inputs
            if each.role == role and each is not default
        ]
        for low, *high in batched(others, 2):
            central = Variation(CENTRAL, default.label, scenarios.central)
            ends = [each._replace(series=HIGH) for each in high]
            yield ROLE_TITLES[role], [low._replace(series=LOW), central, *ends]
    for each in scenarios.assumptions:
        values = {LOW: each.low, CENTRAL: each.central, HIGH: each.high}
        lines = [
            Variation(end, _say(value), _change(assumptions={str(each.id): value}))
            for end, value in values.items()
            if end == CENTRAL or value != each.central
        ]
        yield each.label, lines


def _say(value: float) -> str:
    return f"{value:,g}".replace("-", "\N{MINUS SIGN}")


def _change(**changes: dict[str, str] | dict[str, float]) -> Scenario:
    return Scenario.model_validate({"id": "varied", "label": "varied"} | changes)


def _measure(run: Run) -> dict[str, object]:
    if run.outcome is None:
        return {"reason": [run.reason]}
    first, second = run.outcome.years_to.T
    lower, median, upper = np.quantile(
        run.outcome.decades, [TAIL, 0.5, 1 - TAIL], axis=0, method="inverted_cdf"
    )
    return {
        "reason": "",
        "p_acceleration": (run.outcome.feedback > 0).mean(),
        "years_to_10x": np.quantile(first, 0.5, method="inverted_cdf"),
        "years_to_100x": np.quantile(second, TAIL, method="inverted_cdf"),
        "years": DATES,
        "median": median.round(4),
        "lower": lower.round(4),
        "upper": upper.round(4),
    }
