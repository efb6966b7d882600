"""Options of a card that speak of rows: ends of comparisons, the field or target of the headline.

Found before anything is fitted; the models would stop at them after minutes of sampling.
"""

from collections.abc import Iterator

import pandas as pd

from models import fitted_rows
from models.options import Comparison, LeaderboardOptions, Side
from pipeline.failures import Failure
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.cards.faults import list_words, suggest
from pipeline.ingest.cards.yaml_files import Steps

LISTED = 6  # names in a remedy; more hide the one that was meant
# Options that name rows, one by one, in a list or as keys, and the column that has the names.
NAMES_OF = {
    "headline_target": "target",
    "headline_domain": "domain",
    "efficiency_error": "domain",
    "named_runs": "model",
    "left_out": "model",
}


def find_absent_rows(table: pd.DataFrame, card: LoadedCard) -> list[Failure]:
    """Options that speak of rows which the validated `table` lacks or leaves out of the fit."""
    failures = [
        failure
        for option, column in NAMES_OF.items()
        for failure in _check_names(table, card, option, column)
    ]
    if isinstance(card.options, LeaderboardOptions):
        for number, each in enumerate(card.options.comparisons):
            failures += _check_ends(table, card, each, ("options", "comparisons", number))
    return failures


def _check_names(
    table: pd.DataFrame, card: LoadedCard, option: str, column: str
) -> Iterator[Failure]:
    """A failure for each name under `option` that no fitted row has in `column`."""
    given = getattr(card.options, option, None)
    if given is None:
        return
    names = fitted_rows(table)[column]
    is_one, is_list = isinstance(given, str), isinstance(given, list)
    for place, name in enumerate([given] if is_one else given):
        steps = ("options", option, *(() if is_one else (place if is_list else name,)))
        if name not in set(names):
            yield _name_others(card, steps, name, names)


def _check_ends(
    table: pd.DataFrame, card: LoadedCard, comparison: Comparison, steps: Steps
) -> Iterator[Failure]:
    rows = table[table["benchmark"] == comparison.benchmark]
    for name in ("earlier", "later"):
        yield from _check_side(rows, card, getattr(comparison, name), (*steps, name))


def _check_side(
    rows: pd.DataFrame, card: LoadedCard, side: Side, steps: Steps
) -> Iterator[Failure]:
    """At most one failure: of the model, of the method, or of what leaves their rows out or in."""
    of_model = rows[rows["model"] == side.model]
    found = of_model[of_model["method"] == side.method]
    if not len(of_model):
        yield _name_others(card, (*steps, "model"), side.model, rows["model"])
    elif not len(found):
        yield _name_others(card, (*steps, "method"), side.method, of_model["method"])
    elif not side.is_fitted:
        yield from _check_unfitted(found, card, side, steps)
    elif not len(fitted_rows(found)):
        reasons = list_words(dict.fromkeys(found["exclusion"]))
        yield card.make_failure(
            (*steps, "model"),
            f"no row of {side.model!r} with method {side.method!r} is fitted",
            f"the rows are left out under the rule {reasons}: name another row, or remove the "
            "comparison",
            side.model,
        )


def _check_unfitted(
    found: pd.DataFrame, card: LoadedCard, side: Side, steps: Steps
) -> Iterator[Failure]:
    """A failure where rows are fitted after all, or lack what the law of their losses asks for."""
    what = f"of {side.model!r} with method {side.method!r}"
    if len(fitted_rows(found)):
        yield card.make_failure(
            (*steps, "is_fitted"), f"a row {what} is fitted", "remove is_fitted: false", "false"
        )
    elif not found[["parameters", "dataset_tokens"]].notna().all(axis=1).any():
        yield card.make_failure(
            (*steps, "model"),
            f"no row {what} has parameters and dataset tokens",
            "name another row: without both, no model splits a step to a row that is not fitted",
            side.model,
        )


def _name_others(card: LoadedCard, steps: Steps, name: str, names: pd.Series) -> Failure:
    """The failure of a name that no row has, with the nearest of those that rows have."""
    known = sorted(set(names.dropna()))
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    others = f"there are {list_words(known[:LISTED])}{more}" if known else "no row is there at all"
    return card.make_failure(steps, "no row has this name", suggest(name, known, others), name)
