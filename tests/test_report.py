"""The page of a posterior: verdict first, texts escaped, nothing fetched, numbers as they are."""

import base64
import io
import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from cells import FAILED, HOSTILE, flags, make_model, write_cell

from pipeline import report
from pipeline.failures import SourceError

NAMESPACES = r"http://www\.w3\.org/(1999/xlink|2000/svg|2000/xmlns/)"  # names of XML, never fetched


def write_page(folder: Path, monkeypatch: pytest.MonkeyPatch, **check: object) -> Path:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    paths = write_cell(folder, **check)
    assert report.main(flags(paths, model="toy")) == 0
    return paths["--output"]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as monkeypatch:
        return write_page(tmp_path_factory.mktemp("cell"), monkeypatch).read_text(encoding="utf-8")


@pytest.fixture
def failed_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    return write_page(tmp_path, monkeypatch, **FAILED).read_text(encoding="utf-8")


def read_specs(page: str) -> dict[str, object]:
    found = re.search(
        r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL
    )
    assert found is not None
    specs: dict[str, object] = json.loads(found.group(1))
    return specs


def read_csv(page: str, name: str) -> pd.DataFrame:
    found = re.search(
        rf'download="toys-toy-{name}\.csv"[^>]*href="data:text/csv;base64,([^"]*)"', page
    )
    assert found is not None
    return pd.read_csv(io.BytesIO(base64.b64decode(found.group(1))))


def test_hostile_names_are_text(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "Table <b>2</b>" not in page


def test_hostile_names_reach_charts_unchanged(page: str) -> None:
    assert HOSTILE in json.dumps(read_specs(page), ensure_ascii=False).replace('\\"', '"')


def test_template_marks_in_names_are_not_run(page: str) -> None:
    assert "{{ 7 * 7 }}" in page


def test_page_names_no_network_address(page: str) -> None:
    assert re.findall(r"https?://[^\s\"'`]*", re.sub(NAMESPACES, "", page)) == []


def test_page_loads_nothing(page: str) -> None:
    without_scripts = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    links = re.findall(r'(?:href|src)="([^"]*)"', without_scripts)
    assert [link for link in links if not link.startswith(("#", "data:", "index.html"))] == []


def test_answer_is_in_words_with_interval(page: str) -> None:
    assert "halved every 14 months" in page
    assert "equal-tailed" in page


def test_interval_without_end_says_so(page: str) -> None:
    assert "9.9 to no upper bound" in page


def test_withheld_estimand_gives_its_reason(page: str) -> None:
    assert "not reported: the step is under 0.1 decade in 4 % of the draws" in page


def test_failed_verdict_comes_first(failed_page: str) -> None:
    main = failed_page[failed_page.index("<main") : failed_page.index("</main>")]
    text = re.sub(r"<[^>]*>", " ", main)
    assert text.split()[:2] == ["Not", "converged."]
    assert "R-hat of rate is 1.2" in text


def test_failed_fit_is_not_quoted(failed_page: str) -> None:
    assert "halved every" not in failed_page
    assert "Withheld: the fit did not converge." in failed_page
    assert "9.87" not in failed_page


def test_excluded_and_unverified_rows_are_marked(page: str) -> None:
    assert page.count('<tr class="excluded">') == 1
    assert page.count('<span class="unverified">unverified</span>') == 1


def test_data_download_holds_every_row_and_no_formula(page: str) -> None:
    data = read_csv(page, "data")
    assert list(data["line"]) == [2, 3, 4, 5]
    assert data["model"][1] == "'=1+1"
    assert data["resource"][2] == 2.5e24


def test_every_figure_has_title_caption_alternative_text_and_data(page: str) -> None:
    figures = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert len(figures) >= 6
    for figure in figures:
        for part in (
            r"<h3 [^>]*>\S",
            r"<figcaption>\S",
            r'role="img" aria-label="\S',
            "data:text/csv",
        ):
            assert re.search(part, figure)


def test_hover_names_sources_as_readers_know_them(page: str) -> None:
    assert "Doe & Roe 2020" in json.dumps(read_specs(page)["points-0"])


def test_every_chart_has_its_place(page: str) -> None:
    assert set(re.findall(r'data-chart="([^"]*)"', page)) == set(read_specs(page))


def test_ids_are_unique_and_links_lead_somewhere(page: str) -> None:
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_same_inputs_give_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (write_page(tmp_path / name, monkeypatch).read_bytes() for name in ("a", "b"))
    assert first == second


def test_page_is_under_three_megabytes(page: str) -> None:
    assert len(page.encode("utf-8")) < 3_000_000


def test_unknown_citation_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    paths = write_cell(tmp_path)
    paths["--bibliography"].write_text(
        "@misc{doe2021, title = {Other}, year = 2021}", encoding="utf-8"
    )
    with pytest.raises(SourceError, match=r"doe2020.*doe2021"):
        report.main(flags(paths, model="toy"))
    assert not paths["--output"].exists()
