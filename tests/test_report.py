"""The page of a posterior: verdict first, texts escaped, nothing fetched, numbers as they are."""

import io
import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from cells import (
    FAILED,
    HOSTILE,
    STUDIED,
    flags,
    make_model,
    write_cell,
    write_unfitted,
)
from unpack import read_csv_text, read_specs

from pipeline.checks import identification, sensitivity
from pipeline.failures import SourceError
from pipeline.site.pages import answers
from pipeline.site.posterior import page as report
from pipeline.site.posterior import panels

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


@pytest.fixture(scope="module")
def studied_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as monkeypatch:
        folder = tmp_path_factory.mktemp("studied")
        return write_page(folder, monkeypatch, **STUDIED).read_text(encoding="utf-8")


@pytest.fixture
def unfitted_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    paths = write_unfitted(tmp_path)
    assert report.main(flags(paths, model="toy")) == 0
    return paths["--output"].read_text(encoding="utf-8")


def find_part(page: str, start: str, end: str) -> str:
    """The text between two marks, without tags."""
    return " ".join(re.sub(r"<[^>]*>", " ", page[page.index(start) : page.index(end)]).split())


def read_csv(page: str, name: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(read_csv_text(page, name)))


def test_hostile_names_are_text(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "Table <b>2</b>" not in page


def test_hostile_names_reach_charts_unchanged(page: str) -> None:
    assert HOSTILE in json.dumps(read_specs(page), ensure_ascii=False).replace('\\"', '"')


def test_template_marks_in_names_are_not_run(page: str) -> None:
    assert "{{ 7 * 7 }}" in page


def test_page_names_no_network_address(page: str) -> None:
    without_files = re.sub(r'<script type="application/json" id="files">.*?</script>', "", page)
    assert re.findall(r"https?://[^\s\"'`]*", re.sub(NAMESPACES, "", without_files)) == []


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
            "data-csv=",
        ):
            assert re.search(part, figure)
        assert read_csv_text(page, re.findall('data-csv="([^"]*)"', figure)[0]).count("\n") > 1


def test_hover_names_sources_as_readers_know_them(page: str) -> None:
    assert "Doe & Roe 2020" in set(read_csv(page, "points")["citation"])


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


def test_check_file_without_the_newer_keys_reads_as_not_measured(page: str) -> None:
    panel = find_part(page, 'id="identification"', 'id="estimates"')
    assert "■ Not measured" in panel
    assert "Not known: the widths of other designs are not measured." in panel
    assert "Predictions by group of rows: not measured." in page
    assert "Coverage: not measured." in page


def test_identification_is_said_in_words_and_shape_and_first_after_the_evidence(
    studied_page: str,
) -> None:
    sections = re.findall(r'<h2 id="([^"]*)"', studied_page)
    assert sections.index("identification") == sections.index("evidence") + 1
    panel = find_part(studied_page, 'id="identification"', 'id="estimates"')
    assert "▲ Not identified" in panel
    assert "The variance inflation of release date is 14" in panel
    assert "log10 compute ▲ 14.2 0.96" in panel
    assert "Rate ▲ 0.31" in panel


def test_design_is_answered_in_one_sentence_from_the_numbers(studied_page: str) -> None:
    panel = find_part(studied_page, 'id="design"', 'id="regressors"')
    assert "A project rather than a wait" in panel
    assert "0.84 [0.79, 0.89] times as wide with twice as many models" in panel
    assert "another 24 years at the pace of these data" in panel


def test_coverage_outside_its_limits_is_marked(studied_page: str) -> None:
    table = find_part(studied_page, 'id="calibration"', 'id="methods"')
    assert "Rate ▲ 71.7 % 71 99" in table
    assert "Doubling time 90.9" in table
    assert "80 % ▲ 70.0" in table


def test_prior_that_drives_an_answer_is_named_beside_it(studied_page: str) -> None:
    answer = find_part(studied_page, 'id="answer"', 'id="evidence"')
    assert answer.index("driven by the prior (spread)") < answer.index("(90")  # read it first
    estimates = find_part(studied_page, 'id="estimates"', 'id="trust"')
    assert "▲&nbsp;driven by the prior (rate, spread)" in estimates


def test_published_value_stands_under_the_words_of_its_quantity(studied_page: str) -> None:
    assert "Doe &amp; Roe<br><small>Doubling time</small>" in studied_page


def test_large_shifts_with_a_prior_are_marked(studied_page: str) -> None:
    table = find_part(studied_page, "Table of shifts with the priors", 'id="estimates"')
    assert "rate doubled Rate rate[first] ▲ 0.41" in table
    assert "rate halved Rate rate[first] \N{MINUS SIGN}0.12" in table


def test_predictions_by_group_are_drawn_and_said(studied_page: str) -> None:
    assert "Outside of it: 2 of 4 groups." in studied_page
    assert "By technique: no row carries a technique tag." in studied_page
    assert "2012 (4): observed 0.400, predicted 0.250 (0.100 to 0.300)" in studied_page


def test_method_and_unit_of_the_predictive_density_are_told(studied_page: str) -> None:
    assert "leaving out one base model at a time" in studied_page
    assert "by PSIS-LOO" in studied_page


def test_studied_page_escapes_and_links_as_any_other(studied_page: str) -> None:
    test_hostile_names_are_text(studied_page)
    test_ids_are_unique_and_links_lead_somewhere(studied_page)
    test_every_figure_has_title_caption_alternative_text_and_data(studied_page)
    test_every_chart_has_its_place(studied_page)
    test_page_loads_nothing(studied_page)


def test_cell_that_was_not_fitted_has_a_page_with_the_reason_and_the_data(
    unfitted_page: str,
) -> None:
    main = find_part(unfitted_page, "<main", "</main>")
    assert main.startswith("Not fitted. The card says that there are no eras.")
    assert "halved" not in unfitted_page
    assert unfitted_page.count('<tr class="excluded">') == 1
    assert "Doe" in unfitted_page
    test_ids_are_unique_and_links_lead_somewhere(unfitted_page)


def test_limits_that_are_shown_are_those_that_judge() -> None:
    assert panels.MAXIMUM_INFLATION == identification.MAXIMUM_INFLATION
    assert panels.LARGE_INFLATION == identification.LARGEST_INFLATION
    assert panels.MINIMUM_CONTRACTION == identification.MINIMUM_CONTRACTION
    assert panels.LARGE_SHIFT == sensitivity.LARGE_SHIFT


def test_rates_are_said_with_the_probability_of_no_progress() -> None:
    rate = {"label": "Rate", "unit": "decades per year", "median": 0.4, "lower": 0.1, "upper": 0.7}
    attributions = {"rate_decades_per_year": rate | {"p_positive": 0.986, "p_finite": 1.0}}
    check = {"driven_by_prior": ["rate_decades_per_year"]}
    (sentence,) = answers.list_rates(attributions, check, "share_compute[a]")
    assert sentence.replace("\N{NO-BREAK SPACE}", " ") == (
        "Rate, driven by the prior: 0.40 decades per year (0.10 to 0.70); "
        "P(rate \N{LESS-THAN OR EQUAL TO} 0) = 0.014"
    )


def test_quantity_that_follows_from_a_driven_one_is_driven() -> None:
    check = {"driven_by_prior": ["rate_decades_per_year[a]"], "driven_by": {}}
    assert answers.describe_drivers("doubling_time_months[a]", check) == "driven by the prior"
    assert answers.describe_drivers("doubling_time_months[b]", check) == ""


@pytest.mark.parametrize(("p_positive", "words"), [(None, ""), (1.0, "< 0.001"), (0.0, "1.000")])
def test_probability_of_zero_or_less_is_never_printed_as_none(
    p_positive: float | None, words: str
) -> None:
    assert answers.describe_p_not_positive({"p_positive": p_positive}) == words
