"""One self-contained HTML page from one posterior: the answer, the evidence, and every check."""

from pathlib import Path

from altair.utils.schemapi import debug_mode

from models.core.prior import list_priors
from pipeline.core.files import write_text
from pipeline.ingest.options import CONFOUNDERS
from pipeline.ingest.tables import OF_MODELS
from pipeline.site.charts.drawings import render_page
from pipeline.site.pages.answers import answer, describe_drivers, has_passed, list_rates
from pipeline.site.pages.badges import describe_convergence, list_badges
from pipeline.site.posterior import design_panel, panels
from pipeline.site.posterior.figures import draw_all
from pipeline.site.posterior.inputs import Inputs, Sources, describe_data, read_inputs
from pipeline.site.posterior.panels import describe_trust
from pipeline.site.posterior.results import (
    describe_density,
    list_estimates,
    list_published,
    list_special_cases,
    say_special_cases,
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
    attributions, key = inputs.attributions, headline.key
    study = check.get("study") or {}
    designs = design_panel.list_designs(study.get("design") or {})
    label = inputs.words.name(key.partition("[")[2].removesuffix("]"))
    split = make_split(key, label, cell.estimands, attributions, check)
    drawings = draw_all(inputs, key, split)
    labels = {key: found["label"] for key, found in attributions.items()}
    return render_page(
        templates,
        "posterior",
        drawings,
        answer=answer(headline, attributions, check),
        split=split,
        has_passed=has_passed(check),
        badges=list_badges(check, key),
        rates=list_rates(attributions, check, key),
        check=check,
        labels=labels,
        label_of=lambda key: labels.get(key, key),
        describe_drivers=describe_drivers,
        light=panels.choose_light(check, key),
        special_cases=list_special_cases(check, key, attributions.get(key) or {}, inputs.words),
        special_cases_sentence=say_special_cases(check, key, inputs.words),
        reasons=panels.list_reasons(check),
        regressors=[  # techniques by the card's words
            each | {"name": inputs.words.name(each["name"])}
            for each in panels.list_regressors(check)
        ],
        skipped=panels.describe_skipped(check),
        designs=designs,
        design_sentences=design_panel.answer_design(
            study.get("design") or {}, design_panel.span_years(cell.table)
        ),
        predictive=describe_density(check),
        trust=describe_trust(check),
        scores_models=inputs.card.card.table in OF_MODELS,
        confounders=getattr(inputs.card.options, "confounders", CONFOUNDERS),
        convergence=describe_convergence(check),
        estimates=list_estimates(attributions, check),
        published=list_published(inputs),
        priors=list_priors(cell.model.Priors()),
        **describe_data(inputs),
    )


def render_unfitted(inputs: Inputs, templates: Path) -> str:
    """The page of a model that cannot be fitted to the dataset: the reason and the data."""
    reason = inputs.cell.not_fitted
    return render_page(templates, "unfitted", {}, reason=reason, **describe_data(inputs))
