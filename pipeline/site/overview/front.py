"""The front page: what a reader should take away, in three sentences, a figure and a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from models.options import HorizonOptions, LeaderboardOptions, Side
from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.site.overview import estimates
from pipeline.site.overview.cells import Passed
from pipeline.site.overview.comparison import SPLIT, Entry
from pipeline.site.overview.gathering import Overview
from pipeline.site.overview.limits import quote
from pipeline.site.overview.rows import Row, read_bounds, read_row, say_doubling
from pipeline.site.pages import answers
from pipeline.site.pages.answers import CAVEAT, HALF, describe_probability, element
from pipeline.site.pages.sentences import say
from pipeline.studies.domains import Domain, read_domains
from pipeline.synthesis.entries import mark
from pipeline.synthesis.periods import MEAN, SINCE, WORDS
from pipeline.synthesis.shares import MEAN as WHOLE_MEAN
from pipeline.synthesis.shares import POOLED, WHOLE, find_cell

SURE = 0.95
SPLITTING = (LeaderboardOptions, HorizonOptions)  # cards that name steps
OTHER_PARTS = {
    "inference": "compute at test time",
    "allocation": "allocation of compute",
    "technique": "techniques",
    "trend": "trend with the date",
    "lab": "differences between laboratories",
    "unexplained": "unexplained",
}
PERIODS, AROUND = ("before_2023", SINCE), (2022, 2023, 2024)
# What the sentences of the answer are called, a paragraph each.
BRIEF = ("brief_split", "brief_rate", "brief_year")
IN_FULL = ("front_split", "front_rate", "front_change")
Entries = Mapping[str, Entry]


@dataclass(frozen=True)
class Step:
    """The step between two models that a leaderboard's headline splits."""

    title: str
    page: str
    label: str
    years: str
    share: Row
    other: str  # the largest part beside it, in words with its share
    records: Row | None  # the same from the first to the last record, where that is another step
    is_record_path: bool  # this step is that from the first to the last record
    grade: str
    spread: Mapping[str, Any]  # over other specifications

    is_dated: bool  # the step takes time: algorithms had a chance


@dataclass(frozen=True)
class Front:
    """What the front page says: the answer in brief and in sentences, what came with reasoning
    models, the steps, rates by period, what would change the answer and what must not be printed;
    `year` is compute's share of a year's progress since 2023.
    """

    brief: list[str]
    said: list[str]
    reasoning: str
    steps: list[Step]
    periods: list[Row]
    flips: str
    avoid: str
    year: Entry | None
    across: bool  # there is a synthesis


def make_front(overview: Overview, layout: Layout) -> Front:
    """The front page of these results."""
    entries = read_json(layout.attribution("synthesis")) or {}
    steps, pooled = list_steps(overview.primaries, layout), find_cell(overview, POOLED)
    facts = list_facts(steps, entries, mark(pooled)["mean"] if pooled else None)
    return Front(
        describe(facts, BRIEF),
        describe(facts),
        say("front_reasoning", **facts),
        steps,
        list_periods(entries, read_domains(layout), estimates.list_published(overview)),
        describe_flips(steps),
        describe_avoid(steps),
        entries.get(f"share_{SINCE}[{MEAN}]"),
        bool(entries),
    )


def list_steps(primaries: Sequence[Passed], layout: Layout) -> list[Step]:
    """The headline steps of the leaderboards, in the order of the registry."""
    return [step for cell in primaries if (step := _read_step(cell, layout))]


def _read_step(cell: Passed, layout: Layout) -> Step | None:
    key, options = cell.answer.key, cell.card.options
    share = read_row(cell, key) if key.startswith(f"{SPLIT}[") else None
    if share is None or not share.has_number or not isinstance(options, SPLITTING):
        return None
    comparison = next(each for each in options.comparisons if each.id == element(key))
    table = pd.read_parquet(layout.table(cell.dataset))
    ends = [_find_year(table, side) for side in (comparison.earlier, comparison.later)]
    records = read_row(cell, estimates.record_key(key))
    is_record_path = bool(records) and read_bounds(vars(records)) == read_bounds(vars(share))
    return Step(
        title=cell.title,
        page=cell.name,
        label=cell.attributions[key]["label"].removeprefix(estimates.SPLIT_WORDS),
        years="\N{EN DASH}".join(dict.fromkeys(ends)),
        share=share,
        other=_say_other(cell, element(key)),
        records=None if is_record_path else records,
        is_record_path=is_record_path,
        grade=(cell.check.get("identification_grade") or {}).get(key, ""),
        spread=answers.read_range(key, cell.check),
        is_dated=getattr(options, "trend", "") != "none",
    )


def _say_other(cell: Passed, comparison: str) -> str:
    """The largest part of a step beside training compute; empty where no share is reported."""
    keys = [f"share_{part}[{comparison}]" for part in OTHER_PARTS]
    found = [(e["median"], k) for k in keys if (e := cell.attributions.get(k)) and e["median"]]
    if not found:
        return ""
    largest = max(found)[1]
    part = largest.removeprefix("share_").partition("[")[0]
    return f"{OTHER_PARTS[part]}: {quote(cell.attributions[largest])}"


def _find_year(table: pd.DataFrame, side: Side) -> str:
    """The year in which the model of one end was released."""
    released = table.loc[table["model"] == side.model, "release_date"].min()
    return "?" if pd.isna(released) else str(released.year)


def describe(facts: Mapping[str, Any], names: Sequence[str] = IN_FULL) -> list[str]:
    """The answer, a paragraph each: how the split differs by step, how fast algorithms improve,
    and what changed.
    """
    made = [say(name, **facts) for name in names]
    return [each for each in made if each]


def list_facts(steps: Sequence[Step], entries: Entries, pooled: Entry | None) -> dict[str, Any]:
    """What the sentences of the answer are made of.

    `entries` are those of the synthesis, `pooled` the mean rate of the leaderboards. Steps with a
    caveat are not named; before another number with one stands its sign.
    """
    told = sorted(
        (step for step in steps if step.is_dated and not step.share.is_flagged),
        key=lambda step: -np.inf if step.share.median is None else step.share.median,
    )
    now = entries.get(f"rate_{SINCE}[{MEAN}]")
    faster = {
        element(key): each
        for key, each in entries.items()
        if key.startswith(f"p_faster_{SINCE}[") and each["median"] is not None
    }
    sure = {name: each for name, each in faster.items() if each["median"] > SURE}
    slower = [name for name, each in faster.items() if each["median"] < 1 - SURE]
    return {
        "least": told[0] if told else None,
        "most": told[-1] if told else None,
        "rate": pooled and _sign(pooled) + say_doubling(_make_row(pooled)),
        "faster": {
            name: _sign(each) + describe_probability(each["median"]) for name, each in sure.items()
        },
        "gained": {name: each for name in sure if (each := entries.get(f"change_{SINCE}[{name}]"))},
        "slower": slower,
        "open": [name for name in faster if name not in (*sure, *slower)],
        "now": now and _sign(now) + say_doubling(_make_row(now)),
        "reached": [
            element(key)
            for key in entries
            if key.startswith(f"rate_{SINCE}[") and element(key) != MEAN
        ],
        "pooled": [
            name
            for key in entries
            if key.startswith("share_year[") and (name := element(key)) not in WHOLE
        ],
        "turns": {
            name: years
            for name in sure
            if (years := {y: e for y in AROUND if (e := entries.get(f"rate_{y}[{name}]"))})
        },
        "share": entries.get(f"share_{SINCE}[{MEAN}]"),
        "whole": entries.get(f"share_year[{WHOLE_MEAN}]"),
        "past": (past := {name: entries.get(f"rate_{PERIODS[0]}[{name}]", {}) for name in sure}),
        "still": [name for name, each in past.items() if each and each["lower"] <= 0],
        "first_to_last": [step for _, _, step in sorted(_list_records(steps))],
        "reasoned": _list_reasoned(entries),
        "tell": _tell,
        "say": _say_share,
        "odds": describe_probability,
    }


def _list_records(steps: Sequence[Step]) -> Iterator[tuple[float, int, Step]]:
    """Steps whose share from the first to the last record carries no warning, with the median."""
    for place, step in enumerate(steps):
        records = step.records
        if records and records.median is not None and not records.is_flagged:
            yield records.median, place, step


def _list_reasoned(entries: Entries) -> list[tuple[str, float, Entry, Entry, Entry]]:
    """Leaderboard, probability that it is faster, rates since and before, and their difference."""
    return [
        (
            name,
            each["median"],
            entries[f"rate_since_2025[{name}]"],
            entries[f"rate_2023_to_2024[{name}]"],
            entries[f"change_since_2025[{name}]"],
        )
        for key, each in entries.items()
        if key.startswith("p_faster_since_2025[") and (name := element(key))
    ]


def _tell(entry: Entry) -> str:
    return _sign(entry) + quote(entry)


def _sign(entry: Entry) -> str:
    return CAVEAT if entry.get("is_flagged") else ""


def _make_row(entry: Entry) -> Row:
    return Row("", "", "", "", "model", **read_bounds(entry))


def _say_share(step: Step, which: str = "share") -> str:
    said = _quote_share(getattr(step, which))
    if which != "share" or not step.spread.get("is_current"):
        return said
    return say("front_share", said=said.removesuffix(")"), **step.spread)


def describe_flips(steps: Sequence[Step]) -> str:
    """On which steps another specification puts compute on the other side of one half."""
    tried = [step for step in steps if step.spread.get("is_current")]
    flips = [step for step in tried if step.spread["lowest"] < HALF < step.spread["highest"]]
    firm = [step.title for step in tried if step not in flips]
    return say("front_flips", flips=flips, firm=firm)


def describe_avoid(steps: Sequence[Step]) -> str:
    """What must not be printed as it stands; empty without steps."""
    flagged = [step for step in steps if step.share.is_flagged]
    return say("front_avoid", flagged=flagged, quote=_quote_share) if steps else ""


def _quote_share(row: Row) -> str:
    return quote(read_bounds(vars(row)) | {"unit": "share"})


def list_periods(
    entries: Entries, domains: Sequence[Domain], published: Sequence[Row]
) -> list[Row]:
    """Rates by period, a group a domain, with what was published of the same data."""
    rows: list[Row] = []
    for domain in [*domains, Domain(MEAN, POOLED)]:
        found = {name: entries.get(f"rate_{name}[{domain.name}]") for name in PERIODS}
        page = "synthesis" if domain.name == MEAN else domain.posterior
        group = Row(domain.name, domain.dataset, "", "", "model", page=page)
        rows += [
            replace(group, label=WORDS[name], caveats=tuple(each["caveats"]), **read_bounds(each))
            for name, each in found.items()
            if each
        ]
        rows += [
            replace(row, group=domain.name) for row in published if row.dataset == domain.dataset
        ]
    return rows
