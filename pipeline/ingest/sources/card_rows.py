"""Options of a card that name rows: ends of comparisons, the field or target of the headline.

Found before anything is fitted; the models would stop at them after minutes of sampling.
"""

from collections.abc import Iterator

import pandas as pd

from models import fitted_rows
from models.options import LeaderboardOptions, Side
from pipeline.core.failures import Failure
from pipeline.ingest.cards.card import LoadedCard
from pipeline.ingest.cards.faults import list_words, suggest
from pipeline.ingest.cards.yaml_files import Fault, Steps

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
    """Options that name rows which the validated `table` lacks or leaves out of the fit."""
    faults = [*_check_names(table, card), *_check_comparisons(table, card)]
    return [card.make_failure(("options", *steps), *words) for steps, *words in faults]


def _check_names(table: pd.DataFrame, card: LoadedCard) -> Iterator[Fault]:
    """A fault for each name under an option that no fitted row has."""
    for option, column in NAMES_OF.items():
        given = getattr(card.options, option, None) or []
        names = fitted_rows(table)[column] if given else pd.Series()
        is_one, is_list = isinstance(given, str), isinstance(given, list)
        for place, name in enumerate([given] if is_one else given):
            steps = () if is_one else (place if is_list else name,)
            if name not in set(names):
                yield _name_others((option, *steps), name, names)


def _check_comparisons(table: pd.DataFrame, card: LoadedCard) -> Iterator[Fault]:
    if isinstance(card.options, LeaderboardOptions):
        for number, each in enumerate(card.options.comparisons):
            rows = table[table["benchmark"] == each.benchmark]
            for end in ("earlier", "later"):
                for steps, rule, remedy, name in _check_side(rows, getattr(each, end)):
                    yield ("comparisons", number, end, *steps), rule, remedy, name


def _check_side(rows: pd.DataFrame, side: Side) -> Iterator[Fault]:
    """What is wrong with the model, the method, or what leaves their rows out or in."""
    of_model = rows[rows["model"] == side.model]
    found = of_model[of_model["method"] == side.method]
    what = f"row of {side.model!r} with method {side.method!r}"
    if not len(of_model):
        yield _name_others(("model",), side.model, rows["model"])
    elif not len(found):
        yield _name_others(("method",), side.method, of_model["method"])
    elif side.is_fitted and not len(fitted_rows(found)):
        left_out = f"the rows are left out under the rule {list_words(found['exclusion'].unique())}"
        remedy = f"{left_out}: name another row, or remove the comparison"
        yield ("model",), f"no {what} is fitted", remedy, side.model
    elif not side.is_fitted and len(fitted_rows(found)):
        yield ("is_fitted",), f"a {what} is fitted", "remove is_fitted: false", "false"
    elif not side.is_fitted and found[["parameters", "dataset_tokens"]].isna().any(axis=1).all():
        why = "without both, no model splits a step to a row that is not fitted"
        remedy = f"name another row: {why}"
        yield ("model",), f"no {what} has parameters and dataset tokens", remedy, side.model


def _name_others(steps: Steps, name: str, names: pd.Series) -> Fault:
    """The fault of a name that no row has, with the nearest of those that rows have."""
    known = sorted(set(names.dropna()))
    more = f" and {len(known) - LISTED} more" if len(known) > LISTED else ""
    others = f"there are {list_words(known[:LISTED])}{more}" if known else "no row is there at all"
    return steps, "no row has this name", suggest(name, known, others), name
