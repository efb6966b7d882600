"""The leaderboards whose rates are pooled: a field each, and the posterior that speaks for it."""

from dataclasses import dataclass

import pandas as pd

from pipeline.core.layout import Layout

OWN = "own_rates"  # the dataset whose rows are the rates of our own posteriors


@dataclass(frozen=True)
class Domain:
    """One of our leaderboards: its field in words, and the posterior that speaks for it."""

    name: str
    posterior: str

    @property
    def dataset(self) -> str:
        """The leaderboard's dataset."""
        return self.posterior.partition("-")[0]


def read_domains(layout: Layout) -> list[Domain]:
    """The leaderboards that the records of our own rates name, in their order."""
    path = layout.records(OWN)
    if not path.is_file():
        return []
    records = pd.read_csv(path, dtype=str, keep_default_na=False)
    return [Domain(*each) for each in zip(records["domain"], records["posterior"], strict=True)]
