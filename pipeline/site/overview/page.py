"""The index page, and `reports/summary`: the README's table and picture, metrics and plots."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from models import INTERVAL_PROBABILITY
from pipeline.core.files import read_json, write_json, write_text
from pipeline.core.layout import Layout
from pipeline.fit.attribute import KEPT_DRAWS
from pipeline.site.charts.drawings import Drawing, render_page, render_svg, stack_panels
from pipeline.site.overview import claims, comparison, estimates
from pipeline.site.overview.cells import Apart, Cell, Passed
from pipeline.site.overview.claims import Verdict, read_claims
from pipeline.site.overview.comparison import RATE
from pipeline.site.overview.estimates import record_key
from pipeline.site.overview.forest_charts import RATES, SHARES, draw_forest
from pipeline.site.overview.front import Front, make_front
from pipeline.site.overview.gathering import Overview, gather
from pipeline.site.overview.limits import (
    describe_experiments,
    list_limits,
    list_untried,
    quote,
)
from pipeline.site.overview.reach import list_reaches
from pipeline.site.overview.rows import BOUNDS, Row, say, say_doubling
from pipeline.site.pages import answers, sentences
from pipeline.site.pages.answers import CAVEAT
from pipeline.site.pages.citations import cite_page, read_software
from pipeline.site.pages.numbers import INTERVAL_WORDS, SHORT_INTERVAL
from pipeline.site.pages.packing import neutralise_frame
from pipeline.site.takeoff_page.page import describe_answer
from pipeline.studies.verdict import LEAST_COVERAGE, describe_drivers

TITLE = "How much of AI progress is compute, and how much is algorithms?"
FORESTS = {"periods": RATES, "rates": RATES, "years": RATES, "shares": SHARES}


def write_overview(layout: Layout) -> str:
    """Write the index page, the claims judged, and reports/summary; the line to print.

    Raises SourceError with every fault of the claims.
    """
    overview = gather(layout)
    judged = [claims.judge(each, overview) for each in read_claims(layout.claims, overview)]
    baselines = estimates.read_baselines(overview, layout)
    others = estimates.list_other_fields(overview, layout)
    answer = make_front(overview, layout)
    rows = {
        "periods": answer.periods,
        "rates": estimates.list_rates(overview, baselines, others),
        "years": estimates.list_years(overview),
        "shares": estimates.list_shares(overview),
    }
    page, summary = layout.page("index"), layout.summary
    drawings = draw_forests(rows)
    write_text(page, render(layout, overview, judged, rows, drawings, answer))
    write_json(layout.claims_judged, {each.claim.id: claims.describe(each) for each in judged})
    write_text(summary / "answers.md", write_answers(overview.primaries))
    write_text(summary / "front.md", "\n\n".join(map(escape_cell, answer.brief)) + "\n")
    write_text(summary / "in_full.md", write_in_full(answer))
    write_text(summary / "front.svg", draw_picture(drawings["periods"]))
    compared = {made.dataset: comparison.describe(made) for made in overview.comparisons}
    write_json(summary / "comparison.json", compared)
    write_summary(summary, overview, judged, rows)
    states = Counter(cell.state if isinstance(cell, Apart) else "passed" for cell in overview.cells)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in states.items())
    return f"{page}: {counts}"


def draw_forests(rows: Mapping[str, list[Row]]) -> dict[str, Drawing | None]:
    """The forest plots of the page; None for one without any number."""
    said = {"interval": INTERVAL_WORDS, "short": SHORT_INTERVAL}
    return {
        name: draw_forest(rows[name], axis, sentences.say_figure(name, **said))
        for name, axis in FORESTS.items()
    }


def render(
    layout: Layout,
    overview: Overview,
    judged: Sequence[Verdict],
    rows: Mapping[str, list[Row]],
    drawings: Mapping[str, Drawing | None],
    answer: Front,
) -> str:
    """The index page as HTML text."""
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
        front=answer,
        quote=quote,
        limits=list_limits(overview),
        experiments=describe_experiments(overview),
        reaches=list_reaches(overview.primaries, layout),
        least_coverage=LEAST_COVERAGE,
        untried=sentences.say("limit_untried", names=list_untried(overview)),
        rows=rows,
        say=say,
        say_doubling=say_doubling,
        judged=judged,
        kept_draws=KEPT_DRAWS,
        claims=claims,
        answers=answers,
        sources=overview.bibliography.cite(cited),
        citation=cite_page(read_software(layout.citation), TITLE, "index"),
        simulated=(found := read_json(layout.attribution("takeoff"))) and describe_answer(found),
    )


def write_answers(primaries: Sequence[Passed]) -> str:
    """The table in Markdown: a row a dataset, answered by the model that speaks for it."""
    lines = ["| Asked | Answer | Posterior |", "| --- | --- | --- |"]
    for cell in primaries:
        said = cell.answer.sentence or cell.answer.reason
        if spread := answers.say_range(
            cell.answer.key, cell.check, cell.answer.unit, is_short=True
        ):
            said = f"{said} {spread[0].upper()}{spread[1:]}."
        if caveats := "; ".join(cell.answer.caveats):
            said = f"Caveat: {caveats}. {said}"
        asked, said = map(escape_cell, (cell.card.card.question, said))
        lines.append(f"| {asked} | {said} | `{cell.name}` |")
    return "\n".join(lines) + "\n"


def escape_cell(text: str) -> str:
    """`text` in a Markdown table: nothing in it ends the cell or starts markup."""
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def write_in_full(answer: Front) -> str:
    """The whole answer in Markdown: its sentences, what would change it, what not to print."""
    said = [*answer.said, answer.reasoning, answer.flips, answer.avoid]
    if any(CAVEAT in each for each in said):
        said.append(sentences.say("front_sign"))
    return "\n\n".join(escape_cell(each) for each in said if each) + "\n"


def draw_picture(drawing: Drawing | None) -> str:
    """The figure of the front page as SVG on white; an empty picture where there is none."""
    if drawing is None:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n'
    return render_svg(stack_panels(drawing)) + "\n"


ROW_COLUMNS = ["group", "label", "kind", *BOUNDS, "interval", "page", "caveats"]
COVERAGE_COLUMNS = ["cell", "row", "estimand", "coverage", "covered", "intervals", "nominal"]


def describe_cell(cell: Cell) -> dict[str, Any]:
    """Verdict, headline, rate and record share of a cell; no number where it may not be quoted."""
    if isinstance(cell, Apart):
        return {"verdict": "fail" if cell.state == "failed" else cell.state.replace("_", " ")}
    headline = cell.answer.key
    named = {"headline": headline, "rate": RATE, "record_share": record_key(headline)}
    found = {name: cell.attributions.get(key) or {} for name, key in named.items()}
    driven = [n for n in ("headline", "rate") if describe_drivers(named[n], cell.check)]
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
