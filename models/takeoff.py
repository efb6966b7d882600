"""What happens after AI does all of the research on algorithms: paths of the efficiency A.

The law of motion is the idea production function of semi-endogenous growth (Jones 1995) as Erdil,
Besiroglu & Ho 2024 fit it, with research done by compute and labour in a CES::

    dA/dt = theta A^(1 - fishing_out) F(K, L)^stepping_on_toes (1 - A / A_max)
    F     = ((1 - s) K^rho + s L^rho)^(1 / rho)            F = K^(1 - s) L^s where rho = 0

    A  algorithmic efficiency: 1 at the moment of full automation, t = 0
    K  experiments that the compute buys: A^-experiment_growth, so 1 always where that is 0
    L  labour: researchers before t = 0, then A times compute, compute fixed:
       labour_jump * A(t - delay) / A(-delay), since a model must be trained before it works
    s  share of labour in research (its elasticity in F) just before automation

theta is such that just before automation A grows by `rate_decades_per_year`, as it does today.
Before t = 0 it has grown at that rate.

Closed forms, with F = A (s = 1, no jump, no delay, no ceiling), x = stepping_on_toes - fishing_out,
g = ln(10) rate: the growth rate of A is g A^x, so

    x > 0   A = (1 - x g t)^(-1/x), infinite at t = 1 / (x g)
    x = 0   A = exp(g t)
    x < 0   A = (1 - x g t)^(-1/x); the growth rate g / (1 - x g t) tends to 1 / (-x t)

With rho < 0 and K fixed, F never exceeds (1 - s)^(1 / rho), however much labour there is.

How it is computed: the growth rate is a function of A (and, with a delay, of the past), so time is
integrated over ln A, not ln A over time. A path that blows up needs no small steps and thresholds
are met without search. The step is over b = ln(A / (1 - A / A_max)), in which the ceiling drops out
and is approached without a singularity. Within a step the log of the growth rate is taken as linear
in b, which is exact for the closed forms; rates and times are kept as logarithms until they are
summed. Everything is vectorised over paths.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

LN10 = float(np.log(10.0))
REACH_DECADES = 16.0  # how far paths are followed; two decades above the highest ceiling in use
FINE_DECADES, FINE_STEP, STEP = 2.0, 0.05, 0.1  # steps up to 100x, where times are read, and after
SWEEPS = 4  # of the fixed point of a step whose labour comes from within the step
CHUNK = 10_000  # paths at a time: their nodes stay within some 50 MB


@dataclass(frozen=True)
class Economy:
    """The parameters of every path; arrays of shape (path,), or numbers for all paths.

    `stepping_on_toes` and `fishing_out` are positive; `rho` is at most 1, 0 is Cobb-Douglas;
    `labour_share` is in (0, 1]; `ceiling_decades` is log10 of A_max, infinite where there is none;
    `experiment_growth` is the elasticity by which an experiment costs more as A grows; the delay is
    in years. A rate at or below zero means that A does not move.
    """

    stepping_on_toes: np.ndarray
    fishing_out: np.ndarray
    rho: np.ndarray
    rate_decades_per_year: np.ndarray
    labour_share: np.ndarray
    labour_jump: np.ndarray
    ceiling_decades: np.ndarray
    experiment_growth: np.ndarray
    delay_years: np.ndarray

    def __post_init__(self) -> None:
        given = [np.asarray(getattr(self, each.name), dtype=float) for each in fields(self)]
        spread = np.broadcast_arrays(*(np.atleast_1d(value) for value in given))
        for each, value in zip(fields(self), spread, strict=True):
            object.__setattr__(self, each.name, value)
        for name, holds in self._rules().items():
            if not np.all(holds):
                raise ValueError(f"paths need {name}")

    def __len__(self) -> int:
        return len(self.rho)

    def _rules(self) -> dict[str, np.ndarray]:
        finite = [
            np.isfinite(getattr(self, each.name))
            for each in fields(self)
            if each.name != "ceiling_decades"
        ]
        return {
            "finite parameters": np.all(finite, axis=0),
            "a positive stepping_on_toes": self.stepping_on_toes > 0,
            "a positive fishing_out": self.fishing_out > 0,
            "a rho of at most 1": self.rho <= 1,
            "a labour_share in (0, 1]": (self.labour_share > 0) & (self.labour_share <= 1),
            "a positive labour_jump": self.labour_jump > 0,
            "a ceiling above A at automation": self.ceiling_decades > 0,
            "a delay of zero or more": self.delay_years >= 0,
        }

    @classmethod
    def join(cls, economies: "Sequence[Economy]") -> "Economy":
        """The paths of several economies, one after the other."""
        names = [each.name for each in fields(cls)]
        return cls(
            **{name: np.concatenate([getattr(e, name) for e in economies]) for name in names}
        )

    def chunks(self) -> Iterator["Economy"]:
        """The same paths, `CHUNK` at a time."""
        for start in range(0, len(self), CHUNK):
            part = slice(start, start + CHUNK)
            yield Economy(**{each.name: getattr(self, each.name)[part] for each in fields(self)})


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
    parts = [_simulate(chunk, logs * LN10, np.asarray(dates, float)) for chunk in economy.chunks()]
    return Outcome(
        np.concatenate([years for years, _ in parts]),
        np.concatenate([decades for _, decades in parts]),
        feedback(economy),
    )


def feedback(economy: Economy) -> np.ndarray:
    """Elasticity of the growth rate of A in A right after automation: acceleration where positive.

    How much faster A grows, in percent, once A and the labour that it gives are one percent higher,
    with compute fixed: stepping_on_toes (s - (1 - s) experiment_growth) - fishing_out, with s the
    share of labour after the jump, less what the ceiling takes. A delay changes when the growth
    rate rises, not whether.
    """
    weight = _weigh_labour(economy, np.log(economy.labour_jump))
    gain = weight - (1 - weight) * economy.experiment_growth
    with np.errstate(over="ignore"):
        ceiling = 1 / np.expm1(economy.ceiling_decades * LN10)
    return economy.stepping_on_toes * gain - economy.fishing_out - ceiling


def log_research(
    economy: Economy, log_experiments: np.ndarray, log_labour: np.ndarray
) -> np.ndarray:
    """Log of the CES of experiments and labour, shape (path,); exact at rho = 0 and near it."""
    share, rho = economy.labour_share, economy.rho
    gap = log_labour - log_experiments
    x = rho * gap
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.log1p(share * np.expm1(np.minimum(x, 0)))
        high = x + np.log1p((1 - share) * np.expm1(-np.maximum(x, 0)))
        mean = np.where(x > 0, high, low) / rho
    mean = np.where(rho == 0, share * gap, mean)
    return log_experiments + np.where(share == 1, gap, mean)


def _weigh_labour(economy: Economy, log_labour: np.ndarray) -> np.ndarray:
    """Elasticity of the CES in labour at one experiment and that labour."""
    share, x = economy.labour_share, economy.rho * log_labour
    with np.errstate(over="ignore"):
        return share / (share + (1 - share) * np.exp(-x))


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


def _simulate(
    economy: Economy, thresholds: np.ndarray, dates: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    law, nodes = _Law(economy), make_nodes()
    times, log_speeds = _march(law, nodes)
    years = [_read_time(law, nodes, times, log_speeds, threshold) for threshold in thresholds]
    found = [_read_decades(law, nodes, times, log_speeds, date) for date in dates]
    shape = (len(economy), 0)
    return (
        np.stack(years, axis=1) if years else np.empty(shape),
        np.stack(found, axis=1) if found else np.empty(shape),
    )


def _march(law: _Law, nodes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Years since automation and log speed at every node, each of shape (node, path)."""
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
    return times, log_speeds


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


def _read_time(
    law: _Law, nodes: np.ndarray, times: np.ndarray, log_speeds: np.ndarray, log_efficiency: float
) -> np.ndarray:
    """Years until ln A is `log_efficiency`, shape (path,)."""
    wanted = law.invert(log_efficiency)
    index = np.clip(np.searchsorted(nodes, wanted, side="right") - 1, 0, len(nodes) - 2)
    paths = np.arange(len(wanted))
    first, last = log_speeds[index, paths], log_speeds[index + 1, paths]
    width = nodes[index + 1] - nodes[index]
    with np.errstate(invalid="ignore"):
        part = (wanted - nodes[index]) / width
        here = first + part * (last - first)
        years = times[index, paths] + _duration(1.0, first, here) * part * width
    return np.where((wanted <= nodes[-1]) & ~np.isnan(years), years, np.inf)


def _read_decades(
    law: _Law, nodes: np.ndarray, times: np.ndarray, log_speeds: np.ndarray, date: float
) -> np.ndarray:
    """log10 A after `date` years, shape (path,)."""
    index = np.clip((times <= date).sum(axis=0) - 1, 0, len(nodes) - 2)
    paths = np.arange(times.shape[1])
    first, last = log_speeds[index, paths], log_speeds[index + 1, paths]
    width = nodes[index + 1] - nodes[index]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        change = last - first
        done = (date - times[index, paths]) * np.exp(first) / width
        part = np.where(np.abs(change) < 1e-7, done, -np.log1p(-done * change) / change)
    part = np.where(np.isneginf(first), 0.0, np.clip(np.nan_to_num(part, nan=1.0), 0, 1))
    part = np.where(date >= times[-1], 1.0, part)
    return law.efficiency(nodes[index] + part * width) / LN10
