"""Posterior -> verdict and numbers: whether the sampler can be believed, and what drives the
headline.

`verdict` is about sampling alone: R-hat, effective sample size, divergences and E-BFMI of every
named parameter and every estimand (method and limits: Vehtari et al. 2021; Betancourt 2016).
Sensitivity to prior and likelihood is by power scaling (Kallioinen et al. 2023). Nothing that fails
is ranked, pooled or quoted.
"""

import argparse
import math
import warnings
from pathlib import Path
from typing import Any

import arviz_stats
import numpy as np
import pandas as pd
import xarray as xr
from ruamel.yaml import YAML

from models import INTERVAL_PROBABILITY, flatten
from models._prior import list_priors
from pipeline.files import write_json
from pipeline.posteriors import Cell, add_cell_arguments, load_cell
from pipeline.stage import stage_main

UNCHANGED = 0.9  # of the prior interval's width: beyond, the data said nothing
# Power-scaling index above which a quantity counts as sensitive (Kallioinen et al. 2023).
SENSITIVE = 0.05

PER_MODEL_DIMS = {"base_model"}  # families of deviations: judged together, there may be thousands
WORST_COUNT = 10


def measure_convergence(draws: dict[str, xr.DataArray]) -> pd.DataFrame:
    """R-hat and bulk and tail ESS of each quantity; draws have dims chain, draw."""
    dataset = xr.Dataset(
        {
            f"q{i}": array.drop_vars(set(array.coords) - {"chain", "draw"})
            for i, array in enumerate(draws.values())
        }
    )
    if not draws:
        return pd.DataFrame(columns=["rhat", "ess_bulk", "ess_tail"])
    frame = pd.DataFrame(
        {
            "rhat": _by_name(arviz_stats.rhat(dataset)),
            "ess_bulk": _by_name(arviz_stats.ess(dataset, method="bulk")),
            "ess_tail": _by_name(arviz_stats.ess(dataset, method="tail")),
        }
    )
    return frame.set_axis(list(draws), axis=0)


def _by_name(dataset: xr.Dataset) -> pd.Series:
    return pd.Series({str(name): float(value) for name, value in dataset.data_vars.items()})


def list_parameters(
    posterior: xr.Dataset,
) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray]]:
    """Every scalar parameter by name: those named one by one, and those of per-model families."""
    named: dict[str, xr.DataArray] = {}
    families: dict[str, xr.DataArray] = {}
    for name, variable in posterior.data_vars.items():
        dims = [dim for dim in variable.dims if dim not in ("chain", "draw")]
        target = families if PER_MODEL_DIMS & set(dims) else named
        if not dims:
            target[str(name)] = variable
            continue
        stacked = variable.stack(entry=dims)
        for i, entry in enumerate(stacked["entry"].values):
            label = ", ".join(
                str(part) for part in (entry if isinstance(entry, tuple) else (entry,))
            )
            target[f"{name}[{label}]"] = stacked.isel(entry=i, drop=True)
    return named, families


def is_constant(draws: xr.DataArray) -> bool:
    """Whether all draws agree up to rounding: nothing to converge."""
    low, high = float(draws.min()), float(draws.max())
    return low == high or (math.isfinite(high - low) and high - low <= 1e-12 * max(1.0, abs(high)))


def list_estimands(cell: Cell) -> tuple[dict[str, xr.DataArray], list[str]]:
    """Estimands whose convergence is tested, and the names of those constant by construction."""
    tested: dict[str, xr.DataArray] = {}
    constant: list[str] = []
    judged_by = {
        key
        for name, v in cell.estimands.items()
        if v.attrs.get("judged_by")
        for key, _ in flatten(v.to_dataset(name=name))
    }
    for key, draws in flatten(cell.estimands):
        if key in judged_by or bool(draws.isnull().any()):
            continue
        if is_constant(draws):
            constant.append(key)
        else:
            tested[f"estimand {key}"] = draws
    return tested, constant


def judge(cell: Cell, limits: dict[str, float]) -> dict[str, Any]:
    """The verdict with its reasons and the numbers behind it."""
    posterior = cell.tree["posterior"].to_dataset()
    named, families = list_parameters(posterior)
    estimands, constant = list_estimands(cell)
    constant += [name for name, draws in named.items() if is_constant(draws)]
    tested = measure_convergence(
        {name: draws for name, draws in (named | estimands).items() if name not in constant}
    )
    members = measure_convergence(families)
    stats = cell.tree["sample_stats"].to_dataset()
    divergences = int(stats["diverging"].sum())
    min_bfmi = float(np.min(_bfmi(stats["energy"])))
    reasons = _find_reasons(tested, members, divergences, min_bfmi, limits)
    return {
        "verdict": "fail" if reasons else "pass",
        "reasons": reasons,
        "max_rhat": _round(tested["rhat"].max()),
        "min_ess_bulk": _round(tested["ess_bulk"].min()),
        "min_ess_tail": _round(tested["ess_tail"].min()),
        "divergences": divergences,
        "min_bfmi": _round(min_bfmi),
        "constant": sorted(constant),
        "worst": _worst(pd.concat([tested, members])),
    }


def _bfmi(energy: xr.DataArray) -> np.ndarray:
    """Betancourt's energy Bayesian fraction of missing information, by chain."""
    change = energy.diff("draw")
    return np.asarray((change**2).mean("draw") / energy.var("draw"))


def _find_reasons(
    tested: pd.DataFrame,
    members: pd.DataFrame,
    divergences: int,
    min_bfmi: float,
    limits: dict[str, float],
) -> list[str]:
    reasons = []
    for column, limit, is_bad in (
        ("rhat", limits["max_rhat"], tested["rhat"] > limits["max_rhat"]),
        ("ess_bulk", limits["min_ess"], tested["ess_bulk"] < limits["min_ess"]),
        ("ess_tail", limits["min_ess"], tested["ess_tail"] < limits["min_ess"]),
    ):
        names = list(tested.index[is_bad | tested[column].isna()])
        if names:
            reasons.append(f"{column} is beyond {limit:g} for {len(names)}: {', '.join(names[:5])}")
    if len(members):
        good = (members["rhat"] <= limits["max_rhat"]) & (
            members[["ess_bulk", "ess_tail"]].min(axis=1) >= limits["min_ess"]
        )
        hopeless = (members["rhat"] > limits["family_max_rhat"]) | (
            members[["ess_bulk", "ess_tail"]].min(axis=1) < limits["family_min_ess"]
        )
        if good.mean() < limits["family_share"] or hopeless.any():
            reasons.append(f"{int((~good).sum())} of {len(members)} deviations have not converged")
    if divergences > limits["max_divergences"]:
        reasons.append(f"{divergences} divergent transitions")
    if min_bfmi < limits["min_bfmi"]:
        reasons.append(f"E-BFMI {min_bfmi:.2f} is below {limits['min_bfmi']:g}")
    return reasons


def _worst(summary: pd.DataFrame) -> list[dict[str, Any]]:
    order = (
        summary[["ess_bulk", "ess_tail"]].min(axis=1).sort_values(kind="stable").index[:WORST_COUNT]
    )
    return [
        {
            "name": name,
            **{
                column: _round(summary.loc[name, column])
                for column in ("rhat", "ess_bulk", "ess_tail")
            },
        }
        for name in order
    ]


def leave_one_row_out(tree: xr.DataTree) -> dict[str, Any]:
    """Leave-one-row-out predictive density by Pareto-smoothed importance sampling."""
    (name,) = tree["log_likelihood"].data_vars
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ warns of bad Pareto k, which is counted and shown
        loo = arviz_stats.loo(tree, pointwise=True, var_name=str(name))
    bad = int((loo.pareto_k > loo.good_k).sum())
    return {"bad_pareto_k": bad, "elpd_loo": _round(loo.elpd), "elpd_loo_se": _round(loo.se)}


def measure_sensitivity(cell: Cell) -> dict[str, Any]:
    """Power-scaling index of each headline estimand to the prior and to the likelihood."""
    headline = {
        key: draws.drop_vars(set(draws.coords) - {"chain", "draw"})
        for name, variable in cell.estimands.items()
        if variable.attrs.get("is_headline")
        for key, draws in flatten(variable.to_dataset(name=name))
        if not draws.isnull().any() and not is_constant(draws)
    }
    if not headline:
        return {"prior_sensitivity": {}, "driven_by_prior": []}
    tree = xr.DataTree.from_dict(
        {
            "posterior": xr.Dataset({f"q{i}": draws for i, draws in enumerate(headline.values())}),
            "log_prior": _stated_priors(cell),
            "log_likelihood": cell.tree["log_likelihood"].to_dataset(),
        }
    )
    frame = arviz_stats.psense_summary(tree, round_to=6)
    frame = frame.set_axis(list(headline), axis=0)[["prior", "likelihood"]]
    frame["width_ratio"] = _compare_widths(cell, headline)
    indices = {
        key: {name: _round(value) for name, value in row.items()} for key, row in frame.iterrows()
    }
    moved_by_prior_alone = (frame["prior"] > SENSITIVE) & (frame["likelihood"] < SENSITIVE)
    driven = list(frame.index[moved_by_prior_alone | (frame["width_ratio"] > UNCHANGED)])
    return {"prior_sensitivity": indices, "driven_by_prior": driven}


def _compare_widths(cell: Cell, headline: dict[str, xr.DataArray]) -> list[float]:
    """Width of each 90 % posterior interval over that of the prior interval."""
    prior = cell.tree["prior"].to_dataset()
    before = dict(flatten(cell.model.estimands(prior, cell.table, cell.card)))
    tails = [(1 - INTERVAL_PROBABILITY) / 2, (1 + INTERVAL_PROBABILITY) / 2]

    def width(draws: xr.DataArray) -> float:
        return float(np.diff(np.quantile(draws, tails))[0])

    return [width(draws) / width(before[key]) for key, draws in headline.items()]


def _stated_priors(cell: Cell) -> xr.Dataset:
    """Log densities of the priors that the model states; those of offsets are part of the model."""
    names = [name for name, _ in list_priors(cell.model.Priors())]
    log_prior = cell.tree["log_prior"].to_dataset()
    return log_prior[[name for name in names if name in log_prior]]


def _round(value: Any) -> float | None:
    """Four significant digits; None where there is no number."""
    number = float(value)
    return float(f"{number:.4g}") if math.isfinite(number) else None


def main(argv: list[str] | None = None) -> int:
    """Judge one posterior. Exit 0 whatever the verdict: a failed fit still gets its page."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.check", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    add_cell_arguments(parser)
    parser.add_argument("--limits", type=Path, required=True, help="params.yaml, key `check`")
    parser.add_argument(
        "--output", type=Path, required=True, help="data/checks/<dataset>-<model>.json"
    )
    options = parser.parse_args(argv)
    limits = YAML(typ="safe").load(options.limits)["check"]
    cell = load_cell(options)
    judged = judge(cell, limits)
    worst, constant = judged.pop("worst"), judged.pop("constant")
    result = (
        judged
        | leave_one_row_out(cell.tree)
        | {"is_calibrated": None, "is_identified": None}
        | measure_sensitivity(cell)
        | {"limits": limits, "constant": constant, "worst": worst}
    )
    write_json(options.output, result)
    print(
        f"{options.output.stem}: {result['verdict']}"
        + "".join(f"\n  {reason}" for reason in result["reasons"])
    )
    return 0


if __name__ == "__main__":
    stage_main(main)
