"""Which input moves the outcomes: Sobol indices over posteriors and assumptions together.

First-order index: the share of an outcome's variance that one input explains alone; total index:
the share that would be left if all others were known, interactions included (Saltelli et al. 2010,
by SALib, Iwanaga et al. 2022). The indices need independent inputs. Posteriors are independent of
each other and of the assumptions; within the draws of the returns, the two exponents are not, so
they enter as their ratio r and as fishing out given r: draws are sorted by r into groups, and
within a group by fishing out. One number chooses the group, the other the draw within it: together
they return every draw equally often (a Rosenblatt transform of the draws).
"""

from typing import Any

import numpy as np
import pandas as pd
from SALib.analyze import sobol as analysis
from SALib.sample import sobol as sampling

from models import INTERVAL_PROBABILITY
from models.takeoff import Economy, Outcome, simulate, speed_up
from pipeline.takeoff.draws import Columns, Paths
from pipeline.takeoff.scenarios import Assumption, Scenarios, make_economy

# Later and earlier count as then: the theory says nothing of such spans.
SHORT_YEARS, HORIZON_YEARS = 0.01, 100.0
RESAMPLES = 200
POSTERIOR_INPUTS = {
    "returns": "Returns to research, r",
    "fishing_out": "How fast ideas are fished out, given r",
    "elasticity": "Elasticity of substitution",
    "rate": "Today's rate of progress",
}
OUTCOMES = {
    "acceleration": "Whether progress accelerates",
    "years_to_10x": "Years to 10 times",
    "years_to_100x": "Years to 100 times",
    "speed_up": "Years of progress in the first year",
}
ORDERS = {"first": "S1", "total": "ST"}  # by SALib's name
COLUMNS = ["outcome", "input", "label", "order", "index", "lower", "upper"]


def label_inputs(scenarios: Scenarios) -> dict[str, str]:
    """The inputs in words, in the order of the columns of a sample."""
    return POSTERIOR_INPUTS | {str(each.id): each.label for each in scenarios.assumptions}


def draw_design(paths: Paths, uniform: np.ndarray) -> Economy:
    """The paths at `uniform`, shape (path, input), each in [0, 1]."""
    scenarios = paths.scenarios
    columns = dict(zip(label_inputs(scenarios), uniform.T, strict=True))
    drawn = paths.draw_all(scenarios.central)
    row = pick_returns(drawn, columns["returns"], columns["fishing_out"])
    returns = {name: drawn[name][row] for name in ("stepping_on_toes", "fishing_out")}
    others = {name: _pick(drawn[name], columns[name]) for name in ("elasticity", "rate")}
    assumed = {str(each.id): spread(each, columns[str(each.id)]) for each in scenarios.assumptions}
    return make_economy(**returns, **others, assumed=assumed)


def pick_returns(returns: Columns, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The draw that two uniform numbers choose: a group by r, within it one by fishing out."""
    count = len(returns["fishing_out"])
    by_ratio = np.argsort(returns["stepping_on_toes"] / returns["fishing_out"], kind="stable")
    groups = [
        group[np.argsort(returns["fishing_out"][group], kind="stable")]
        for group in np.array_split(by_ratio, max(int(np.sqrt(count)), 1))
    ]
    # Groups may differ by a draw in size: they are chosen in proportion to it.
    sizes = np.array([len(group) for group in groups])
    ends = np.cumsum(sizes)
    chosen = np.searchsorted(ends, first * count, side="right").clip(max=len(groups) - 1)
    within = np.minimum((second * sizes[chosen]).astype(int), sizes[chosen] - 1)
    return np.concatenate(groups)[ends[chosen] - sizes[chosen] + within]


def _pick(draws: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """The draws at these shares of all, the smallest first."""
    return np.sort(draws)[np.minimum((uniform * len(draws)).astype(int), len(draws) - 1)]


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
    labels = label_inputs(paths.scenarios)
    problem = {"num_vars": len(labels), "names": [*labels], "bounds": [[0.0, 1.0]] * len(labels)}
    uniform = sampling.sample(problem, samples, calc_second_order=False, seed=seed)
    economy = draw_design(paths, uniform)
    rows = [
        {"outcome": name, "label": labels[row["input"]]} | row
        for name, outcome in measure(economy, simulate(economy)).items()
        if np.ptp(outcome) > 0
        for row in _index(outcome, problem, seed)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def measure(economy: Economy, outcome: Outcome) -> dict[str, np.ndarray]:
    """What is explained: acceleration as 0 or 1, the others on log10, times within the limits."""
    years = np.log10(np.clip(outcome.years_to, SHORT_YEARS, HORIZON_YEARS))
    return {
        "acceleration": (outcome.feedback > 0).astype(float),
        "years_to_10x": years[:, 0],
        "years_to_100x": years[:, 1],
        "speed_up": np.log10(speed_up(economy, outcome.decades[:, 0])),
    }


def _index(outcome: np.ndarray, problem: dict[str, Any], seed: int) -> list[dict[str, Any]]:
    """The indices of every input, six significant digits as in every file of results."""
    settings = {"num_resamples": RESAMPLES, "conf_level": INTERVAL_PROBABILITY, "seed": seed}
    found = analysis.analyze(problem, outcome, calc_second_order=False, **settings)
    return [
        {"input": name, "order": order}
        | {
            column: float(f"{found[key][number] + side * found[f'{key}_conf'][number]:.6g}")
            for column, side in (("index", 0), ("lower", -1), ("upper", 1))
        }
        for order, key in ORDERS.items()
        for number, name in enumerate(problem["names"])
    ]
