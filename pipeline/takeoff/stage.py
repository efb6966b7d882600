"""Draws of returns, elasticity and today's rate -> what full automation of research would bring.

A simulation over posteriors, with no sampling of its own (models/takeoff has the equations): every
scenario of data/takeoff.yaml on the same paths, what each assumption changes, and Sobol indices of
the outcomes.
"""

import pandas as pd

from pipeline.core.files import write_json, write_parquet, write_text
from pipeline.core.layout import Layout
from pipeline.fit.attribute import COLUMNS, attribute, draw_frame
from pipeline.ingest.bibliography import read_bibliography
from pipeline.takeoff.draws import pair, read_posteriors
from pipeline.takeoff.results import (
    collect_estimands,
    describe_sensitivity,
    run_all,
    state_probabilities,
)
from pipeline.takeoff.scenarios import read_scenarios
from pipeline.takeoff.sensitivity import analyse
from pipeline.takeoff.variations import VARIATIONS, vary

NAME = "takeoff"


def simulate(layout: Layout) -> str:
    """Write the estimands of the simulation, draws of them and its variations; a line to print."""
    scenarios = read_scenarios(layout.scenarios, read_bibliography(layout.bibliography))
    posteriors, settings = read_posteriors(layout, scenarios), scenarios.simulation
    paths = pair(scenarios, posteriors, settings.paths, settings.seed)
    runs = run_all(paths, scenarios.scenarios)
    estimands = collect_estimands(runs, paths)
    entries = state_probabilities(attribute(estimands), estimands)
    if runs[0].outcome is not None:
        entries |= describe_sensitivity(analyse(paths, settings.samples, settings.seed))
        varied = vary(paths, runs[0])
    else:
        varied = pd.DataFrame()
    frame = pd.DataFrame([{"key": key, **entry} for key, entry in entries.items()], columns=COLUMNS)
    output = layout.attribution(NAME)
    write_text(output.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))
    write_parquet(layout.draws(NAME), draw_frame(estimands))
    write_parquet(layout.draws(VARIATIONS), varied)
    write_json(output, entries)
    return f"{output}: {len(runs)} scenarios"
