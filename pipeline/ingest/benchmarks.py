"""The catalogue of benchmarks, `data/benchmarks.yaml`: chance level, ceiling, item count and metric
of each, with where the figures were read.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from models.options import Share
from pipeline.core.failures import SourceError
from pipeline.ingest.cards.strict_files import StrictPart, Words, check_tree
from pipeline.ingest.cards.yaml_files import read_tree

UNKNOWN = {
    "chance": "estimated",
    "ceiling": 1.0,
    "reason": "not in data/benchmarks.yaml: the rate of guessing is estimated, the ceiling 1",
}


class Entry(StrictPart):
    """One benchmark; `names` are other names of it, and `source` where the figures were read."""

    names: list[Words] = Field([])
    metric: Words
    chance: Share | Literal["estimated"]
    ceiling: Share
    item_count: Annotated[int, Field(gt=0)]
    reason: Words
    source: str = Field(pattern=r"\barXiv:\d{4}\.\d{4,5}\b.*,|\bdoi:10\.|^data/sources/")


@dataclass(frozen=True)
class Catalogue:
    """The benchmarks by name."""

    entries: Mapping[str, Entry]

    def find(self, name: str) -> str | None:
        """The benchmark that `name` means, as the catalogue calls it; None where it has none."""
        return self._known.get(normalise(name))

    def get_chance(self, name: str) -> float | None:
        """The chance level of the benchmark; None where it is estimated, or not known."""
        chance = self.entries[found].chance if (found := self.find(name)) else None
        return chance if isinstance(chance, float) else None

    @cached_property
    def _known(self) -> dict[str, str]:
        return {
            normalise(each): name
            for name, entry in self.entries.items()
            for each in (name, *entry.names)
        }

    def describe(
        self, names: Iterable[str], given: Mapping[str, Any], facts: Sequence[str]
    ) -> dict[str, Any]:
        """`facts` of each benchmark: those that are given, else the catalogue's."""
        return {
            name: self._describe(name, given.get(name) or {}, facts) for name in [*given, *names]
        }

    def _describe(
        self, name: str, given: Mapping[str, Any], facts: Sequence[str]
    ) -> dict[str, Any]:
        known: dict[str, Any] = UNKNOWN
        if found := self.find(name):
            entry = self.entries[found]
            known = vars(entry) | {"reason": f"{entry.reason} Read in {entry.source}."}
        known = {"label": found or name} | {key: known[key] for key in facts if key in known}
        return known | dict(given)


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue at `path`. Raises SourceError with every fault, as an entry without source."""
    tree = read_tree(path, "the catalogue of benchmarks", "restore data/benchmarks.yaml")
    fields: dict[str, Any] = {"benchmarks": (dict[str, Entry], ...)}
    made, faults = check_tree(path, tree, create_model("File", __base__=StrictPart, **fields))
    if made is None or faults:
        raise SourceError(faults)
    return Catalogue(vars(made)["benchmarks"])


def normalise(name: str) -> str:
    """A name without case, spaces and signs but plus: "MMLU-PRO" -> "mmlupro"."""
    return re.sub(r"[^a-z0-9+]", "", name.casefold())
