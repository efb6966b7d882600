"""All domains -> one answer: compute's share of progress side by side, and what domains share.

Nothing is fitted here. The shares are those of the leaderboards' posteriors, of the growth of
compute beside the rate of algorithms, and of published pairs of rates; the statements follow from
them and from the pooled rates. Only the posteriors named on the command line are read.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from pipeline.files import write_json, write_text
from pipeline.fit.attribute import COLUMNS
from pipeline.ingest.sources.records import read_records
from pipeline.layout import Layout
from pipeline.site.overview.comparison import Entry
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.pages.citations import cite_page, read_software
from pipeline.stage import stage_main
from pipeline.synthesis import synthesis_page
from pipeline.synthesis.synthesis_page import NAME, TITLE, Inputs
from pipeline.synthesis.synthesis_results import (
    OWN,
    POOLED,
    Domain,
    Found,
    collect,
    list_domains,
    list_speakers,
    make_entries,
    mark,
    tabulate_rates,
)
from pipeline.synthesis.synthesis_words import list_doubts, list_statements

RETURNS = "research_returns-meta_analysis"


def make_inputs(options: argparse.Namespace) -> Inputs:
    """Everything that the outputs are made of: reads what the command line names."""
    overview = gather(Layout(options.cards.parents[1]))
    bibliography = overview.bibliography
    domains = read_domains(overview)
    found = collect(overview, domains)
    entries = make_entries(found)
    rates = tabulate_rates(overview, domains)
    cells = {cell.name: cell for cell in overview.passed}
    pooled, returns = (mark(cells[name]) if name in cells else {} for name in (POOLED, RETURNS))
    read = {
        name: estimands[key]
        for name, estimands, key in (
            ("The rates, pooled", pooled, "mean"),
            ("Returns to research", returns, "pooled"),
        )
        if key in estimands
    }
    check = cells[POOLED].check if POOLED in cells else {}
    return Inputs(
        found=found,
        entries=entries,
        rates=rates,
        statements=list_statements(entries, pooled, returns),
        doubts=list_doubts(entries, read, check, list_models(found), list_speakers(rates)),
        sources=bibliography.cite(_list_citations(overview)),
        citation=cite_page(read_software(options.citation), TITLE, NAME),
        files=[path for path in (*options.attributions, *options.checks) if path.is_file()],
    )


def read_domains(overview: Overview) -> list[Domain]:
    """The leaderboards that speak for a domain, from the records of own rates."""
    card = next((each.card for each in overview.datasets if each.name == OWN), None)
    return list_domains(read_records(card.records_path)) if card else []


def list_models(found: Sequence[Found]) -> dict[str, list[Entry]]:
    """Compute's share on each leaderboard, model by model."""
    return {
        each.row.label: [{"median": row.median} for row in each.models]
        for each in found
        if each.kind == "step"
    }


def _list_citations(overview: Overview) -> list[str]:
    cards = [dataset.card.card for dataset in overview.datasets if dataset.card]
    return [key for card in cards for key in card.citations]


def main(argv: list[str] | None = None) -> int:
    """Write the estimands of the synthesis as JSON and CSV, and its page."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.synthesis.stage",
        description=__doc__.splitlines()[0] if __doc__ else "",
    )
    for flag, words in (
        ("--attributions", "data/attributions/<posterior>.json; the draws lie beside it"),
        ("--checks", "data/checks/<posterior>.json and <dataset>.json"),
    ):
        parser.add_argument(flag, type=Path, nargs="+", required=True, help=words)
    for flag, words in (
        ("--cards", "data/sources"),
        ("--datasets", "data/sources/datasets.yaml"),
        ("--models", "models/models.yaml"),
        ("--bibliography", "data/references.bib"),
        ("--citation", "CITATION.cff"),
        ("--templates", "reports/templates"),
        ("--output", "data/attributions/synthesis.json; .csv beside it"),
        ("--page", "reports/html/synthesis.html"),
    ):
        parser.add_argument(flag, type=Path, required=True, help=words)
    options = parser.parse_args(argv)
    inputs = make_inputs(options)
    rows = [{"key": key, **entry} for key, entry in inputs.entries.items()]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_text(options.output.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))
    write_json(options.output, dict(inputs.entries))
    write_text(options.page, synthesis_page.render(inputs, options.templates))
    print(f"{options.page}: {len(inputs.found)} domains", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
