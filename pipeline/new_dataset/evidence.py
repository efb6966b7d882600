"""What columns of a received file prove of one another, once each was guessed by itself."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pipeline.ingest.benchmarks import Catalogue
from pipeline.ingest.sources.numbers import read_number
from pipeline.new_dataset.readings import TODO, Keys, propose_reading
from pipeline.new_dataset.received import Sheet

SIZE_COLUMNS = ("parameters", "training_tokens")
ROUNDING = 0.06  # of logs: how far 6 N D may be from compute in a grid
FEW = 7  # cells that tell groups of rows apart


@dataclass(frozen=True)
class Guess:
    """What is proposed for `column` of the table.

    `source` is a column of the file, `keys` further keys of the card's line (unit, order ...),
    `doubts` what a person must look at, `reason` why; `certainty` is "certain", "guess" or
    "nothing found".
    """

    column: str
    source: str | None = None
    certainty: str = "nothing found"
    keys: Keys = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    reason: str = ""
    example: str = ""

    @property
    def is_found(self) -> bool:
        """Whether the card can say where the column comes from."""
        return bool(self.source or self.keys)


def settle(table: str, guesses: list[Guess], sheet: Sheet) -> tuple[list[Guess], list[str]]:
    """The guesses with what one column proves of another, and what is to be said of it."""
    of, notes = {guess.column: guess for guess in guesses}, list[str]()
    resource, date = of.get("resource"), of.get("release_date")
    if resource and resource.is_found and "resource_kind" in of:
        is_timed = resource.keys.get("unit") == "in cells"
        keys: Keys = {"constant": "minutes" if is_timed else "FLOP"}
        reason = "the unit of resource"
        if resource.keys.get("unit") != TODO:
            of["resource_kind"] = Guess("resource_kind", None, "guess", keys, reason=reason)
    if date and not date.is_found:
        of["release_date"] = _find_dates({guess.source for guess in guesses}, sheet)
    if table == "scaling_grid" and (far := _measure_departure(of, sheet)) > ROUNDING:
        source = of["training_flop"].source
        notes = [f"6 N D departs from {source!r} by up to {np.expm1(far):.0%}: compute is 6 N D"]
        of["training_flop"] = Guess("training_flop")
    return list(of.values()), notes


def _find_dates(used: Collection[Any], sheet: Sheet) -> Guess:
    """The first column that is not read and holds dates alone."""
    for header in sheet.header:
        cells = sheet.read_column(header)
        is_dated = (
            sum(bool(re.search(r"[-/.]|[A-Za-z]{3}", cell)) for cell in cells) > len(cells) / 2
        )
        if header not in used and is_dated:
            keys, doubts = propose_reading("release_date", "datetime64[ns]", (), header, cells)
            if not doubts:
                words = "its cells are dates"
                return Guess("release_date", header, "guess", keys, [], words, cells[0])
    return Guess("release_date")


def _measure_departure(of: dict[str, Guess], sheet: Sheet) -> float:
    """The largest difference of logs of compute and 6 N D; 0 where one of them is not known."""
    amounts = [_read_amounts(of.get(name), sheet) for name in ("training_flop", *SIZE_COLUMNS)]
    if any(amount is None for amount in amounts):
        return 0.0
    flop, parameters, tokens = amounts
    return float(np.nanmax(np.abs(np.log(flop / (6 * parameters * tokens)))))


def _read_amounts(guess: Guess | None, sheet: Sheet) -> Any:
    """The cells of a guess as numbers; None where it has none, or a key is to be told."""
    if guess is None or not guess.source or TODO in guess.keys.values():
        return None
    keys: dict[str, Any] = {key: guess.keys.get(key) for key in ("unit", "decimal")}
    cells = sheet.read_column(guess.source)
    try:
        return np.array([read_number(cell, guess.column, **keys) for cell in cells], dtype=float)
    except ValueError:
        return None


def find_twins(guess: Guess | None, sheet: Sheet) -> list[str]:
    """Names that may be of one model: the same words in any order, whatever their signs."""
    forms: dict[tuple[str, ...], set[str]] = {}
    for name in sheet.read_column(guess.source) if guess and guess.source else ():
        forms.setdefault(tuple(sorted(re.findall(r"[a-z0-9.]+", name.casefold()))), set()).add(name)
    twins = [sorted(names) for names in forms.values() if len(names) > 1]
    return [
        f"{' and '.join(map(repr, names))} may be one model: if so, say it on the card, "
        f"`names: {{{names[1]}: {names[0]}}}`"
        for names in twins
    ]


def find_rescaled(found: dict[str, Guess], sheet: Sheet, catalogue: Catalogue) -> list[str]:
    """Benchmarks of which most scores are below chance: some boards print it as zero."""
    named, scores = found.get("benchmark"), _read_amounts(found.get("score"), sheet)
    if named is None or not named.source or scores is None or "unit" not in found["score"].keys:
        return []
    medians = pd.Series(scores).groupby(sheet.read_column(named.source)).median()
    levels = {name: catalogue.get_chance(str(name)) for name in medians.index}
    return [
        f"most scores of {name} are below chance, {level:g}: if the source subtracts it, say "
        f"`options: {{benchmarks: {{{name}: {{chance: 0.0}}}}}}` on the card"
        for name, level in levels.items()
        if level and medians[name] < level
    ]


def find_split(
    found: dict[str, Guess], used: Collection[Any], sheet: Sheet
) -> tuple[str, dict[str, int]] | None:
    """The first column that is not read and tells apart rows that repeat each other's sizes, and
    how often each of its cells stands.
    """
    sources = [found[name].source for name in SIZE_COLUMNS if name in found]
    frame = pd.DataFrame(sheet.rows, columns=sheet.header)
    if len(sources) < len(SIZE_COLUMNS) or not frame.duplicated(sources).any():
        return None
    for header in sheet.header:
        counts = frame[header].value_counts(sort=False)
        is_few = header not in used and 1 < len(counts) < FEW
        if is_few and not frame.duplicated([*sources, header]).any():
            return header, {str(value): int(count) for value, count in counts.items()}
    return None
