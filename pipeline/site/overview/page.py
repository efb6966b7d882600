"""The index page, and `reports/summary`: the README's table and picture, metrics and plots."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import vl_convert

from models import INTERVAL_PROBABILITY
from pipeline.core.files import read_json, write_json, write_text
from pipeline.core.layout import Layout
from pipeline.site.charts import intervals
from pipeline.site.charts.axes import OURS
from pipeline.site.charts.drawings import render_page, stack_panels
from pipeline.site.figures.kinds import Figure
from pipeline.site.overview import claims, comparison, estimates
from pipeline.site.overview.cells import Apart, Cell, Passed
from pipeline.site.overview.claims import Verdict, read_claims
from pipeline.site.overview.comparison import RATE
from pipeline.site.overview.estimates import record_key
from pipeline.site.overview.forest_charts import RATES, SHARES, draw_forest
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.overview.limits import describe_experiments, list_limits
from pipeline.site.overview.rows import BOUNDS, Row, say, say_doubling
from pipeline.site.pages import answers, sentences
from pipeline.site.pages.citations import cite_page, read_software
from pipeline.site.pages.numbers import INTERVAL_WORDS, SHORT_INTERVAL, unit_words
from pipeline.site.pages.packing import neutralise_frame
from pipeline.site.synthesis_page.page import describe_in_short
from pipeline.site.takeoff_page.page import describe_answer
from pipeline.studies.verdict import LEAST_COVERAGE

TITLE = "How much of AI progress is compute, and how much is algorithms?"
FORESTS = {"rates": RATES, "years": RATES, "shares": SHARES}


def write_overview(layout: Layout) -> str:
    """Write the index page, the claims judged, and reports/summary; the line to print.

    Raises SourceError with every fault of the claims.
    """
    overview = gather(layout)
    judged = [claims.judge(each, overview) for each in read_claims(layout.claims, overview)]
    baselines = estimates.read_baselines(overview, layout)
    others = estimates.list_other_fields(overview, layout)
    rows = {
        "rates": estimates.list_rates(overview, baselines, others),
        "years": estimates.list_years(overview),
        "shares": estimates.list_shares(overview),
    }
    page, summary = layout.page("index"), layout.summary
    write_text(page, render(layout, overview, judged, rows))
    write_json(layout.claims_judged, {each.claim.id: claims.describe(each) for each in judged})
    write_text(summary / "answers.md", write_answers(overview.primaries))
    write_text(summary / "answers.svg", draw_picture(overview.primaries))
    compared = {made.dataset: comparison.describe(made) for made in overview.comparisons}
    write_json(summary / "comparison.json", compared)
    write_summary(summary, overview, judged, rows)
    states = Counter(cell.state if isinstance(cell, Apart) else "passed" for cell in overview.cells)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in states.items())
    return f"{page}: {counts}"


def render(
    layout: Layout, overview: Overview, judged: Sequence[Verdict], rows: dict[str, list[Row]]
) -> str:
    """The index page as HTML text."""
    said = {"interval": INTERVAL_WORDS, "short": SHORT_INTERVAL}
    drawings = {
        name: draw_forest(rows[name], axis, sentences.say_figure(name, **said))
        for name, axis in FORESTS.items()
    }
    cards = [loaded.card for loaded in overview.cards]
    cited = [key for c in cards for key in (*c.citations, *(each.citation for each in c.published))]
    cited += [each.claim.source for each in judged]
    cited += [row.citation for row in rows["rates"] if row.citation]
    return render_page(
        layout.templates,
        "overview",
        drawings,
        title=TITLE,
        overview=overview,
        lines=estimates.summarise(overview.primaries),
        limits=list_limits(overview),
        experiments=describe_experiments(overview),
        least_coverage=LEAST_COVERAGE,
        rows=rows,
        say=say,
        say_doubling=say_doubling,
        judged=judged,
        claims=claims,
        answers=answers,
        sources=overview.bibliography.cite(cited),
        citation=cite_page(read_software(layout.citation), f"{TITLE}.", "index"),
        simulated=(found := read_json(layout.attribution("takeoff"))) and describe_answer(found),
        across=(found := read_json(layout.attribution("synthesis"))) and describe_in_short(found),
    )


NO_BASELINE = pd.DataFrame(columns=["key", "label", "method", "estimate", "lower", "upper"])


def write_answers(primaries: Sequence[Passed]) -> str:
    """The table in Markdown: a row a dataset, answered by the model that speaks for it."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in primaries:
        said = cell.answer.sentence or cell.answer.reason
        if spread := answers.say_range(cell.answer.key, cell.check, is_short=True):
            said = f"{said} {spread[0].upper()}{spread[1:]}."
        if caveats := "; ".join(cell.answer.caveats):
            said = f"{caveats[0].upper()}{caveats[1:]}: {said}"
        asked, said = map(escape_cell, (cell.card.card.question, said))
        lines.append(f"| {asked} | {said} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def draw_picture(primaries: Sequence[Passed]) -> str:
    """The picture as SVG on white: each headline beside published values of the same."""
    frames = []
    for cell in primaries:
        answer, published = cell.answer, cell.card.card.published
        if answer.sentence:
            own = {answer.key: cell.attributions[answer.key]}
            rows = intervals.compare_with_literature(own, NO_BASELINE, published, [answer.key])
            title, unit = f"{cell.title}: {answer.label}", unit_words(answer.unit)
            frames.append(rows.assign(panel=cell.name, label=OURS, title=title, unit=unit))
    if not frames:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    frame = pd.concat(frames, ignore_index=True)
    figure = Figure("intervals", "headlines", "The answers so far", "", frame)
    picture = stack_panels(intervals.draw_literature(figure))
    return str(vl_convert.vegalite_to_svg(picture)) + "\n"


ROW_COLUMNS = ["group", "label", "kind", *BOUNDS, "interval", "page", "caveats"]
COVERAGE_COLUMNS = ["cell", "row", "estimand", "coverage", "covered", "intervals", "nominal"]


def describe_cell(cell: Cell) -> dict[str, Any]:
    """Verdict, headline, rate and record share of a cell; no number where it may not be quoted."""
    if isinstance(cell, Apart):
        return {"verdict": "fail" if cell.state == "failed" else cell.state.replace("_", " ")}
    headline = cell.answer.key
    named = {"headline": headline, "rate": RATE, "record_share": record_key(headline)}
    found = {name: cell.attributions.get(key) or {} for name, key in named.items()}
    driven = [n for n in ("headline", "rate") if answers.describe_drivers(named[n], cell.check)]
    made = {
        "verdict": "pass",
        "driven": " and ".join(driven) or "no",
        "identified": cell.check.get("is_identified"),
        **{name: {b: each[b] for b in BOUNDS if each.get(b) is not None}
           for name, each in found.items()},
        "coverage": _read_coverage(cell).get(headline, {}).get("share"),
    }  # fmt: skip
    return {name: value for name, value in made.items() if value not in (None, {})}


def _read_coverage(cell: Passed) -> dict[str, Any]:
    return (cell.check.get("calibration") or {}).get("estimands") or {}


def tabulate_rows(rows: Sequence[Row]) -> pd.DataFrame:
    """The rows of a forest plot with a number, as `dvc plots` reads them."""
    frame = pd.DataFrame([vars(row) for row in rows if row.has_number], columns=ROW_COLUMNS)
    frame.insert(0, "row", frame["label"] + " | " + frame["group"])
    return frame.assign(caveats=frame["caveats"].map("; ".join))


def tabulate_coverage(overview: Overview) -> pd.DataFrame:
    """Coverage of intervals in simulated data: a row a cell and estimand that a study watched."""
    made = [
        (cell.name, f"{cell.name} | {key}", key, found["share"], found["covered"],
         found["intervals"], cell.check["calibration"].get("probability", INTERVAL_PROBABILITY))
        for cell in overview.passed
        for key, found in _read_coverage(cell).items()
        if found["share"] is not None and key in (cell.answer.key, RATE)
    ]  # fmt: skip
    return pd.DataFrame(made, columns=COVERAGE_COLUMNS)


def write_summary(
    folder: Path, overview: Overview, verdicts: Sequence[Verdict], rows: Mapping[str, Sequence[Row]]
) -> None:
    """Write `metrics/<cell>.json` and the tables; files of cells that are gone are removed."""
    for old in (folder / "metrics").glob("*.json"):
        if old.stem not in {cell.name for cell in overview.cells}:
            old.unlink()
    for cell in overview.cells:
        write_json(folder / "metrics" / f"{cell.name}.json", describe_cell(cell))
    tables = {name: tabulate_rows(found) for name, found in rows.items()}
    judged = [(verdict.claim.id, verdict.probability) for verdict in verdicts]
    tables["coverage"] = tabulate_coverage(overview)
    tables["claims"] = pd.DataFrame(judged, columns=["claim", "probability"]).dropna()
    for name, frame in tables.items():
        write_text(folder / f"{name}.csv", neutralise_frame(frame).to_csv(index=False))
