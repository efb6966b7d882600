"""What readers ask of every leaderboard: gains of techniques, and the reverse test.

With how much compute would an early method match today's best?
"""

import numpy as np
import xarray as xr

from models import Card

FLOP_A_MOLE = 6.02214076e23


def describe_gains(posterior: xr.Dataset) -> xr.Dataset:
    """Decades of training compute that each technique is worth, and the factor."""
    gain = posterior["technique_gain"]
    return xr.Dataset(
        {
            "technique_gain_decades": gain.assign_attrs(
                label="Gain of a technique", unit="decades", is_headline=True
            ),
            "technique_gain_factor": (10**gain).assign_attrs(
                label="Compute-equivalent gain of a technique",
                unit="factor",
                is_positive=True,
                derived_from="technique_gain_decades",
            ),
        }
    )


def describe_reverse_tests(
    needed_flop: dict[str, np.ndarray], template: xr.DataArray, card: Card, derived_from: str
) -> xr.Dataset:
    """Estimands from the FLOP that each early model's method needs, by draw.

    `needed_flop`: label -> draws (chain, draw), infinite where no compute suffices; `template`
    brings chain and draw; `derived_from` is the estimand whose convergence speaks for them. In
    FLOP, in moles of FLOP, in multiples of the largest known run (where the card brings the
    registry), and the probability that no compute suffices.
    """
    if not needed_flop:
        return xr.Dataset()
    flop = xr.DataArray(
        np.stack(list(needed_flop.values()), axis=-1),
        dims=("chain", "draw", "early_model"),
        coords={
            "chain": template["chain"],
            "draw": template["draw"],
            "early_model": list(needed_flop),
        },
    )
    unreachable = xr.ones_like(flop) * (flop == np.inf).mean(("chain", "draw"))
    made = xr.Dataset(
        {
            "reverse_test_flop": flop.assign_attrs(
                label="Compute with which the early method would reach the best score", unit="FLOP"
            ),
            "reverse_test_moles": (flop / FLOP_A_MOLE).assign_attrs(
                label="The same in moles of FLOP", unit="moles of FLOP"
            ),
            "reverse_test_p_unreachable": unreachable.assign_attrs(
                label="Probability that no compute suffices", unit="probability"
            ),
        }
    )
    if card.runs is not None:
        largest = float(card.runs["training_flop"].max())
        made["reverse_test_multiple_of_largest_run"] = (flop / largest).assign_attrs(
            label=f"The same in multiples of the largest known run ({largest:.2g} FLOP)",
            unit="factor",
        )
    for variable in made.data_vars.values():
        variable.attrs |= {"is_positive": True, "derived_from": derived_from}
    return made
