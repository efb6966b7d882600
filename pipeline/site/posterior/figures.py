"""The figures of the page of a posterior, with captions that say what to see."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from models import estimand_key, flatten
from models.core.prior import list_priors
from pipeline.ingest.bibliography import Reference
from pipeline.site.charts import checks, intervals
from pipeline.site.charts.drawings import Drawing
from pipeline.site.figures import draw_figures
from pipeline.site.figures.kinds import Figure
from pipeline.site.pages.answers import element, has_passed
from pipeline.site.pages.numbers import unit_words
from pipeline.site.pages.sentences import say_figure
from pipeline.site.posterior import boards, evidence_charts, panels
from pipeline.site.posterior.backtests import draw_backtest
from pipeline.site.posterior.inputs import Inputs
from pipeline.site.posterior.laws import draw_laws
from pipeline.site.posterior.published_fits import draw_published_fit
from pipeline.site.posterior.reverse_tests import draw_reverse_test, make_reverse_test
from pipeline.site.posterior.specifications import draw_specifications
from pipeline.site.posterior.splits import Split, draw_split
from pipeline.site.posterior.waterfalls import Kind, draw_waterfall, make_waterfall

OPEN_FIGURES, OPEN_CHARTS = 12, 40  # of a page
# Those that are folded where a page has more, the first one first: checks of what others show, and
# the parts of a step on a second scale.
FOLDED = (
    *("chains", "predictive-ranks", "specification-choices", "predictive-groups"),
    *("predictions", "prior-and-posterior", "parts-of-each-score"),
)
WATERFALLS: dict[Kind, str] = {"decades": "parts-of-each-step", "shapley": "parts-of-each-score"}
SHOWN_RANKS = 6  # quantities in one chart
OURS = "the model, which weighs all of these"


def draw_all(inputs: Inputs, key: str, split: Split | None) -> dict[str, list[Drawing]]:
    """Every drawing of the page, by the part of the page that it stands in.

    What speaks of the headline or beside it is drawn where the fit has passed alone.
    """
    passed = has_passed(inputs.check)
    drawn = {
        "split": [draw_split(split)] if split and not split.reason else [],
        "evidence": [
            *draw_evidence(inputs, key),
            *(draw_influence(inputs) if passed else []),
            *draw_laws(inputs.laws, inputs.cell.card.runs, inputs.words),
        ],
        "special_cases": draw_special_cases(inputs, key) if passed else [],
        "specifications": draw_others(inputs, key) if passed else [],
        "backtest": draw_backtest(inputs.check.get("backtest")) if passed else [],
        "published_fit": draw_published_fit(inputs.published_fit, inputs.words),
        "literature": draw_literature(inputs) if passed else [],
        "priors": draw_priors(inputs),
        "predictions": draw_predictions(inputs),
        "groups": draw_groups(inputs),
        "chains": draw_chains(inputs, key),
        "calibration": draw_calibration(inputs),
    }
    return fold(drawn)


def fold(drawn: dict[str, list[Drawing]]) -> dict[str, list[Drawing]]:
    """The drawings, as many folded as are beyond `OPEN_FIGURES` or hold charts beyond
    `OPEN_CHARTS`.
    """
    left = {drawing.id: len(drawing.panels) for part in drawn.values() for drawing in part}
    folded = []
    for name in FOLDED:
        if len(left) <= OPEN_FIGURES and sum(left.values()) <= OPEN_CHARTS:
            break
        if left.pop(name, 0):
            folded.append(name)
    return {
        part: [replace(drawing, is_folded=drawing.id in folded) for drawing in drawings]
        for part, drawings in drawn.items()
    }


def draw_evidence(inputs: Inputs, key: str) -> list[Drawing]:
    """The model's own figures; where the fit has passed, steps and reverse test after them.

    Those of a leaderboard are linked with each other. Waterfalls stand in for the model's figure
    of the same parts.
    """
    cell, words, passed = inputs.cell, inputs.words, has_passed(inputs.check)
    figures = draw_figures(cell, words)
    steps = draw_steps(inputs, key) if passed else []
    own = [
        name_sources(figure, inputs.bibliography)
        for figure in figures
        if not (steps and figure.kind == "parts")
    ]
    is_linked = any(map(boards.is_board, own))
    draw, linked = evidence_charts.draw, evidence_charts.draw_linked
    drawn = [linked(each, cell.card, words) if is_linked else draw(each) for each in own]
    if passed:
        scatter = next((figure for figure in figures if figure.kind == "scatter"), None)
        found, runs = inputs.attributions, cell.card.runs
        made = make_reverse_test(found, cell.table, runs, scatter, words)
        steps += [draw_reverse_test(made)] if made else []
    return [*drawn, *steps]


def draw_steps(inputs: Inputs, key: str) -> list[Drawing]:
    """Waterfalls of every step in effective compute and in the outcome; `key` is the headline."""
    step = element(key)
    made = {
        figure_id: make_waterfall(inputs.cell.estimands, kind, step, inputs.words)
        for kind, figure_id in WATERFALLS.items()
    }
    return [draw_waterfall(waterfall, name) for name, waterfall in made.items() if waterfall]


def draw_influence(inputs: Inputs) -> list[Drawing]:
    """The pooled value without each study in turn, and with all; of meta-analyses alone."""
    found, whole = inputs.check.get("influence") or {}, inputs.attributions.get("pooled")
    if not found or whole is None:
        return []
    skipped = [f"{study}: {each['reason']}" for study, each in found.items() if each["reason"]]
    others = {
        f"without {study} (rows: {each['rows']})": each
        for study, each in found.items()
        if not each["reason"]
    }
    words = say_figure("influence", skipped=skipped, label=whole["label"], unit=whole["unit"])
    return [_draw_beside({"all studies": whole} | others, words)]


def draw_special_cases(inputs: Inputs, key: str) -> list[Drawing]:
    """The headline under the model and under every special case."""
    cases, names = panels.read_cases(inputs.check, key), inputs.words.special_cases
    whole = inputs.attributions.get(key) or {}
    others = {names.get(name, name): case["estimands"][key] for name, case in cases}
    words = say_figure("special-cases", label=whole.get("label"))
    return [_draw_beside({OURS: whole} | others, words)] if cases else []


def draw_others(inputs: Inputs, key: str) -> list[Drawing]:
    """The headline under every other specification that was tried."""
    others, label = inputs.check.get("multiverse"), inputs.attributions.get(key, {}).get("label")
    if not others or inputs.specifications.empty:
        return []
    return draw_specifications(inputs.specifications, others["choices"], key, str(label))


def _draw_beside(rows: dict[str, dict[str, Any]], words: dict[str, Any]) -> Drawing:
    frame = pd.DataFrame([each | {"label": label} for label, each in rows.items()])
    frame = frame[["label", "median", "lower", "upper"]]
    return intervals.draw_intervals(Figure("intervals", frame=frame, **words))


def name_sources(figure: Figure, bibliography: Mapping[str, Reference]) -> Figure:
    """The figure with citation keys replaced by what readers know: "Doe et al. 2022"."""
    if "citation" not in figure.frame:
        return figure
    short = {key: reference.short for key, reference in bibliography.items()}
    return replace(figure, frame=figure.frame.assign(citation=figure.frame["citation"].map(short)))


def draw_literature(inputs: Inputs) -> list[Drawing]:
    """Ours beside the classical baseline and published values."""
    cell, published = inputs.cell, inputs.card.card.published
    baseline = cell.model.baseline(cell.table, cell.card)
    frame = intervals.compare_with_literature(inputs.attributions, baseline, published)
    if frame.empty:
        return []
    found = {  # where a family and its pooled value share a key, the family's words stay
        estimand_key(str(name), variable): variable.attrs
        for name, variable in reversed(list(cell.estimands.items()))
    }
    said = intervals.describe_baseline(frame)
    frame["title"] = [found[panel]["label"] for panel in frame["panel"]]
    frame["unit"] = [unit_words(found[panel]["unit"]) for panel in frame["panel"]]
    frame["label"] = [
        inputs.words.name(found[panel].get("labels", {}).get(label, label))
        for panel, label in zip(frame["panel"], frame["label"], strict=True)
    ]
    figure = Figure("intervals", frame=frame, **say_figure("literature", said=said))
    return [intervals.draw_literature(figure)]


def draw_priors(inputs: Inputs) -> list[Drawing]:
    """Prior against posterior of every parameter that has a prior of its own."""
    prior, posterior = inputs.group("prior"), inputs.group("posterior")
    priors = list_priors(inputs.cell.model.Priors())
    frame, logarithmic = checks.compare_densities(prior, posterior, priors, inputs.words.parameter)
    figure = Figure("scatter", frame=frame, **say_figure("prior-and-posterior"))
    return [] if frame.empty else [checks.draw_densities(figure, logarithmic)]


def draw_predictions(inputs: Inputs) -> list[Drawing]:
    """The posterior predictive check: intervals, and how predictive ranks are distributed."""
    predicted, observed = inputs.group("posterior_predictive"), inputs.group("observed_data")
    if not set(predicted.data_vars) & set(observed.data_vars):
        return []
    frame = checks.predict(predicted, observed)
    words = say_figure("predictions", inside=int(frame["is_inside"].sum()), count=len(frame))
    ranks = checks.pit_differences(predicted, observed)
    return [
        checks.draw_predictions(Figure("scatter", frame=frame, **words)),
        checks.draw_differences(Figure("scatter", frame=ranks, **say_figure("predictive-ranks"))),
    ]


def draw_chains(inputs: Inputs, key: str) -> list[Drawing]:
    """Whether the chains agree on the headline quantity."""
    draws = dict(flatten(inputs.cell.estimands)).get(key)
    if draws is None or float(draws.max()) == float(draws.min()):
        return []
    effective = inputs.check["min_ess_bulk"] or draws.size
    label = inputs.attributions.get(key, {}).get("label", key)
    frame = checks.rank_differences(draws, label, effective)
    return [checks.draw_differences(Figure("scatter", frame=frame, **say_figure("chains")))]


def draw_calibration(inputs: Inputs) -> list[Drawing]:
    """Ranks of simulated truths, of the first of the quantities that calibration is judged by."""
    measured = (inputs.check.get("calibration") or {}).get("estimands") or {}
    counts = {
        inputs.words.name(inputs.attributions[key]["label"]): measured[key]["rank_counts"]
        for key in dict.fromkeys(inputs.check["headlines"])
        if key in measured and measured[key].get("rank_counts")
    }
    shown = dict(list(counts.items())[:SHOWN_RANKS])
    words = say_figure("truth-ranks", count=len(shown), whole=len(counts))
    figure = partial(Figure, "scatter", **words)
    return [checks.draw_differences(figure(frame=checks.truth_differences(shown)))] if shown else []


def draw_groups(inputs: Inputs) -> list[Drawing]:
    """Observed means beside predicted ones, by date, compute, technique and benchmark."""
    found = inputs.check.get("predictive_checks") or {}
    frame = pd.DataFrame(found.get("groups") or [])
    if frame.empty:
        return []
    frame = frame.assign(
        group=frame["group"].map(inputs.words.name),
        panel=frame["by"].map(lambda by: panels.GROUPED_BY.get(by, f"By {by}")),
        label=frame["group"].map(inputs.words.name) + " (" + frame["count"].astype(str) + ")",
        is_inside=frame["observed"].between(frame["lower"], frame["upper"]),
    )
    outcome = str(found.get("outcome") or "outcome").replace("_", " ")
    outside = int((~frame["is_inside"]).sum())
    words = say_figure("predictive-groups", outcome=outcome, outside=outside, count=len(frame))
    return [checks.draw_groups(Figure("intervals", frame=frame, **words))]
