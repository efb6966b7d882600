"""What each choice inside the model would have said, and what the data say of it."""

from typing import Any

import pandas as pd

from pipeline.site.charts.drawings import Drawing
from pipeline.site.charts.intervals import draw_intervals
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import Check, has_passed
from pipeline.site.pages.numbers import format_fixed, format_quantity
from pipeline.site.pages.sentences import say, say_figure
from pipeline.site.posterior.inputs import Inputs
from pipeline.site.words import Words

OURS = "the model, which weighs all of these"
INSIDE = "inside our interval"
RULED_OUT = "ruled out by the data"
TOO_NARROW = "outside, and not ruled out: our interval is too narrow for it"


def list_special_cases(
    check: Check, key: str, ours: dict[str, Any], words: Words
) -> list[dict[str, Any]]:
    """A row a special case: the headline under it, how it predicts, and what follows."""
    rows = []
    for name, case in read_cases(check, key):
        found = case["estimands"][key]
        is_inside = ours["lower"] <= found["median"] <= ours["upper"]
        is_off = not is_inside and not case["is_ruled_out"]
        verdict = RULED_OUT if case["is_ruled_out"] else (INSIDE if is_inside else TOO_NARROW)
        low, high = (format_quantity(found[end], "share") for end in ("lower", "upper"))
        rows.append(
            {
                "label": words.special_cases.get(name, name.replace("_", " ")),
                "median": format_quantity(found["median"], "share"),
                "interval": f"{low} to {high}",
                "difference": format_fixed(case["elpd_difference"], 1),
                "error": format_fixed(case["elpd_difference_se"], 1),
                "units": str(case["units"]),
                "verdict": verdict,
                "is_off": is_off,
            }
        )
    return rows


def read_cases(check: Check, key: str) -> list[tuple[str, dict[str, Any]]]:
    """The special cases that were fitted and that report the headline."""
    cases = check.get("special_cases") or {}
    return [
        (name, case)
        for name, case in cases.items()
        if not case["reason"] and key in case["estimands"]
    ]


def say_special_cases(check: Check, key: str, words: Words) -> str:
    """The range of the headline over the special cases, and which of them moves it most."""
    medians = {name: case["estimands"][key]["median"] for name, case in read_cases(check, key)}
    if not medians:
        return ""
    ordered = sorted(medians, key=lambda name: medians[name])
    return say(
        "special_cases",
        low=medians[ordered[0]],
        high=medians[ordered[-1]],
        least=words.special_cases.get(ordered[0], ordered[0]),
        most=words.special_cases.get(ordered[-1], ordered[-1]),
    )


def draw_special_cases(inputs: Inputs, key: str) -> list[Drawing]:
    """The headline under the model and under every special case; none where the fit failed."""
    cases = read_cases(inputs.check, key)
    if not cases or not has_passed(inputs.check):
        return []
    names = inputs.words.special_cases
    rows = [inputs.attributions[key] | {"label": OURS}]
    rows += [case["estimands"][key] | {"label": names.get(name, name)} for name, case in cases]
    frame = pd.DataFrame(rows)[["label", "median", "lower", "upper"]]
    title = inputs.attributions[key]["label"]
    return [
        draw_intervals(Figure("intervals", frame=frame, **say_figure("special-cases", label=title)))
    ]
