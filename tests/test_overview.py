"""The index page: passing posteriors with their answers, the others apart with their reasons."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import cells
import numpy as np
import pandas as pd
import pytest

from pipeline.core.files import read_json, write_json, write_parquet, write_text
from pipeline.core.layout import Layout
from pipeline.site.overview import estimates, gathering
from pipeline.site.overview.page import write_overview
from pipeline.synthesis.periods import MEAN

WORDS = """
title: Toy model
headline: The toy's cost halved every {median} months (90 % interval {lower} to {upper}).
equations: []
symbols: []
"""
WORSE = {f"m{i}": -1.5 - 0.02 * i for i in range(-1, 12)}
FOUR: dict[str, Any] = {
    "toy": cells.STUDIED,
    "worse": cells.STUDIED
    | {"driven_by_prior": [], "elpd_by_unit": WORSE, "rows_by_unit": dict.fromkeys(WORSE, 1)},
    "broken": cells.FAILED,
    "idle": {"verdict": "fail", "reasons": [], "not_fitted": cells.NOT_FITTED},
}


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    """A project with a dataset that was read, one without a card, and no models yet."""
    layout = Layout(tmp_path)
    texts = {
        layout.card("toys"): cells.CARD,
        layout.records("toys"): cells.make_records(),
        layout.bibliography: cells.BIBLIOGRAPHY,
        layout.claims: cells.CLAIMS,
        layout.datasets: "datasets: {efficiency: [toys, absent]}",
        layout.rows("toys"): '{"rows_in": 4, "rows_fitted": 3, "excluded": {"outlier": 1}}',
        layout.citation: cells.CITATION.read_text(encoding="utf-8"),
    }
    shutil.copytree(cells.TEMPLATES, layout.templates)
    texts |= {layout.words / f"{name}.yaml": WORDS for name in FOUR}
    model: Any = cells.make_model()
    model.headline_key = lambda _: "doubling_time_months"
    for module in (gathering, estimates):
        monkeypatch.setattr(module, "load", lambda _: model)
    monkeypatch.setattr(gathering, "read_check", lambda at, name: read_json(at.check(name)))
    for path, text in texts.items():
        write_text(path, text)
    return layout


def write(layout: Layout, **checks: dict[str, Any]) -> str:
    """The index page of the project with these models; draws of each are shifted by ten more."""
    write_text(layout.models, f"models: {{efficiency: [{', '.join(checks)}]}}")
    rest = {"p_positive": None, "p_finite": 1.0, "prob": 0.9}
    found = {key: rest | entry for key, entry in cells.ATTRIBUTIONS.items()}
    for place, (name, check) in enumerate(checks.items()):
        cell = f"toys-{name}"
        write_json(layout.check(cell), cells.CHECK | check)
        write_json(layout.attribution(cell), found)
        draws = pd.DataFrame({"doubling_time_months": np.arange(100.0) + 10 * place})
        write_parquet(layout.draws(cell), draws)
    write_overview(layout)
    return layout.page("index").read_text(encoding="utf-8")


def find_section(page: str, name: str) -> str:
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', page, re.DOTALL)
    return found.group(0) if found else ""


def read(layout: Layout, name: str) -> str:
    return (layout.summary / name).read_text(encoding="utf-8")


def test_passing_posterior_is_answered_on_the_page_and_in_the_readme(layout: Layout) -> None:
    page = write(layout, toy={})
    answered = find_section(page, "answers")
    assert "halved every 14 months" in answered
    assert 'href="toys-toy.html"' in answered
    assert find_section(page, "failed") == find_section(page, "simulated") == ""
    assert find_section(page, "models-compared") == ""
    lines = read(layout, "answers.md").splitlines()
    assert len(lines) == 3
    assert "9.9 to no upper bound" in lines[2]
    picture = read(layout, "front.svg")
    assert "<svg" in picture
    assert write(layout, toy={}) == page
    assert read(layout, "front.svg") == picture


def test_failed_fit_stands_apart_without_numbers(layout: Layout) -> None:
    page = write(layout, toy=cells.FAILED)
    assert "R-hat of rate is 1.2" in find_section(page, "failed")
    assert "toys-toy" not in find_section(page, "answers")
    assert "14" not in read(layout, "answers.md")
    (claim,) = json.loads(layout.claims_judged.read_text("utf-8")).values()
    assert claim["probability"] is claim["median"] is None
    section = find_section(page, "claims")
    assert "none: Toy model: the fit did not converge: R-hat of rate is 1.2" in section
    assert "gauge" not in section


def test_refused_dataset_is_missing_with_its_reason_whatever_an_earlier_run_left(
    layout: Layout,
) -> None:
    layout.records("toys").write_text(
        cells.make_records().replace("2012-06-01", "2025-06-01"), "utf-8"
    )
    page = write(layout, toy={})
    missing = find_section(page, "missing")
    assert "toys/records.csv:2: release_date" in missing
    assert "not after 2024-01-01, the day the data were retrieved" in missing
    assert "absent-toy" in missing
    assert "the card is missing" in missing
    assert "halved every 14 months" not in page


def test_one_model_speaks_for_a_dataset_and_every_cell_is_in_the_table(layout: Layout) -> None:
    page = write(layout, **FOUR)
    answered, table = find_section(page, "answers"), find_section(page, "verdicts")
    assert "toys-toy.html" in answered
    assert "toys-worse.html" not in answered
    assert all(f"toys-{name}.html" in table for name in FOUR)
    assert '<td class="off">✗ no</td><td>? in part</td>' in table
    assert "✗ headline" in table
    assert f"not fitted: {cells.NOT_FITTED}" in table
    said = read(layout, "answers.md")
    assert "| Caveat: not identified; driven by the prior (spread). The toy's" in said


def test_models_are_compared_over_the_units_they_share_and_the_others_named(layout: Layout) -> None:
    page = write(layout, **FOUR)
    found = json.loads(read(layout, "comparison.json"))["toys"]
    assert found["shared_units"] == 12
    assert set(found["models"]) == {"toy", "worse"}
    assert set(found["left_out"]) == {"broken", "idle"}
    assert found["models"]["worse"]["units"] == 13
    assert found["models"]["worse"]["difference"] == pytest.approx(-0.5 * 12 - 0.01 * 66)
    section = find_section(page, "models-compared")
    for words in ("12 base models that all", cells.NOT_FITTED, "R-hat"):
        assert words in section


def test_claims_are_judged_by_the_first_model_with_the_doubt_before_the_number(
    layout: Layout,
) -> None:
    section = find_section(write(layout, **FOUR), "claims")
    (claim,) = json.loads(layout.claims_judged.read_text("utf-8")).values()
    assert claim["probability"] == 0.17  # of 0, 1, ... 99
    assert "at most 16 months?" in section
    assert 'href="toys-toy.html#estimates"' in section
    assert 'href="#source-doe2020">Doe &amp; Roe 2020</a>' in section
    assert section.index("driven by the prior (spread)") < section.index("<strong>0.17</strong>")


def test_simulation_and_synthesis_are_linked_with_their_answers(layout: Layout) -> None:
    entries: dict[str, dict[str, Any]] = {
        "takeoff": {"p_acceleration[central]": 0.16, "p_acceleration[labour_only]": 0.86},
        "synthesis": {f"share_since_2023[{MEAN}]": 0.8, f"rate_since_2023[{MEAN}]": 0.9},
    }
    share = {"unit": "share", "lower": 0.7, "upper": 0.9, "caveats": []}
    for name, medians in entries.items():
        found = {key: share | {"median": each} for key, each in medians.items()}
        write_json(layout.attribution(name), found)
    page = write(layout, toy={})
    section = find_section(page, "simulated")
    assert 'href="takeoff.html"' in section
    assert section.index("not a measurement") < section.index("probability 0.16")
    top = page[: page.index('id="answers"')]
    assert 'href="synthesis.html"' in top
    assert "80\N{NO-BREAK SPACE}%" in top
