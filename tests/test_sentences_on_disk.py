"""Every number in the sentences of the real pages is that of the attribution or check file."""

import html
import io
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from printed import find_numbers, is_printed
from tables_for_models import ROOT, list_cells
from unpack import read_csv_text

from pipeline.site.pages import answers
from pipeline.site.posterior import panels
from pipeline.site.posterior.results import describe_density

CELLS = [f"{dataset}-{model}" for dataset, model in list_cells()]
NOT_NUMBERS = r"R-hat|E-BFMI|90\s% |\d\s%\sinterval"
DRIVEN = r'<span class="driven">.*?</span>'


def read(folder: str, name: str) -> dict[str, Any]:
    """A file of results."""
    path = ROOT / "data" / folder / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"{path.name} is not made: make repro makes it")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def read_fitted(name: str) -> dict[str, Any]:
    """The check file of a cell that was fitted."""
    found = read("checks", name)
    if found.get("not_fitted"):
        pytest.skip("not fitted")
    return found


def read_file(name: str) -> str:
    """The whole page of a cell, with the data of its scripts."""
    path = ROOT / "reports/html" / f"{name}.html"
    if not path.is_file():
        pytest.skip(f"{path.name} is not made: make repro makes it")
    return path.read_text(encoding="utf-8")


def read_page(name: str) -> str:
    """What the page of a cell shows."""
    return read_file(name).partition("<main")[2].partition("</main>")[0]


def find_words(page: str, pattern: str) -> list[str]:
    """The text of every part of the page that matches, without tags."""
    parts = re.findall(pattern, page, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]*>", " ", part)).split()) for part in parts]


def assert_said(sentence: str, values: list[float | None]) -> None:
    """The numbers of a sentence are these values, in order, to the digits printed."""
    said = find_numbers(re.sub(NOT_NUMBERS, "", sentence))
    assert len(said) == len(values), (said, values)
    assert [pair for pair in zip(said, values, strict=True) if not is_printed(*pair)] == []


@pytest.mark.parametrize("name", CELLS)
def test_answer_says_the_numbers_of_the_attribution_file(name: str) -> None:
    """Median and interval: in the sentence after the names of the step, and below it."""
    check = read_fitted(name)
    page = read_page(name)
    (number,) = find_words(page, r'<p class="number">.*?</p>')
    (key,) = find_words(page, r'<p class="quiet">[^<]*\(<code>(.*?)</code>\)</p>')
    (sentence,) = find_words(re.sub(DRIVEN, "", page), r'<p class="answer">.*?</p>')
    found = read("attributions", name)[key]
    ends = re.search(r"\(90\s% interval (.*) to (.*)\)", sentence)
    assert check["verdict"] == "pass"
    assert ends is not None
    assert is_printed(ends[1], found["lower"])
    assert is_printed(ends[2], found["upper"])
    shown = re.match(
        rf"(\S+(?: %)?) .*?({re.escape(ends[1])}) to ({re.escape(ends[2])}) · ", number
    )
    assert shown is not None
    assert is_printed(shown[1], found["median"])
    assert shown[1] in sentence.partition("(90")[0].replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("name", CELLS)
def test_rates_say_the_numbers_of_the_attribution_file(name: str) -> None:
    check, attributions = read_fitted(name), read("attributions", name)
    rates = {key: each for key, each in attributions.items() if key.startswith(answers.RATE)}
    for key, each in rates.items():
        label = key.partition("[")[2]
        said = answers.list_rates({answers.RATE: each}, check, f"x[{label}")
        for sentence in said:
            own = sentence.removeprefix(each["label"])
            values = [each["median"], each["lower"], each["upper"]]
            chance = 1 - each["p_positive"]
            assert_said(own.partition("; P(")[0], values)
            printed = re.search(r"\)\s(=\s|<\s)([\d.]+)", own)
            assert printed is not None
            is_small = printed[1].startswith("<")
            assert chance < float(printed[2]) if is_small else is_printed(printed[2], chance)


@pytest.mark.parametrize("name", CELLS)
def test_verdict_says_the_numbers_of_the_check_file(name: str) -> None:
    check, page = read_fitted(name), read_page(name)
    (said,) = find_words(page, r'<h3 id="convergence">Convergence</h3>\s*<p>(.*?)</p>')
    limits = check["limits"]
    values = [
        *(check["max_rhat"], limits["max_rhat"], check["min_ess_bulk"], check["min_ess_tail"]),
        *(limits["min_ess"], check["divergences"], limits["max_divergences"]),
        *(check["min_bfmi"], limits["min_bfmi"]),
    ]
    assert_said(said, values)


@pytest.mark.parametrize("name", CELLS)
def test_predictive_density_says_the_numbers_of_the_check_file(name: str) -> None:
    check = read_fitted(name)
    if check["elpd_loo"] is None:
        assert describe_density(check) == ""
        return
    said = describe_density(check)
    density, _, method = said.partition("), by ")
    assert_said(density, [check["elpd_loo"], check["elpd_loo_se"]])
    assert method.endswith(f"unreliable for {check['bad_pareto_k'] or 0} of them.")
    assert method.startswith(check["elpd_method"])


@pytest.mark.parametrize("name", CELLS)
def test_study_says_the_numbers_of_the_check_file(name: str) -> None:
    check = read_fitted(name)
    study = check.get("study") or {}
    wrong = study.get("wrong_compute") or {}
    if wrong.get("largest") is not None:
        count = len([each for each in wrong["shifts"] if each is not None])
        sizes = [wrong["factor"], wrong["mean_size"], wrong["largest"]]
        numbers = [*sizes, float(count), abs(wrong["noise"])]
        assert_said(panels.describe_wrong_compute(check), numbers)
    bent = study.get("attenuation") or {}
    if bent.get("corrected") is not None:
        ends = [
            number
            for end in bent["corrected"].values()
            for number in (end["rate"], end["standard_error"], abs(end["shift"]))
        ]
        numbers = [bent["fitted"], *ends, float(bent["refits"])]
        assert_said(panels.describe_attenuation(check), numbers)
    known = (study.get("design") or {}).get("designs") or {}
    for sentence in panels.answer_design({"designs": known}, None)[1:]:
        ends = ("ratio", "ratio_lower", "ratio_upper")  # none in studies of four datasets
        ratios = [
            known[design][end]
            for design in ("twice", "five_times", "uncorrelated")
            for end in ends
            if end in known[design]
        ]
        assert_said(sentence, [*ratios, float(known["twice"]["datasets"])])


@pytest.mark.parametrize("name", CELLS)
def test_captions_say_the_counts_of_their_rows(name: str) -> None:
    """The captions of predictions, of groups and of coverage."""
    check, page = read_fitted(name), read_page(name)
    for id_, is_share in (("predictions", True), ("predictive-groups", False)):
        for figure in re.findall(rf'<figure id="{id_}".*?</figure>', page, re.DOTALL):
            (caption,) = find_words(figure, r"<figcaption>.*?</figcaption>")
            rows = read_rows(read_file(name), figure)
            inside = int(rows["is_inside"].sum())
            said = find_numbers(re.sub(r"90\s%", "", caption))
            counted = inside if is_share else len(rows) - inside
            assert str(len(rows)) in said
            assert str(counted) in said or any(is_printed(n, inside / len(rows)) for n in said)
    study = check.get("calibration") or {}
    for caption in find_words(page, r"<caption>(How many 90 % intervals.*?)</caption>"):
        numbers = find_numbers(caption.partition("marked")[0])
        assert numbers[:3] == ["90 %", f"{study['datasets']}", f"{study['failed']}"]


def read_rows(page: str, figure: str) -> pd.DataFrame:
    """The rows behind a figure of the page, from its own download."""
    found = re.search(r'data-csv="([^"]*)"', figure)
    assert found is not None
    return pd.read_csv(io.StringIO(read_csv_text(page, found[1])))


def test_every_answer_of_the_readme_says_the_numbers_of_its_posterior() -> None:
    """The README's table is the same sentences: the interval of each is that of its file."""
    path = Path(ROOT / "reports/summary/answers.md")
    lines = path.read_text(encoding="utf-8").splitlines()[2:]
    assert lines
    for line in lines:
        name = re.search(r"\| `([^`]*)` \|$", line)
        ends = re.search(r"\(90\s% interval (.*?) to (.*?)\)", line)
        assert name is not None
        assert ends is not None
        entries = read("attributions", name[1]).values()
        assert any(
            is_printed(ends[1], each["lower"]) and is_printed(ends[2], each["upper"])
            for each in entries
            if not each.get("reason")
        )
