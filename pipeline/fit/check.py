"""Posterior -> verdict and numbers: whether the sampler can be believed, and what drives the
headline.

`verdict` is about sampling alone: R-hat, effective sample size, divergences and E-BFMI of every
named parameter and every estimand (method and limits: Vehtari et al. 2021; Betancourt 2016).
Nothing that fails is ranked, pooled or quoted. The other questions have a module each in
`pipeline/checks/`: what the model predicts unseen (leave_out.py), where its predictions miss
(predictive.py), whether the data tell the parts apart (identification.py), what leans on the priors
(sensitivity.py); whether intervals hold what they promise is for the studies (study.py).
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr

from models import flatten
from pipeline.checks.identification import identify
from pipeline.checks.influence import measure_influence
from pipeline.checks.leave_out import find_units, leave_out
from pipeline.checks.numbers import round_to
from pipeline.checks.predictive import check_predictions
from pipeline.checks.refit import Refitter
from pipeline.checks.sensitivity import Draws, is_constant, list_headlines, measure_sensitivity
from pipeline.checks.special_cases import fit_special_cases
from pipeline.fit.cell import Cell

Checked = dict[str, Any]
PER_MODEL_DIMS = {"base_model", "pair"}  # families: judged together, there may be thousands
WORST_COUNT = 10
MEASURES = {
    "rhat": arviz_stats.rhat,
    "ess_bulk": partial(arviz_stats.ess, method="bulk"),
    "ess_tail": partial(arviz_stats.ess, method="tail"),
}
# What a cell that was not fitted has no number for.
NO_NUMBERS = (
    *("max_rhat", "min_ess_bulk", "min_ess_tail", "divergences", "min_bfmi"),
    *("bad_pareto_k", "elpd_loo", "elpd_loo_se", "unit", "elpd_method"),
    *("is_identified", "identification", "identification_grade", "predictive_checks"),
)


def measure_convergence(draws: Draws) -> pd.DataFrame:
    """R-hat and bulk and tail ESS of each quantity; draws have dims chain, draw."""
    if not draws:
        return pd.DataFrame(columns=list(MEASURES))
    stacked = np.stack([each.transpose("chain", "draw").to_numpy() for each in draws.values()])
    together = xr.DataArray(stacked, dims=("quantity", "chain", "draw"))
    measured = {name: measure(together).to_numpy() for name, measure in MEASURES.items()}
    return pd.DataFrame(measured, index=list(draws))


def list_parameters(posterior: xr.Dataset) -> tuple[Draws, Draws]:
    """Every scalar parameter by name: those named one by one, and those of per-model families."""
    named, families = Draws(), Draws()
    for name, variable in posterior.data_vars.items():
        dims = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        target = families if PER_MODEL_DIMS & set(dims) else named
        if not dims:
            target[str(name)] = variable
            continue
        stacked = variable.stack(entry=dims)
        for i, entry in enumerate(stacked["entry"].values):
            target[f"{name}[{', '.join(map(str, entry))}]"] = stacked.isel(entry=i, drop=True)
    return named, families


def list_estimands(cell: Cell) -> tuple[Draws, list[str]]:
    """Estimands whose convergence is tested, and the names of those constant by construction."""
    tested, constant = Draws(), list[str]()
    for key, draws in flatten(cell.estimands):
        if draws.attrs.get("derived_from") or draws.isnull().any():
            continue
        if is_constant(draws):
            constant.append(key)
        else:
            tested[f"estimand {key}"] = draws
    return tested, constant


def judge(cell: Cell, limits: dict[str, float]) -> dict[str, Any]:
    """The verdict with its reasons and the numbers behind it."""
    named, families = list_parameters(cell.tree["posterior"].to_dataset())
    estimands, constant = list_estimands(cell)
    constant += [name for name, draws in named.items() if is_constant(draws)]
    tested = measure_convergence(
        {name: draws for name, draws in (named | estimands).items() if name not in constant}
    )
    members = measure_convergence(families)
    divergences = int(cell.tree["sample_stats"]["diverging"].sum())
    min_bfmi = float(arviz_stats.bfmi(cell.tree)["energy"].min())
    reasons = _find_reasons(tested, members, divergences, min_bfmi, limits)
    return {
        "verdict": "fail" if reasons else "pass",
        "reasons": reasons,
        "max_rhat": round_to(tested["rhat"].max()),
        "min_ess_bulk": round_to(tested["ess_bulk"].min()),
        "min_ess_tail": round_to(tested["ess_tail"].min()),
        "divergences": divergences,
        "min_bfmi": round_to(min_bfmi),
        "constant": sorted(constant),
        "worst": _worst(pd.concat([tested, members])),
    }


def _find_reasons(
    tested: pd.DataFrame,
    members: pd.DataFrame,
    divergences: int,
    min_bfmi: float,
    limits: dict[str, float],
) -> list[str]:
    reasons = []
    at_most, at_least = limits["max_rhat"], limits["min_ess"]
    for words, limit, is_good in (
        ("R-hat is above", at_most, tested["rhat"] <= at_most),
        ("bulk ESS is below", at_least, tested["ess_bulk"] >= at_least),
        ("tail ESS is below", at_least, tested["ess_tail"] >= at_least),
    ):
        names = list(tested.index[~is_good])  # where it is not known, too
        if names:
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            reasons.append(f"{words} {limit:g} or not known: {', '.join(names[:5])}{more}")
    if len(members):
        rhat, ess = members["rhat"], members[["ess_bulk", "ess_tail"]].min(axis=1)
        good = (rhat <= at_most) & (ess >= at_least)
        hopeless = (rhat > limits["family_max_rhat"]) | (ess < limits["family_min_ess"])
        if good.mean() < limits["family_share"] or hopeless.any():
            reasons.append(f"{int((~good).sum())} of {len(members)} deviations have not converged")
    if divergences > limits["max_divergences"]:
        reasons.append(f"{divergences} divergent transition{'s' * (divergences != 1)}")
    if min_bfmi < limits["min_bfmi"]:
        reasons.append(f"E-BFMI {min_bfmi:.2f} is below {limits['min_bfmi']:g}")
    return reasons


def _worst(summary: pd.DataFrame) -> list[dict[str, Any]]:
    order = summary[["ess_bulk", "ess_tail"]].min(axis=1).sort_values(kind="stable").index
    worst = summary.loc[order[:WORST_COUNT]]
    return [
        {"name": name} | {str(column): round_to(value) for column, value in row.items()}
        for name, row in worst.iterrows()
    ]


def check(cell: Cell, limits: dict[str, float], refitter: Refitter | None) -> Checked:
    """Everything the check file says of a cell; `refitter` is the model compiled for its fit."""
    if cell.not_fitted or refitter is None:
        return describe_unfitted(cell.not_fitted, limits)
    with ThreadPoolExecutor(1) as pool:  # NumPy leaves the interpreter free for most of the density
        units = pool.submit(find_units, cell)
        judged = judge(cell, limits)
        sensitivity = measure_sensitivity(cell)
        predicted = check_predictions(cell)
        cases = fit_special_cases(cell, refitter, units)
    identified = identify(cell, sensitivity["driven_by_prior"], cases)
    worst, constant = judged.pop("worst"), judged.pop("constant")
    has_converged = judged["verdict"] == "pass"
    return (
        judged
        | {"not_fitted": None}
        | leave_out(cell, refitter if has_converged else None, units.result())
        | {"headlines": [cell.model.headline_key(cell.card), *list_headlines(cell)]}
        | identified
        | sensitivity
        | {"predictive_checks": predicted}
        | {"special_cases": cases}
        | {"influence": measure_influence(cell, refitter)}
        | {"limits": limits, "constant": constant, "worst": worst}
    )


def describe_unfitted(reason: str, limits: dict[str, float]) -> Checked:
    """The check of a cell whose model cannot be fitted: it fails, and has no numbers."""
    verdict = {"verdict": "fail", "reasons": [f"cannot be fitted: {reason}"], "not_fitted": reason}
    return (
        verdict
        | dict.fromkeys(NO_NUMBERS)
        | {"elpd_note": "", "elpd_by_unit": {}, "rows_by_unit": {}}
        | {"identification_reason": f"cannot be fitted: {reason}", "identification_reasons": []}
        | {"headlines": [], "prior_sensitivity": {}, "driven_by_prior": [], "driven_by": {}}
        | {"special_cases": {}, "influence": {}, "limits": limits, "constant": [], "worst": []}
    )
