"""Draws of returns, elasticity and today's rate -> what full automation of research would bring.

A simulation over posteriors, with no sampling of its own (models/takeoff.py has the equations):
every scenario of data/takeoff.yaml on the same paths, what each assumption changes, and Sobol
indices of the outcomes. Writes the estimands, draws of them and one page.
"""

import argparse
import sys
from pathlib import Path

import pandas as pd

from pipeline.files import write_json, write_parquet, write_text
from pipeline.fit.attribute import COLUMNS, attribute, draw_frame
from pipeline.ingest.bibliography import read_bibliography
from pipeline.site.pages.citations import read_software
from pipeline.site.words import read_words
from pipeline.stage import stage_main
from pipeline.takeoff import page as takeoff_page
from pipeline.takeoff.draws import pair, read_posteriors
from pipeline.takeoff.page import Inputs
from pipeline.takeoff.results import (
    collect_estimands,
    describe_sensitivity,
    run_all,
    state_probabilities,
    vary,
)
from pipeline.takeoff.scenarios import read_scenarios
from pipeline.takeoff.sensitivity import analyse


def make_inputs(options: argparse.Namespace) -> Inputs:
    """Everything that the outputs are made of: reads what the command line names, and simulates."""
    bibliography = read_bibliography(options.bibliography)
    scenarios = read_scenarios(options.scenarios, bibliography)
    posteriors = read_posteriors(scenarios, options.draws, options.checks)
    paths = pair(scenarios, posteriors, options.paths, options.seed)
    runs = run_all(paths, scenarios.scenarios)
    estimands = collect_estimands(runs, paths)
    is_silent = runs[0].outcome is None
    columns = ["outcome", "input", "label", "order", "index", "lower", "upper"]
    indices = pd.DataFrame(columns=columns)
    if not is_silent:
        indices = analyse(paths, options.samples, options.seed)
    return Inputs(
        paths=paths,
        runs=runs,
        lines=[] if is_silent else vary(paths, runs[0]),
        estimands=estimands,
        entries=state_probabilities(attribute(estimands), estimands),
        indices=indices,
        bibliography=bibliography,
        software=read_software(options.citation),
        formulas=read_words(options.equations, "takeoff"),
        settings={"seed": options.seed, "paths": options.paths, "samples": options.samples},
        files=[options.scenarios, *(each.path for each in posteriors.values())],
    )


def main(argv: list[str] | None = None) -> int:
    """Write the estimands of the simulation as JSON and CSV, draws of them, and its page."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.takeoff.stage",
        description=__doc__.splitlines()[0] if __doc__ else "",
    )
    files = "data/attributions/<posterior>.parquet", "data/checks/<posterior>.json"
    parser.add_argument("--draws", type=Path, nargs="+", required=True, help=files[0])
    parser.add_argument("--checks", type=Path, nargs="+", required=True, help=files[1])
    for flag, words in (
        ("--scenarios", "data/takeoff.yaml"),
        ("--bibliography", "data/references.bib"),
        ("--citation", "CITATION.cff"),
        ("--equations", "reports/models"),
        ("--templates", "reports/templates"),
        ("--output", "data/attributions/takeoff.json; .csv and .parquet (draws) beside it"),
        ("--page", "reports/html/takeoff.html"),
    ):
        parser.add_argument(flag, type=Path, required=True, help=words)
    for flag, words in (
        ("--seed", "of the pairs of draws and of the design"),
        ("--paths", "of each scenario"),
        ("--samples", "base of the design of the sensitivity analysis, a power of two"),
    ):
        parser.add_argument(flag, type=int, required=True, help=words)
    options = parser.parse_args(argv)
    inputs = make_inputs(options)
    entries = inputs.entries | describe_sensitivity(inputs.indices)
    frame = pd.DataFrame([{"key": key, **entry} for key, entry in entries.items()], columns=COLUMNS)
    page = takeoff_page.render(inputs, options.templates)
    write_text(options.output.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))
    write_parquet(options.output.with_suffix(".parquet"), draw_frame(inputs.estimands))
    write_json(options.output, entries)
    write_text(options.page, page)
    print(f"{options.page}: {len(inputs.runs)} scenarios", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
