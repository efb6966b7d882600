"""Draws of several posteriors -> paths: each path takes one draw of every posterior.

Rows of one posterior stay together, so what it says of several quantities keeps its correlation.
Different posteriors know nothing of each other: their rows are paired at random, with a seed. The
same pairs serve every scenario, so that scenarios differ by what they change alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from models.takeoff import Economy
from pipeline.failures import Failure, SourceError, file_failure
from pipeline.ingest.cards.faults import suggest
from pipeline.site.pages import answers
from pipeline.takeoff.scenarios import Input, Scenario, Scenarios, make_economy

Columns = dict[str, np.ndarray]


@dataclass(frozen=True)
class Posterior:
    """Draws of the estimands of one posterior, a column a key, and what its check says."""

    name: str
    path: Path
    draws: pd.DataFrame
    check: dict[str, Any]

    @property
    def reason(self) -> str:
        """Why it may not be quoted; empty where it may."""
        return "" if answers.has_passed(self.check) else f"the fit of {self.name} did not converge"


@dataclass(frozen=True)
class Paths:
    """Which draw of each posterior every path takes; `count` paths."""

    scenarios: Scenarios
    posteriors: Mapping[str, Posterior]
    rows: Mapping[str, np.ndarray]
    count: int

    def draw(self, given: Input) -> Columns:
        """The quantities of an input on every path, by the name of the parameter."""
        if given.posterior is None:
            return {given.role: np.full(self.count, float(given.value or 0))}
        frame, rows = self.posteriors[given.posterior].draws, self.rows[given.posterior]
        found = {name: frame[key].to_numpy()[rows] for name, key in given.draws.items()}
        return self._borrow(given, found)

    def _borrow(self, given: Input, found: Columns) -> Columns:
        """Returns as two exponents: pooled ones multiply the fishing out of another input."""
        if given.borrows is None:
            return found
        fishing_out = self.draw(self.scenarios.input(given.borrows))["fishing_out"]
        return {"stepping_on_toes": found["returns"] * fishing_out, "fishing_out": fishing_out}

    def economy(self, scenario: Scenario) -> Economy:
        """The parameters of every path under `scenario`."""
        columns: Columns = {}
        for given in self.scenarios.choose(scenario).values():
            columns |= self.draw(given)
        names = [str(each.id) for each in self.scenarios.assumptions]
        assumed = {name: self.scenarios.value(scenario, name) for name in names}
        return make_economy(**columns, assumed=assumed)

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


def read_posteriors(
    scenarios: Scenarios, draws: Sequence[Path], checks: Sequence[Path]
) -> dict[str, Posterior]:
    """The posteriors that `scenarios` names, by name, from files that bear their names.

    Raises SourceError with every file and key that is missing and every draw that is impossible.
    """
    faults: list[Failure] = []
    found: dict[str, Posterior] = {}
    for name in scenarios.posteriors():
        try:
            found[name] = _read_posterior(name, draws, checks)
        except SourceError as error:
            faults += error.failures
    for given in scenarios.inputs:
        if given.posterior in found:
            faults += _find_faults(given, found[str(given.posterior)])
    if faults:
        raise SourceError(faults)
    return found


def _read_posterior(name: str, draws: Sequence[Path], checks: Sequence[Path]) -> Posterior:
    path = _find_file(name, draws, "draws")
    check = _find_file(name, checks, "check")
    frame = pd.read_parquet(path)
    if frame.empty:
        raise file_failure(path, "there are no draws", "see its check: it may not be fitted")
    return Posterior(name, path, frame, json.loads(check.read_text(encoding="utf-8")))


def _find_file(name: str, paths: Sequence[Path], kind: str) -> Path:
    found = next((path for path in paths if path.stem == name), None)
    if found is None:
        remedy = f"give its file with --{kind if kind == 'draws' else 'checks'}"
        raise file_failure(Path(name), f"no {kind} of this posterior", remedy)
    if not found.is_file():
        raise file_failure(found, "the file is missing", "run `dvc repro`")
    return found


def _find_faults(given: Input, posterior: Posterior) -> list[Failure]:
    """Keys that the posterior does not report, and draws that no path can have."""
    faults = []
    for quantity, key in given.draws.items():
        if key not in posterior.draws:
            near = suggest(key, map(str, posterior.draws), "name a key that it reports, with draws")
            rule = "the posterior has no draws of this estimand"
            faults.append(Failure(str(posterior.path), None, given.id, key, rule, near))
            continue
        column = posterior.draws[key].to_numpy(dtype=float)
        impossible = ~np.isfinite(column) | ((column <= 0) & (quantity != "rate"))
        if impossible.any():
            rule = f"{int(impossible.sum())} draws are not {'positive ' * (quantity != 'rate')}"
            rule += "finite numbers"
            remedy = "use an estimand that is one by construction"
            faults.append(Failure(str(posterior.path), None, given.id, key, rule, remedy))
    return faults
