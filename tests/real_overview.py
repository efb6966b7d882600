"""The overview of the results that are kept in Git, for tests that compare words with numbers, and
toy posteriors beside it.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

import pandas as pd
from committed import read_committed

from pipeline.ingest.bibliography import Bibliography, read_bibliography
from pipeline.site.overview.cells import Cell, Passed
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.pages.answers import Answer

LAYOUT = read_committed()
RATE = "rate_decades_per_year"


@cache
def read_overview() -> Overview:
    """Every cell of the registries as its check and attribution files have it."""
    return gather(LAYOUT)


@cache
def read_references() -> Bibliography:
    """The references of the project."""
    return read_bibliography(LAYOUT.bibliography)


def read_passing() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Check and attribution file of every posterior that passed, by name."""
    made = {}
    for cell in read_overview().passed:
        found = json.loads(LAYOUT.attribution(cell.name).read_text(encoding="utf-8"))
        made[cell.name] = (cell.check, found)
    return made


def make_passed(
    model: str,
    attributions: Mapping[str, dict[str, Any]],
    draws: Mapping[str, Any] | None = None,
    **check: Any,
) -> Passed:
    """A posterior of the dataset "toys" that passed; its headline is its first estimand."""
    card: Any = SimpleNamespace(dataset="toys", card=SimpleNamespace(title="Toys"))
    answer = Answer(next(iter(attributions)))
    frame = pd.DataFrame(draws or {})
    return Passed(
        f"toys-{model}", card, model, model.title(), check, dict(attributions), answer, [], frame
    )


def make_overview(cells: Iterable[Cell]) -> Overview:
    """An overview of toy cells."""
    return Overview(list(cells), [], read_references())
