"""Which input moves the outcomes: Sobol indices over posteriors and assumptions together.

First-order index: the share of an outcome's variance that one input explains alone; total index:
the share that would be left if all others were known, interactions included (Saltelli et al. 2010,
by SALib, Iwanaga et al. 2022). The indices need independent inputs. Posteriors are independent of
each other and of the assumptions; within the draws of the returns, the two exponents are not, so
they enter as their ratio r and as fishing out given r: draws are sorted by r into groups, and
within a group by fishing out. One number chooses the group, the other the draw within it: together
they return every draw equally often (a Rosenblatt transform of the draws).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from SALib.analyze import sobol as analysis
from SALib.sample import sobol as sampling

from models import INTERVAL_PROBABILITY
from models.takeoff import Economy, Outcome, simulate
from pipeline.takeoff.draws import Columns, Paths
from pipeline.takeoff.scenarios import Assumption, make_economy

# Later and earlier count as then: the theory says nothing of such spans.
SHORT_YEARS, HORIZON_YEARS = 0.01, 100.0
RESAMPLES = 200
RETURNS, FISHING_OUT, ELASTICITY, RATE = "returns", "fishing_out", "elasticity", "rate"
POSTERIOR_INPUTS = {
    RETURNS: "Returns to research, r",
    FISHING_OUT: "How fast ideas are fished out, given r",
    ELASTICITY: "Elasticity of substitution",
    RATE: "Today's rate of progress",
}
OUTCOMES = {
    "acceleration": "Whether progress accelerates",
    "years_to_10x": "Years to 10 times",
    "years_to_100x": "Years to 100 times",
    "speed_up": "Years of progress in the first year",
}
LOGARITHMIC = {"years_to_10x", "years_to_100x", "speed_up"}


@dataclass(frozen=True)
class Design:
    """The inputs as functions of uniform numbers: what is drawn, and what is assumed."""

    paths: Paths
    assumptions: list[Assumption]

    @property
    def names(self) -> list[str]:
        """The inputs, in the order of the columns of a sample."""
        return [*POSTERIOR_INPUTS, *(str(each.id) for each in self.assumptions)]

    @property
    def labels(self) -> dict[str, str]:
        """The inputs in words."""
        return POSTERIOR_INPUTS | {str(each.id): each.label for each in self.assumptions}

    def economy(self, uniform: np.ndarray) -> Economy:
        """The paths at `uniform`, shape (path, input), each in [0, 1]."""
        columns = dict(zip(self.names, uniform.T, strict=True))
        chosen = self.paths.scenarios.choose(self.paths.scenarios.scenarios[0])
        returns = self.paths.draw(chosen[RETURNS])
        row = pick_returns(returns, columns[RETURNS], columns[FISHING_OUT])
        elasticity = np.sort(self.paths.draw(chosen[ELASTICITY])[ELASTICITY])
        rate = np.sort(self.paths.draw(chosen[RATE])[RATE])
        return make_economy(
            returns["stepping_on_toes"][row],
            returns["fishing_out"][row],
            elasticity[_index(columns[ELASTICITY], len(elasticity))],
            rate[_index(columns[RATE], len(rate))],
            {str(each.id): spread(each, columns[str(each.id)]) for each in self.assumptions},
        )


def pick_returns(returns: Columns, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The draw that two uniform numbers choose: a group by r, within it one by fishing out."""
    count = len(returns["fishing_out"])
    by_ratio = np.argsort(returns["stepping_on_toes"] / returns["fishing_out"], kind="stable")
    groups = [
        group[np.argsort(returns["fishing_out"][group], kind="stable")]
        for group in np.array_split(by_ratio, max(int(np.sqrt(count)), 1))
    ]
    # Groups may differ by a draw in size: they are chosen in proportion to it.
    ends = np.cumsum([len(group) for group in groups])
    chosen = np.searchsorted(ends, first * count, side="right").clip(max=len(groups) - 1)
    sizes, starts = (
        np.diff(ends, prepend=0)[chosen],
        ends[chosen] - np.diff(ends, prepend=0)[chosen],
    )
    within = np.minimum((second * sizes).astype(int), sizes - 1)
    return np.concatenate(groups)[starts + within]


def spread(assumption: Assumption, uniform: np.ndarray) -> np.ndarray:
    """The value of an assumption at uniform numbers: evenly, or evenly on the logarithm."""
    low, high = assumption.low, assumption.high
    if assumption.scale == "log":
        return np.asarray(low * (high / low) ** uniform)
    return np.asarray(low + (high - low) * uniform)


def analyse(paths: Paths, samples: int, seed: int) -> pd.DataFrame:
    """The indices: columns outcome, input, label, order (first or total), index, lower, upper.

    `samples` is the base of the design, a power of two; intervals are 90 %, from resampling, of the
    error of the estimate. An outcome that is the same on all paths has no rows.
    """
    design = Design(paths, list(paths.scenarios.assumptions))
    problem = {
        "num_vars": len(design.names),
        "names": design.names,
        "bounds": [[0.0, 1.0]] * len(design.names),
    }
    uniform = sampling.sample(problem, samples, calc_second_order=False, seed=seed)
    economy = design.economy(uniform)
    measured = measure(economy, simulate(economy))
    frames = [
        _tabulate(name, outcome, problem, seed, design.labels)
        for name, outcome in measured.items()
        if np.ptp(outcome) > 0
    ]
    columns = ["outcome", "input", "label", "order", "index", "lower", "upper"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def measure(economy: Economy, outcome: Outcome) -> dict[str, np.ndarray]:
    """What is explained: acceleration as 0 or 1, the others on log10, times within the limits."""
    years = np.log10(np.clip(outcome.years_to, SHORT_YEARS, HORIZON_YEARS))
    return {
        "acceleration": (outcome.feedback > 0).astype(float),
        "years_to_10x": years[:, 0],
        "years_to_100x": years[:, 1],
        "speed_up": np.log10(speed_up(economy, outcome)),
    }


def speed_up(economy: Economy, outcome: Outcome) -> np.ndarray:
    """Years of today's progress in the first year after automation; 1 where there is none today."""
    rate = economy.rate_decades_per_year
    moves = rate > 0
    return np.where(moves, outcome.decades[:, 0] / np.where(moves, rate, 1.0), 1.0)


def _index(uniform: np.ndarray, count: int) -> np.ndarray:
    return np.minimum((uniform * count).astype(int), count - 1)


def _tabulate(
    name: str, outcome: np.ndarray, problem: dict[str, Any], seed: int, labels: dict[str, str]
) -> pd.DataFrame:
    analyse_with: Callable[..., Any] = analysis.analyze
    found = analyse_with(
        problem,
        outcome,
        calc_second_order=False,
        num_resamples=RESAMPLES,
        conf_level=INTERVAL_PROBABILITY,
        seed=seed,
    )
    rows = [
        {
            "outcome": name,
            "input": given,
            "label": labels[given],
            "order": order,
            "index": _round(found[key][number]),
            "lower": _round(found[key][number] - found[f"{key}_conf"][number]),
            "upper": _round(found[key][number] + found[f"{key}_conf"][number]),
        }
        for order, key in (("first", "S1"), ("total", "ST"))
        for number, given in enumerate(problem["names"])
    ]
    return pd.DataFrame(rows)


def _round(value: float) -> float:
    """Six significant digits, as in every file of results: the chart and its table are alike."""
    return float(f"{value:.6g}")
