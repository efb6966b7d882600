"""`data/claims.yaml` -> the propositions of the public debate, and how probable each is."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import Field, model_validator

from pipeline.core.failures import Failure, SourceError
from pipeline.ingest.cards import dataset_names
from pipeline.ingest.cards.faults import make_fault, suggest
from pipeline.ingest.cards.strict_files import Number, StrictPart, Words, check_tree
from pipeline.ingest.cards.yaml_files import read_tree
from pipeline.site.overview.cells import Apart, Cell, Passed
from pipeline.site.overview.comparison import Entry, round_to
from pipeline.site.overview.gathering import Overview
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import format_cell, format_quantity, is_share, say_unit
from pipeline.site.pages.worth import say_other_steps
from pipeline.studies.verdict import find_caveats, find_driven
from pipeline.synthesis.entries import summarise

NAMES = f"^{dataset_names.PATTERN.pattern}$"
POSTERIOR = (
    "<dataset>-<model>, or <dataset> for the model that speaks for it: the first of its table that "
    "passed"
)
TESTS = ("at_least", "at_most", "between", "finite")


class Claim(StrictPart):
    """One proposition with one test: at_least, at_most, between or finite."""

    id: str = Field(pattern=NAMES, description="a name that stays: words joined by _")
    text: Words = Field(description="what was claimed, in neutral words of our own")
    source: Words = Field(description="key of data/references.bib")
    locator: Words = Field(description="where in the source it stands")
    posterior: Words = Field(description=POSTERIOR)
    estimand: Words = Field(description="key of data/attributions/<posterior>.json")
    plus: Words | None = Field(None, description="another key of it, whose draws are added")
    at_least: Number | None = Field(None, description="true from this value up, in its unit")
    at_most: Number | None = Field(None, description="true up to this value, in its unit")
    between: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        None, description="[low, high]: true from one to the other, both included, in its unit"
    )
    finite: Literal[True] | None = Field(None, description="true: there is such a value at all")

    @model_validator(mode="after")
    def _one_test(self) -> "Claim":
        if len(self.test) != 1:
            raise ValueError(f"must have one test of {', '.join(TESTS)}, not {len(self.test)}")
        if self.between and self.between[0] >= self.between[1]:
            raise ValueError("the first number of `between` must be below the second")
        return self

    @property
    def test(self) -> dict[str, Any]:
        """The test by its name."""
        return {name: value for name in TESTS if (value := getattr(self, name)) is not None}

    def holds(self, values: np.ndarray) -> np.ndarray:
        """In which draws of the estimand the claim is true; draws may be infinite."""
        if self.finite:
            return np.isfinite(values)
        low, high = self.between or (self.at_least, self.at_most)
        is_above = True if low is None else values >= low
        return np.asarray(is_above & (True if high is None else values <= high))


class ClaimFile(StrictPart):
    """The whole file."""

    claims: list[Claim] = Field(min_length=1, description="the claims, in the order of the page")


def read_claims(path: Path, overview: Overview) -> list[Claim]:
    """The claims at `path`. Raises SourceError with every fault: of the form, and names that
    neither the bibliography nor a posterior has.
    """
    tree = read_tree(path, "the file of the claims", "write `claims:` and a list of claims")
    file, faults = check_tree(path, tree, ClaimFile)
    faults += _find_wrong_names(path, tree, overview)
    if file is None or faults:
        raise SourceError(faults)
    return file.claims


def select(posterior: str, cells: Collection[Cell]) -> list[Cell]:
    """The cells that a claim's `posterior` means: one, or all of a dataset."""
    return [cell for cell in cells if posterior in (cell.name, cell.dataset)]


def _find_wrong_names(path: Path, tree: Any, overview: Overview) -> Iterator[Failure]:
    """Failures of ids that repeat and of names that nothing has."""
    claims = tree.get("claims")
    seen: set[Any] = set()
    for position, claim in enumerate(claims if isinstance(claims, list) else []):
        named = {
            name: value
            for name in ("id", "source", "posterior", "estimand", "plus")
            if isinstance(claim, dict) and isinstance(value := claim.get(name), str)
        }
        for name, rule, remedy in _refuse_names(named, seen, overview):
            steps = ("claims", position, name)
            yield make_fault(path, tree, steps, rule, remedy, named[name])
        seen.add(named.get("id"))


def _refuse_names(
    named: dict[str, str], seen: set[Any], overview: Overview
) -> Iterator[tuple[str, str, str]]:
    """Name of the key, rule and remedy of each name of a claim that will not do.

    Estimands of posteriors that are not computed yet are not looked up.
    """
    source, posterior = map(named.get, ("source", "posterior"))
    if "id" in named and named["id"] in seen:
        yield "id", "another claim has this id", "give each claim an id of its own"
    if source is not None and source not in overview.bibliography:
        remedy = suggest(source, overview.bibliography, "add the entry to data/references.bib")
        yield "source", "no entry of data/references.bib has this key", remedy
    if posterior is None:
        return
    cells, selected = overview.cells, select(posterior, overview.cells)
    if not selected:
        known = dict.fromkeys([*(c.dataset for c in cells), *(c.name for c in cells)])
        remedy = suggest(posterior, known, "write <dataset>-<model> or <dataset>")
        yield "posterior", "there is no such posterior", remedy
    keys = dict.fromkeys(key for cell in selected for key in cell.attributions)
    for name in ("estimand", "plus"):
        if keys and (estimand := named.get(name)) is not None and estimand not in keys:
            file = f"its estimands: data/attributions/{selected[0].name}.csv"
            yield name, f"{posterior} has no such estimand", suggest(estimand, keys, file)


STATES = {"failed": "the fit did not converge", "not_fitted": "not fitted", "missing": "missing"}
OTHERWISE = "other specifications decide it otherwise"
NO_DRAWS = "the draws of it are missing: run `dvc repro`"


class Verdict(NamedTuple):
    """What became of a claim: its probability, or the reason why it has none.

    `asked` is the posterior that was asked, `found` the estimand as its attribution file has it.
    `is_driven` is None where nobody measured how far the prior drives the estimand; `caveats` are
    what a reader must know before the probability; `others` says what other steps would give,
    `spread` the range of the estimand over other specifications.
    """

    claim: Claim
    asked: str = ""
    found: Entry = {}  # noqa: RUF012  # nobody writes to it
    probability: float | None = None
    is_driven: bool | None = None
    caveats: tuple[str, ...] = ()
    reason: str = ""
    others: str = ""
    spread: str = ""


def judge(claim: Claim, overview: Overview) -> Verdict:
    """The probability of `claim` under the posterior that it names, or why there is none."""
    named = select(claim.posterior, overview.cells)
    cell = next((cell for cell in named if isinstance(cell, Passed)), None)
    if cell is None:
        reasons = dict.fromkeys(
            f"{cell.model_title}: {STATES[cell.state]}: {'; '.join(cell.reasons)}"
            for cell in named
            if isinstance(cell, Apart)
        )
        return Verdict(claim, reason="; ".join(reasons))
    keys = [key for key in (claim.estimand, claim.plus) if key]
    found = cell.attributions.get(claim.estimand) or {}
    if reason := next(filter(None, (_find_reason(cell, key) for key in keys)), ""):
        return Verdict(claim, cell.name, found, reason=reason)
    values = cell.draws[keys].sum(axis=1, skipna=False).to_numpy(dtype=float)
    if claim.plus:
        label = "; and ".join(str(cell.attributions[key]["label"]) for key in keys)
        found = summarise(label, str(found["unit"]), values)
    if np.isnan(values).any():
        raise ValueError(f"{claim.posterior}: draws of {claim.estimand} are not numbers")
    caveats = dict.fromkeys(each for key in keys for each in find_caveats(key, cell.check))
    if not claim.plus and is_undecided(claim, answers.read_range(claim.estimand, cell.check)):
        caveats[OTHERWISE] = None
    return Verdict(
        claim,
        cell.name,
        found,
        round_to(claim.holds(values).mean()),
        _is_driven(keys, cell.check),
        tuple(caveats),
        others=say_other_steps(cell.attributions, claim.estimand, cell.check),
        spread=""
        if claim.plus
        else answers.say_range(claim.estimand, cell.check, str(found["unit"]), is_short=True),
    )


def is_undecided(claim: Claim, spread: Mapping[str, Any]) -> bool:
    """Whether the claim holds for some medians of other specifications and not for others."""
    if not spread.get("is_current"):
        return False
    holds = claim.holds(np.linspace(spread["lowest"], spread["highest"], 101))
    return bool(holds.any() and not holds.all())


def _is_driven(keys: Sequence[str], check: dict[str, Any]) -> bool | None:
    """Whether the prior drives any of `keys`; None where nobody measured it for all of them."""
    if any(find_driven(key, check) for key in keys):
        return True
    return False if all(answers.is_prior_measured(key, check) for key in keys) else None


def _find_reason(cell: Passed, key: str) -> str:
    """Why no draws of the estimand `key` may be counted; empty where they may."""
    found = cell.attributions.get(key)
    if found is None:
        return f"{cell.model_title} has no such estimand"
    if found.get("reason"):
        return f"not reported: {found['reason']}"
    return "" if key in cell.draws else NO_DRAWS


def describe(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs, as data/checks/claims.json has it."""
    claim, found = verdict.claim, verdict.found
    return {
        **{name: getattr(claim, name) for name in ("id", "text", "source", "locator")},
        "probability": verdict.probability,
        "reason": verdict.reason or None,
        **{name: getattr(claim, name) for name in ("posterior", "estimand", "test")},
        **{name: found.get(name) for name in ("label", "unit", "median", "lower", "upper")},
        "driven_by_prior": verdict.is_driven,
        "caveats": list(verdict.caveats),
        "asked": verdict.asked or None,
    }


def word_test(claim: Claim, unit: str) -> str:
    """The test in words: "at least 4 times", "between 5 and 14 months", "finite"."""
    ((name, value),) = claim.test.items()
    if claim.finite:
        return name
    bounds = [_word_number(bound, unit) for bound in claim.between or [value]]
    return add_unit(f"{name.replace('_', ' ')} {' and '.join(bounds)}", unit)


def _word_number(value: float, unit: str) -> str:
    if is_share(unit):
        return f"{format_cell(100 * value)}\N{NO-BREAK SPACE}%"
    return format_quantity(value, unit) if unit == "FLOP" else format_cell(value)


def add_unit(number: str, unit: str) -> str:
    """`number` with its unit; shares have theirs in the number."""
    return f"{number} {say_unit(unit)}".strip()
