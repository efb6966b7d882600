"""The split of a step between two models into its parts, draw by draw.

What the parts, shares and Shapley values mean is written in `models/__init__.py`. Everything here
is arithmetic on draws of shape (chain, draw): each model brings the terms of effective compute of
both ends and the function from effective compute to score.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from models.core.estimands import describe
from models.core.parts import ALGORITHMS, PARTS
from models.core.shapley import Subset, shapley_values
from models.options import Comparison

RECORD_PATH = "-first_record-last_record"  # end of the ids of record paths
SMALL_TOTAL_DECADES = 0.1  # shares of a smaller total are noise
SMALL_CHANGE_OF_SCORE = 0.01
SMALL_TOTAL_DRAWS = 0.01  # share of the draws that may have so small a total
KINDS = {
    "decades": ("decades of effective compute", "decades"),
    "share": ("share of the step in effective compute", "share"),
    "shapley": ("Shapley value of the score", "score"),
    "shapley_share": ("share of the change of the score (Shapley)", "share"),
}
# The same where the score is a perplexity: what is fitted is its natural logarithm.
LOSS_KINDS = KINDS | {
    "shapley": ("Shapley value of the change of log perplexity", "nats per token"),
    "shapley_share": ("share of the change of log perplexity (Shapley)", "share"),
}
Draws = np.ndarray


@dataclass(frozen=True)
class Step:
    """One comparison: kind -> part -> draws, and kind -> why it is not reported."""

    values: dict[str, dict[str, Draws]]
    reasons: dict[str, str]


def make_step(
    early: dict[str, Draws],
    late: dict[str, Draws],
    score: Callable[[Draws, Subset], Draws],
    is_loss: bool = False,
) -> Step:
    """The step from the terms `early` to the terms `late`.

    `score(effective, changed)` maps effective compute to the score where the parts `changed` have
    their later values; only a score that is not a function of effective compute alone needs them.
    """
    decades = {part: late[part] - early[part] for part in late}
    start = sum(early.values(), np.zeros_like(next(iter(early.values()))))

    def worth(changed: Subset) -> Draws:
        moved = sum((decades[part] for part in changed), np.zeros_like(start))
        return score(start + moved, changed)

    return combine(decades, shapley_values(list(decades), worth), is_loss)


def combine(decades: dict[str, Draws], shapley: dict[str, Draws], is_loss: bool = False) -> Step:
    """The step with these decades and Shapley values, and the shares that follow from them."""
    change = "change of log perplexity" if is_loss else "change of the score"
    share, share_reason = divide(decades, SMALL_TOTAL_DECADES, "decades of effective compute")
    shapley_share, shapley_reason = divide(shapley, SMALL_CHANGE_OF_SCORE, change)
    values = dict(zip(KINDS, (decades, share, shapley, shapley_share), strict=True))
    reasons = {"share": share_reason, "shapley_share": shapley_reason}
    return Step(values, {kind: reason for kind, reason in reasons.items() if reason})


def leave_out(reason: str) -> Step:
    """The step of a comparison that cannot be split."""
    return Step({kind: {} for kind in KINDS}, dict.fromkeys(KINDS, reason))


def divide(parts: dict[str, Draws], small: float, unit: str) -> tuple[dict[str, Draws], str]:
    """Each part over the sum of all; or nothing, and why, where the sum is too often near zero."""
    total = sum(parts.values(), np.zeros_like(next(iter(parts.values()))))
    near_zero = float((np.abs(total) < small).mean())
    if near_zero > SMALL_TOTAL_DRAWS:
        return {}, f"the {unit} sum to under {small:g} in {near_zero * 100:.0f} % of the draws"
    return {part: values / total for part, values in parts.items()}, ""


def assemble(
    steps: list[Step],
    comparisons: Sequence[Comparison],
    absent: dict[str, str],
    template: xr.DataArray,
    is_loss: bool = False,
) -> xr.Dataset:
    """Every kind and part of every step as estimands on dims chain, draw, comparison.

    `absent`: parts that the model does not have, with the reason; `template` brings chain and draw.
    """
    ids = [comparison.id for comparison in comparisons]
    labels = {
        each.id: f"{each.benchmark}, first to last record "
        f"({each.earlier.model} to {each.later.model})"
        for each in comparisons
        if each.id.endswith(RECORD_PATH)
    }
    kinds, made = LOSS_KINDS if is_loss else KINDS, dict[str, xr.DataArray]()
    for kind, (words, unit) in kinds.items():
        blocked = {
            name: step.reasons[kind]
            for name, step in zip(ids, steps, strict=True)
            if kind in step.reasons
        }
        for part in PARTS:
            values = [step.values[kind].get(part) for step in steps]
            made[f"{kind}_{part}"] = _stack(values, ids, template).assign_attrs(
                label=f"{part.capitalize()}, {words}",
                unit=unit,
                reasons=dict.fromkeys(ids, absent[part]) if part in absent else blocked,
                labels=labels,
                is_headline=(kind, part) == ("share", "compute"),
            )
    for kind in ("share", "shapley_share"):
        made[f"{kind}_algorithms"] = _sum_algorithms(kind, kinds[kind][0], made, absent)
    made["p_compute_majority"] = _count_majority(made["share_compute"])
    return xr.Dataset(made)


def _count_majority(share: xr.DataArray) -> xr.DataArray:
    """The probability that compute is more than half, the same in every draw."""
    known = share.notnull().all(("chain", "draw"))
    chance = (share > 0.5).mean(("chain", "draw")).where(known)
    return describe(
        (xr.zeros_like(share) + chance).drop_attrs(),
        "Probability that compute was more than half of the step",
        "probability",
        "positive",
        derived_from="share_compute",
        **{name: share.attrs[name] for name in ("reasons", "labels")},
    )


def _sum_algorithms(
    kind: str, words: str, made: dict[str, xr.DataArray], absent: dict[str, str]
) -> xr.DataArray:
    present = [part for part in ALGORITHMS if part not in absent]
    compute = made[f"{kind}_compute"]
    total = sum((made[f"{kind}_{part}"] for part in present), start=xr.zeros_like(compute))
    kept = {name: compute.attrs[name] for name in ("reasons", "labels")}
    return describe(total, f"Algorithms ({', '.join(present)}), {words}", "share", **kept)


def _stack(values: list[Draws | None], ids: list[str], template: xr.DataArray) -> xr.DataArray:
    """Draws of all comparisons; NaN where a comparison has none."""
    shape = template.shape
    arrays = [np.broadcast_to(np.nan if value is None else value, shape) for value in values]
    coords = {**template.coords, "comparison": ids}
    return xr.DataArray(np.stack(arrays, axis=-1), coords, (*template.dims, "comparison"))
