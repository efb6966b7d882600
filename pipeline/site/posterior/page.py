"""One self-contained HTML page from one posterior: the answer, the evidence, and every check.

The page says the verdict first. Where the fit did not converge it says so before any number and
gives no headline.
"""

import argparse
import sys
from pathlib import Path

from models.core.prior import list_priors
from pipeline.files import write_text
from pipeline.fit.cell import add_cell_arguments
from pipeline.ingest.options import CONFOUNDERS
from pipeline.ingest.tables import OF_MODELS
from pipeline.site.charts import summaries
from pipeline.site.charts.drawings import CONFIG, chart_library, collect_specs
from pipeline.site.pages import answers, rendering
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.posterior import design_panel, panels, splits
from pipeline.site.posterior.data import cite_sources, describe_data
from pipeline.site.posterior.figures import draw_all
from pipeline.site.posterior.inputs import Inputs, read_inputs
from pipeline.site.posterior.results import (
    describe_density,
    describe_trust,
    list_estimates,
    list_published,
    list_sensitivity,
)
from pipeline.stage import stage_main


def render(inputs: Inputs, templates: Path) -> str:
    """The page as HTML text; the same inputs give the same text."""
    if inputs.cell.not_fitted:
        return render_unfitted(inputs, templates)
    headline = inputs.cell.model.headline(inputs.cell.card)
    panel = panels.make_identification(
        inputs.check, inputs.attributions, design_panel.span_years(inputs.cell.table)
    )
    answer = answers.answer(headline, inputs.attributions, inputs.check)
    split = splits.make_split(
        headline.key, inputs.cell.estimands, inputs.attributions, inputs.check
    )
    drawings = draw_all(inputs, headline.key, split, panel)
    page = rendering.environment(templates, chart_library).get_template("posterior.html.jinja")
    return page.render(
        answer=answer,
        split=split,
        has_passed=answers.has_passed(inputs.check),
        badges=answers.badges(inputs.check, headline.key),
        rates=answers.list_rates(inputs.attributions, inputs.check, headline.key),
        check=inputs.check,
        sensitivity=list_sensitivity(inputs),
        predictive=describe_density(inputs.check),
        skipped=panels.describe_skipped(inputs.check),
        identification=panel,
        trust=describe_trust(inputs),
        scores_models=inputs.card.card.table in OF_MODELS,
        confounders=getattr(inputs.card.options, "confounders", CONFOUNDERS),
        convergence=answers.describe_convergence(inputs.check),
        interval_words=INTERVAL_WORDS,
        drawings=drawings,
        specs=collect_specs(drawing for group in drawings.values() for drawing in group),
        chart_config=CONFIG,
        estimates=list_estimates(inputs.attributions, inputs.check),
        published=list_published(inputs, cite_sources(inputs)),
        equations=summaries.plain_text(inputs.cell.model.__doc__ or ""),
        priors=list_priors(inputs.cell.model.Priors()),
        **describe_data(inputs),
    )


def render_unfitted(inputs: Inputs, templates: Path) -> str:
    """The page of a model that cannot be fitted to the dataset: the reason and the data."""
    page = rendering.environment(templates, chart_library).get_template("unfitted.html.jinja")
    return page.render(
        reason=inputs.cell.not_fitted,
        specs={},
        chart_config=CONFIG,
        equations=summaries.plain_text(inputs.cell.model.__doc__ or ""),
        **describe_data(inputs),
    )


def main(argv: list[str] | None = None) -> int:
    """Write the page of one posterior."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.site.posterior.page",
        description=__doc__.splitlines()[0] if __doc__ else "",
    )
    add_cell_arguments(parser)
    for flag, words in (
        ("--validation", "data/checks/<dataset>.json"),
        ("--check", "data/checks/<dataset>-<model>.json"),
        ("--attribution", "data/attributions/<dataset>-<model>.json"),
        ("--bibliography", "data/references.bib"),
        ("--citation", "CITATION.cff"),
        ("--equations", "reports/models"),
        ("--templates", "reports/templates"),
        ("--output", "reports/html/<dataset>-<model>.html"),
    ):
        parser.add_argument(flag, type=Path, required=True, help=words)
    options = parser.parse_args(argv)
    write_text(options.output, render(read_inputs(options), options.templates))
    print(f"{options.output}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    stage_main(main)
