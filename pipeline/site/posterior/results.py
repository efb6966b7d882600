"""Estimates of a posterior as the rows of its page's tables."""

from typing import Any

from pipeline.ingest.cards.card import Published
from pipeline.site.pages.answers import (
    Attributions,
    Check,
    describe_bound,
    describe_drivers,
    describe_interval,
    describe_p_not_positive,
    has_passed,
)
from pipeline.site.pages.numbers import (
    SIGNIFICANT_TABLE,
    format_cell,
    format_fixed,
    format_number,
    is_share,
    unit_words,
)
from pipeline.site.pages.sentences import say
from pipeline.site.posterior.data import Numbered
from pipeline.site.posterior.inputs import Inputs


def list_estimates(attributions: Attributions, check: Check) -> list[dict[str, str]]:
    """The rows of the table of estimands, in words."""
    return [
        {
            "key": key,
            "label": found["label"],
            "unit": "" if is_share(found["unit"]) else unit_words(found["unit"]),
            "median": ""
            if found.get("reason")
            else describe_bound(found, "median", SIGNIFICANT_TABLE),
            "interval": describe_interval(found, SIGNIFICANT_TABLE),
            "p_not_positive": describe_p_not_positive(found),
            "driven": describe_drivers(key, check),
            "p_finite": "" if found["p_finite"] in (None, 1) else f"{found['p_finite']:.3f}",
        }
        for key, found in attributions.items()
    ]


def list_published(inputs: Inputs, references: Numbered) -> list[dict[str, Any]]:
    """Published values as their sources print them, and whether our interval holds them.

    Nothing of ours stands beside them where the fit did not pass its check.
    """
    ours = inputs.attributions if has_passed(inputs.check) else {}
    rows = []
    for row in inputs.card.card.published:
        number, reference = references[row.citation]
        printed = {name: format_cell(getattr(row, name)) for name in ("estimate", "lower", "upper")}
        quantity = (inputs.attributions.get(row.estimand) or {}).get("label", "")
        found = {"number": number, "short": reference.short, "quantity": quantity}
        compared = compare_published(row, ours.get(row.estimand))
        rows.append(row.model_dump() | found | printed | compared)
    return rows


def compare_published(row: Published, found: dict[str, Any] | None) -> dict[str, Any]:
    """Our interval as published values are printed, and whether the estimate lies outside of it.

    Neither where the estimand is not reported; no verdict where nothing but an interval was
    published.
    """
    if found is None or found.get("reason") or found["median"] is None:
        return {"ours": "", "is_outside": None}
    lower, upper = (
        f"no {end} bound" if found[end] is None else format_number(found[end], SIGNIFICANT_TABLE)
        for end in ("lower", "upper")
    )
    ours = f"{lower} to {upper}"
    if row.estimate is None:
        return {"ours": ours, "is_outside": None}
    is_below = found["lower"] is not None and row.estimate < found["lower"]
    is_above = found["upper"] is not None and row.estimate > found["upper"]
    return {"ours": ours, "is_outside": is_below or is_above}


def list_sensitivity(attributions: Attributions, check: Check) -> list[dict[str, str]]:
    """The rows of the table of power scaling, with the priors that drive each quantity."""
    return [
        {
            "key": key,
            "label": label_of(key, attributions),
            "driven": describe_drivers(key, check) or "no",
            "prior": format_fixed(found.get("prior"), 3),
            "likelihood": format_fixed(found.get("likelihood"), 3),
            "width": format_fixed(found.get("width_ratio"), 2),
        }
        for key, found in (check.get("prior_sensitivity") or {}).items()
    ]


def describe_density(check: Check) -> str:
    """How well the model predicts what was left out, in one sentence; empty if not measured."""
    if check.get("elpd_loo") is None:
        return ""
    return say(
        "density",
        unit=check.get("unit") or "row",
        method=check.get("elpd_method") or "PSIS-LOO",
        note=check.get("elpd_note"),
        elpd=check["elpd_loo"],
        error=check.get("elpd_loo_se"),
        unreliable=check.get("bad_pareto_k") or 0,
    )


def label_of(key: str, attributions: Attributions) -> str:
    """The words of an estimand; its key where the attribution file does not have it."""
    return str(attributions.get(key, {}).get("label", key))
