"""Validated table -> figures that contradict what else is known of them: slips of a power of ten,
of a unit, of a percent or of a year.

Rules of a table judge one cell or row; here figures are compared that imply each other
(witnesses.py). Two that disagree by less than half a power of ten, or than their class of error
allows, are not a slip. Of compute, parameters and tokens that disagree, the one is blamed that
other witnesses contradict most and support least, then the one whose correction would bring it
nearest to the other rows.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pandas as pd

from models import fitted_rows
from models.options import AccuracyOptions, Benchmark
from pipeline.core.failures import Failure, raise_any
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.witnesses import FLOP, PRODUCT, SIZES, list_dates, list_witnesses

TWICE = 2.5  # times: scores of one model and method by two sources differ by less
MARGIN = 0.02  # of a score: by so much it may exceed a ceiling, which is an estimate
SAME = ["model", "method", "n_shot", "sample_count"]
Slip = tuple[Any, str, str, str, str]  # row, column, what is wrong, what is believed, and why


def find_slips(
    validated: pd.DataFrame,
    card: LoadedCard,
    records: pd.DataFrame,
    runs: pd.DataFrame | None = None,
    citations: Collection[str] | None = None,
) -> list[Failure]:
    """A failure for each cell of a fitted row that something contradicts, accepted ones too.

    `runs` is the run registry, where the table was joined to it; `citations` the bibliography.
    """
    rows = fitted_rows(validated)
    own = runs if card.card.runs == "both" else None
    found = [*_find_dates(rows, card, own, citations), *_find_scores(rows, card)]
    if card.card.runs != "registry":  # else the registry's own check has compared them
        found += _find_figures(rows, card, own)
    told: dict[tuple[int, str], list[tuple[str, ...]]] = defaultdict(list)
    for row, column, *words in found:
        told[int(rows["line"][row]), column].append(tuple(words))
    return [_place(card, records, *cell, words) for cell, words in sorted(told.items())]


def refuse(slips: list[Failure], card: LoadedCard, records: pd.DataFrame) -> None:
    """Raises SourceError with every slip that the card does not accept."""
    accepted = list_accepted(card, records)
    raise_any(each for each in slips if (each.line, each.column) not in accepted)


def list_accepted(card: LoadedCard, records: pd.DataFrame) -> set[tuple[int | None, str]]:
    """Line and column of every cell that the card accepts."""
    return {
        (line, each.column)
        for each in card.card.accepted
        for line in records.loc[each.find(records, card.path), "line"]
    }


def name_source(card: LoadedCard, column: str) -> str:
    """The column of records.csv that a column of the table is read from; itself where it is not."""
    source = card.card.columns.get(column)
    return (source.source or column) if source else column


def _place(
    card: LoadedCard, records: pd.DataFrame, line: int, column: str, told: list[tuple[str, ...]]
) -> Failure:
    """The failure of a cell of the table, at the column of records.csv that it was read from."""
    printed, cell = name_source(card, column), ""
    if printed in records:
        cell, column = str(records.set_index("line")[printed][line]), printed
    wrong, (_, believed, why) = list(dict.fromkeys(each[0] for each in told)), told[0]
    because = f"{len(wrong)} figures agree" if len(wrong) > 1 else why
    remedy = (
        f"{believed} is believed, since {because}: correct the cell under `corrections`, or say "
        "under `accepted` why it is right"
    )
    return Failure(str(card.records_path), line, column, cell, "; ".join(wrong), remedy)


def _find_figures(
    rows: pd.DataFrame, card: LoadedCard, runs: pd.DataFrame | None
) -> Iterator[Slip]:
    """Compute, parameters and tokens that their witnesses contradict."""
    measured = [(each, *each.measure(rows)) for each in list_witnesses(rows, card, runs)]
    trust = pd.DataFrame(0, rows.index, [FLOP, *(name for name in SIZES if name in rows)])
    for each, decades, is_broken in measured:
        if each.words != PRODUCT:
            trust[each.column] += decades.notna().astype(int) - 2 * is_broken
    for each, decades, is_broken in measured:
        for row in rows.index[is_broken]:
            blamed, words, excess = each.column, each.words, float(decades[row])
            why = f"{words} says so"
            if words == PRODUCT:
                blamed, why = _blame(rows, row, excess, trust.loc[row])
                words = FROM_PRODUCT.get(blamed, words)
                excess = excess if blamed == FLOP else -excess
            believed = f"{float(rows[blamed][row]) / 10**excess:.3g}"
            yield row, blamed, f"{_tell_factor(excess)} {words} ({believed})", believed, why


FROM_PRODUCT = {
    "parameters": "compute / (6 tokens)",
    "training_tokens": "compute / (6 parameters)",
}


def _blame(rows: pd.DataFrame, row: Any, excess: float, trust: pd.Series) -> tuple[str, str]:
    """Which of compute, parameters and tokens is wrong where compute exceeds 6 N D, and why."""
    gain = {
        name: _measure_gain(rows[name], row, excess if name == FLOP else -excess)
        for name in trust.index
    }
    blamed, second, *_ = sorted(gain, key=lambda name: (trust[name], -gain[name]))
    if trust[blamed] == trust[second]:
        return blamed, "it is nearer to the other rows"
    others = [name.replace("_", " ") for name in gain if name != blamed and trust[name] > 0]
    return blamed, f"other figures bear out {' and '.join(others)}" if others else "others agree"


def _measure_gain(values: pd.Series, row: Any, excess: float) -> float:
    """Decades by which a figure comes nearer to the median of all once it is corrected."""
    logs = np.log10(values)
    away = float(logs[row] - logs.median())
    return abs(away) - abs(away - excess)


def _tell_factor(decades: float) -> str:
    return f"{10**decades:.3g} times" if decades > 0 else f"{10**-decades:.3g} times less than"


def _find_dates(
    rows: pd.DataFrame,
    card: LoadedCard,
    runs: pd.DataFrame | None,
    citations: Collection[str] | None,
) -> Iterator[Slip]:
    """Days of release and of evaluation that contradict each other or what else is dated."""
    for each in list_dates(rows, card, runs, citations):
        days = (rows[each.column] - each.said).dt.days
        for row in rows.index[(days < -each.low) | (days > each.high)]:
            day = f"{each.said[row]:%Y-%m-%d}"
            side = "after" if days[row] > 0 else "before"
            wrong = f"{abs(days[row]):.0f} days {side} {each.words} ({day})"
            yield row, each.column, wrong, f"a day near {day}", f"{each.words} says so"


def _find_scores(rows: pd.DataFrame, card: LoadedCard) -> Iterator[Slip]:
    """Scores against chance, ceiling and the same model's other sources."""
    if isinstance(card.options, AccuracyOptions):
        for name, facts in card.options.benchmarks.items():
            yield from _find_scores_of(rows[rows["benchmark"] == name], facts)


def _find_scores_of(rows: pd.DataFrame, facts: Benchmark) -> Iterator[Slip]:
    score = rows["score"]
    chance = 0.0 if facts.chance == "estimated" else float(facts.chance)
    away = (score - score.median()).abs()
    keys = [rows[name] for name in SAME]
    same = score.groupby(keys, dropna=False)
    other = (same.transform("sum") - score) / (same.transform("count") - 1)
    is_farther = away >= away.groupby(keys, dropna=False).transform("max")
    factor = (score / other).where(is_farther & (other > MARGIN))
    is_low = (score < chance / 2) & (chance > MARGIN)
    level, top = pd.Series(chance, rows.index), pd.Series(facts.ceiling, rows.index)
    for is_broken, words, believed in (
        (is_low, f"less than half of what a guesser scores ({chance:g})", level),
        (score > facts.ceiling + MARGIN, f"above the ceiling ({facts.ceiling:g})", top),
        ((factor > TWICE) | (factor < 1 / TWICE), "unlike the model's other sources", other),
    ):
        for row in rows.index[is_broken]:
            what = f"a score near {believed[row]:.3g}"
            yield row, "score", words, what, "a percent is a hundredth"
