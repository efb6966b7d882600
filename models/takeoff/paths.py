"""The paths of A after full automation: integrated over ln A, all at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.takeoff.economy import LN10, Economy, feedback, log_research

REACH_DECADES = 16.0  # how far paths are followed; two decades above the highest ceiling in use
FINE_DECADES, FINE_STEP, STEP = 2.0, 0.05, 0.1  # steps up to 100x, where times are read, and after
SWEEPS = 4  # of the fixed point of a step whose labour comes from within the step


@dataclass(frozen=True)
class Outcome:
    """What became of the paths.

    `years_to` has shape (path, threshold), infinite where a threshold is not reached; `decades` has
    shape (path, date): log10 A at each date; `feedback` has shape (path,), see `feedback`.
    """

    years_to: np.ndarray
    decades: np.ndarray
    feedback: np.ndarray

    def split(self, counts: Sequence[int]) -> "list[Outcome]":
        """The outcomes of economies that were joined, of so many paths each."""
        ends = np.cumsum(counts)[:-1]
        parts = (np.split(part, ends) for part in (self.years_to, self.decades, self.feedback))
        return [Outcome(*each) for each in zip(*parts, strict=True)]


def simulate(
    economy: Economy, thresholds: Sequence[float] = (10.0, 100.0), dates: Sequence[float] = (1.0,)
) -> Outcome:
    """Years until A has grown by each factor of `thresholds`, and log10 A after each of `dates`.

    Dates are years since automation. log10 A is exact up to REACH_DECADES, and that beyond.
    Raises ValueError for thresholds at or below 1, or out of reach.
    """
    logs = np.log10(np.asarray(thresholds, dtype=float))
    if np.any(logs <= 0) or np.any(logs > FINE_DECADES):
        raise ValueError(f"thresholds must lie above 1 and be at most 10^{FINE_DECADES:g}")
    parts = []
    for chunk in economy.chunks():
        march = _march(_Law(chunk), make_nodes())
        times = [_read_time(march, log * LN10) for log in logs]
        reached = [_read_decades(march, date) for date in dates]
        parts.append((np.transpose(times), np.transpose(reached)))
    years, decades = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Outcome(years, decades, feedback(economy))


def make_nodes() -> np.ndarray:
    """The values of b (natural log) between which the paths step."""
    fine = np.arange(0, FINE_DECADES, FINE_STEP)
    return np.concatenate([fine, np.arange(FINE_DECADES, REACH_DECADES + STEP / 2, STEP)]) * LN10


class _Law:
    """The growth rate of the paths of `economy`, with what does not change along them."""

    def __init__(self, economy: Economy) -> None:
        self.economy = economy
        rate = economy.rate_decades_per_year * LN10
        with np.errstate(divide="ignore", over="ignore"):
            self.log_theta = np.log(np.maximum(rate, 0))
            self.inverse_ceiling = np.exp(-economy.ceiling_decades * LN10)
        self.log_theta = self.log_theta - np.log1p(-self.inverse_ceiling)
        self.log_jump = np.log(economy.labour_jump)
        self.past_rate = np.maximum(rate, 0)
        self.start = -np.log1p(-self.inverse_ceiling)  # b at automation, where ln A is 0

    def efficiency(self, b: np.ndarray) -> np.ndarray:
        """The ln A where ln(A / (1 - A / A_max)) is `b` above its value at automation."""
        total = b + self.start
        with np.errstate(over="ignore"):
            return total - np.log1p(np.exp(total) * self.inverse_ceiling)

    def invert(self, log_efficiency: float) -> np.ndarray:
        """The b above its value at automation at this ln A; infinite at and beyond the ceiling."""
        used = np.exp(log_efficiency) * self.inverse_ceiling
        with np.errstate(divide="ignore", invalid="ignore"):
            found = log_efficiency - np.log1p(-used) - self.start
        return np.where(used < 1, found, np.inf)

    def log_speed(self, log_efficiency: np.ndarray, log_deployed: np.ndarray) -> np.ndarray:
        """Log of db/dt: the growth rate of A without the factor of the ceiling."""
        economy = self.economy
        experiments = -economy.experiment_growth * log_efficiency
        research = log_research(economy, experiments, self.log_jump + log_deployed)
        return (
            self.log_theta
            - economy.fishing_out * log_efficiency
            + economy.stepping_on_toes * research
        )


@dataclass(frozen=True)
class _March:
    """Years since automation and log speed, both of shape (node, path), at the values of b."""

    law: _Law
    nodes: np.ndarray
    times: np.ndarray
    log_speeds: np.ndarray

    def step_at(self, index: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of the step that each path takes from the node `index`: start in years, log speeds at
        both ends, width in b.
        """
        paths = np.arange(len(index))
        first, last = self.log_speeds[index, paths], self.log_speeds[index + 1, paths]
        return self.times[index, paths], first, last, self.nodes[index + 1] - self.nodes[index]


def _march(law: _Law, nodes: np.ndarray) -> _March:
    paths = len(law.economy)
    times, log_speeds = np.zeros((len(nodes), paths)), np.empty((len(nodes), paths))
    past = _Past(law, nodes, times) if law.economy.delay_years.any() else None
    log_speeds[0] = law.log_speed(np.zeros(paths), np.zeros(paths))
    for node in range(1, len(nodes)):
        step, before = nodes[node] - nodes[node - 1], log_speeds[node - 1]
        ahead = law.efficiency(np.full(paths, nodes[node]))
        deployed = ahead
        with np.errstate(over="ignore", invalid="ignore"):
            times[node] = times[node - 1] + _duration(step, before, before)
            for _ in range(SWEEPS if past else 1):
                if past:
                    deployed = np.where(past.delay > 0, past.look(node), ahead)
                log_speeds[node] = law.log_speed(ahead, deployed)
                times[node] = times[node - 1] + _duration(step, before, log_speeds[node])
    return _March(law, nodes, times, log_speeds)


def _duration(step: float, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Years for `step` in b while the log speed goes linearly from `first` to `last`."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        change = last - first
        mean = np.where(np.abs(change) < 1e-7, 1 - change / 2, -np.expm1(-change) / change)
        years = step * np.exp(-first) * mean
    return np.where(np.isneginf(first) | np.isnan(years), np.inf, years)


class _Past:
    """The ln A of the software that is at work, which was written a delay ago."""

    def __init__(self, law: _Law, nodes: np.ndarray, times: np.ndarray) -> None:
        self.law, self.nodes, self.times = law, nodes, times
        self.delay = law.economy.delay_years
        self.index = np.zeros(len(law.economy), dtype=np.intp)  # the step in which the delay began
        self.paths = np.arange(len(law.economy))

    def look(self, node: int) -> np.ndarray:
        """The ln A(t - delay) - ln A(-delay) at the time that `node` is reached, shape (path,)."""
        then = self.times[node] - self.delay
        self._advance(node, then)
        start, end = self.times[self.index, self.paths], self.times[self.index + 1, self.paths]
        low, high = self.nodes[self.index], self.nodes[self.index + 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(end > start, (then - start) / (end - start), 1.0)
        part = np.clip(np.nan_to_num(part, nan=1.0), 0, 1)
        written = self.law.efficiency(low + part * (high - low))
        before = self.law.past_rate * np.minimum(then, 0)  # before automation A grew as today
        return np.where(then > 0, written, before) + self.law.past_rate * self.delay

    def _advance(self, node: int, then: np.ndarray) -> None:
        """Move to the step that holds `then`, at most that up to `node`."""
        # The sweep before may have tried a longer step than this one and have gone too far by one.
        self.index = np.maximum(self.index - 1, 0)
        while True:
            late = (self.index < node - 1) & (self.times[self.index + 1, self.paths] <= then)
            if not late.any():
                return
            self.index += late


def _read_time(march: _March, log_efficiency: float) -> np.ndarray:
    """Years until ln A is `log_efficiency`, shape (path,)."""
    nodes, wanted = march.nodes, march.law.invert(log_efficiency)
    index = np.clip(np.searchsorted(nodes, wanted, side="right") - 1, 0, len(nodes) - 2)
    start, first, last, width = march.step_at(index)
    with np.errstate(invalid="ignore"):
        part = (wanted - nodes[index]) / width
        here = first + part * (last - first)
        years = start + _duration(1.0, first, here) * part * width
    return np.where((wanted <= nodes[-1]) & ~np.isnan(years), years, np.inf)


def _read_decades(march: _March, date: float) -> np.ndarray:
    """log10 A after `date` years, shape (path,)."""
    index = np.clip((march.times <= date).sum(axis=0) - 1, 0, len(march.nodes) - 2)
    start, first, last, width = march.step_at(index)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        change = last - first
        done = (date - start) * np.exp(first) / width
        part = np.where(np.abs(change) < 1e-7, done, -np.log1p(-done * change) / change)
    part = np.where(np.isneginf(first), 0.0, np.clip(np.nan_to_num(part, nan=1.0), 0, 1))
    part = np.where(date >= march.times[-1], 1.0, part)
    return march.law.efficiency(march.nodes[index] + part * width) / LN10
