"""The figures of the page of a posterior, with captions that say what to see."""

from dataclasses import replace
from typing import Any

import pandas as pd

from models import estimand_key, flatten
from models.core.prior import list_priors
from pipeline.ingest.bibliography import Bibliography
from pipeline.site.charts import checks, kinds, summaries
from pipeline.site.charts import intervals as interval_charts
from pipeline.site.charts.drawings import Drawing
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages import answers, rendering
from pipeline.site.pages.answers import INTERVAL_WORDS
from pipeline.site.posterior import boards, design_panel, evidence_charts, panels, split_charts
from pipeline.site.posterior.inputs import Inputs
from pipeline.site.posterior.panels import Identification
from pipeline.site.posterior.splits import Split


def draw_all(
    inputs: Inputs, key: str, split: Split | None, panel: Identification
) -> dict[str, list[Drawing]]:
    """Every drawing of the page, by the part of the page that it stands in."""
    return {
        "split": [split_charts.draw_split(split)] if split and not split.reason else [],
        "evidence": [*draw_evidence(inputs, key), *draw_influence(inputs)],
        "design": draw_design(panel),
        "literature": draw_literature(inputs),
        "priors": draw_priors(inputs),
        "predictions": draw_predictions(inputs),
        "groups": draw_groups(inputs.check),
        "chains": draw_chains(inputs, key),
    }


def draw_evidence(inputs: Inputs, key: str) -> list[Drawing]:
    """The model's own figures; where the fit has passed, steps and reverse test after them.

    Those of a leaderboard are linked with each other. Waterfalls stand in for the model's figure
    of the same parts.
    """
    cell, has_passed = inputs.cell, answers.has_passed(inputs.check)
    figures = cell.model.charts(inputs.posterior, cell.table, cell.card)
    steps = split_charts.draw_steps(cell.estimands, key) if has_passed else []
    own = [
        name_sources(figure, inputs.bibliography)
        for figure in figures
        if not (steps and figure.kind == "parts")
    ]
    is_linked = any(boards.is_board(figure) for figure in own)
    drawn = [
        evidence_charts.draw_linked(figure, cell.card) if is_linked else kinds.draw(figure)
        for figure in own
    ]
    if has_passed:
        steps += split_charts.draw_reverse_tests(
            inputs.attributions, cell.estimands, cell.table, cell.card.runs, figures
        )
    return [*drawn, *steps]


def draw_influence(inputs: Inputs) -> list[Drawing]:
    """The pooled value without each study in turn, over the one with all; of meta-analyses alone.

    None where the fit failed.
    """
    found = inputs.check.get("influence") or {}
    whole = inputs.attributions.get("pooled")
    if not found or whole is None or not answers.has_passed(inputs.check):
        return []
    rows = [
        {"label": "all studies", **{name: whole[name] for name in ("median", "lower", "upper")}}
    ]
    rows += [
        {"label": f"without {study} (rows: {each['rows']})", **each}
        for study, each in found.items()
        if not each["reason"]
    ]
    skipped = [f"{study}: {each['reason']}" for study, each in found.items() if each["reason"]]
    figure = Figure(
        "intervals",
        "influence",
        "The pooled value without each study",
        f"Median and {INTERVAL_WORDS} of fits that leave one study out, all its rows together."
        + (f" Not measured: {'; '.join(skipped)}." if skipped else ""),
        pd.DataFrame(rows)[["label", "median", "lower", "upper"]],
        x_title=f"{whole['label']}"
        + ("" if whole["unit"] in ("1", "factor") else f" ({whole['unit']})"),
    )
    return [kinds.draw(figure)]


def name_sources(figure: Figure, bibliography: Bibliography) -> Figure:
    """The figure with citation keys replaced by what readers know: "Doe et al. 2022"."""
    if "citation" not in figure.frame:
        return figure
    short = {key: reference.short for key, reference in bibliography.items()}
    return replace(figure, frame=figure.frame.assign(citation=figure.frame["citation"].map(short)))


def draw_literature(inputs: Inputs) -> list[Drawing]:
    """Ours beside the classical baseline and published values; none where the fit failed."""
    baseline = inputs.cell.model.baseline(inputs.cell.table, inputs.cell.card)
    frame = summaries.compare_with_literature(
        inputs.attributions, baseline, inputs.card.card.published
    )
    if frame.empty or not answers.has_passed(inputs.check):
        return []
    attributes = {  # where a family and its pooled value share a key, the family's words stay
        estimand_key(str(name), variable): variable.attrs
        for name, variable in reversed(list(inputs.cell.estimands.items()))
    }
    said = summaries.describe_baseline(frame)
    frame["title"] = [attributes[panel]["label"] for panel in frame["panel"]]
    frame["unit"] = [summaries.unit_words(attributes[panel]["unit"]) for panel in frame["panel"]]
    frame["label"] = [
        attributes[panel].get("labels", {}).get(label, label)
        for panel, label in zip(frame["panel"], frame["label"], strict=True)
    ]
    figure = Figure(
        "intervals",
        "literature",
        "Beside the classical baseline and published values",
        f"Bold rows are this posterior ({INTERVAL_WORDS}). Published intervals are as printed, "
        f"with the probability given in the table of published values. {said}".rstrip(),
        frame,
    )
    return [interval_charts.draw_literature(figure, summaries.logarithmic_panels(frame))]


def draw_priors(inputs: Inputs) -> list[Drawing]:
    """Prior against posterior of every parameter that has a prior of its own."""
    priors = list_priors(inputs.cell.model.Priors())
    frame, logarithmic = summaries.compare_densities(
        inputs.group("prior"), inputs.posterior, priors
    )
    if frame.empty:
        return []
    figure = Figure(
        "scatter",
        "prior-and-posterior",
        "What the data added to the priors",
        "Where the two curves agree the data said nothing. A prior much wider than the posterior "
        "runs off the panel.",
        frame,
    )
    return [checks.draw_densities(figure, logarithmic)]


def draw_predictions(inputs: Inputs) -> list[Drawing]:
    """The posterior predictive check: intervals, and how predictive ranks are distributed."""
    predicted, observed = inputs.group("posterior_predictive"), inputs.group("observed_data")
    if not set(predicted.data_vars) & set(observed.data_vars):
        return []
    frame = summaries.predict(predicted, observed)
    inside = rendering.format_quantity(summaries.share_inside(frame), "share")
    intervals = Figure(
        "scatter",
        "predictions",
        "Does the model predict the data it was fitted to?",
        f"Observed values in their {INTERVAL_WORDS.partition(' ')[0]} predictive interval: "
        f"{int(frame['is_inside'].sum())} of {len(frame)} ({inside}); crosses lie outside.",
        frame,
        y_title="observed (point), predicted (bar)",
    )
    ranks = Figure(
        "scatter",
        "predictive-ranks",
        "Where the observed values fall in their predictive distributions",
        "Predictive ranks less the uniform distribution, with the band in which 95 % of "
        "well-specified models stay. The same data were fitted: where predictions follow single "
        "rows, ranks gather in the middle and the curve falls before it rises. Rows that were "
        "left out, under “Does it predict what it has not seen?”, are the harder test.",
        summaries.pit_differences(predicted, observed),
        x_title="predictive rank",
        y_title="difference",
    )
    return [checks.draw_predictions(intervals), checks.draw_differences(ranks)]


def draw_chains(inputs: Inputs, key: str) -> list[Drawing]:
    """Whether the chains agree on the headline quantity."""
    estimands = dict(flatten(inputs.cell.estimands))
    if key not in estimands or float(estimands[key].max()) == float(estimands[key].min()):
        return []
    frame = summaries.rank_differences(
        estimands[key], key, inputs.check["min_ess_bulk"] or estimands[key].size
    )
    figure = Figure(
        "scatter",
        "chains",
        "Do the chains agree on the headline?",
        "Ranks of each chain's draws among all draws, less the uniform distribution. "
        "Chains that sample the same distribution stay in the band.",
        frame,
        x_title="rank among all draws",
        y_title="difference",
    )
    return [checks.draw_differences(figure)]


def draw_design(panel: Identification) -> list[Drawing]:
    """The design curve; none where it was not measured."""
    figure = design_panel.draw_design_figure(panel.design)
    return [interval_charts.draw_widths(figure)] if figure else []


def draw_groups(check: dict[str, Any]) -> list[Drawing]:
    """Observed means beside predicted ones, by date, compute, technique and benchmark."""
    frame = panels.make_groups(check)
    if frame.empty:
        return []
    outcome = str(check["predictive_checks"].get("outcome") or "outcome").replace("_", " ")
    outside = int((~frame["is_inside"]).sum())
    figure = Figure(
        "intervals",
        "predictive-groups",
        "Where do the predictions miss?",
        f"Mean {outcome} of each group of fitted rows, with the {INTERVAL_WORDS} that the "
        f"posterior predicts for it; the number of rows is in brackets. Outside of it: {outside} "
        f"of {rendering.say_count(len(frame), 'group')}.",
        frame,
        x_title=f"mean {outcome}",
    )
    return [checks.draw_groups(figure)]
