"""All domains -> one answer: compute's share of progress side by side, and what domains share.

Nothing is fitted here. The shares are those of the leaderboards' posteriors, of the growth of
compute beside the rate of algorithms, and of published pairs of rates. Leaderboards are those that
the records of our own rates name, each with the posterior that they name.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.core.files import write_json, write_text
from pipeline.core.layout import Layout
from pipeline.fit.attribute import COLUMNS
from pipeline.site.overview.comparison import Entry, round_to
from pipeline.site.overview.gathering import gather
from pipeline.site.overview.rows import read_bounds
from pipeline.studies.domains import read_domains
from pipeline.synthesis.differences import compare_rates
from pipeline.synthesis.entries import state, warn
from pipeline.synthesis.periods import compare_periods
from pipeline.synthesis.shares import (
    COMPUTE,
    Found,
    Kind,
    collect,
    exceed,
    find_cell,
    read_overlap,
)

NAME = "synthesis"
HALF = 0.5
LABELS: dict[Kind, str] = {
    "step": "Compute, share of the step from first to last record",
    "year": "Compute, share of a year's progress at the frontier",
    "field": "Hardware, share of a year's progress of hardware and software",
}


def synthesise(layout: Layout) -> str:
    """Write the estimands of the synthesis as JSON and CSV; a line to print."""
    overview, domains = gather(layout), read_domains(layout)
    found = collect(overview, domains)
    cells = {domain.name: find_cell(overview, domain.posterior) for domain in domains}
    overlap = read_overlap(layout)
    entries = (
        make_entries(found)
        | compare_periods(cells, find_cell(overview, COMPUTE), overlap)
        | compare_rates(cells, overlap)
    )
    frame = pd.DataFrame([{"key": key, **entry} for key, entry in entries.items()], columns=COLUMNS)
    output = layout.attribution(NAME)
    write_text(output.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))
    write_json(output, entries)
    return f"{output}: {len(found)} domains"


def make_entries(found: Sequence[Found]) -> dict[str, Entry]:
    """The estimands: shares, the probability that each is more than half, that both parts count."""
    entries = {f"share_{each.kind}[{each.label}]": _describe_share(each) for each in found}
    for each in found:
        if len(each.draws):
            label = f"Probability that it is more than half: {LABELS[each.kind]}: {each.label}"
            chance = round_to((each.draws > HALF).mean())
            entries[f"p_majority_{each.kind}[{each.label}]"] = state(label, chance)
    for each in found:
        if each.p_both is not None:
            label = f"Probability that compute and algorithms are both above zero: {each.label}"
            entries[f"p_both[{each.label}]"] = state(label, each.p_both)
    if extremes := find_extremes(found):
        most, least = extremes
        names = f"{most.label} over {least.label}"
        label = f"Probability that compute's share of the step is greater: {names}"
        entries["p_shares_differ"] = state(label, round_to(exceed(most.draws, least.draws)))
    return entries


def find_extremes(found: Iterable[Found]) -> tuple[Found, Found] | None:
    """The leaderboards with the most and the least compute in their step."""
    steps = [each for each in found if each.kind == "step" and len(each.draws)]
    steps.sort(key=lambda each: each.row.median or 0.0)
    return (steps[-1], steps[0]) if len(steps) > 1 else None


def _describe_share(each: Found) -> Entry:
    entry: Entry = {"label": f"{LABELS[each.kind]}: {each.label}", "unit": "share"}
    entry |= read_bounds(vars(each.row)) | {"prob": INTERVAL_PROBABILITY}
    entry |= {"p_positive": None, "p_finite": None}
    if not each.row.has_number:
        return entry | {"reason": each.row.reason}
    if len(each.draws):
        entry |= {"p_positive": round_to((each.draws > 0).mean()), "p_finite": 1.0}
    return entry | warn(each.row)
