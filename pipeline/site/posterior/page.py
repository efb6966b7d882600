"""One self-contained HTML page from one posterior: the answer, the evidence, and every check.

The page says the verdict first. Where the fit did not converge it says so before any number and
gives no headline.
"""

from pathlib import Path

from altair.utils.schemapi import debug_mode

from models.core.prior import list_priors
from pipeline.files import write_text
from pipeline.ingest.options import CONFOUNDERS
from pipeline.ingest.tables import OF_MODELS
from pipeline.site.charts.drawings import CONFIG, chart_library, collect_specs
from pipeline.site.pages.answers import INTERVAL_WORDS, answer, has_passed, list_rates
from pipeline.site.pages.badges import describe_convergence, list_badges
from pipeline.site.pages.rendering import environment
from pipeline.site.posterior.calibration import describe_trust
from pipeline.site.posterior.data import cite_sources, describe_data
from pipeline.site.posterior.design_panel import span_years
from pipeline.site.posterior.figures import draw_all
from pipeline.site.posterior.inputs import Inputs, Sources, read_inputs
from pipeline.site.posterior.panels import describe_skipped, make_identification
from pipeline.site.posterior.results import (
    describe_density,
    list_estimates,
    list_published,
    list_sensitivity,
)
from pipeline.site.posterior.splits import make_split


def write_page(sources: Sources, dataset: str, model: str) -> None:
    """Write the page of one cell, whole or not at all."""
    inputs = read_inputs(sources, dataset, model)
    render = render_unfitted if inputs.cell.not_fitted else render_fitted
    with debug_mode(False):  # Altair's checks of every part, which tests of charts leave on
        text = render(inputs, sources.layout.templates)
    write_text(sources.layout.page(inputs.name), text)


def render_fitted(inputs: Inputs, templates: Path) -> str:
    """The page as HTML text; the same inputs give the same text."""
    headline, cell, check = inputs.headline, inputs.cell, inputs.check
    attributions, key = inputs.attributions, inputs.headline.key
    panel = make_identification(check, attributions, span_years(cell.table))
    label = inputs.words.name(key.partition("[")[2].removesuffix("]"))
    split = make_split(key, label, cell.estimands, attributions, check)
    drawings = draw_all(inputs, key, split, panel)
    page = environment(templates, chart_library).get_template("posterior.html.jinja")
    return page.render(
        answer=answer(headline, attributions, check),
        split=split,
        has_passed=has_passed(check),
        badges=list_badges(check, key),
        rates=list_rates(attributions, check, key),
        check=check,
        sensitivity=list_sensitivity(attributions, check),
        predictive=describe_density(check),
        skipped=describe_skipped(check),
        identification=panel,
        trust=describe_trust(check, attributions),
        scores_models=inputs.card.card.table in OF_MODELS,
        confounders=getattr(inputs.card.options, "confounders", CONFOUNDERS),
        convergence=describe_convergence(check),
        interval_words=INTERVAL_WORDS,
        drawings=drawings,
        specs=collect_specs(drawing for group in drawings.values() for drawing in group),
        chart_config=CONFIG,
        estimates=list_estimates(attributions, check),
        published=list_published(inputs, cite_sources(inputs)),
        priors=list_priors(cell.model.Priors()),
        **describe_data(inputs),
    )


def render_unfitted(inputs: Inputs, templates: Path) -> str:
    """The page of a model that cannot be fitted to the dataset: the reason and the data."""
    page = environment(templates, chart_library).get_template("unfitted.html.jinja")
    reason = inputs.cell.not_fitted
    return page.render(reason=reason, specs={}, chart_config=CONFIG, **describe_data(inputs))
