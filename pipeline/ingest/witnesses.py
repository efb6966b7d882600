"""What else a table says of its own figures: by column, what each should be, and who says so."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.options import ComputeError
from pipeline.ingest.aliases import find_runs
from pipeline.ingest.bibliography import Bibliography
from pipeline.ingest.cards.card import LoadedCard

SIZES = ("parameters", "training_tokens")
FLOP, SECOND = "training_flop", "training_flop_second_source"
PRODUCT = "6 N D"
# Half a power of ten: two honest figures differ by less, a slip of scale by more, in decades.
SLIP = 0.5
ROUNDING = 0.01  # relative: a second source that is 6 N D is no second witness
CLASSES = 1.5  # standard deviations of the class of a compute figure that are no slip either
SPARSEST = 1.9  # decades: Switch (2021) uses 1/66 of its parameters for a token
CONTINUED = 0.9  # decades: continued training that cost more than seven times its base is none
SIZE = re.compile(
    r"(?<![\w.])(?:(\d+) ?x ?)?(\d+(?:\.\d+)?) ?([bmt])(?![a-z0-9]| (?:images|tokens|steps))", re.I
)
ACTIVE = re.compile(r"(?<![a-z0-9])a(\d+(?:\.\d+)?)b(?![a-z0-9])", re.I)
YEAR = 300  # days by which dates of one event differ at most: a year off is farther
AFTER_PAPER = 200  # days: figures are added to papers when these are revised
SOON = 31  # days by which a score may come before the release of its model
ARXIV = re.compile(r"arXiv:(\d\d)(\d\d)\.")
DAY = re.compile(
    r"\b(20\d\d-\d\d-\d\d|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* 20\d\d)\b"
)
POWERS = {"m": 1e6, "b": 1e9, "t": 1e12}


@dataclass(frozen=True)
class Witness:
    """`said`: what `column` should be, NaN where nothing is said; `low` and `high`: decades by
    which the column may lie below and above it.
    """

    column: str
    words: str
    said: pd.Series
    low: float | pd.Series = SLIP
    high: float | pd.Series = SLIP

    def measure(self, table: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
        """Decades of the column above what is said, and whether they contradict it."""
        with np.errstate(divide="ignore", invalid="ignore"):
            decades: pd.Series = (table[self.column] / self.said).map(np.log10)
        return decades, (decades < -self.low) | (decades > self.high)


def list_witnesses(
    table: pd.DataFrame, card: LoadedCard, runs: pd.DataFrame | None
) -> Iterator[Witness]:
    """All witnesses of the figures of training runs in `table`, 6 N D first."""
    if FLOP not in table or "model" not in table:
        return
    is_same = pd.Series(False, index=table.index)
    if set(SIZES) <= set(table) and not any(
        source.derived for source in card.card.columns.values()
    ):
        product = _multiply(table, card)
        yield product
        is_same = (table[SECOND] / product.said - 1).abs() < ROUNDING
    tolerance = _tolerate(table, card)
    yield Witness(FLOP, "the second source", table[SECOND].mask(is_same), tolerance, tolerance)
    if "parameters" in table:
        yield _read_names(table)
    for name in (*SIZES, FLOP):
        if name in table:
            high = CONTINUED if name == FLOP else SLIP
            yield Witness(name, "its base model's", _find_base(table, name), high=high)
            yield Witness(name, "another row of the model", _find_others(table, name))
            if runs is not None:
                yield Witness(name, "the run registry", find_in_registry(table, card, runs, name))


def _multiply(table: pd.DataFrame, card: LoadedCard) -> Witness:
    """6 N D, with N the active parameters where the name has them; an upper limit of mixtures."""
    active = table["model"].map(_read_active)
    tokens = table["training_tokens"]
    said = 6 * active.fillna(table["parameters"]) * tokens
    tolerance = _tolerate(table, card)
    is_exact = table["is_dense"].astype(bool) | active.notna()
    return Witness(FLOP, PRODUCT, said, tolerance.where(is_exact, SPARSEST), tolerance)


def _tolerate(table: pd.DataFrame, card: LoadedCard) -> pd.Series:
    """Decades by which two figures of the same compute may differ, by confidence class."""
    errors = getattr(card.options, "compute_error_decades", ComputeError()).model_dump()
    scale = table["compute_confidence"].map(errors).astype(float).fillna(errors["likely"])
    return (CLASSES * scale).clip(lower=SLIP)


def read_size(name: str) -> float:
    """Parameters that a model's name gives, NaN where it gives none: Llama-2-70B, OPT-350M.

    Of several sizes the largest; of 8x7B less than 56B, since experts share their attention.
    """
    sizes = [
        float(count or 1) * float(size) * POWERS[unit.lower()]
        for count, size, unit in SIZE.findall(str(name))
    ]
    return max(sizes, default=np.nan)


def _read_active(name: str) -> float:
    found = ACTIVE.search(str(name))
    return float(found[1]) * 1e9 if found else np.nan


def _read_names(table: pd.DataFrame) -> Witness:
    return Witness("parameters", "the size in the model's name", table["model"].map(read_size))


def _find_base(table: pd.DataFrame, name: str) -> pd.Series:
    """The figure of each fine-tune's base model, where a row has it."""
    if "base_model" not in table:
        return pd.Series(np.nan, index=table.index)
    known = table.dropna(subset=[name]).drop_duplicates("model").set_index("model")[name]
    return table["base_model"].where(table["base_model"] != table["model"]).map(known)


def _find_others(table: pd.DataFrame, name: str) -> pd.Series:
    """The other figure where two rows of a model have one, the median where more have."""
    groups = table.groupby("model")[name]
    count, other = groups.transform("count"), groups.transform("sum") - table[name]
    return groups.transform("median").where(count > 2, other.where(count == 2))


def find_in_registry(
    table: pd.DataFrame, card: LoadedCard, runs: pd.DataFrame, name: str
) -> pd.Series:
    """What the run registry says of each model under its own or a usual name."""
    found = find_runs(table["model"].dropna().unique(), list(runs["model"]), card.card.names)
    return table["model"].map(found).map(runs.set_index("model")[name])


@dataclass(frozen=True)
class Dated:
    """`said`: a day that `column` may lie `low` days before and `high` days after."""

    column: str
    words: str
    said: pd.Series
    low: float = np.inf
    high: float = np.inf


def list_dates(
    table: pd.DataFrame,
    card: LoadedCard,
    runs: pd.DataFrame | None,
    citations: Collection[str] | None,
) -> Iterator[Dated]:
    """What dates the release and the evaluation of the models in `table`, where these are its own.

    `citations` is the bibliography: the arXiv numbers of sources have their months.
    """
    own = [name for name in ("release_date", "eval_date") if name in card.card.columns]
    if "model" not in table:
        return
    papers = pd.to_datetime(table["citation"].map(lambda key: _read_month(citations, key)))
    for name in own:
        yield Dated(name, "the arXiv number of its source", papers, high=AFTER_PAPER)
    if "eval_date" in own and "release_date" in table:
        is_stated = "columns.eval_date" not in card.defaulted
        if is_stated:
            yield Dated("eval_date", "the release of the model", table["release_date"], low=SOON)
    if "release_date" in own:
        named = pd.to_datetime(table["model"].map(_read_day))
        yield Dated("release_date", "the date in the model's name", named, YEAR, YEAR)
        base = pd.to_datetime(_find_base(table, "release_date"))
        yield Dated("release_date", "the release of its base model", base, low=YEAR)
        if runs is not None:
            theirs = pd.to_datetime(find_in_registry(table, card, runs, "release_date"))
            yield Dated("release_date", "the run registry", theirs, YEAR, YEAR)


def _read_day(name: str) -> Any:
    found = DAY.search(str(name))
    return pd.to_datetime(found[1], errors="coerce") if found else pd.NaT


def _read_month(citations: Collection[str] | None, key: str) -> Any:
    """The first day of the month in the arXiv number of a source."""
    source = citations.get(key) if isinstance(citations, Bibliography) else None
    found = ARXIV.search(source.text) if source else None
    return pd.to_datetime(f"20{found[1]}-{found[2]}-01", errors="coerce") if found else pd.NaT
