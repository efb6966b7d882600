"""The site of a dataset whose every word is hostile: what each page says, escapes and links."""

import base64
import gzip
import io
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import hostile_names as hostile
import pandas as pd
import pytest
from conftest import ROOT
from hostile_names import NAME, SCRIPT, UNFITTED
from unpack import read_csv_text, read_specs

from pipeline.core.failures import SourceError
from pipeline.core.files import read_json, write_json
from pipeline.core.layout import Layout
from pipeline.site.posterior.page import write_page
from pipeline.site.stage import build_site

NAMESPACES = r"http://www\.w3\.org/[\w/.#-]*"
PAGES = (NAME, UNFITTED, "index")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """The site, built once; treat as read-only."""
    layout = hostile.write_results(tmp_path_factory.mktemp("hostile"))
    build_site(layout, workers=1)
    return layout


@pytest.fixture
def layout(made: Layout, tmp_path: Path) -> Layout:
    """A copy of the site and its results, to be changed."""
    return Layout(Path(shutil.copytree(made.root, tmp_path / "copy", symlinks=True)))


def read(layout: Layout, name: str = NAME) -> str:
    return layout.page(name).read_text(encoding="utf-8")


def rebuild(layout: Layout, **check: Any) -> str:
    """The page of the fitted cell with another check."""
    write_json(layout.check(NAME), read_json(layout.check(NAME)) | check)
    write_page(layout, "hostile", "compute_multiplier")
    return read(layout)


def find_part(page: str, start: str, end: str) -> str:
    """The text between two marks, without tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index(start) : page.index(end)]).split())


@pytest.mark.parametrize("name", PAGES)
def test_hostile_names_are_text_and_nothing_is_loaded(made: Layout, name: str) -> None:
    page = read(made, name)
    assert SCRIPT not in page
    assert "&lt;script&gt;window.ran=1" in page
    assert "{{7*7}}" in page
    without_scripts = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    links = re.findall(r'(?:href|src)="([^"]*)"', without_scripts)
    files = {path.name for path in made.pages.iterdir()}
    own = re.compile(r"#|data:|index\.html|hostile-")
    assert [link for link in links if link not in files and not own.match(link)] == []
    numbers = {f"{name}.csv", f"{name}.json"}
    assert numbers <= set(links) & files or name == UNFITTED
    scripts = "".join(re.findall(r"<script>.*?</script>", page, flags=re.DOTALL))
    (packed,) = re.findall(r'id="chart-library">([^<]*)<', page)
    scripts += gzip.decompress(base64.b64decode(packed)).decode("utf-8")
    assert re.findall(r"https?://[^\s\"'`]*", re.sub(NAMESPACES, "", scripts)) == []


@pytest.mark.parametrize("name", PAGES)
def test_ids_are_unique_and_links_and_charts_have_their_places(made: Layout, name: str) -> None:
    page = read(made, name)
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert set(re.findall(r'data-chart="([^"]*)"', page)) == set(read_specs(page))
    for figure in re.findall(r"<figure.*?</figure>", page, re.DOTALL):
        for part in (r"<h[23] [^>]*>\S", r"<figcaption>\S", r'role="img" aria-label="\S'):
            assert re.search(part, figure)
        (table,) = re.findall('data-csv="([^"]*)"', figure)
        assert read_csv_text(page, table).count("\n") > 1


def test_hostile_names_reach_charts_and_downloads_whole(made: Layout) -> None:
    page = read(made)
    specs = json.dumps(read_specs(page), ensure_ascii=False)
    assert json.dumps(hostile.TECHNIQUE, ensure_ascii=False)[1:-1] in specs
    data = pd.read_csv(io.StringIO(read_csv_text(page, "data")))
    assert len(data) == len(hostile.make_scores())
    assert f"'{hostile.FORMULA}" in set(data["model"])
    assert SCRIPT in set(data["model"])


def test_page_says_what_the_checks_found(made: Layout) -> None:
    """The numbers are those of `cells.STUDIED`."""
    page = read(made)
    sections = re.findall(r'<h2 id="([^"]*)"', page)
    assert sections.index("identification") == sections.index("evidence") + 1
    panel = find_part(page, 'id="identification"', 'id="estimates"')
    for words in ("▲ Not identified", "▲ 14.2", "▲ 0.31", "of the designs tried"):
        assert words in panel
    assert "doubled" in panel
    assert "▲ 0.41" in panel
    trust = find_part(page, 'id="trust"', 'id="methods"')
    for words in ("▲ 71.7", "90.9", "80 % ▲ 70.0", "of 3 groups", "by PSIS-LOO"):
        assert words in trust.replace("\N{NO-BREAK SPACE}", " ")
    answer = find_part(page, 'id="answer"', 'id="evidence"')
    assert answer.index(
        "the prior drives it (rate of algorithmic progress, spread)"
    ) < answer.index("(90")  # read it first
    published = find_part(page, 'id="published"', 'id="trust"')
    assert "Reported &lt;script&gt;" in published


def test_what_the_card_left_to_defaults_is_on_the_page(layout: Layout) -> None:
    assert 'id="defaults"' not in read(layout)
    left = {"columns.method": "plain <b>", "columns.lab": "", "options.techniques": {}}
    rows = read_json(layout.rows("hostile")) | {"defaults": left}
    write_json(layout.rows("hostile"), rows)
    told = find_part(rebuild(layout), 'id="defaults"', 'id="rows"')
    assert "columns.method plain &lt;b&gt; columns.lab nothing options.techniques made from" in told


def test_failed_verdict_comes_first_and_nothing_is_quoted(layout: Layout) -> None:
    page = rebuild(layout, verdict="fail", reasons=["R-hat of rate is 1.2, above 1.01"])
    main = find_part(page, "<main", "</main>")
    assert main.startswith("Not converged.")
    assert "R-hat of rate is 1.2" in main
    assert "Withheld: the fit did not converge." in main
    assert not re.search(r"compute \d+\S% \(", main)


def test_published_fit_made_again_is_on_the_page_as_text_and_says_when_it_is_old(
    layout: Layout,
) -> None:
    found = read_json(Layout(ROOT).study("lm_perplexity-published_profile"))
    found["comparison"]["any_bias"]["difference"] = SCRIPT
    write_json(layout.study("hostile-published_profile"), found | {"citation": "doe2020"})
    page = rebuild(layout)
    assert SCRIPT not in page
    section = find_part(page, 'id="published-fit"', 'id="regressors"')
    for words in ("8.68 and 6.08", "4.1 to 40.5", "&lt;script&gt;", "earlier version of the model"):
        assert words in section


def test_what_was_not_measured_is_said_to_be_so(layout: Layout) -> None:
    layout.study(NAME).unlink()
    nothing: dict[str, Any] = {
        "identification": None,
        "is_identified": None,
        "identification_reasons": [],
    }
    page = rebuild(layout, predictive_checks={}, prior_sensitivity={}, **nothing)
    panel = find_part(page, 'id="identification"', 'id="estimates"')
    assert "■ Not measured" in panel
    assert "Not known: the widths of other designs are not measured." in panel
    for words in ("Predictions by group of rows", "Coverage", "Power scaling"):
        assert f"{words}: not measured." in page


def test_model_that_is_not_fitted_has_a_page_with_the_reason_and_the_data(made: Layout) -> None:
    page = read(made, UNFITTED)
    assert find_part(page, "<main", "</main>").startswith("Not fitted. The card says that there")
    assert page.count('<th scope="row" class="number-cell">') == len(hostile.make_scores())


def test_two_workers_write_the_same_bytes_and_delete_what_is_no_longer_made(
    layout: Layout,
) -> None:
    before = {name: layout.page(name).read_bytes() for name in PAGES}
    for name in ("gone-model", ".hostile-half"):
        layout.page(name).write_text("old")
    os.replace(layout.page(".hostile-half"), layout.pages / ".hostile.html.part")
    layout.posterior(UNFITTED).unlink()
    build_site(layout, workers=2)
    kept = {f"{name}.{kind}" for name in (NAME, "index") for kind in ("html", "csv", "json")}
    assert {path.name for path in layout.pages.iterdir()} == kept | {"sitemap.xml"}
    sitemap = (layout.pages / "sitemap.xml").read_text(encoding="utf-8")
    assert re.findall("<loc>(.*?)</loc>", sitemap) == ["index.html", f"{NAME}.html"]
    assert read(layout).encode() == before[NAME]
    told = read_json(layout.check("calibration"))
    assert list(told) == [NAME]
    assert told[NAME]["is_calibrated"] is False


def test_fault_of_one_page_leaves_the_others(layout: Layout) -> None:
    text = layout.bibliography.read_text(encoding="utf-8").replace("doe2020", "doe2021")
    layout.bibliography.write_text(text, encoding="utf-8")
    before = layout.page(NAME).stat().st_mtime_ns
    with pytest.raises(SourceError, match=r"doe2020.*doe2021"):
        build_site(layout, workers=1)
    assert layout.page(NAME).stat().st_mtime_ns == before


def test_other_specifications_and_forecasts_stand_beside_the_headline(layout: Layout) -> None:
    page = rebuild(layout)
    assert SCRIPT not in page
    answer = find_part(page, 'id="answer"', 'id="evidence"')
    for words in (
        "Over 2 specifications",
        "50 % to 70 %",
        "robust",
    ):
        assert words in answer
    section = find_part(page, 'id="specifications"', 'id="regressors"')
    for words in ("trend &lt;script&gt;", "Without each laboratory", "9 95 % 10 % to 90 %"):
        assert words in section
    told = find_part(page, 'id="backtest"', 'id="convergence"')
    for words in (
        "1 date",
        "10 % of the questions",
        "from compute alone",
        "It also made 1 forecast of the rate",
    ):
        assert words in told
    made_with = read_json(layout.multiverse(NAME)) | {"made_with": {"table": "another"}}
    write_json(layout.multiverse(NAME), made_with)
    old = rebuild(layout)
    assert "robustness not measured" in old
    assert "Measured on an earlier version of the model or the data: Over 2" in old
