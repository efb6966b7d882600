"""The page of the synthesis: compute or algorithms, in every domain at once.

Every sentence on what all domains share and what they do not follows from numbers; another result
makes another sentence. What holds with a probability over 0.95 is said to hold, what holds with
less than 0.05 not to, and what lies between is said to be open; `pages/sentences.yaml` has them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any, NamedTuple

from pipeline.core.files import read_json
from pipeline.core.layout import Layout
from pipeline.site.charts.drawings import render_page
from pipeline.site.overview import rows as listed
from pipeline.site.overview.cells import Dataset
from pipeline.site.overview.comparison import RATE, Entry
from pipeline.site.overview.forest_charts import RATES, SHARE_LABELS, Axis, draw_forest
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.overview.rows import Row, read_row
from pipeline.site.pages.answers import (
    CAVEAT,
    SENSITIVE,
    describe_probability,
    element,
    family,
)
from pipeline.site.pages.citations import cite_page, hash_file, read_software
from pipeline.site.pages.numbers import INTERVAL_WORDS
from pipeline.site.pages.sentences import say
from pipeline.site.synthesis_page.means import (
    SHARE_SINCE,
    SURE,
    compare_means,
    explain_means,
    holds_zero,
    list_changes,
    list_differences,
    say_differences,
)
from pipeline.site.synthesis_page.reading import Entries, known, read_family, tell
from pipeline.site.words import read_words
from pipeline.studies.domains import Domain, read_domains
from pipeline.synthesis import shares
from pipeline.synthesis.entries import mark
from pipeline.synthesis.shares import MEAN, POOLED, find_cell

NAME = "synthesis"
RETURNS = "research_returns-meta_analysis"
HEADLINES = {"The rates, pooled": "mean", "Returns to research": "pooled"}  # of both
SCALE, RATE_AT = re.compile(r" at (\S+) FLOP"), f"{RATE}_at"
LIBRARIES = ("numpy", "altair")
ALONE, IN_PART, WHOLLY = "Each leaderboard alone", "Pooled in part", "All leaderboards"


def render(layout: Layout) -> str:
    """The page as HTML text; the same results give the same bytes."""
    overview, domains = gather(layout), read_domains(layout)
    entries, read = read_json(layout.attribution(NAME)), list_read(overview, domains)
    words = read_words(layout.words, NAME)
    # up to 1.15: room for the label of 100 %
    axis = Axis(words.figures["shares"].x_title, SHARE_LABELS, "share", 0.5, ends=(0.0, 1.15))
    rows = {
        "shares": [each.row for each in shares.collect(overview, domains)],
        "rates": tabulate_rates(overview, domains),
    }
    said = {name: words.figure(name, interval=INTERVAL_WORDS) | {"x_title": ""} for name in rows}
    drawings = {
        "shares": draw_forest(rows["shares"], axis, said["shares"]),
        "rates": draw_forest(rows["rates"], RATES, said["rates"]),
    }
    pooled, returns = (find_cell(overview, name) for name in (POOLED, RETURNS))
    marked = [mark(cell) if cell else {} for cell in (pooled, returns)]
    costs = list_costs(overview, domains)
    headlines = zip(HEADLINES.items(), marked, strict=True)
    spoken = {name: estimands[key] for (name, key), estimands in headlines if key in estimands}
    cited = [key for each in read if each.card for key in each.card.card.citations]
    return render_page(
        layout.templates,
        "synthesis",
        drawings,
        title=words.title,
        name=NAME,
        answer=describe_answer(entries),
        doubts=list_doubts(entries, spoken, pooled.check if pooled else {}),
        statements=list_statements(entries, marked[0], marked[1], costs),
        means=compare_means(entries, marked[0]),
        why=explain_means(entries),
        scales=say_scales(overview, domains),
        changes=list_changes(entries, domains),
        differences=list_differences(entries),
        difference_said=say_differences(entries),
        **rows,
        say=listed.say,
        say_doubling=listed.say_doubling,
        sources=overview.bibliography.cite(cited),
        citation=cite_page(read_software(layout.citation), words.title, NAME),
        provenance=list_provenance(layout, overview, [each.name for each in read]),
    )


def say_scales(overview: Overview, domains: Sequence[Domain]) -> str:
    """At which scale of compute each rate holds, and what it is at others."""
    told = []
    for domain in domains:
        cell = find_cell(overview, domain.posterior)
        found = mark(cell) if cell else {}
        at = SCALE.search(found[RATE]["label"]) if RATE in found else None
        if at:
            rates = {element(key): each for key, each in found.items() if family(key) == RATE_AT}
            sign = {"is_flagged": found[RATE].get("is_flagged")}  # they rest on the same fit
            others = [(scale, each | sign) for scale, each in rates.items() if scale != at[1]]
            told.append((domain.name, at[1], found[RATE], others))
    return say("synthesis_scales", scales=told, tell=tell)


def tabulate_rates(overview: Overview, domains: Sequence[Domain]) -> list[Row]:
    """Rates of the leaderboards, each alone, drawn towards the others, and what they share."""
    pooled = find_cell(overview, POOLED)
    wanted = [(find_cell(overview, each.posterior), RATE, ALONE, each.name) for each in domains]
    wanted += [(pooled, f"rate[{each.name}]", IN_PART, each.name) for each in domains]
    wanted += [(pooled, key, WHOLLY, name) for name, key in shares.WHOLE.items()]
    rows = [read_row(cell, key, group, name) for cell, key, group, name in wanted if cell]
    return [  # the check of the pooled rates does not ask of single ones
        replace(row, caveats=()) if row.group == IN_PART else row for row in rows if row
    ]


def list_read(overview: Overview, domains: Sequence[Domain]) -> list[Dataset]:
    """The datasets whose posteriors are read, in the order of the registry."""
    cells = (POOLED, shares.COMPUTE, shares.FIELDS, RETURNS)
    names = {name.partition("-")[0] for name in cells} | {domain.dataset for domain in domains}
    return [each for each in overview.datasets if each.name in names]


def list_provenance(
    layout: Layout, overview: Overview, names: Sequence[str]
) -> list[tuple[str, str]]:
    """Versions, and the hash of every file that was read."""
    cells = [cell.name for cell in overview.cells if cell.dataset in names]
    paths = [*map(layout.attribution, cells), *map(layout.check, cells), *map(layout.rows, names)]
    read = [path for path in paths if path.is_file()]
    hashes = [(f"{path.parent.name}/{path.name}", hash_file(path)) for path in read]
    return [*((name, version(name)) for name in LIBRARIES), *hashes]


SIMILAR = 1.5  # factor within which two rates are called alike, as on the card of rates of fields
OVERTRAINING = "allocation_coefficient[over]"
LEANING = {"mean": "their mean", "between_sd": "their spread", "predictive": "the next one's"}
MAJORITIES = ("step", "year", "field")
STATEMENTS = (
    *("both", "progress", "faster", "step", "difference", "year", "field", "factor", "next"),
    "overtraining",
    "returns",
)


class Statement(NamedTuple):
    """A sentence on all domains, and whether they share what it says: shared, apart or open."""

    kind: str
    text: str


def describe_answer(entries: Entries) -> str:
    """Compute or algorithms, in three sentences, from the entries of the synthesis."""
    years = read_family(entries, "share_year")
    single = [entry for name, entry in years.items() if name not in shares.WHOLE]
    ends = sorted(single, key=lambda entry: entry["median"])
    since = known(entries).get(SHARE_SINCE)
    year = say("synthesis_year", mean=years.get(MEAN), since=since, ends=ends, tell=tell)
    call = say("synthesis_call", **tally(entries, "step"))
    return say("synthesis_answer", call=call, year=year, tell=tell, **find_steps(entries))


def find_steps(entries: Entries) -> dict[str, Any]:
    """Compute's share by leaderboard, and which have the highest and the lowest median."""
    steps = read_family(entries, "share_step")
    ordered = sorted(steps, key=lambda name: steps[name]["median"]) or [""]
    return {"steps": steps, "most": ordered[-1], "least": ordered[0]}


def tally(entries: Entries, name: str) -> dict[str, list[str]]:
    """The domains where compute is more than half, less than half, and where that is open."""
    found: dict[str, list[str]] = {"more": [], "less": [], "open": []}
    for domain, entry in read_family(entries, f"p_majority_{name}").items():
        chance = entry["median"]
        side = "more" if chance > SURE else "less" if chance < 1 - SURE else "open"
        if domain not in shares.WHOLE:
            found[side].append(domain)
    return found


def list_costs(overview: Overview, domains: Sequence[Domain]) -> Entries:
    """What over-training costs as a share of the law's cost, by the name of the domain."""
    found = {each.name: find_cell(overview, each.posterior) for each in domains}
    costs = {name: mark(cell).get(OVERTRAINING) for name, cell in found.items() if cell}
    return {name: each for name, each in costs.items() if each}


def list_statements(
    entries: Entries, pooled: Entries, returns: Entries, costs: Entries | None = None
) -> list[Statement]:
    """What is shared by all domains, what is not, and what cannot be told.

    `pooled` and `returns` are the estimands of the pooled rates and of the returns to research;
    empty where their fit may not be quoted; `costs` are those of over-training.
    """
    both = {name: entry["median"] for name, entry in read_family(entries, "p_both").items()}
    facts = find_steps(entries) | {
        "both": both,
        "unsure": [name for name, chance in both.items() if chance <= SURE],
        "differ": entries.get("p_shares_differ"),
        "faster": {
            name: each["median"]
            for name, each in read_family(entries, "p_faster_since_2023").items()
        },
        "since": read_family(entries, "rate_since_2023"),
        "before": read_family(entries, "rate_before_2023"),
        "gained": read_family(entries, "change_since_2023"),
        "still": [
            name
            for name, each in read_family(entries, "rate_before_2023").items()
            if holds_zero(each)
        ],
        "asked": len(read_family(entries, "share_year").keys() - shares.WHOLE.keys()),
        "costs": costs or {},
        "pooled": known(pooled),
        "returns": known(returns),
        "sure": SURE,
        "similar": SIMILAR,
        "tell": tell,
        "odds": describe_probability,
    }
    made = [
        state_majority(entries, name)
        if name in MAJORITIES
        else Statement(*say(f"synthesis_{name}", **facts).partition("|")[::2])
        for name in STATEMENTS
    ]
    return [each for each in made if each.text]


def state_majority(entries: Entries, name: str) -> Statement:
    """In which domains compute is more than half, less, or either."""
    sides = tally(entries, name)
    taken = [side for side, names in sides.items() if names]
    if not taken:
        return Statement("open", "")
    agreed = "shared" if taken in (["more"], ["less"]) else "open"
    kind = "apart" if sides["more"] and sides["less"] else agreed
    found = read_family(entries, f"share_{name}").values()
    sign = CAVEAT if any(each.get("is_flagged") for each in found) else ""
    return Statement(kind, f"{sign}{_say_majority(sides, name)}.")


def _say_majority(sides: Mapping[str, list[str]], name: str) -> str:
    """Of each side which of the domains lie on it, and how many."""
    return say("synthesis_majority", family=name, **sides)


def list_doubts(entries: Entries, read: Mapping[str, Entry], check: Mapping[str, Any]) -> list[str]:
    """What cannot be trusted, to be read first: caveats, and where the prior moves pooled rates.

    `read` are the headlines of other posteriors that are spoken of, by what they are called;
    `check` is that of the pooled rates.
    """
    steps = read_family(entries, "share_step")
    doubts = [
        f"{name}: {'; '.join(entry['caveats'])}."
        for name, entry in (*steps.items(), *read.items())
        if entry.get("is_flagged")
    ]
    indices = check.get("prior_sensitivity") or {}
    prior = {key: (indices.get(key) or {}).get("prior", 0.0) for key in LEANING}
    if leaning := [words for key, words in LEANING.items() if prior[key] > SENSITIVE]:
        values = {"count": len(steps), "leaning": leaning, "limit": SENSITIVE}
        doubts.append(say("synthesis_pooling", **values))
    return doubts
