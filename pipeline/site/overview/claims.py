"""Propositions made in public debate -> how probable each is under the posteriors.

`data/claims.yaml` gives each claim a source and one test of a named estimand. It is checked as
strictly as a card. The probability is the share of the draws that pass the test; only posteriors
whose check passed evaluate_claim.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from pipeline.failures import Failure, SourceError
from pipeline.ingest.bibliography import Reference
from pipeline.ingest.cards.faults import make_fault, suggest
from pipeline.ingest.cards.yaml_files import Steps, read_tree
from pipeline.ingest.cards import dataset_names
from pipeline.site.overview import comparison
from pipeline.site.overview.comparison import Candidate, Entry
from pipeline.site.pages import answers
from pipeline.site.pages.rendering import format_cell, format_quantity, is_share
from pipeline.site.pages.strict_files import Number, StrictPart, Words, check_tree

TESTS = ("at_least", "at_most", "between", "finite")
UNITS = {"factor": "times", "1": "", "dimensionless": ""}


class Claim(StrictPart):
    """One proposition with one test: at_least, at_most, between or finite."""

    id: str = Field(
        pattern=f"^{dataset_names.PATTERN.pattern}$",
        description="a name that stays: words joined by _",
    )
    text: Words = Field(description="what was claimed, in neutral words of our own")
    source: Words = Field(description="key of data/references.bib")
    locator: Words = Field(description="where in the source it stands")
    posterior: Words = Field(
        description="<dataset>-<model>, or <dataset> for the average of its models, or for the one "
        "that speaks for it where they are not averaged"
    )
    estimand: Words = Field(description="key of data/attributions/<posterior>.json")
    at_least: Number | None = Field(None, description="true from this value up, in its unit")
    at_most: Number | None = Field(None, description="true up to this value, in its unit")
    between: Annotated[list[Number], Field(min_length=2, max_length=2)] | None = Field(
        None, description="[low, high]: true from one to the other, both included, in its unit"
    )
    finite: Literal[True] | None = Field(None, description="true: there is such a value at all")

    @model_validator(mode="after")
    def _one_test(self) -> "Claim":
        given = [name for name in TESTS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"must have one test of {', '.join(TESTS)}, not {len(given)}")
        if self.between and self.between[0] >= self.between[1]:
            raise ValueError("the first number of `between` must be below the second")
        return self

    @property
    def test(self) -> dict[str, Any]:
        """The test by its name."""
        return {name: value for name in TESTS if (value := getattr(self, name)) is not None}

    def holds(self, values: np.ndarray) -> np.ndarray:
        """In which draws of the estimand the claim is true; draws may be infinite."""
        if self.at_least is not None:
            return np.asarray(values >= self.at_least)
        if self.at_most is not None:
            return np.asarray(values <= self.at_most)
        if self.between is not None:
            low, high = self.between
            return np.asarray((values >= low) & (values <= high))
        return np.isfinite(values)


class ClaimFile(StrictPart):
    """The whole file."""

    claims: list[Claim] = Field(min_length=1, description="the claims, in the order of the page")


@dataclass(frozen=True)
class Posterior:
    """A posterior that a claim may name; without `candidate` it may not be quoted, for `reason`.

    `keys` are its estimands; none where they have not been computed.
    """

    name: str
    model: str
    keys: Collection[str]
    check: dict[str, Any]
    candidate: Candidate | None = None
    reason: str = ""


@dataclass(frozen=True)
class Witnesses:
    """The posteriors of a dataset, the first that speaks for it first; `weights` where averaged."""

    posteriors: list[Posterior]
    weights: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What became of a claim: its probability, or the reason why it has none.

    `found` is the estimand as attribution files have it; `weights` are those of the posteriors
    that were asked, by name. `is_driven` is None where nobody measured how far the prior drives
    the estimand; `drivers` says where and by which prior.
    """

    claim: Claim
    found: Entry
    weights: dict[str, float]
    probability: float | None = None
    is_driven: bool | None = None
    drivers: tuple[str, ...] = ()
    reason: str = ""


def read_claims(
    path: Path, witnesses: Mapping[str, Witnesses], citation_keys: Collection[str]
) -> list[Claim]:
    """The claims at `path`. Raises SourceError with every fault: of the form, and names that
    neither the bibliography nor a posterior of `witnesses` (by dataset) has.
    """
    tree = read_tree(path, "the file of the claims", "write `claims:` and a list of claims")
    file, faults = check_tree(path, tree, ClaimFile)
    faults += _find_wrong_names(path, tree, witnesses, citation_keys)
    if file is None or faults:
        raise SourceError(faults)
    return file.claims


def judge(claim: Claim, witnesses: Mapping[str, Witnesses]) -> Verdict:
    """The probability of `claim` under the posterior that it names, or why there is none."""
    dataset = claim.posterior.partition("-")[0]
    named = _select(claim.posterior, witnesses)
    asked = [posterior for posterior in named if posterior.candidate]
    candidates = [posterior.candidate for posterior in asked if posterior.candidate]
    if not candidates:
        return _refuse(claim, named)
    weights = witnesses[dataset].weights
    if len(candidates) == 1 or not weights:
        return _ask_one(claim, asked[0], candidates[0])
    return _ask_all(claim, asked, candidates, weights)


def describe(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs, as data/checks/claims.json has it."""
    claim, found = verdict.claim, verdict.found
    numbers = {name: found.get(name) for name in ("label", "unit", "median", "lower", "upper")}
    return {
        "id": claim.id,
        "text": claim.text,
        "source": claim.source,
        "locator": claim.locator,
        "probability": verdict.probability,
        "reason": verdict.reason or None,
        "posterior": claim.posterior,
        "estimand": claim.estimand,
        "test": claim.test,
        **numbers,
        "driven_by_prior": verdict.is_driven,
        "drivers": list(verdict.drivers),
        "weights": verdict.weights,
    }


def tabulate(verdict: Verdict, references: Mapping[str, Reference]) -> dict[str, Any]:
    """The verdict as a row of the page: everything in words."""
    claim, found = verdict.claim, verdict.found
    unit = found.get("unit", "1")
    is_shown = bool(found) and not found.get("reason")
    return {
        "id": claim.id,
        "text": claim.text,
        "reference": references[claim.source],
        "locator": claim.locator,
        "probability": verdict.probability,
        "words": ""
        if verdict.probability is None
        else answers.describe_probability(verdict.probability),
        "reason": verdict.reason,
        "drivers": "; ".join(verdict.drivers),
        "is_driven": verdict.is_driven,
        "dataset": claim.posterior.partition("-")[0],
        "pages": list(verdict.weights),
        "estimand": claim.estimand,
        "label": found.get("label", claim.estimand),
        "test": word_test(claim, unit),
        "value": _word_unit(answers.describe_bound(found, "median"), unit) if is_shown else "",
        "interval": answers.describe_interval(found) if is_shown else "",
    }


def word_test(claim: Claim, unit: str) -> str:
    """The test in words: "at least 4 times", "between 5 and 14 months", "finite"."""
    if claim.between is not None:
        low, high = (_word_number(bound, unit) for bound in claim.between)
        return f"between {low} and {_word_unit(high, unit)}"
    if claim.finite:
        return "finite"
    ((name, bound),) = claim.test.items()
    return f"{name.replace('_', ' ')} {_word_unit(_word_number(bound, unit), unit)}"


def _word_number(value: float, unit: str) -> str:
    if is_share(unit):
        return f"{format_cell(100 * value)}\N{NO-BREAK SPACE}%"
    return format_quantity(value, unit) if unit == "FLOP" else format_cell(value)


def _word_unit(number: str, unit: str) -> str:
    """`number` with its unit; shares have theirs in the number."""
    return number if is_share(unit) else f"{number} {UNITS.get(unit, unit)}".strip()


def _refuse(claim: Claim, named: list[Posterior]) -> Verdict:
    reasons = dict.fromkeys(posterior.reason for posterior in named)
    return Verdict(claim, {}, {}, reason="; ".join(reasons))


def _ask_one(claim: Claim, posterior: Posterior, candidate: Candidate) -> Verdict:
    found = candidate.attributions.get(claim.estimand)
    weights = {posterior.name: 1.0}
    if found is None:
        return Verdict(claim, {}, weights, reason=f"{candidate.title} has no such estimand")
    if found.get("reason"):
        return Verdict(claim, found, weights, reason=f"not reported: {found['reason']}")
    if claim.estimand not in candidate.draws:
        return Verdict(claim, found, weights, reason="the draws of it are missing: run `dvc repro`")
    return _testify(claim, found, [posterior], [candidate], {candidate.model: 1.0})


def _ask_all(
    claim: Claim, asked: list[Posterior], candidates: list[Candidate], weights: dict[str, float]
) -> Verdict:
    """Under the mixture of the models' draws; of no use where one that counts is silent."""
    averaged = comparison.average(claim.estimand, candidates, weights)
    known = [each.attributions.get(claim.estimand) for each in candidates]
    first = next((entry for entry in known if entry), {})
    found = {name: first[name] for name in ("label", "unit") if name in first} | averaged
    if found.get("reason"):
        shares = {each.name: weights[each.model] for each in asked}
        told = [entry["reason"] for entry in known if entry and entry.get("reason")]
        reason = f"not reported: {told[0]}" if told else found["reason"]
        return Verdict(claim, found, shares, reason=reason)
    return _testify(claim, found, asked, candidates, weights)


def _testify(
    claim: Claim,
    found: Entry,
    asked: list[Posterior],
    candidates: list[Candidate],
    weights: dict[str, float],
) -> Verdict:
    values, masses = comparison.mix(claim.estimand, candidates, weights)
    if np.isnan(values).any():
        raise ValueError(f"{claim.posterior}: draws of {claim.estimand} are not numbers")
    probability = comparison.round_to(masses[claim.holds(values)].sum() / masses.sum())
    counted = [each for each in asked if weights[each.model] >= comparison.NEGLIGIBLE]
    is_driven, drivers = _find_drivers(claim.estimand, counted)
    shares = {each.name: weights[each.model] for each in asked}
    return Verdict(claim, found, shares, probability, is_driven, drivers)


def _find_drivers(key: str, counted: list[Posterior]) -> tuple[bool | None, tuple[str, ...]]:
    """Whether a prior drives `key` in a model that counts, and in which by which."""
    words = {each.model: answers.describe_drivers(key, each.check) for each in counted}
    drivers = tuple(
        f"{said} in {model}" if len(counted) > 1 else said for model, said in words.items() if said
    )
    if drivers:
        return True, drivers
    is_measured = all(answers.is_prior_measured(key, each.check) for each in counted)
    return (False if is_measured else None), ()


def _select(name: str, witnesses: Mapping[str, Witnesses]) -> list[Posterior]:
    """The posteriors that `name` means: one, or all of a dataset; none where it is unknown."""
    dataset, joint, model = name.partition("-")
    known = witnesses[dataset].posteriors if dataset in witnesses else []
    return [each for each in known if not joint or each.model == model]


def _find_wrong_names(
    path: Path, tree: Any, witnesses: Mapping[str, Witnesses], citation_keys: Collection[str]
) -> Iterator[Failure]:
    """Failures of ids that repeat and of names that nothing has."""
    claims = tree.get("claims")
    seen: set[str] = set()
    for position, claim in enumerate(claims if isinstance(claims, list) else []):
        steps: Steps = ("claims", position)
        named = {
            name: value
            for name in ("id", "source", "posterior", "estimand")
            if isinstance(claim, dict) and isinstance(value := claim.get(name), str)
        }
        for name, (rule, remedy) in _refuse_names(named, seen, witnesses, citation_keys):
            yield make_fault(path, tree, (*steps, name), rule, remedy, named[name])
        seen.add(named.get("id", ""))


def _refuse_names(
    named: dict[str, str],
    seen: set[str],
    witnesses: Mapping[str, Witnesses],
    citation_keys: Collection[str],
) -> Iterator[tuple[str, tuple[str, str]]]:
    """Name of the key, rule and remedy of each name of a claim that will not do."""
    if named.get("id") in seen:
        yield "id", ("another claim has this id", "give each claim an id of its own")
    source = named.get("source")
    if source is not None and source not in citation_keys:
        remedy = suggest(source, citation_keys, "add the entry to data/references.bib")
        yield "source", ("no entry of data/references.bib has this key", remedy)
    posterior = named.get("posterior")
    if posterior is None:
        return
    selected = _select(posterior, witnesses)
    if not selected:
        known = [each.name for found in witnesses.values() for each in found.posteriors]
        remedy = suggest(posterior, [*witnesses, *known], "write <dataset>-<model> or <dataset>")
        yield "posterior", ("there is no such posterior", remedy)
    keys = list(dict.fromkeys(key for each in selected for key in each.keys))
    estimand = named.get("estimand")
    if keys and estimand is not None and estimand not in keys:
        remedy = suggest(estimand, keys, f"its estimands: data/attributions/{selected[0].name}.csv")
        yield "estimand", (f"{posterior} has no such estimand", remedy)
