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
    format_number,
    is_share,
    unit_words,
)
from pipeline.site.pages.sentences import say
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


def list_published(inputs: Inputs) -> list[tuple[Published, dict[str, Any]]]:
    """Published values, each with whether our interval holds it.

    Nothing of ours stands beside them where the fit did not pass its check.
    """
    ours = inputs.attributions if has_passed(inputs.check) else {}
    rows = inputs.card.card.published
    return [(row, compare_published(row, ours.get(row.estimand))) for row in rows]


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
