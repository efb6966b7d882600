"""The estimands of the synthesis -> its answer, and what all domains share and what they do not.

Every sentence follows from numbers; another result makes another sentence. What holds with a
probability over 0.95 is said to hold, what holds with less than 0.05 not to, and what lies between
is said to be open. The sentences stand in `pages/sentences.yaml`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.site.charts.summaries import element, family
from pipeline.site.overview.comparison import Entry
from pipeline.site.pages.answers import (
    SENSITIVE,
    describe_bound,
    describe_interval,
    describe_probability,
)
from pipeline.site.pages.sentences import say
from pipeline.synthesis.shares import MEAN, WHOLE

SURE = 0.95
SIMILAR = 1.5  # factor within which two rates are called alike, as on the card of rates of fields
CAVEAT = "▲\N{NO-BREAK SPACE}"
LEANING = {"mean": "their mean", "between_sd": "their spread", "predictive": "the next one's"}
MAJORITIES = ("step", "year", "field")
STATEMENTS = (
    *("both", "progress", "step", "difference", "year", "field", "factor", "next", "returns"),
)
Entries = Mapping[str, Entry]


class Statement(NamedTuple):
    """A sentence on all domains, and whether they share what it says: shared, apart or open."""

    kind: str
    text: str


def describe_answer(entries: Entries) -> str:
    """Compute or algorithms, in three sentences, from the entries of the synthesis."""
    years = read_family(entries, "share_year")
    medians = [entry["median"] for name, entry in years.items() if name not in WHOLE]
    year = say("synthesis_year", mean=years.get(MEAN), medians=medians, tell=tell)
    call = say("synthesis_call", **tally(entries, "step"))
    return say("synthesis_answer", call=call, year=year, tell=tell, **find_steps(entries))


def describe_in_short(entries: Entries) -> str:
    """The answer without the leaderboards' own numbers, for the index, which has them."""
    sides = tally(entries, "step")
    if not any(sides.values()):
        return ""
    call, majority = say("synthesis_call", **sides), _say_majority(sides, "step")
    mean = read_family(entries, "share_year").get(MEAN)
    year = say("synthesis_year", mean=mean, medians=[], tell=tell)
    return f"{call}. {majority}. {year}".strip()


def tell(entry: Entry) -> str:
    """Median and interval, after the sign of a caveat: "▲ 35 % (18 to 57 %)"."""
    sign = CAVEAT if entry.get("is_flagged") else ""
    return f"{sign}{describe_bound(entry, 'median')} ({describe_interval(entry)})"


def read_family(entries: Entries, name: str) -> dict[str, Entry]:
    """The entries `name[label]` that have a number, by label."""
    return {
        element(k): each for k, each in _known(entries).items() if "[" in k and family(k) == name
    }


def _known(entries: Entries) -> dict[str, Entry]:
    return {key: each for key, each in entries.items() if each["median"] is not None}


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
        if domain not in WHOLE:
            found[side].append(domain)
    return found


def list_statements(entries: Entries, pooled: Entries, returns: Entries) -> list[Statement]:
    """What is shared by all domains, what is not, and what cannot be told.

    `pooled` and `returns` are the estimands of the pooled rates and of the returns to research;
    empty where their fit may not be quoted.
    """
    both = {name: entry["median"] for name, entry in read_family(entries, "p_both").items()}
    facts = find_steps(entries) | {
        "both": both,
        "unsure": [name for name, chance in both.items() if chance <= SURE],
        "differ": entries.get("p_shares_differ"),
        "pooled": _known(pooled),
        "returns": _known(returns),
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
    shares = read_family(entries, f"share_{name}").values()
    sign = CAVEAT if any(each.get("is_flagged") for each in shares) else ""
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
