"""The estimands of the synthesis -> its answer, and what all domains share and what they do not.

Every sentence is made from numbers; another result makes another sentence. What holds with a
probability over 0.95 is said to hold, what holds with less than 0.05 not to, and what lies between
is said to be open.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.site.overview.comparison import Entry
from pipeline.site.pages import answers
from pipeline.site.pages.rendering import format_quantity

SURE = 0.95
SIMILAR = 1.5  # factor within which two rates are called alike, as on the card of rates of fields
CAVEAT = "▲\N{NO-BREAK SPACE}"
MEAN, NEW = "Mean of our leaderboards", "A leaderboard not yet seen"
Entries = Mapping[str, Entry]
Kind = Literal["shared", "apart", "open"]


@dataclass(frozen=True)
class Statement:
    """A sentence on all domains, and whether they share what it says."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class Tally:
    """Which domains are mostly compute, mostly not, and which cannot be told."""

    more: tuple[str, ...]
    less: tuple[str, ...]
    open: tuple[str, ...]

    @property
    def count(self) -> int:
        """All domains."""
        return len(self.more) + len(self.less) + len(self.open)

    @property
    def kind(self) -> Kind:
        """Whether the domains agree."""
        if self.more and self.less:
            return "apart"
        return "shared" if self.count in (len(self.more), len(self.less)) else "open"


def describe_answer(entries: Entries) -> str:
    """Compute or algorithms, in three sentences; or that nothing may be said.

    `entries` are those of data/attributions/synthesis.json.
    """
    steps = read_family(entries, "share_step")
    if not steps:
        return "No leaderboard has a share of compute that may be quoted."
    said = [f"{_call(tally(entries, 'step'))}: {_say_range(steps)}"]
    years = {
        name: entry
        for name, entry in read_family(entries, "share_year").items()
        if name not in (MEAN, NEW)
    }
    mean = entries.get(f"share_year[{MEAN}]")
    if mean and mean["median"] is not None:
        said.append(
            "In a year at the frontier the growth of training compute makes up "
            f"{say(mean)} of progress, at the mean of the leaderboards' rates{_say_ends(years)}."
        )
    return " ".join(said)


def describe_in_short(entries: Entries) -> str:
    """The answer without the leaderboards' own numbers, for the index, which has them."""
    found = tally(entries, "step")
    if not found.count:
        return ""
    said = _say_majority(found, "step")
    mean = entries.get(f"share_year[{MEAN}]")
    year = (
        f" In a year at the frontier the growth of training compute makes up {say(mean)} of "
        "progress, at the mean of the leaderboards' rates."
        if mean and mean["median"] is not None
        else ""
    )
    return f"{_call(found)}. {said}.{year}"


def _call(found: Tally) -> str:
    """The answer in words, by how many domains lie on either side of one half."""
    if found.count == len(found.more):
        return "Mostly compute"
    if found.count == len(found.less):
        return "Mostly algorithms"
    if found.more and found.less:
        return "It depends on the domain"
    if found.more:
        return "Both, and compute more in some domains"
    if found.less:
        return "Both, and algorithms more in some domains"
    return "Both, and which is more cannot be told"


def _say_range(steps: Mapping[str, Entry]) -> str:
    """The highest and the lowest median of compute's share over the record paths."""
    ordered = sorted(steps, key=lambda name: steps[name]["median"])
    most, least = ordered[-1], ordered[0]
    said = (
        "from the first to the last record, compute made up "
        f"{say(steps[most])} of progress on {most}"
    )
    if most == least:
        return f"{said}."
    return f"{said}, the highest median, and {say(steps[least])} on {least}, the lowest."


def _say_ends(years: Mapping[str, Entry]) -> str:
    """From which to which median the leaderboards go."""
    medians = sorted(entry["median"] for entry in years.values())
    if len(medians) < 2:
        return ""
    low, high = (format_quantity(each, "share") for each in (medians[0], medians[-1]))
    return f", and between {low} and {high} at those of single ones"


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


def tally(entries: Entries, kind: str) -> Tally:
    """Where compute is more than half, less than half, and where that is open."""
    found = {
        name: entry["median"]
        for name, entry in read_family(entries, f"p_majority_{kind}").items()
        if name not in (MEAN, NEW)
    }
    more = tuple(name for name, each in found.items() if each > SURE)
    less = tuple(name for name, each in found.items() if each < 1 - SURE)
    return Tally(more, less, tuple(name for name in found if name not in (*more, *less)))


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


def state_both(entries: Entries) -> Statement | None:
    """Whether compute and algorithms both took part on every leaderboard."""
    found = {name: entry["median"] for name, entry in read_family(entries, "p_both").items()}
    if not found:
        return None
    least = min(found, key=lambda name: found[name])
    chance = answers.describe_probability(found[least])
    unsure = [name for name, each in found.items() if each <= SURE]
    if not unsure:
        return Statement(
            "shared",
            f"Both took part: on {_count(len(found))} the shares of compute and of algorithms are "
            f"above zero, with probability {chance} where it is least, on {least}.",
        )
    return Statement(
        "open",
        f"Whether both took part on every leaderboard: it is not sure on {_list(unsure)}; on "
        f"{least} the probability that both shares are above zero is {chance}.",
    )


def state_progress(pooled: Entries) -> Statement | None:
    """Whether algorithms improve on every leaderboard."""
    slowest = pooled.get("slowest")
    if not slowest or slowest["median"] is None:
        return None
    chance = answers.describe_probability(slowest["p_positive"])
    text = (
        "algorithms improve on every leaderboard: the probability that all of the rates are above "
        f"zero is {chance}; the slowest is {say(slowest)} decades a year."
    )
    if slowest["p_positive"] > SURE:
        return Statement("shared", text[0].upper() + text[1:])
    return Statement("open", f"Whether {text}")


WHERE = {
    "step": ("From the first to the last record", "compute", "leaderboards"),
    "year": ("In a year at the frontier", "compute", "leaderboards"),
    "field": ("In other fields, as published,", "hardware beside software", "fields"),
}


def state_majority(entries: Entries, kind: str) -> Statement | None:
    """In which domains compute is more than half, less, or either."""
    found = tally(entries, kind)
    if not found.count:
        return None
    sign = CAVEAT if any(map(_has_sign, read_family(entries, f"share_{kind}").values())) else ""
    return Statement(found.kind, f"{sign}{_say_majority(found, kind)}.")


def _say_majority(found: Tally, kind: str) -> str:
    start, part, noun = WHERE[kind]
    groups = (
        (f"{part} brings more than half on", found.more),
        (f"{part} brings less than half on", found.less),
        ("it cannot be told which is more on", found.open),
    )
    said = [f"{words} {_say_part(names, found.count, noun)}" for words, names in groups if names]
    return f"{start} {'; '.join(said)}"


def _say_part(names: Sequence[str], count: int, noun: str) -> str:
    """Which of the domains, and how many."""
    if len(names) == count:
        return f"all {count} {noun}"
    return f"{len(names)} of {count} {noun}, {_list(names)}"


def _has_sign(entry: Entry) -> bool:
    return bool(entry.get("is_flagged"))


def state_difference(entries: Entries) -> Statement | None:
    """Whether the leaderboards with most and least compute differ."""
    found = entries.get("p_shares_differ")
    if not found:
        return None
    chance = answers.describe_probability(found["median"])
    steps = read_family(entries, "share_step")
    ordered = sorted(steps, key=lambda name: steps[name]["median"])
    most, least = ordered[-1], ordered[0]
    text = (
        f"compute's share of the step is greater on {most}, {say(steps[most])}, than on {least}, "
        f"{say(steps[least])}, with probability {chance}."
    )
    if found["median"] > SURE:
        return Statement("apart", f"The split itself: {text}")
    return Statement("open", f"Whether leaderboards differ in their split: {text}")


def state_factor(pooled: Entries) -> Statement | None:
    """How far apart the fastest and the slowest leaderboard are."""
    factor = pooled.get("fastest_over_slowest")
    if not factor or factor["median"] is None:
        return None
    text = f"the fastest leaderboard's rate is {say(factor)} times the slowest's."
    if factor["lower"] > SIMILAR:
        return Statement("apart", f"The rate of progress: {text}")
    if factor["upper"] is not None and factor["upper"] < SIMILAR:
        return Statement("shared", f"The rate of progress: {text}")
    return Statement("open", f"Whether there is one rate of progress: {text}")


def state_next(pooled: Entries) -> Statement | None:
    """Where a leaderboard not yet seen would lie."""
    new = pooled.get("predictive")
    if not new or new["median"] is None:
        return None
    text = (
        f"a leaderboard not yet seen would improve by {say(new)} decades a year, and with "
        f"probability {answers.describe_probability(1 - new['p_positive'])} not at all."
    )
    if new["p_positive"] > SURE:
        return Statement("shared", f"Progress beyond these leaderboards: {text}")
    return Statement("open", f"What other leaderboards would show: {text}")


def state_returns(returns: Entries) -> Statement | None:
    """Whether research on software feeds its own growth in every field."""
    pooled, new = returns.get("pooled"), returns.get("predictive")
    if not pooled or not new or pooled["median"] is None or new["median"] is None:
        return None
    text = (
        "a doubling of research brings "
        f"{say(pooled)} doublings of efficiency in the middle of the fields that were studied, and "
        f"{say(new)} in one that was not."
    )
    if new["lower"] > 1 or new["upper"] < 1:
        side = "more" if new["lower"] > 1 else "less"
        return Statement("shared", f"Returns to research {side} than one: {text}")
    return Statement("open", f"Whether returns to research are more than one everywhere: {text}")


def list_doubts(
    entries: Entries,
    read: Mapping[str, Entry],
    check: Mapping[str, Any],
    models: Mapping[str, Sequence[Entry]],
    primaries: Mapping[str, tuple[Entry, Entry]],
) -> list[str]:
    """What cannot be trusted, to be read first.

    `read` are the headlines of other posteriors that are spoken of, by what they are called;
    `check` is that of the pooled rates, `models` each leaderboard's share by model, `primaries` its
    rate by the model that is pooled and averaged over models.
    """
    steps = read_family(entries, "share_step")
    doubts = [
        f"{name}: {'; '.join(entry['caveats'])}."
        for name, entry in (*steps.items(), *read.items())
        if entry.get("is_flagged")
    ]
    doubts += _doubt_models(models)
    return [*doubts, *_doubt_speakers(primaries), *_doubt_pooling(check, len(steps))]


def _doubt_speakers(primaries: Mapping[str, tuple[Entry, Entry]]) -> list[str]:
    """Where the model that is pooled and the average over models are not alike."""
    said = [
        f"{name} {say(own)} instead of {say(averaged)}"
        for name, (own, averaged) in primaries.items()
        if not 1 / SIMILAR < own["median"] / averaged["median"] < SIMILAR
    ]
    if not said:
        return []
    return [
        "The rates that are pooled are those of one model a leaderboard, which are not those "
        f"averaged over models: {_list(said)} decades a year."
    ]


def _doubt_models(models: Mapping[str, Sequence[Entry]]) -> list[str]:
    """The leaderboard on which the medians of the models lie furthest apart."""
    reach = {
        name: (min(medians), max(medians))
        for name, found in models.items()
        if len(medians := [each["median"] for each in found if each["median"] is not None]) > 1
    }
    if not reach:
        return []
    widest = max(reach, key=lambda name: reach[name][1] - reach[name][0])
    low, high = (format_quantity(each, "share") for each in reach[widest])
    return [
        f"Models of the same data disagree, most on {widest}: their medians of compute's share go "
        f"from {low} to {high}. The average weighs them by prediction."
    ]


def _doubt_pooling(check: Mapping[str, Any], count: int) -> list[str]:
    """What drives the pooled rates beside the data."""
    sensitivity = check.get("prior_sensitivity") or {}
    names = {"mean": "their mean", "between_sd": "their spread", "predictive": "the next one's"}
    leaning = [
        words
        for key, words in names.items()
        if (sensitivity.get(key) or {}).get("prior", 0.0) > answers.SENSITIVE
    ]
    if not leaning:
        return []
    return [
        f"Rates pooled over {_count(count)}: {_list(leaning)} "
        f"{'moves' if len(leaning) == 1 else 'move'} with the prior (power-scaling index over "
        f"{answers.SENSITIVE})."
    ]


def _count(count: int) -> str:
    return f"{count} leaderboard{'' if count == 1 else 's'}"


def _list(names: Sequence[str]) -> str:
    *head, last = names
    return f"{', '.join(head)} and {last}" if head else last
