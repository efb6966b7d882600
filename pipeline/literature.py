"""`data/literature.yaml` -> published rates of domains that no dataset covers, in decades a year.

The file is checked as strictly as a card. What is published about a dataset's own benchmark stands
on its card.
"""

import math
from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.card_faults import (
    EMPTY_PATTERN,
    find_placeholders,
    from_pydantic,
    make_fault,
    suggest,
)
from pipeline.failures import Failure, SourceError
from pipeline.yaml_files import read_tree

Words = Annotated[str, Field(pattern=EMPTY_PATTERN)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
DECADE_MONTHS = 12 * math.log10(2)  # rate in decades a year x doubling time in months
NOT_CITED = "no entry of data/references.bib has this key"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class PublishedRate(_Part):
    """One published rate: a doubling time, or a factor over years."""

    domain: Words = Field(description="heading under which the overview lists it")
    label: Words = Field(description="what improved, when")
    doubling_time_months: Positive | None = Field(None, description="as printed, in months")
    factor: Annotated[float, Field(gt=1, allow_inf_nan=False)] | None = Field(
        None, description="as printed: how many times less compute or time"
    )
    years: Positive | None = Field(None, description="in which the factor was gained")
    citation: Words = Field(description="key of data/references.bib")
    locator: Words = Field(description="where in the source the figure was read")

    @model_validator(mode="after")
    def _one_figure(self) -> "PublishedRate":
        if (self.doubling_time_months is None) == (self.factor is None):
            raise ValueError("must have one of doubling_time_months and factor")
        if (self.factor is None) != (self.years is None):
            raise ValueError("must have factor and years together")
        return self

    @property
    def rate_decades_per_year(self) -> float:
        """The rate that the printed figure implies, in decades a year."""
        if self.factor is not None and self.years is not None:
            return math.log10(self.factor) / self.years
        return DECADE_MONTHS / (self.doubling_time_months or math.nan)


class LiteratureFile(_Part):
    """The whole file."""

    rates: list[PublishedRate] = Field(description="the rates, in the order of the page")


def read_literature(path: Path, citation_keys: Collection[str]) -> list[PublishedRate]:
    """The rates at `path`. Raises SourceError with every fault of form, and unknown citations."""
    tree = read_tree(path, "the file of published rates", "write `rates:` and a list of rates")
    schema = LiteratureFile.model_json_schema()
    faults = find_placeholders(path, tree, schema)
    rates: list[PublishedRate] = []
    try:
        rates = LiteratureFile.model_validate(tree).rates
    except ValidationError as error:
        faults += from_pydantic(error, path, tree, schema)
    for position, rate in enumerate(rates):
        if rate.citation not in citation_keys:
            faults.append(_refuse(path, tree, position, rate.citation, citation_keys))
    if faults:
        raise SourceError(faults)
    return rates


def _refuse(
    path: Path, tree: object, position: int, key: str, citation_keys: Collection[str]
) -> Failure:
    remedy = suggest(key, citation_keys, "add the entry to data/references.bib")
    return make_fault(path, tree, ("rates", position, "citation"), NOT_CITED, remedy, key)
