"""The parameters of the paths after full automation, and what follows from them at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

LN10 = float(np.log(10.0))
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
        given = [np.atleast_1d(np.asarray(getattr(self, name), float)) for name in _names()]
        for name, value in zip(_names(), np.broadcast_arrays(*given), strict=True):
            object.__setattr__(self, name, value)
        for name, holds in self._rules().items():
            if not np.all(holds):
                raise ValueError(f"paths need {name}")

    def __len__(self) -> int:
        return len(self.rho)

    def _rules(self) -> dict[str, np.ndarray | bool]:
        finite = [name for name in _names() if name != "ceiling_decades"]
        return {
            "finite parameters": all(np.isfinite(getattr(self, name)).all() for name in finite),
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
        return cls(*(np.concatenate([getattr(e, name) for e in economies]) for name in _names()))

    def chunks(self) -> Iterator["Economy"]:
        """The same paths, `CHUNK` at a time."""
        for start in range(0, len(self), CHUNK):
            yield Economy(*(getattr(self, name)[start : start + CHUNK] for name in _names()))


def _names() -> list[str]:
    return [each.name for each in fields(Economy)]


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


def speed_up(economy: Economy, decades: np.ndarray) -> np.ndarray:
    """Years of today's progress in a first year in which A gains `decades`; 1 without any."""
    rate = economy.rate_decades_per_year
    moves = rate > 0
    return np.where(moves, decades / np.where(moves, rate, 1.0), 1.0)
