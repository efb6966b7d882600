"""Steps that another page splits too: what it says of them, and why the two differ."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.checks.numbers import TAILS
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.ingest.registries import read_datasets, read_models
from pipeline.ingest.stage import load_whole_card
from pipeline.site.naming import name_check
from pipeline.site.pages import answers
from pipeline.site.pages.answers import Attributions, has_passed
from pipeline.site.pages.sentences import say
from pipeline.site.posterior.inputs import read_draws
from pipeline.site.words import Words, read_words, relabel
from pipeline.studies.verdict import Check, find_caveats, read_check

PARTS = ("compute", "inference", "allocation", "technique", "trend", "lab", "unexplained")
ENDS = ("earlier", "later")
Step = tuple[str, ...]  # benchmark, then model and method of either end


class SharedStep(NamedTuple):
    """What two pages say of one step, and the other page with the title of its dataset."""

    page: str
    title: str
    sentence: str


@dataclass(frozen=True)
class Side:
    """What one page is made of, as far as its steps go; `draws` has a column per estimand."""

    title: str
    words: Words
    attributions: Attributions
    check: Check
    draws: pd.DataFrame
    has_trend: bool  # it also fits models of other dates

    def describe(self, step: str) -> dict[str, Any]:
        """The compute share of the step of this id, its length and what techniques were worth in
        factors of ten, and what to read before; empty where the page has no number.
        """
        key = f"share_compute[{step}]"
        entry, names = self.attributions.get(key), [f"decades_{part}[{step}]" for part in PARTS]
        known = [name for name in names if name in self.draws and self.draws[name].notna().all()]
        if entry is None or answers.find_withheld(entry, self.check) or not known:
            return {}
        ends = np.quantile(self.draws[known].sum(axis=1), [0.5, *TAILS])
        length = dict(zip(("median", "lower", "upper"), ends.tolist(), strict=True))
        technique = self.attributions.get(f"decades_technique[{step}]") or {}
        told = {"technique": technique if technique.get("median") else {}}
        return entry | told | {"length": length, "caveats": find_caveats(key, self.check)}


def list_shared(layout: Layout, cell: str) -> list[SharedStep]:
    """Every step of a cell that the page of another dataset splits too, in the registry's order.

    A step is shared where benchmark, both models and both methods are the same. Only steps with a
    number on both pages are told, and of a dataset with several models the first that passed.
    """
    dataset = cell.partition("-")[0]
    ours, models = read_steps(layout, dataset), read_models(layout.models)
    found = list[SharedStep]()
    for table, names in read_datasets(layout.datasets).items() if ours else ():
        for other in names:
            theirs = {} if other == dataset else read_steps(layout, other)
            shared = [(ours[step], theirs[step]) for step in ours if step in theirs]
            if shared and (model := _find_passed(layout, other, models.get(table, []))):
                found += _tell(layout, cell, f"{other}-{model}", shared)
    return found


def read_steps(layout: Layout, dataset: str) -> dict[Step, str]:
    """Every step of a dataset -> its id; none of a draft."""
    known = read_json(layout.options(dataset)) or {}
    options = {} if known.get("draft") else known.get("options") or {}
    return {
        (each["benchmark"], *(each[end][part] for end in ENDS for part in ("model", "method"))): (
            each["id"]
        )
        for each in options.get("comparisons") or []
    }


def _find_passed(layout: Layout, dataset: str, models: list[str]) -> str:
    """The first of the models that passed; empty where none did."""
    checks = {model: read_json(layout.check(f"{dataset}-{model}")) for model in models}
    return next((each for each, check in checks.items() if check and has_passed(check)), "")


def _tell(
    layout: Layout, cell: str, other: str, shared: list[tuple[str, str]]
) -> Iterator[SharedStep]:
    """What both pages say of each shared step; `shared` has its ids here and there."""
    ours, theirs = (_read_side(layout, name) for name in (cell, other))
    alone = next((side.title for side in (ours, theirs) if not side.has_trend), "")
    for own, its in shared:
        here, there = ours.describe(own), theirs.describe(its)
        if here and there:
            told = {"step": ours.words.name(own), "title": theirs.title, "alone": alone}
            yield SharedStep(
                other, theirs.title, say("shared_step", here=here, there=there, **told)
            )


def _read_side(layout: Layout, cell: str) -> Side:
    dataset, _, model = cell.partition("-")
    card = load_whole_card(layout, dataset)
    words = read_words(layout.words, model, card.options)
    found = relabel(read_json(layout.attribution(cell)) or {}, card.options, words)
    check = name_check(read_check(layout, cell), words, found)
    has_trend = getattr(card.options, "trend", "") != "none"
    return Side(card.card.title, words, found, check, read_draws(layout, cell), has_trend)
