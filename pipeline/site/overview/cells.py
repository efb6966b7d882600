"""What became of every cell of dataset x model: a posterior, or why there is none."""

from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd

from pipeline.ingest.cards.card import LoadedCard
from pipeline.site.pages.answers import Answer, Attributions
from pipeline.site.pages.badges import Badge

State = Literal["failed", "not_fitted", "missing", "draft"]


@dataclass(frozen=True)
class Dataset:
    """A dataset of the registry; without card or validation where either failed, and why."""

    name: str
    table: str
    card: LoadedCard | None
    validation: dict[str, Any] | None
    reason: str

    @property
    def title(self) -> str:
        """The card's title, or the name where there is no card."""
        return self.card.card.title if self.card else self.name


class _Named:
    name: str

    @property
    def dataset(self) -> str:
        """The name of the dataset."""
        return self.name.partition("-")[0]


@dataclass(frozen=True)
class Passed(_Named):
    """A posterior that may be quoted; `draws` has a column per estimand, if there is a file."""

    name: str
    card: LoadedCard
    model: str
    model_title: str
    check: dict[str, Any]
    attributions: Attributions
    answer: Answer
    badges: list[Badge]
    draws: pd.DataFrame = field(compare=False)

    @property
    def title(self) -> str:
        """The title of the dataset."""
        return self.card.card.title


@dataclass(frozen=True)
class Apart(_Named):
    """A posterior that may not be quoted, or does not exist, and why."""

    name: str
    title: str
    model: str
    model_title: str
    reasons: list[str]
    state: State
    attributions: Attributions = field(default_factory=dict)  # for their names alone


Cell = Passed | Apart
