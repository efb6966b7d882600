"""What a page may say: the headline in words and the state of every check."""

from dataclasses import dataclass
from typing import Any, Literal

from models import INTERVAL_PROBABILITY
from pipeline.checks.study import LEAST_COVERAGE
from pipeline.site.pages.rendering import format_fixed, format_quantity
from pipeline.site.words import Headline

State = Literal["good", "bad", "unknown"]
Attributions = dict[str, dict[str, Any]]
ON_AVERAGE = "calibrated on average"
MARKS: dict[str, str] = {"good": "✓", "bad": "✗", "unknown": "?"}
SENSITIVE = 0.05  # power-scaling index above which the prior counts (Kallioinen et al. 2023)
# Quantities that follow from another, which is the one that is tested: families of keys.
FOLLOWS = {
    "doubling_time_months": "rate_decades_per_year",
    "reduction_factor": "rate_decades_per_year",
    "technique_gain_factor": "technique_gain_decades",
}
RATE = "rate_decades_per_year"
NOT_IDENTIFIED, NOT_CALIBRATED = "not identified", "not calibrated"
MOST_DIGITS = 6  # of attribution files
INTERVAL_WORDS = (
    f"{INTERVAL_PROBABILITY:.0%}".replace("%", "\N{NO-BREAK SPACE}%") + " equal-tailed interval"
)


@dataclass(frozen=True)
class Answer:
    """The headline: `sentence` in words, or `reason` why there is none; never both.

    `driven` says by which priors it is driven, if it is; `caveats` is what to read before the
    number.
    """

    key: str
    label: str
    unit: str
    sentence: str
    value: str
    interval: str
    reason: str
    notes: tuple[str, ...]
    driven: str = ""
    caveats: tuple[str, ...] = ()

    @property
    def unit_shown(self) -> str:
        """The unit after the number: none for shares, which are percentages, and plain numbers."""
        if self.unit.startswith("share") or self.unit == "1":
            return ""
        return "times" if self.unit == "factor" else self.unit


@dataclass(frozen=True)
class Badge:
    """One check in a word and in a sentence; `anchor` is the section with the evidence."""

    word: str
    state: State
    text: str
    anchor: str

    @property
    def mark(self) -> str:
        """A sign for the state, so that colour is not needed to read it."""
        return MARKS[self.state]


def has_passed(check: dict[str, Any]) -> bool:
    """Whether the posterior may be quoted."""
    return bool(check["verdict"] == "pass")


def answer(headline: Headline, attributions: Attributions, check: dict[str, Any]) -> Answer:
    """The headline; withheld where the fit did not converge or the quantity is not reported."""
    found = attributions.get(headline.key)
    if found is None:
        return _withheld(headline, "", "", f"The attribution file has no {headline.key}.")
    label, unit = found["label"], found["unit"]
    if not has_passed(check):
        return _withheld(headline, label, unit, "Withheld: the fit did not converge.")
    if found.get("reason"):
        return _withheld(headline, label, unit, f"Not reported: {found['reason']}.")
    if found["median"] is None:
        return _withheld(headline, label, unit, _without_median(found))
    sentence = _fill(headline.sentence, found)
    value, interval = describe_bound(found, "median"), describe_interval(found)
    driven = describe_drivers(headline.key, check)
    caveats = find_caveats(headline.key, check)
    return Answer(
        headline.key, label, unit, sentence, value, interval, "", headline.notes, driven, caveats
    )


def _fill(sentence: str, found: dict[str, Any]) -> str:
    """The sentence of a headline with its numbers.

    Names stand before the numbers in it, and may hold what looks like the place of one.
    """
    for bound in ("median", "lower", "upper"):
        before, place, after = sentence.rpartition("{" + bound + "}")
        sentence = before + (describe_bound(found, bound) if place else "") + after
    return sentence.replace(" %", "\N{NO-BREAK SPACE}%")


def _without_median(found: dict[str, Any]) -> str:
    """What stands for the headline where half of the draws or more have no finite value."""
    lower, unit = describe_bound(found, "lower"), found["unit"]
    least = f"; 95\N{NO-BREAK SPACE}% of the draws are above {lower} {unit}".rstrip()
    return (
        f"{found['label']}: no finite median, as at least half of the draws have no finite value"
        + ("" if found["lower"] is None else least)
        + "."
    )


def find_caveats(key: str, check: dict[str, Any]) -> tuple[str, ...]:
    """What to read before the number of `key`: what the checks found against it."""
    said = (
        NOT_IDENTIFIED if check.get("is_identified") is False else "",
        describe_drivers(key, check),
        NOT_CALIBRATED if check.get("is_calibrated") is False else "",
    )
    return tuple(filter(None, said))


def describe_drivers(key: str, check: dict[str, Any]) -> str:
    """That the prior drives `key` or what it follows from, and which prior; else empty."""
    driven = check.get("driven_by_prior") or []
    found = next((each for each in (key, follow(key)) if each in driven), None)
    if found is None:
        return ""
    names = (check.get("driven_by") or {}).get(found) or []
    return "driven by the prior" + (f" ({', '.join(names)})" if names else "")


def follow(key: str) -> str:
    """The key that is tested for `key`: what it follows from, or itself."""
    family, bracket, label = key.partition("[")
    return f"{FOLLOWS.get(family, family)}{bracket}{label}"


def is_prior_measured(key: str, check: dict[str, Any]) -> bool:
    """Whether power scaling has measured how far the prior drives `key` or what it follows from."""
    return bool({key, follow(key)} & set(check.get("prior_sensitivity") or {}))


def list_rates(attributions: Attributions, check: dict[str, Any], headline: str) -> list[str]:
    """The rates in words, each with the probability that there is no progress at all.

    The shared rate, and that of the label of `headline`; the table of estimates has all.
    """
    label = headline.partition("[")[2]
    wanted = dict.fromkeys([f"{RATE}[{label}" if label else RATE, RATE])
    return [
        each["label"]
        + (f", {driven}" if (driven := describe_drivers(key, check)) else "")
        + f": {describe_bound(each, 'median')} {each['unit']} "
        + f"({describe_interval(each)}){_no_progress(each)}"
        for key in wanted
        if (each := attributions.get(key)) and not each.get("reason")
    ]


def _no_progress(found: dict[str, Any]) -> str:
    chance = describe_p_not_positive(found)
    sign = "" if chance.startswith("<") else "= "
    text = f"P(rate \N{LESS-THAN OR EQUAL TO} 0) {sign}{chance}"
    return "; " + text.replace(" ", "\N{NO-BREAK SPACE}") if chance else ""


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


def describe_bound(found: dict[str, Any], bound: str, digits: int = 2) -> str:
    """A number of an attribution in words; a bound that does not exist is said not to."""
    value = found[bound]
    if value is None:
        return f"no {bound} bound" if bound != "median" else "no finite median"
    return format_quantity(value, found["unit"], _tell_apart(found, digits))


def _tell_apart(found: dict[str, Any], digits: int) -> int:
    """`digits`, or as many more as the two ends of the interval need to be told apart."""
    lower, upper, unit = found["lower"], found["upper"], found["unit"]
    if lower is None or upper is None or lower == upper:
        return digits
    apart = (
        each
        for each in range(digits, MOST_DIGITS)
        if format_quantity(lower, unit, each) != format_quantity(upper, unit, each)
    )
    return next(apart, MOST_DIGITS)


def describe_interval(found: dict[str, Any], digits: int = 2) -> str:
    """The interval: "1.7 to 2.4", "13 to no upper bound", or why there is none."""
    if found.get("reason"):
        return f"not reported: {found['reason']}"
    return f"{describe_bound(found, 'lower', digits)} to {describe_bound(found, 'upper', digits)}"


def badges(check: dict[str, Any], headline: str = "") -> list[Badge]:
    """Converged, calibrated, identified, prior-sensitive: each with its state and numbers.

    `headline` is the key that the page answers with.
    """
    return [
        _converged(check),
        _calibrated(check),
        _identified(check),
        _sensitive(check, describe_drivers(headline, check)),
    ]


def describe_convergence(check: dict[str, Any]) -> str:
    """What the samplers did, in one sentence."""
    bulk, tail = (format_fixed(check[name], 0) for name in ("min_ess_bulk", "min_ess_tail"))
    limits = check["limits"]
    return (
        f"Largest R-hat {format_fixed(check['max_rhat'], 3)} (limit {limits['max_rhat']:g}); "
        f"least effective sample size {bulk} in the bulk, {tail} in the tails "
        f"(limit {limits['min_ess']:g}); "
        f"divergent transitions: {check['divergences']} (limit {limits['max_divergences']:g}); "
        f"least E-BFMI {format_fixed(check['min_bfmi'], 2)} (limit {limits['min_bfmi']:g})."
    )


def _withheld(headline: Headline, label: str, unit: str, reason: str) -> Answer:
    return Answer(headline.key, label, unit, "", "", "", reason, headline.notes)


def _converged(check: dict[str, Any]) -> Badge:
    if has_passed(check):
        return Badge("converged", "good", describe_convergence(check), "convergence")
    return Badge("not converged", "bad", "; ".join(check["reasons"]), "convergence")


def _calibrated(check: dict[str, Any]) -> Badge:
    state = check.get("is_calibrated")
    reason = check.get("calibration_reason") or ""
    if state is None:
        text = "No simulation study has been run for this model."
        if reason not in ("", "not measured"):
            text = f"The simulation study judges nothing: {reason}."
        return Badge("calibration not measured", "unknown", text, "calibration")
    if state:
        text = (
            "Over truths drawn from the prior, intervals of posteriors fitted to simulated data "
            "hold the truth as often as they say."
        )
        if missed := _describe_missed(check):
            return Badge(ON_AVERAGE, "unknown", f"{text} {missed}", "calibration")
        return Badge("calibrated", "good", text, "calibration")
    text = "Intervals fitted to simulated data do not hold the truth as often as they say."
    return Badge("not calibrated", "bad", _add(text, reason), "calibration")


def measure_attenuation(check: dict[str, Any]) -> float:
    """Change of the rate, in posterior standard deviations, if compute figures err at random.

    The smaller one of the two forms of the curve; zero where they differ in sign or were not made.
    """
    ends = ((check.get("study") or {}).get("attenuation") or {}).get("corrected") or {}
    shifts = sorted((end["shift"] for end in ends.values()), key=abs)
    return float(shifts[0]) if shifts and shifts[0] * shifts[-1] > 0 else 0.0


def _describe_missed(check: dict[str, Any]) -> str:
    """The fixed compute shares that intervals held too seldom; empty where there is none."""
    study = (check.get("study") or {}).get("fixed_share") or {}
    said = [
        f"{format_quantity(float(truth), 'share')} (in {found['covered']} of {found['intervals']} "
        "fits)"
        for truth, found in (study.get("shares") or {}).items()
        if found["share"] is not None and found["share"] < LEAST_COVERAGE
    ]
    return f"They hold too seldom a true compute share of {', '.join(said)}." if said else ""


def _identified(check: dict[str, Any]) -> Badge:
    state = check.get("is_identified")
    reason = check.get("identification_reason") or ""
    if state is None:
        text = reason or "No test of whether the data can tell the parts apart has been run."
        return Badge("identification not measured", "unknown", text, "identification")
    if state:
        return Badge("identified", "good", "The data tell the parts apart.", "identification")
    return Badge(
        "not identified",
        "bad",
        " ".join(check.get("identification_reasons") or [])
        or "The data do not tell the parts apart: the split leans on the priors.",
        "identification",
    )


def _add(text: str, reason: str) -> str:
    return f"{text} {reason[:1].upper()}{reason[1:]}." if reason else text


def _sensitive(check: dict[str, Any], headline: str) -> Badge:
    indices = check.get("prior_sensitivity") or {}
    driven = check.get("driven_by_prior") or []
    moved = [key for key, index in indices.items() if (index["prior"] or 0) > SENSITIVE]
    if driven:
        word = f"headline {headline}" if headline else "prior-driven in part"
        text = f"The prior drives these: {_list_driven(driven, check)}."
        return Badge(word, "bad", text, "sensitivity")
    if moved:
        text = f"Prior and data both move these: {', '.join(moved)}."
        return Badge("prior-sensitive in part", "unknown", text, "sensitivity")
    if not indices:
        text = "No power scaling has been run."
        return Badge("prior sensitivity not measured", "unknown", text, "sensitivity")
    text = "Making the prior stronger or weaker hardly moves the headline quantities."
    return Badge("not prior-sensitive", "good", text, "sensitivity")


def _list_driven(driven: list[str], check: dict[str, Any]) -> str:
    """The driven quantities, each with the priors that drive it."""
    names = {key: ", ".join((check.get("driven_by") or {}).get(key) or []) for key in driven}
    return "; ".join(f"{key} ({found})" if found else key for key, found in names.items())
