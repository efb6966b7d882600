"""Draws of several posteriors -> paths: each path takes one draw of every posterior.

Rows of one posterior stay together, so what it says of several quantities keeps its correlation.
Different posteriors know nothing of each other: their rows are paired at random, with a seed. The
same pairs serve every scenario, so that scenarios differ by what they change alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.takeoff import Economy
from pipeline.core.failures import Failure, SourceError, file_failure, raise_any
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.cards.faults import suggest
from pipeline.takeoff.scenarios import Input, Scenario, Scenarios, make_economy

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Posterior:
    """Draws of the estimands of one posterior, a column a key; `reason` why it may not be quoted,
    empty where it may.
    """

    draws: pd.DataFrame
    reason: str = ""


@dataclass(frozen=True)
class Paths:
    """Which draw of each posterior every path takes; `count` paths."""

    scenarios: Scenarios
    posteriors: Mapping[str, Posterior]
    rows: Mapping[str, np.ndarray]
    count: int

    def draw(self, given: Input) -> Columns:
        """The quantities of an input on every path, by the name of the parameter.

        Pooled returns become two exponents: they multiply the fishing out of another input.
        """
        if given.posterior is None:
            return {given.role: np.full(self.count, float(given.value or 0))}
        frame, rows = self.posteriors[given.posterior].draws, self.rows[given.posterior]
        found = {name: given.read(name, frame)[rows] for name in given.draws}
        if given.borrows is None:
            return found
        fishing_out = self.draw(self.scenarios.input(given.borrows))["fishing_out"]
        return {"stepping_on_toes": found["returns"] * fishing_out, "fishing_out": fishing_out}

    def economy(self, scenario: Scenario) -> Economy:
        """The parameters of every path under `scenario`."""
        return make_economy(**self.draw_all(scenario), assumed=self.scenarios.assume(scenario))

    def draw_all(self, scenario: Scenario) -> Columns:
        """The quantities of all inputs under `scenario`."""
        chosen = self.scenarios.choose(scenario).values()
        return {name: draws for given in chosen for name, draws in self.draw(given).items()}

    def unsupported_reason(self, scenario: Scenario) -> str:
        """Why nothing is said under `scenario`: an input that may not be quoted; else empty."""
        chosen = list(self.scenarios.choose(scenario).values())
        chosen += [self.scenarios.input(each.borrows) for each in chosen if each.borrows]
        names = dict.fromkeys(each.posterior for each in chosen if each.posterior)
        return "; ".join(filter(None, (self.posteriors[name].reason for name in names)))


def pair(scenarios: Scenarios, posteriors: Mapping[str, Posterior], count: int, seed: int) -> Paths:
    """`count` paths, each posterior's draws used equally often (to one) and in random order."""
    rows = {}
    for number, name in enumerate(scenarios.posteriors()):
        rng = np.random.default_rng([seed, number])
        rows[name] = rng.permutation(np.arange(count) % len(posteriors[name].draws))
    return Paths(scenarios, posteriors, rows, count)


def read_posteriors(layout: Layout, scenarios: Scenarios) -> dict[str, Posterior]:
    """The posteriors that `scenarios` names, by name.

    Raises SourceError with every file and key that is missing and every draw that is impossible.
    """
    faults: list[Failure] = []
    found: dict[str, Posterior] = {}
    for name in scenarios.posteriors():
        try:
            found[name] = _read_posterior(layout, name)
        except SourceError as error:
            faults += error.failures
    for given in scenarios.inputs:
        if given.posterior in found:
            faults += _find_faults(layout, given, found[given.posterior].draws)
    raise_any(faults)
    return found


def _read_posterior(layout: Layout, name: str) -> Posterior:
    for path in (layout.check(name), layout.draws(name)):
        if not path.is_file():
            raise file_failure(path, "the file is missing", "run `dvc repro`")
    frame = pd.read_parquet(layout.draws(name))
    if frame.empty:
        remedy = "see its check: it may not be fitted"
        raise file_failure(layout.draws(name), "there are no draws", remedy)
    has_passed = read_json(layout.check(name))["verdict"] == "pass"
    return Posterior(frame, "" if has_passed else f"the fit of {name} did not converge")


def _find_faults(layout: Layout, given: Input, frame: pd.DataFrame) -> Iterator[Failure]:
    """Keys that the posterior does not report, and draws that no path can have."""
    file = str(layout.draws(str(given.posterior)))
    for quantity, key in given.draws.items():
        if not given.list_keys(quantity, list(map(str, frame))):
            remedy = suggest(key, map(str, frame), "name a key that it reports, with draws")
            since = f" for years since {given.since}" if given.since else ""
            rule = f"the posterior has no draws of this estimand{since}"
            yield Failure(file, None, given.id, key, rule, remedy)
            continue
        least = -np.inf if quantity == "rate" else 0.0
        drawn = pd.Series(given.read(quantity, frame))
        impossible = ~drawn.between(least, np.inf, inclusive="neither")
        if impossible.any():
            kind = "finite numbers" if quantity == "rate" else "positive finite numbers"
            rule, remedy = f"{impossible.sum()} draws are not {kind}", "use an estimand that is one"
            yield Failure(file, None, given.id, key, rule, f"{remedy} by construction")
