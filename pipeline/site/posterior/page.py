"""One self-contained HTML page from one posterior: the answer, the evidence, and every check."""

from altair.utils.schemapi import debug_mode

from models.core.prior import list_priors
from pipeline.checks import identified, sensitivity
from pipeline.core.files import write_text
from pipeline.core.layout import Layout
from pipeline.ingest.options import CONFOUNDERS
from pipeline.ingest.tables import OF_MODELS
from pipeline.site.charts.drawings import render_page
from pipeline.site.pages import answers
from pipeline.site.pages.badges import describe_convergence, list_badges
from pipeline.site.pages.warnings import say_warnings
from pipeline.site.pages.worth import (
    list_worths,
    say_coefficients,
    say_other_steps,
    say_worth,
)
from pipeline.site.posterior import backtests, panels, published_fits, specifications
from pipeline.site.posterior.figures import draw_all
from pipeline.site.posterior.inputs import Inputs, describe_data, read_inputs
from pipeline.site.posterior.shared_steps import list_shared
from pipeline.site.posterior.splits import make_split
from pipeline.studies import verdict


def write_page(layout: Layout, dataset: str, model: str) -> None:
    """Write the page of one cell, whole or not at all; one that cannot be fitted has its data."""
    inputs = read_inputs(layout, dataset, model)
    with debug_mode(False):  # Altair's checks of every part, which tests of charts leave on
        if reason := inputs.cell.not_fitted:
            said = {"reason": reason} | describe_data(inputs)
            text = render_page(layout.templates, "unfitted", {}, **said)
        else:
            text = render_fitted(inputs, layout)
    write_text(layout.page(inputs.name), text)


def render_fitted(inputs: Inputs, layout: Layout) -> str:
    """The page as HTML text; the same inputs give the same text."""
    headline, cell, check = inputs.headline, inputs.cell, inputs.check
    attributions, key = inputs.attributions, headline.key
    label = inputs.words.name(key.partition("[")[2].removesuffix("]"))
    split = make_split(key, label, cell.estimands, attributions, check)
    modules = {
        "answers": answers,
        "panels": panels,
        "others": specifications,
        "backtests": backtests,
        "limits": verdict,
        "identified": identified,
        "sensitivity": sensitivity,
    }
    pairs = published_fits.list_rows(inputs.published_fit) if inputs.published_fit else {}
    return render_page(
        layout.templates,
        "posterior",
        draw_all(inputs, key, split),
        **modules,
        key=key,
        split=split,
        answer=answers.answer(headline, attributions, check),
        warnings=say_warnings(key, check),
        shared_steps=list_shared(layout, inputs.name),
        other_steps=say_other_steps(attributions, key, check),
        worth=say_worth(inputs.draws, key),
        worths=list_worths(inputs.draws, attributions, key),
        coefficients=say_coefficients(attributions),
        assumed_error=panels.say_assumed_error(inputs.card.options, check),
        has_passed=answers.has_passed(check),
        badges=list_badges(check, key, attributions),
        rates=answers.list_rates(attributions, check, key),
        published_pairs=pairs,
        scores_models=inputs.card.card.table in OF_MODELS,
        confounders=getattr(inputs.card.options, "confounders", CONFOUNDERS),
        convergence=describe_convergence(check),
        priors=list_priors(cell.model.Priors()),
        **describe_data(inputs),
    )
