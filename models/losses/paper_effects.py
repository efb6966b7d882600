"""Effects that the rows of a paper share, integrated out of the likelihood exactly."""

from typing import Any


def draw_rows(
    expected: Any, noise_scale: Any, paper_scale: Any, weight: Any, paper: Any, size: Any
) -> Any:
    """Rows with a new effect for each paper; there are no more papers than rows."""
    import pymc as pm

    effect = pm.Normal.dist(0, paper_scale, size=expected.shape)[paper]
    return effect + pm.Normal.dist(expected, noise_scale, size=expected.shape)


def weigh_rows(
    value: Any, expected: Any, noise_scale: Any, paper_scale: Any, weight: Any, paper: Any
) -> Any:
    """Log density of each row, its paper's effect integrated out; nothing where its weight is 0.

    The rows sum to the joint density: of a paper's, that without an effect plus
    log(scale / paper_scale) + (mean / scale)^2 / 2, which is divided equally among its rows.
    """
    import pymc as pm

    count = _sum_by_paper(weight, paper)
    residuals = _sum_by_paper(weight * (value - expected), paper)
    mean, scale = _infer_effect(count, residuals, noise_scale, paper_scale)
    shared = pm.math.log(scale / paper_scale) + (mean / scale) ** 2 / 2
    alone = pm.logp(pm.Normal.dist(expected, noise_scale), value)
    return weight * (alone + (shared / pm.math.maximum(count, 1))[paper])


def _sum_by_paper(values: Any, paper: Any) -> Any:
    """Sums by position of the paper; as long as there are rows, zero after the last paper."""
    import pytensor.tensor as pt

    return pt.inc_subtensor(pt.zeros_like(values)[paper], values)


def _infer_effect(
    count: Any, residuals: Any, noise_scale: Any, paper_scale: Any
) -> tuple[Any, Any]:
    """Mean and standard deviation of a paper's effect, given the sum of `count` residuals."""
    precision = count / noise_scale**2 + 1 / paper_scale**2
    return residuals / noise_scale**2 / precision, precision**-0.5


def build_paper_effect(
    given: dict[str, Any], expected: Any, noise_scale: Any, paper_scale: Any
) -> None:
    """What the rows say of the effect of each paper, integrated out above; call inside the model.

    Given the parameters it is normal: its mean and standard deviation are kept.
    """
    import pymc as pm

    count = len(pm.modelcontext(None).coords["paper"])
    weight, paper = given["row_weight"], given["paper_index"]
    residual = weight * (given["observed_log_perplexity"] - expected)
    rows_of, sum_of = (_sum_by_paper(each, paper)[:count] for each in (weight, residual))
    mean, scale = _infer_effect(rows_of, sum_of, noise_scale, paper_scale)
    pm.Deterministic("paper_effect_mean", mean, dims="paper")
    pm.Deterministic("paper_effect_scale", scale, dims="paper")
