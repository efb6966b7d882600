"""The index page: passing posteriors with their answers, the others apart with their reasons."""

import json
import re
import sys
from pathlib import Path

import pytest
from cells import (
    CITATION,
    CLAIMS,
    FAILED,
    HOSTILE,
    NOT_FITTED,
    STUDIED,
    TEMPLATES,
    flags,
    make_model,
    make_records,
    write_cell,
    write_models,
)
from real_overview import read_overview

from pipeline.failures import SourceError
from pipeline.site.overview import page as overview


def write_index(folder: Path, monkeypatch: pytest.MonkeyPatch, **check: object) -> tuple[str, Path]:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    write_cell(folder, **check)
    return make_index(folder)


def write_comparison(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, Path]:
    """The index of a dataset with four models, of which two passed."""
    for name in ("toy", "worse", "broken", "idle"):
        monkeypatch.setitem(sys.modules, f"models.{name}", make_model())
    write_cell(folder, **STUDIED)
    write_models(folder)
    return make_index(folder)


def make_index(folder: Path) -> tuple[str, Path]:
    paths = {
        "--cards": folder / "sources",
        "--datasets": folder / "datasets.yaml",
        "--models": folder / "models.yaml",
        "--attributions": folder / "attributions",
        "--checks": folder / "checks",
        "--validated": folder / "validated",
        "--claims": folder / "claims.yaml",
        "--bibliography": folder / "references.bib",
        "--citation": CITATION,
        "--templates": TEMPLATES,
        "--output": folder / "html/index.html",
        "--summary": folder / "summary",
        "--verdicts": folder / "checks/claims.json",
    }
    assert overview.main(flags(paths)) == 0
    return paths["--output"].read_text(encoding="utf-8"), paths["--summary"]


def find_section(page: str, name: str) -> str:
    found = re.search(rf'<section aria-labelledby="{name}">.*?</section>', page, re.DOTALL)
    return found.group(0) if found else ""


def test_passing_posterior_is_answered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, _ = write_index(tmp_path, monkeypatch)
    answers = find_section(page, "answers")
    assert "halved every 14 months" in answers
    assert 'href="toys-toy.html"' in answers
    assert find_section(page, "failed") == ""


def test_failed_fit_stands_apart_without_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, summary = write_index(tmp_path, monkeypatch, **FAILED)
    assert "R-hat of rate is 1.2" in find_section(page, "failed")
    assert "toys-toy" not in find_section(page, "answers")
    assert "14" not in (summary / "answers.md").read_text(encoding="utf-8")


def test_dataset_without_card_is_missing_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_index(tmp_path, monkeypatch)
    assert "absent-toy" in find_section(page, "missing")
    assert "the card is missing" in find_section(page, "missing")


def test_refused_dataset_is_missing_with_line_and_reason_whatever_an_earlier_run_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    write_cell(tmp_path)
    records = tmp_path / "sources/toys/records.csv"
    records.write_text(make_records().replace("2012-06-01", "2025-06-01"), encoding="utf-8")
    page, _ = make_index(tmp_path)
    missing = find_section(page, "missing")
    assert "toys/records.csv:2: release_date" in missing
    assert "not after 2024-01-01, the day the data were retrieved" in missing
    assert "halved every 14 months" not in page


def test_dataset_without_validation_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    write_cell(tmp_path)
    (tmp_path / "checks/toys.json").unlink()
    page, _ = make_index(tmp_path)
    assert "has not been validated" in find_section(page, "missing")


def test_table_for_the_readme_has_a_row_a_dataset(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, summary = write_index(tmp_path, monkeypatch)
    lines = (summary / "answers.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3
    assert "9.9 to no upper bound" in lines[2]


def test_markdown_cell_cannot_leave_its_cell() -> None:
    assert not re.search(r"(?<!\\)[|<`]", overview.escape_cell(HOSTILE))


def test_picture_for_the_readme_shows_ours_and_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, summary = write_index(tmp_path, monkeypatch)
    picture = (summary / "answers.svg").read_text(encoding="utf-8")
    assert picture.startswith("<svg")
    assert "Doubling time" in picture
    assert "Doe &amp; Roe" in picture


def test_same_inputs_give_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first, one), (second, two) = (write_index(tmp_path / name, monkeypatch) for name in ("a", "b"))
    assert first == second
    assert (one / "answers.svg").read_bytes() == (two / "answers.svg").read_bytes()


def test_one_model_speaks_for_a_dataset_and_every_cell_is_in_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, summary = write_comparison(tmp_path, monkeypatch)
    answers = find_section(page, "answers")
    assert "toys-toy.html" in answers
    assert "toys-worse.html" not in answers
    assert len((summary / "answers.md").read_text(encoding="utf-8").splitlines()) == 3
    table = find_section(page, "verdicts")
    for name in ("toy", "worse", "broken", "idle"):
        assert f"toys-{name}.html" in table
    assert '<td class="off">✗ no</td><td class="off">✗ no</td>' in table
    assert "✗ headline" in table
    assert f"not fitted: {NOT_FITTED}" in table


def test_models_are_weighed_over_the_units_they_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, summary = write_comparison(tmp_path, monkeypatch)
    found = json.loads((summary / "comparison.json").read_text(encoding="utf-8"))["toys"]
    assert found["shared_units"] == 12
    assert found["models"]["worse"]["units"] == 13
    assert found["models"]["toy"]["weight"] == 1
    assert found["models"]["worse"]["difference"] == pytest.approx(-0.5 * 12 - 0.01 * 66)
    assert found["averaged"]["doubling_time_months"]["median"] == 49
    section = find_section(page, "models-compared")
    assert "12 base models that all of the models read" in section
    assert "driven by the prior (spread)" in section


def test_models_that_may_not_be_quoted_are_named_apart_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, summary = write_comparison(tmp_path, monkeypatch)
    found = json.loads((summary / "comparison.json").read_text(encoding="utf-8"))["toys"]
    assert set(found["models"]) == {"toy", "worse"}
    assert set(found["left_out"]) == {"broken", "idle"}
    assert NOT_FITTED in find_section(page, "not-fitted")
    assert NOT_FITTED in find_section(page, "models-compared")
    assert "R-hat of rate is 1.2" in find_section(page, "models-compared")


def test_driven_headline_says_so_in_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, summary = write_comparison(tmp_path, monkeypatch)
    said = (summary / "answers.md").read_text(encoding="utf-8")
    assert "| Not identified; driven by the prior (spread); not calibrated: The toy's" in said


def test_dataset_with_one_model_is_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, summary = write_index(tmp_path, monkeypatch)
    assert json.loads((summary / "comparison.json").read_text(encoding="utf-8")) == {}
    assert "No dataset has more than one model" in find_section(page, "models-compared")


def test_ids_are_unique_and_links_lead_somewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_comparison(tmp_path, monkeypatch)
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def read_verdicts(folder: Path) -> list[dict[str, object]]:
    return list(json.loads((folder / "checks/claims.json").read_text(encoding="utf-8")).values())


def test_claims_are_judged_by_the_average_of_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_comparison(tmp_path, monkeypatch)
    (verdict,) = read_verdicts(tmp_path)
    assert {name: verdict[name] for name in ("id", "source", "estimand")} == {
        "id": "every_16_months",
        "source": "doe2020",
        "estimand": "doubling_time_months",
    }
    assert verdict["probability"] == 0.17  # of 0, 1, ... 99, all the weight being on them
    section = find_section(page, "claims")
    assert "<strong>0.17</strong>" in section
    assert "at most 16 months?" in section
    assert 'href="#compared-toys"' in section
    assert 'href="#source-doe2020">Doe &amp; Roe 2020</a>' in section


def test_prior_driven_probability_says_so_before_the_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_comparison(tmp_path, monkeypatch)
    section = find_section(page, "claims")
    assert section.index("driven by the prior (spread)") < section.index("<strong>0.17</strong>")


def test_claim_on_a_failed_fit_has_no_probability(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_index(tmp_path, monkeypatch, **FAILED)
    (verdict,) = read_verdicts(tmp_path)
    assert verdict["probability"] is None
    assert verdict["median"] is None
    section = find_section(page, "claims")
    assert "none: Toy model: the fit did not converge: R-hat of rate is 1.2" in section
    assert "gauge" not in section


def test_words_of_a_claim_are_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    write_cell(tmp_path)
    claims = tmp_path / "claims.yaml"
    words = json.dumps(HOSTILE)
    text = CLAIMS.replace("p. 1", words).replace("The toy's cost halves every 16 months.", words)
    claims.write_text(text, encoding="utf-8")
    section = find_section(make_index(tmp_path)[0], "claims")
    assert "<script>" not in section
    assert section.count("&lt;script&gt;") == 2
    assert "{{ 7 * 7 }}" in section


def test_wrong_claim_stops_the_overview_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "models.toy", make_model())
    write_cell(tmp_path)
    claims = tmp_path / "claims.yaml"
    claims.write_text(CLAIMS.replace("doubling_time_months", "doubling_time"), encoding="utf-8")
    with pytest.raises(SourceError, match=r"claims.yaml:7: .*did you mean 'doubling_time_months'"):
        make_index(tmp_path)


def test_the_simulation_is_linked_and_said_not_to_be_a_measurement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_index(tmp_path, monkeypatch)
    assert find_section(page, "simulated") == ""
    entries = {
        "p_acceleration[central]": {"median": 0.16},
        "p_acceleration[labour_only]": {"median": 0.86},
    }
    (tmp_path / "attributions/takeoff.json").write_text(json.dumps(entries), encoding="utf-8")
    page, _ = make_index(tmp_path)
    section = find_section(page, "simulated")
    assert 'href="takeoff.html"' in section
    assert section.index("not a measurement") < section.index("probability 0.16")
    assert "goes from 0.16 to 0.86" in section


def test_the_answer_of_one_model_stands_beside_the_average() -> None:
    real = read_overview()
    said = {c.name: overview.describe_average(c, real.comparisons) for c in real.primaries}
    assert said["chinchilla_runs-scaling_law"] == ""  # one model
    for cell in real.primaries:
        made = next((each for each in real.comparisons if each.dataset == cell.card.dataset), None)
        words = said[cell.name].replace("\N{NO-BREAK SPACE}", " ")
        if made is None or made.reason:
            assert words == ""
            continue
        (weight,) = [row.weight for row in made.rows if row.model == cell.model]
        (found,) = [each for each in made.estimates if each.key == cell.answer.key]
        assert f"Averaged over {len(made.rows)} models" in words
        assert f": {round(100 * found.averaged['median'])} %" in words
        assert f"weight is {round(100 * (weight or 0))} %" in words


def test_answer_across_domains_stands_near_the_top_with_its_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, _ = write_index(tmp_path, monkeypatch)
    assert 'href="synthesis.html"' not in page
    share = {"unit": "share", "median": 0.8, "lower": 0.7, "upper": 0.9}
    entries = {"share_step[Toys]": share, "p_majority_step[Toys]": {"median": 1.0}}
    (tmp_path / "attributions/synthesis.json").write_text(json.dumps(entries), encoding="utf-8")
    page, _ = make_index(tmp_path)
    said = page[page.index('href="synthesis.html"') : page.index('id="answers"')]
    assert "Mostly compute. From the first to the last record compute brings more than half" in said
