"""What a page may say of an estimand: the headline, intervals and probabilities in words."""

from dataclasses import dataclass
from typing import Any

from pipeline.site.pages.numbers import (
    DASH,
    SIGNIFICANT_PROSE,
    format_quantity,
    is_share,
    say_unit,
)
from pipeline.site.pages.sentences import say
from pipeline.site.words import Headline
from pipeline.studies.verdict import RATE, Check, describe_drivers, find_caveats, follow

Attributions = dict[str, dict[str, Any]]
# What readers come for beside the answer: Chinchilla's question at its budget, METR's.
SOUGHT = ("optimal_tokens_per_parameter[5.76e23]", "doubling_time_days[since 2023]")
SENSITIVE = 0.05  # power-scaling index above which the prior counts (Kallioinen et al. 2023)
HALF = 0.5  # of a step: what is more, compute or all else
CAVEAT = "▲\N{NO-BREAK SPACE}"  # before a number that has one
MOST_DIGITS = 6  # of attribution files


@dataclass(frozen=True)
class Answer:
    """The headline: `sentence` in words, or `reason` why there is none; never both.

    `driven` says by which priors it is driven, if it is; `caveats` is what to read before the
    number, in brief.
    """

    key: str
    label: str = ""
    unit: str = ""
    sentence: str = ""
    value: str = ""
    interval: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    driven: str = ""
    caveats: tuple[str, ...] = ()

    @property
    def unit_shown(self) -> str:
        """The unit after the number: none for shares, which are percentages, and plain numbers."""
        return say_unit(self.unit)


def has_passed(check: Check) -> bool:
    """Whether the posterior may be quoted."""
    return bool(check["verdict"] == "pass")


def answer(headline: Headline, attributions: Attributions, check: Check) -> Answer:
    """The headline; withheld where the fit did not converge or the quantity is not reported."""
    key, notes = headline.key, headline.notes
    found = attributions.get(key)
    if found is None:
        return Answer(key, reason=f"The attribution file has no {key}.", notes=notes)
    label, unit = found["label"], found["unit"]
    if reason := find_withheld(found, check) or _say_without_median(found):
        return Answer(key, label, unit, reason=reason, notes=notes)
    said = (_fill(headline.sentence, found), describe_bound(found, "median"))
    driven, caveats = describe_drivers(key, check), find_caveats(key, check)
    return Answer(key, label, unit, *said, describe_interval(found), "", notes, driven, caveats)


def find_withheld(found: dict[str, Any], check: Check) -> str:
    """Why no number of an estimand is shown; empty where one is."""
    if not has_passed(check):
        return "Withheld: the fit did not converge."
    return f"Not reported: {found['reason']}." if found.get("reason") else ""


def _say_without_median(found: dict[str, Any]) -> str:
    """That there is no finite median; empty where there is one."""
    if found["median"] is not None:
        return ""
    lower = "" if found["lower"] is None else describe_bound(found, "lower")
    return say("without_median", **found | {"lower": lower, "unit": say_unit(found["unit"])})


def _fill(sentence: str, found: dict[str, Any]) -> str:
    """The sentence with its numbers, from the right: names before them may look like places.

    Of two shares joined by "to", the second alone has its sign: "42 to 130 %".
    """
    if is_share(found["unit"]) and None not in (found["lower"], found["upper"]):
        before, joined, after = sentence.rpartition("{lower} to {upper}")
        lower = describe_bound(found, "lower").removesuffix("\N{NO-BREAK SPACE}%")
        sentence = before + (f"{lower} to {{upper}}" if joined else "") + after
    for bound in ("median", "lower", "upper"):
        before, place, after = sentence.rpartition("{" + bound + "}")
        sentence = before + (describe_bound(found, bound) if place else "") + after
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def read_range(key: str, check: Check) -> dict[str, Any]:
    """What other specifications say of `key` (pipeline/studies/spread.py), with `is_current` and
    the choice that moves it most; empty where none was tried.
    """
    others = check.get("multiverse") or {}
    found = (others.get("spread") or {}).get(key)
    if not found:
        return {}
    first, share = next(iter(found["variance"].items()), ("", 0.0))
    mover = others["choices"][first]["title"] if first else ""
    return found | {"is_current": others["is_current"], "mover": mover, "mover_share": share}


def say_range(key: str, check: Check, unit: str, is_short: bool = False) -> str:
    """The range of `key` over other specifications, in a sentence or in brief; empty without.

    `unit`: that of `key`.
    """
    found = read_range(key, check)
    return say("range_in_brief" if is_short else "range", unit=unit, **found) if found else ""


def family(key: str) -> str:
    """`name` of the key `name[label]`."""
    return key.partition("[")[0]


def element(key: str) -> str:
    """`label` of the key `name[label]`, empty for a plain `name`."""
    return key.partition("[")[2].removesuffix("]")


def is_prior_measured(key: str, check: Check) -> bool:
    """Whether power scaling has measured how far the prior drives `key` or what it follows from."""
    return bool({key, follow(key)} & set(check.get("prior_sensitivity") or {}))


def list_rates(attributions: Attributions, check: Check, headline: str) -> list[str]:
    """The rates in words, each with the probability that there is no progress at all.

    The shared rate, and that of the label of `headline`, and what else readers come for; the table
    of estimates has all.
    """
    label = headline.partition("[")[2]
    sought = [key for key in attributions if family(key) == family(SOUGHT[0])]
    wanted = dict.fromkeys([f"{RATE}[{label}" if label else RATE, RATE, *sought, *SOUGHT])
    return [
        say(
            "rate",
            label=each["label"],
            unit=say_unit(each["unit"]),
            driven=describe_drivers(key, check),
            median=describe_bound(each, "median"),
            interval=describe_interval(each),
            chance="" if key in (*sought, *SOUGHT) else describe_p_not_positive(each),
        )
        for key in wanted
        if (each := attributions.get(key)) and not each.get("reason")
    ]


def describe_p_not_positive(found: dict[str, Any]) -> str:
    """The probability of zero or less; empty for what is positive by construction."""
    positive = found.get("p_positive")
    if positive is None:
        return ""
    return "< 0.001" if 1 - positive < 0.001 else f"{1 - positive:.3f}"


def describe_probability(probability: float) -> str:
    """Two digits, near 0 and 1 a third, and no further than "< 0.001" and "> 0.999"."""
    if probability < 0.001:
        return "< 0.001"
    if probability > 0.999:
        return "> 0.999"
    return f"{probability:.2f}" if 0.01 <= probability <= 0.99 else f"{probability:.3f}"


def describe_bound(found: dict[str, Any], bound: str, digits: int = SIGNIFICANT_PROSE) -> str:
    """A number of an attribution in words; a bound that does not exist is said not to.

    It has as many more than `digits` as the two ends of the interval need to be told apart.
    """
    value, unit, low, high = found[bound], found["unit"], found["lower"], found["upper"]
    if value is None:
        return f"no {bound} bound" if bound != "median" else "no finite median"
    if None not in (low, high) and low != high:
        while digits < MOST_DIGITS and (
            format_quantity(low, unit, digits) == format_quantity(high, unit, digits)
        ):
            digits += 1
    return format_quantity(value, unit, digits)


def is_outside(value: float, found: dict[str, Any]) -> bool:
    """Whether `value` lies below or above the interval, as far as that has bounds."""
    lower, upper = found["lower"], found["upper"]
    return (lower is not None and value < lower) or (upper is not None and value > upper)


def describe_interval(found: dict[str, Any], digits: int = SIGNIFICANT_PROSE) -> str:
    """The interval: "1.7 to 2.4", "13 to no upper bound", or why there is none.

    One without width, such as that of a probability, is a dash.
    """
    if found.get("reason"):
        return f"not reported: {found['reason']}"
    if found["lower"] is not None and found["lower"] == found["upper"]:
        return DASH
    return f"{describe_bound(found, 'lower', digits)} to {describe_bound(found, 'upper', digits)}"
