"""How far the pooled value of a meta-analysis rests on single studies: each is left out in turn.

The compiled model is fitted again with the rows of one study taken out of its likelihood (column
`is_held_out`); its effect is then drawn from the population. Importance sampling would not do: a
study with many of the rows moves the posterior too far.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from models import fitted_rows
from pipeline.checks.leave_out import THREADS
from pipeline.checks.numbers import find_quantiles
from pipeline.checks.refit import THOROUGH, RefitError, Refitter
from pipeline.fit.cell import Cell

KEY = "pooled"
TABLE = "published_estimates"
FIRST_SEED = 2000  # added to the seed of the fit, so that no refit repeats its random numbers


def measure_influence(cell: Cell, refitter: Refitter) -> dict[str, Any]:
    """Median and 90 % interval of the pooled value without each study, with its rows.

    Empty for tables of another kind. A study without which nothing can be pooled, or whose refit
    failed, has a reason in the place of numbers.
    """
    if cell.card.table != TABLE:
        return {}
    priors = cell.model.Priors()
    seed = int(cell.tree.attrs["seed"]) + FIRST_SEED
    counts = fitted_rows(cell.table)["study"].value_counts(sort=False)

    def leave(position: int, study: str) -> dict[str, Any]:
        is_left_out = cell.table["study"] == study
        reason = cell.model.unsupported_reason(cell.table[~is_left_out], cell.card)
        if reason:
            return {"reason": reason}
        marked = cell.table.assign(is_held_out=is_left_out)
        try:
            posterior = refitter.refit(marked, cell.card, priors, seed + position, THOROUGH)
        except RefitError as error:
            return {"reason": f"the refit failed: {error}"}
        pooled = cell.model.estimands(posterior, cell.table, cell.card)[KEY]
        return find_quantiles(pooled) | {"reason": ""}

    with ThreadPoolExecutor(THREADS) as pool:
        made = list(pool.map(leave, range(len(counts)), counts.index))
    return {
        str(study): {"rows": int(count)} | entry
        for (study, count), entry in zip(counts.items(), made, strict=True)
    }
