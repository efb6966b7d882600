"""models/specifications.yaml -> the specifications of one cell: what sensible people would have
chosen, one choice at a time, and many of them together.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pydantic
from ruamel.yaml import YAML

from models import Card, fitted_rows
from models.core.prior import list_priors
from models.core.variants import Variant
from pipeline.core.failures import file_failure
from pipeline.studies.rows import RULES

OURS = "ours"
KEEP_OURS = 0.5  # probability with which a specification of many choices leaves one as it is
MINIMUM_ROWS = 15  # that a rule must keep of rows with dates: fewer say nothing of a trend
Kind = Literal["ours", "alone", "crossed", "without"]


class Alternative(pydantic.BaseModel, extra="forbid"):
    """One way of making a choice."""

    title: str
    reason: str
    special_case: str = ""
    priors: dict[str, tuple[float, ...]] = {}
    widen: float = 1.0
    options: dict[str, Any] = {}
    # mypy reads no literals that are computed; pydantic does, and names them where one is wrong
    rows: Literal[tuple(RULES)] | None = None  # type: ignore[valid-type]


class Choice(pydantic.BaseModel, extra="allow"):
    """A choice with its alternatives by name, of which `ours` is the model's."""

    __pydantic_extra__: dict[str, Alternative]
    title: str
    singly: bool = False

    @property
    def others(self) -> list[str]:
        """The names of what is not ours."""
        return [name for name in self.__pydantic_extra__ if name != OURS]

    def __getitem__(self, name: str) -> Alternative:
        return self.__pydantic_extra__[name]


@dataclass(frozen=True)
class Specification:
    """`made`: alternative by choice, where it is not ours. `left_out`: a laboratory or a base model
    (column, name) whose rows leave the likelihood.
    """

    kind: Kind
    made: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, str] | None = None


def read_choices(path: Path, model: str) -> dict[str, Choice]:
    """The choices of `model` by name; empty where the file has none. Raises SourceError."""
    found = YAML(typ="safe").load(path.read_text("utf-8")).get(model, {})
    try:
        return pydantic.TypeAdapter(dict[str, Choice]).validate_python(found)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(each) for each in (model, *first["loc"]))
        raise file_failure(path, f"{where}: {first['msg']}", "correct it") from error


def list_specifications(
    choices: dict[str, Choice], labs: list[str], crossed: int, rng: np.random.Generator
) -> list[Specification]:
    """Ours, each alternative alone, `crossed` distinct draws of several together, and ours without
    each of `labs` in turn.
    """
    alone = [(name, other) for name, choice in choices.items() for other in choice.others]
    wanted = {name: choice for name, choice in choices.items() if not choice.singly}
    together: dict[tuple[tuple[str, str], ...], None] = {}
    limit = np.prod([1 + len(each.others) for each in wanted.values()]) - 1 - len(alone)
    while len(together) < min(crossed, limit):
        drawn = [
            (name, str(rng.choice(choice.others)))
            for name, choice in wanted.items()
            if rng.random() >= KEEP_OURS
        ]
        if len(drawn) > 1:
            together[tuple(drawn)] = None
    return [
        Specification("ours"),
        *(Specification("alone", (each,)) for each in alone),
        *(Specification("crossed", made) for made in together),
        *(Specification("without", left_out=("lab", lab)) for lab in labs),
    ]


def apply(
    specification: Specification, choices: dict[str, Choice], model: Any, card: Card
) -> tuple[Any, Card]:
    """The priors and the card under which the specification is fitted."""
    priors, variant = model.Priors(), Variant()
    for name, other in specification.made:
        chosen = choices[name][other]
        priors = widen(priors, chosen.widen)
        case = model.VARIANTS[chosen.special_case] if chosen.special_case else Variant()
        variant = merge(variant, merge(case, Variant(chosen.priors, chosen.options)))
    known = dict(list_priors(priors))
    used = {name: each for name, each in variant.priors.items() if name in known}
    return Variant(used, variant.options).apply(priors, card)


def widen(priors: Any, factor: float) -> Any:
    """All priors with their scales times `factor`."""
    return replace(priors, **{name: each.widened(factor) for name, each in list_priors(priors)})


def merge(first: Variant, second: Variant) -> Variant:
    """Both together; where they disagree, the second."""
    options = dict(first.options)
    for key, value in second.options.items():
        both = isinstance(value, dict) and isinstance(options.get(key), dict)
        options[key] = options[key] | value if both else value
    return Variant(first.priors | second.priors, options)


def mark_rows(
    table: pd.DataFrame, specification: Specification, choices: dict[str, Choice]
) -> pd.DataFrame:
    """The fitted rows, those that the specification does not keep marked (`is_held_out`)."""
    rows = fitted_rows(table)
    held_out = pd.Series(False, index=rows.index)
    for name, other in specification.made:
        if rule := choices[name][other].rows:
            held_out |= ~RULES[rule](rows)
    if specification.left_out:
        column, value = specification.left_out
        held_out |= rows[column] == value
    return rows.assign(is_held_out=held_out)


def drop_idle(choices: dict[str, Choice], differs: Any, table: pd.DataFrame) -> dict[str, Choice]:
    """The choices without alternatives that change nothing here or leave too few rows.

    `differs` says of a specification whether its data can be fitted and are other than ours.
    """
    kept = {}
    for name, choice in choices.items():
        useful = {}
        for other in choice.others:
            one = Specification("alone", ((name, other),))
            try:
                rows = mark_rows(table, one, choices)
            except KeyError:  # the table lacks the column of the rule
                continue
            least = MINIMUM_ROWS if "release_date" in rows else 1
            enough = (~rows["is_held_out"]).sum() >= least
            if enough and differs(one):
                useful[other] = choice[other]
        if useful:
            made = {OURS: choice[OURS], **useful}
            kept[name] = Choice(title=choice.title, singly=choice.singly, **made)
    return kept
