"""What the simulation of full automation assumes, read from `data/takeoff.yaml` and checked as
strictly as a card: inputs, assumptions with their sources, scenarios.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, field_validator, model_validator

from models.takeoff import Economy
from pipeline.core.failures import SourceError
from pipeline.ingest.cards import dataset_names
from pipeline.ingest.cards.faults import make_fault, suggest
from pipeline.ingest.cards.strict_files import Number, StrictPart, Words, check_tree
from pipeline.ingest.cards.yaml_files import Fault, Steps, read_tree

Name = Annotated[str, Field(pattern=f"^{dataset_names.PATTERN.pattern}$")]
Kind = Literal["returns", "pooled_returns", "elasticity", "rate"]
ROLES = ("returns", "elasticity", "rate")
# The quantities that an input of a kind must give.
QUANTITIES: dict[str, set[str]] = {
    "returns": {"stepping_on_toes", "fishing_out"},
    "pooled_returns": {"returns"},
    "elasticity": {"elasticity"},
    "rate": {"rate"},
}
# The assumptions, at values with which others can be tried out.
PLAIN = {
    "labour_share": 0.5,
    "labour_jump": 1.0,
    "ceiling_decades": 10.0,
    "experiment_growth": 0.0,
    "delay_years": 0.0,
}
NO_AUTOMATION = "no_automation"  # today's rate goes on; beside the scenarios in every output


def make_economy(
    stepping_on_toes: Any, fishing_out: Any, elasticity: Any, rate: Any, assumed: dict[str, Any]
) -> Economy:
    """The paths of these draws (arrays or numbers) under these assumptions.

    rho is (elasticity - 1) / elasticity. Raises ValueError for values that are impossible.
    """
    with np.errstate(divide="ignore"):
        rho = 1 - 1 / np.asarray(elasticity, dtype=float)
    return Economy(stepping_on_toes, fishing_out, rho, rate, **assumed)


def check_value(name: str, value: float) -> None:
    """Raises ValueError where an assumption has a value that the simulation cannot take."""
    if name in PLAIN:  # other names are reported with those that exist
        make_economy(1.0, 1.0, 1.0, 1.0, {**PLAIN, name: value})


class Input(StrictPart):
    """Draws of a posterior, or a number, for one role: returns, elasticity or rate."""

    id: Name = Field(description="a name that stays")
    kind: Kind = Field(description="what it says")
    label: Words = Field(description="where it comes from, for readers")
    reason: Words = Field(description="why it is used")
    posterior: Words | None = Field(None, description="<dataset>-<model>")
    draws: dict[str, Words] = Field(
        default_factory=dict, description="quantity: key of data/attributions/<posterior>.json"
    )
    since: int | None = Field(
        None, description="a rate is the mean of `<key>[<year>]` over the years from this one on"
    )
    borrows: Words | None = Field(
        None, description="the input of kind returns whose fishing_out pooled returns use"
    )
    value: Number | None = Field(None, description="a number instead of draws")
    citations: list[Words] = Field(default_factory=list, description="keys of the bibliography")

    @model_validator(mode="after")
    def _draws_or_value(self) -> "Input":
        if (self.posterior is None) == (self.value is None):
            raise ValueError("must have a posterior or a value, not both")
        if self.value is not None and (self.role == "returns" or self.value <= 0):
            raise ValueError("a value must be a positive elasticity or rate")
        if self.posterior is not None and set(self.draws) != QUANTITIES[self.kind]:
            raise ValueError(f"draws must name {', '.join(sorted(QUANTITIES[self.kind]))}")
        if self.since is not None and (self.kind != "rate" or self.posterior is None):
            raise ValueError("only the rate of a posterior is a mean of years since one")
        if (self.kind == "pooled_returns") != (self.borrows is not None):
            raise ValueError("pooled_returns, and they alone, borrow the fishing_out of an input")
        return self

    @property
    def role(self) -> str:
        """What it stands for in a scenario."""
        return self.kind.removeprefix("pooled_")

    def list_keys(self, quantity: str, reported: Iterable[str]) -> list[str]:
        """The estimands of which `quantity` is the mean, of those that the posterior reports.

        One or none without `since`; the rates of single years with it, the first year first.
        """
        key = self.draws[quantity]
        if self.since is None:
            return [key] if key in reported else []
        of_year = re.compile(rf"{re.escape(key)}\[(\d{{4}})\]")
        years = {int(found[1]): each for each in reported if (found := of_year.fullmatch(each))}
        return [years[year] for year in sorted(years) if year >= self.since]

    def read(self, quantity: str, frame: pd.DataFrame) -> np.ndarray:
        """Draws of `quantity`, shape (draw,), from those of the posterior's estimands."""
        return (
            frame[self.list_keys(quantity, list(map(str, frame)))]
            .mean(axis=1)
            .to_numpy(dtype=float)
        )


class Assumption(StrictPart):
    """A parameter that no posterior speaks of, with its range, source and reason."""

    id: Literal[tuple(PLAIN)] = Field(  # type: ignore[valid-type]
        description="the parameter of models/takeoff"
    )
    label: Words = Field(description="its name for readers")
    unit: Words = Field(description="its unit")
    central: Number = Field(description="the value where nothing else is said")
    low: Number = Field(description="the low end of its range")
    high: Number = Field(description="the high end of its range")
    scale: Literal["linear", "log"] = Field(description="how it is spread over its range")
    citations: list[Words] = Field(min_length=1, description="keys of the bibliography")
    locator: Words = Field(description="where in the sources it stands")
    reason: Words = Field(description="why this value and this range")

    @model_validator(mode="after")
    def _in_order(self) -> "Assumption":
        if not self.low <= self.central <= self.high or self.low == self.high:
            raise ValueError("must have low <= central <= high, and low below high")
        if self.scale == "log" and self.low <= 0:
            raise ValueError("a range on the log scale must be positive")
        for value in (self.low, self.central, self.high):
            check_value(self.id, value)
        return self


class Scenario(StrictPart):
    """What one scenario changes."""

    id: Name = Field(description="a name that stays: the label of its estimands")
    label: Words = Field(description="what it changes, in words")
    note: str = Field("", description="what else a reader should know")
    inputs: dict[str, Words] = Field(default_factory=dict, description="role: id of an input")
    assumptions: dict[str, Number] = Field(
        default_factory=dict, description="assumption: its value"
    )

    @model_validator(mode="after")
    def _is_possible(self) -> "Scenario":
        for name, value in self.assumptions.items():
            check_value(name, value)
        return self


class Published(StrictPart):
    """A published value of an estimand of the simulation."""

    estimand: Literal["p_3_years_in_one", "p_10_years_in_one"] = Field(description="its name here")
    value: Number = Field(description="as printed")
    note: Words = Field(description="what differs from ours")
    citation: Words = Field(description="key of the bibliography")
    locator: Words = Field(description="where in the source it stands")


class Simulation(StrictPart):
    """How much is drawn."""

    seed: int = Field(description="of the pairs of draws and of the design")
    paths: int = Field(ge=1, description="of each scenario")
    samples: int = Field(
        ge=2, description="base of the design of the sensitivity analysis, a power of two"
    )

    @field_validator("samples")
    @classmethod
    def _is_a_power_of_two(cls, samples: int) -> int:
        if samples & (samples - 1):
            raise ValueError("must be a power of two: Sobol's sequence is balanced there alone")
        return samples


class Scenarios(StrictPart):
    """The whole file."""

    simulation: Simulation = Field(description="how much is drawn")
    defaults: dict[str, Words] = Field(
        description="role: id of the input where a scenario says nothing else"
    )
    inputs: list[Input] = Field(min_length=1, description="where draws come from")
    assumptions: list[Assumption] = Field(description="what is taken as given")
    scenarios: list[Scenario] = Field(min_length=1, description="in the order of the page")
    published: list[Published] = Field(default_factory=list, description="to compare with")

    @property
    def central(self) -> Scenario:
        """The scenario that changes nothing."""
        return self.scenarios[0]

    def input(self, name: str) -> Input:
        """The input of that id."""
        return next(each for each in self.inputs if each.id == name)

    def choose(self, scenario: Scenario) -> dict[str, Input]:
        """The input of every role under `scenario`."""
        chosen = {**self.defaults, **scenario.inputs}
        return {role: self.input(chosen[role]) for role in ROLES}

    def assume(self, scenario: Scenario) -> dict[str, float]:
        """The value of every assumption under `scenario`."""
        return {str(each.id): each.central for each in self.assumptions} | scenario.assumptions

    def posteriors(self) -> list[str]:
        """The posteriors that are read, in order."""
        return list(dict.fromkeys(each.posterior for each in self.inputs if each.posterior))

    def citations(self) -> list[str]:
        """Every source that is named, in order."""
        cited = [each.citation for each in self.published]
        named = [each.citations for each in self.inputs]
        named += [each.citations for each in self.assumptions]
        return cited + [key for keys in named for key in keys]


def read_scenarios(path: Path, citation_keys: Collection[str]) -> Scenarios:
    """The file at `path`. Raises SourceError with every fault of form and every unknown name."""
    tree = read_tree(path, "the file of the scenarios", "write defaults, inputs, assumptions ...")
    made, faults = check_tree(path, tree, Scenarios)
    if made is not None:
        rule, remedy = "there is nothing of this name", "write a name that is there"
        found: list[Fault] = [
            (steps, rule, suggest(name, known, remedy), name)
            for steps, name, known in _list_names(made, citation_keys)
            if name not in known
        ]
        faults += [make_fault(path, tree, *each) for each in (*found, *_find_missing(made))]
    if made is None or faults:
        raise SourceError(faults)
    return made


def _list_names(
    made: Scenarios, citation_keys: Collection[str]
) -> Iterator[tuple[Steps, str, Collection[str]]]:
    """Every name that must exist: where it stands, the name, and what there is."""
    chosen: dict[Steps, dict[str, str]] = {("defaults",): made.defaults}
    for number, scenario in enumerate(made.scenarios):
        chosen["scenarios", number, "inputs"] = scenario.inputs
        for name in scenario.assumptions:
            yield ("scenarios", number, "assumptions", name), name, PLAIN
    for steps, inputs in chosen.items():
        for role, name in inputs.items():
            yield (*steps, role), role, ROLES
            yield (*steps, role), name, [each.id for each in made.inputs if each.role == role]
    lenders = [each.id for each in made.inputs if each.kind == "returns"]
    for number, given in enumerate(made.inputs):
        if given.borrows:
            yield ("inputs", number, "borrows"), given.borrows, lenders
    for number, found in enumerate(made.published):
        yield ("published", number, "citation"), found.citation, citation_keys
    for part in ("inputs", "assumptions"):
        for number, each in enumerate(getattr(made, part)):
            for key in each.citations:
                yield (part, number, "citations"), key, citation_keys


def _find_missing(made: Scenarios) -> Iterator[Fault]:
    """Ids that repeat, what is not given, and a first scenario that is not the central one."""
    for part in ("inputs", "assumptions", "scenarios"):
        ids = [str(each.id) for each in getattr(made, part)]
        for number, name in enumerate(ids):
            if name in ids[:number] or name == NO_AUTOMATION:
                yield (part, number, "id"), "this id is taken", "choose another", name
    missing = [name for name in PLAIN if name not in {each.id for each in made.assumptions}]
    for name in [*missing, *(role for role in ROLES if role not in made.defaults)]:
        yield (), "an assumption or a default is missing", f"add {name}", ""
    if made.central.inputs or made.central.assumptions:
        rule, remedy = "the first scenario changes something", "put the central one first"
        yield ("scenarios", 0), rule, remedy, made.central.id
