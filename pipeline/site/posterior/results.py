"""Estimates and checks of a posterior as the rows of its page's tables, and in sentences."""

from typing import Any

from pipeline.checks.study import OUT_OF_DATE
from pipeline.ingest.bibliography import Reference
from pipeline.ingest.cards.card import Published
from pipeline.site.charts import summaries
from pipeline.site.pages import answers, rendering
from pipeline.site.pages.answers import Attributions
from pipeline.site.posterior import panels
from pipeline.site.posterior.inputs import Inputs


def list_estimates(attributions: Attributions, check: dict[str, Any]) -> list[dict[str, str]]:
    """The rows of the table of estimands, in words."""
    return [
        {
            "key": key,
            "label": found["label"],
            "unit": ""
            if rendering.is_share(found["unit"])
            else summaries.unit_words(found["unit"]),
            "median": ""
            if found.get("reason")
            else answers.describe_bound(found, "median", rendering.SIGNIFICANT_TABLE),
            "interval": answers.describe_interval(found, rendering.SIGNIFICANT_TABLE),
            "p_not_positive": answers.describe_p_not_positive(found),
            "driven": answers.describe_drivers(key, check),
            "p_finite": "" if found["p_finite"] in (None, 1) else f"{found['p_finite']:.3f}",
        }
        for key, found in attributions.items()
    ]


def list_published(
    inputs: Inputs, references: dict[str, tuple[int, Reference]]
) -> list[dict[str, Any]]:
    """Published values as their sources print them, and whether our interval holds them.

    Nothing of ours stands beside them where the fit did not pass its check.
    """
    ours = inputs.attributions if answers.has_passed(inputs.check) else {}
    return [
        row.model_dump()
        | {"number": references[row.citation][0], "short": references[row.citation][1].short}
        | {
            name: rendering.format_cell(getattr(row, name))
            for name in ("estimate", "lower", "upper")
        }
        | {"quantity": (inputs.attributions.get(row.estimand) or {}).get("label", "")}
        | compare_published(row, ours.get(row.estimand))
        for row in inputs.card.card.published
    ]


def compare_published(row: Published, found: dict[str, Any] | None) -> dict[str, Any]:
    """Our interval as published values are printed, and whether the estimate lies outside of it.

    Neither where the estimand is not reported; no verdict where nothing but an interval was
    published.
    """
    if found is None or found.get("reason") or found["median"] is None:
        return {"ours": "", "is_outside": None}
    lower, upper = (
        f"no {end} bound"
        if found[end] is None
        else rendering.format_number(found[end], rendering.SIGNIFICANT_TABLE)
        for end in ("lower", "upper")
    )
    ours = f"{lower} to {upper}"
    if row.estimate is None:
        return {"ours": ours, "is_outside": None}
    is_below = found["lower"] is not None and row.estimate < found["lower"]
    is_above = found["upper"] is not None and row.estimate > found["upper"]
    return {"ours": ours, "is_outside": is_below or is_above}


def list_sensitivity(inputs: Inputs) -> list[dict[str, str]]:
    """The rows of the table of power scaling, with the priors that drive each quantity."""
    measured = inputs.check.get("prior_sensitivity") or {}
    return [
        {
            "key": key,
            "label": panels.label_of(key, inputs.attributions),
            "driven": answers.describe_drivers(key, inputs.check) or "no",
        }
        | {
            name: rendering.format_fixed(found.get(column), decimals)
            for name, column, decimals in (
                ("prior", "prior", 3),
                ("likelihood", "likelihood", 3),
                ("width", "width_ratio", 2),
            )
        }
        for key, found in measured.items()
    ]


def describe_density(check: dict[str, Any]) -> str:
    """How well the model predicts what was left out, in one sentence; empty if not measured."""
    if check.get("elpd_loo") is None:
        return ""
    unit = check.get("unit") or "row"
    method = check.get("elpd_method") or "PSIS-LOO"
    note = check.get("elpd_note")
    return (
        f"Expected log predictive density, leaving out one {unit} at a time, "
        f"{rendering.format_fixed(check['elpd_loo'], 1)} (standard error "
        f"{rendering.format_fixed(check.get('elpd_loo_se'), 1)}), by {method}"
        + (f": {note}" if note else "")
        + f"; importance sampling was unreliable for {check.get('bad_pareto_k') or 0} of them."
    )


def describe_trust(inputs: Inputs) -> dict[str, Any]:
    """What the study of the cell found, as tables and sentences."""
    check, attributions = inputs.check, inputs.attributions
    coverage = check.get("calibration") or {}
    study = check.get("study") or {}
    reason = coverage.get("reason") or check.get("calibration_reason") or panels.NOT_MEASURED
    return {
        "datasets": coverage.get("datasets"),
        "failed": coverage.get("failed"),
        "redrawn": coverage.get("redrawn"),
        "reason": reason,
        "is_stale": bool(study) and check.get("calibration_reason") == OUT_OF_DATE,
        "coverage": panels.list_coverage(check, attributions),
        "fixed_shares": panels.list_fixed_shares(check),
        "fixed_reason": (study.get("fixed_share") or {}).get("reason", ""),
        "shifts": panels.list_shifts(check, attributions),
        "shift_noise": panels.describe_shift_noise(check),
        "wrong_compute": panels.describe_wrong_compute(check),
        "attenuation": panels.describe_attenuation(check),
        "design_reason": (study.get("design") or {}).get("reason") or panels.NOT_MEASURED,
    }
