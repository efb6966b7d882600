"""The estimands of the synthesis -> its answer, and what all domains share and what they do not.

Every sentence follows from numbers; another result makes another sentence. What holds with a
probability over 0.95 is said to hold, what holds with less than 0.05 not to, and what lies between
is said to be open. The sentences stand in `sentences.yaml`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from pipeline.site.overview.comparison import Entry
from pipeline.site.pages import answers
from pipeline.site.pages.numbers import format_quantity, say_count
from pipeline.synthesis.shares import MEAN, WHOLE

SENTENCES = yaml.safe_load(Path(__file__).with_name("sentences.yaml").read_text(encoding="utf-8"))
SURE = 0.95
SIMILAR = 1.5  # factor within which two rates are called alike, as on the card of rates of fields
CAVEAT = "▲\N{NO-BREAK SPACE}"
SIDES = ("more", "less", "open")
Entries = Mapping[str, Entry]
Kind = Literal["shared", "apart", "open"]


@dataclass(frozen=True)
class Statement:
    """A sentence on all domains, and whether they share what it says."""

    kind: Kind
    text: str


def describe_answer(entries: Entries) -> str:
    """Compute or algorithms, in three sentences; or that nothing may be said.

    `entries` are those of data/attributions/synthesis.json.
    """
    said, steps = SENTENCES["answer"], read_family(entries, "share_step")
    if not steps:
        return str(said["nothing"])
    words = said["range" if len(steps) > 1 else "one"].format(**_name_extremes(steps))
    years = {
        name: entry
        for name, entry in read_family(entries, "share_year").items()
        if name not in WHOLE
    }
    medians = sorted(entry["median"] for entry in years.values())
    ends = [format_quantity(each, "share") for each in (*medians[:1], *medians[-1:])]
    known = said["ends"].format(low=ends[0], high=ends[1]) if len(medians) > 1 else ""
    return f"{_call(entries)}: {words}{_say_year(entries, known)}"


def describe_in_short(entries: Entries) -> str:
    """The answer without the leaderboards' own numbers, for the index, which has them."""
    if not any(found := tally(entries, "step").values()):
        return ""
    return f"{_call(entries)}. {_say_majority(found, 'step')}.{_say_year(entries)}"


def _say_year(entries: Entries, ends: str = "") -> str:
    """Compute's share of a year at the mean rate, after a space; empty where there is none."""
    mean = entries.get(f"share_year[{MEAN}]")
    if not mean or mean["median"] is None:
        return ""
    return " " + str(SENTENCES["answer"]["year"].format(share=say(mean), ends=ends))


def _call(entries: Entries) -> str:
    """The answer in words, by how many domains lie on either side of one half."""
    more, less, open_ = tally(entries, "step").values()
    if not (less or open_):
        call = "all_more"
    elif not (more or open_):
        call = "all_less"
    elif more and less:
        call = "more_and_less"
    else:
        call = "some_more" if more else "some_less" if less else "none"
    return str(SENTENCES["calls"][call])


def _name_extremes(steps: Mapping[str, Entry]) -> dict[str, str]:
    """The leaderboards with the highest and the lowest median of compute's share."""
    ordered = sorted(steps, key=lambda name: steps[name]["median"])
    named = {"most": ordered[-1], "least": ordered[0]}
    return named | {f"{end}_share": say(steps[name]) for end, name in named.items()}


def say(entry: Entry) -> str:
    """Median and interval, after the sign of a caveat: "▲ 35 % (18 to 57 %)"."""
    sign = CAVEAT if entry.get("is_flagged") else ""
    return f"{sign}{answers.describe_bound(entry, 'median')} ({answers.describe_interval(entry)})"


def read_family(entries: Entries, family: str) -> dict[str, Entry]:
    """The entries `family[label]` that have a number, by label."""
    return {
        key.partition("[")[2].removesuffix("]"): entry
        for key, entry in entries.items()
        if key.startswith(f"{family}[") and entry["median"] is not None
    }


def tally(entries: Entries, kind: str) -> dict[str, list[str]]:
    """The domains where compute is more than half, less than half, and where that is open."""
    found: dict[str, list[str]] = {side: [] for side in SIDES}
    for name, entry in read_family(entries, f"p_majority_{kind}").items():
        chance = entry["median"]
        if name not in WHOLE:
            found["more" if chance > SURE else "less" if chance < 1 - SURE else "open"].append(name)
    return found


def list_statements(entries: Entries, pooled: Entries, returns: Entries) -> list[Statement]:
    """What is shared by all domains, what is not, and what cannot be told.

    `pooled` and `returns` are the estimands of the pooled rates and of the returns to research;
    empty where their fit may not be quoted.
    """
    made = [
        state_both(entries),
        state_progress(pooled),
        state_majority(entries, "step"),
        state_difference(entries),
        state_majority(entries, "year"),
        state_majority(entries, "field"),
        state_factor(pooled),
        state_next(pooled),
        state_returns(returns),
    ]
    return [each for each in made if each]


def _state(name: str, kind: Kind, **values: str) -> Statement:
    return Statement(kind, SENTENCES["statements"][name][kind].format(**values))


def _find(entries: Entries, key: str) -> Entry | None:
    """The entry of `key`, if it has a number."""
    entry = entries.get(key)
    return entry if entry and entry["median"] is not None else None


def state_both(entries: Entries) -> Statement | None:
    """Whether compute and algorithms both took part on every leaderboard."""
    found = {name: entry["median"] for name, entry in read_family(entries, "p_both").items()}
    if not found:
        return None
    least = min(found, key=lambda name: found[name])
    unsure = [name for name, each in found.items() if each <= SURE]
    return _state(
        "both",
        "open" if unsure else "shared",
        count=say_count(len(found), "leaderboard"),
        chance=answers.describe_probability(found[least]),
        least=least,
        unsure=join_names(unsure),
    )


def state_progress(pooled: Entries) -> Statement | None:
    """Whether algorithms improve on every leaderboard."""
    if not (slowest := _find(pooled, "slowest")):
        return None
    kind: Kind = "shared" if slowest["p_positive"] > SURE else "open"
    chance = answers.describe_probability(slowest["p_positive"])
    return _state("progress", kind, chance=chance, slowest=say(slowest))


def state_majority(entries: Entries, kind: str) -> Statement | None:
    """In which domains compute is more than half, less, or either."""
    found = tally(entries, kind)
    sides = [side for side in SIDES if found[side]]
    if not sides:
        return None
    agreed: Kind = "shared" if len(sides) == 1 and sides != ["open"] else "open"
    shares = read_family(entries, f"share_{kind}").values()
    sign = CAVEAT if any(each.get("is_flagged") for each in shares) else ""
    apart = found["more"] and found["less"]
    return Statement("apart" if apart else agreed, f"{sign}{_say_majority(found, kind)}.")


def _say_majority(found: Mapping[str, Sequence[str]], kind: str) -> str:
    """Of each side which of the domains lie on it, and how many."""
    words, count = SENTENCES["majority"], sum(map(len, found.values()))
    where = words[kind]
    said = [
        f"{words[side].format(**where)} "
        + (
            f"all {count} {where['noun']}"
            if len(names) == count
            else f"{len(names)} of {count} {where['noun']}, {join_names(names)}"
        )
        for side, names in found.items()
        if names
    ]
    return f"{where['start']} {'; '.join(said)}"


def state_difference(entries: Entries) -> Statement | None:
    """Whether the leaderboards with most and least compute differ."""
    if not (found := _find(entries, "p_shares_differ")):
        return None
    chance = answers.describe_probability(found["median"])
    extremes = _name_extremes(read_family(entries, "share_step"))
    kind: Kind = "apart" if found["median"] > SURE else "open"
    return _state("difference", kind, chance=chance, **extremes)


def state_factor(pooled: Entries) -> Statement | None:
    """How far apart the fastest and the slowest leaderboard are."""
    if not (factor := _find(pooled, "fastest_over_slowest")):
        return None
    is_alike = factor["upper"] is not None and factor["upper"] < SIMILAR
    kind: Kind = "apart" if factor["lower"] > SIMILAR else "shared" if is_alike else "open"
    return _state("factor", kind, factor=say(factor))


def state_next(pooled: Entries) -> Statement | None:
    """Where a leaderboard not yet seen would lie."""
    if not (new := _find(pooled, "predictive")):
        return None
    kind: Kind = "shared" if new["p_positive"] > SURE else "open"
    chance = answers.describe_probability(1 - new["p_positive"])
    return _state("next", kind, rate=say(new), chance=chance)


def state_returns(returns: Entries) -> Statement | None:
    """Whether research on software feeds its own growth in every field."""
    pooled, new = _find(returns, "pooled"), _find(returns, "predictive")
    if not pooled or not new:
        return None
    kind: Kind = "shared" if new["lower"] > 1 or new["upper"] < 1 else "open"
    side = "more" if new["lower"] > 1 else "less"
    return _state("returns", kind, side=side, pooled=say(pooled), new=say(new))


def join_names(names: Sequence[str]) -> str:
    """The names in a sentence: "A, B and C"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
