"""The synthesis on made-up results: shares, statements, page; other numbers say other things."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from tables_for_models import read_yaml
from toy_synthesis import COMPUTE, DOMAINS, Toy, write_toys
from toy_takeoff import flatten

from pipeline.failures import SourceError
from pipeline.ingest.in_house import RATES_TABLE as OWN
from pipeline.synthesis import stage as synthesis
from pipeline.synthesis.synthesis_results import (
    FIELDS,
    GROUPS,
    POOLED,
    Found,
    _make_row,
    compare_extremes,
    even,
    thin,
)

Entries = dict[str, Any]


def run(folder: Path, toy: Toy | None = None) -> tuple[Entries, str]:
    """The estimands and the page of a run."""
    flags = write_toys(folder, toy)
    assert synthesis.main(flatten(flags)) == 0
    entries = json.loads(Path(flags["--output"][0]).read_text(encoding="utf-8"))
    return entries, Path(flags["--page"][0]).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entries, str]:
    """A run in which every posterior passed; treat as read-only."""
    return run(tmp_path_factory.mktemp("synthesis"))


@pytest.fixture(scope="module")
def doubtful(tmp_path_factory: pytest.TempPathFactory) -> tuple[Entries, str]:
    """A run in which fits failed and one is not identified; compute is most everywhere."""
    toy = Toy(
        shares=dict.fromkeys(DOMAINS, 0.9),
        failed=("math-compute_multiplier", POOLED),
        unidentified=("mmlu-compute_multiplier",),
    )
    return run(tmp_path_factory.mktemp("doubtful"), toy)


def find_list(page: str, anchor: str) -> str:
    """The text of the statements under a heading; empty where there is none."""
    found = re.search(rf'<h3 id="{anchor}">.*?</h3>\s*<ul>(.*?)</ul>', page, re.DOTALL)
    return found.group(1) if found else ""


def find_answer(page: str) -> str:
    (answer,) = re.findall(r'<p class="answer">(.*?)</p>', page, re.DOTALL)
    return str(answer)


def test_every_domain_of_every_kind_has_its_share(made: tuple[Entries, str]) -> None:
    entries, _ = made
    for kind, names in (
        ("step", DOMAINS.values()),
        ("year", [*DOMAINS.values(), "Mean of our leaderboards", "A leaderboard not yet seen"]),
        ("field", ["Solvers", "Sorting"]),
    ):
        found = [key for key in entries if key.startswith(f"share_{kind}[")]
        assert found == [f"share_{kind}[{name}]" for name in names]


def test_shares_are_those_of_the_draws(made: tuple[Entries, str]) -> None:
    entries, _ = made
    assert entries["share_step[Mathematics (MATH)]"]["median"] == pytest.approx(0.3, abs=0.02)
    year = entries["share_year[Images (ImageNet)]"]["median"]
    assert year == pytest.approx(0.6 / (0.6 + 0.4), abs=0.02)
    field = entries["share_field[Solvers]"]
    assert field["median"] == pytest.approx(1 / (1 + 3), abs=0.01)
    assert field["lower"] < field["median"] < field["upper"]


def test_probabilities_are_masses_of_draws(made: tuple[Entries, str]) -> None:
    entries, _ = made
    assert entries["p_majority_step[Language (perplexity)]"]["median"] == 1.0
    assert entries["p_majority_step[Mathematics (MATH)]"]["median"] == 0.0
    assert 0.2 < entries["p_majority_step[Images (ImageNet)]"]["median"] < 0.8
    assert entries["p_both[Knowledge (MMLU)]"]["median"] == 1.0
    assert entries["p_shares_differ"]["median"] > 0.999
    assert entries["p_shares_differ"]["lower"] is None


def test_models_of_one_leaderboard_are_averaged_and_listed(made: tuple[Entries, str]) -> None:
    _, page = made
    table = page[page.index('id="shares-numbers"') : page.index('id="common"')]
    images = [row for row in re.findall(r"<tr>.*?</tr>", table, re.DOTALL) if "Images" in row]
    assert len(images) == 4  # the average, its two models, and the year
    assert "Images (ImageNet): Ceilings" in table


def test_domains_that_differ_are_said_to(made: tuple[Entries, str]) -> None:
    _, page = made
    assert "It depends on the domain" in find_answer(page)
    apart = find_list(page, "apart")
    assert "is greater on Language (perplexity)" in apart
    assert "2 of 4 leaderboards, Language (perplexity) and Knowledge (MMLU)" in apart
    assert "Algorithms improve on every leaderboard" in find_list(page, "shared")
    assert "a leaderboard not yet seen" in find_list(page, "open")


def test_other_shares_make_another_answer(doubtful: tuple[Entries, str]) -> None:
    _, page = doubtful
    assert find_answer(page).startswith("Mostly compute")
    assert "compute brings more than half on all 3 leaderboards" in find_list(page, "shared")


def test_what_failed_is_not_quoted(doubtful: tuple[Entries, str]) -> None:
    entries, page = doubtful
    assert entries["share_step[Mathematics (MATH)]"]["reason"] == "no fit of it passed its check"
    assert entries["share_step[Mathematics (MATH)]"]["median"] is None
    assert POOLED in entries["share_year[Mean of our leaderboards]"]["reason"]
    assert entries["share_year[Mathematics (MATH)]"]["median"] is None
    assert "at the mean of the leaderboards" not in find_answer(page)
    for anchor in ("shared", "apart", "open"):
        assert "not yet seen" not in find_list(page, anchor)
        assert "rate of progress" not in find_list(page, anchor)


def test_doubts_stand_before_the_answer(doubtful: tuple[Entries, str]) -> None:
    entries, page = doubtful
    assert entries["share_step[Knowledge (MMLU)]"]["is_flagged"]
    doubt = page.index("Knowledge (MMLU): not identified")
    assert doubt < page.index('<p class="answer">')


def test_published_fields_are_always_doubted(made: tuple[Entries, str]) -> None:
    entries, _ = made
    for name in ("Solvers", "Sorting"):
        assert entries[f"share_field[{name}]"]["is_flagged"]
        assert "no study states an error" in entries[f"share_field[{name}]"]["caveats"][0]


def test_page_has_sources_citation_and_provenance(made: tuple[Entries, str]) -> None:
    _, page = made
    assert 'id="citation"' in page
    assert "grace2013algorithmic" in page
    assert f"attributions/{COMPUTE}.json" in page
    assert "own_rates-shared_rate.html" in page


def test_same_inputs_give_the_same_bytes(tmp_path: Path, made: tuple[Entries, str]) -> None:
    """But for the names of the files that are hashed, which are the same too."""
    entries, page = run(tmp_path)
    assert (entries, page) == made


def test_files_of_two_folders_are_refused(tmp_path: Path) -> None:
    flags = write_toys(tmp_path)
    flags["--checks"][0] = str(tmp_path / "elsewhere/x.json")
    with pytest.raises(SourceError, match="several folders"):
        synthesis.main(flatten(flags))


def make_step(name: str, draws: list[float], masses: list[float] | None = None) -> Found:
    values = np.array(draws)
    row = _make_row("step", name, median=float(np.median(values)), lower=0.0, upper=1.0)
    return Found("step", row, *((values, np.array(masses)) if masses else even(values)))


def test_probability_that_shares_differ_counts_every_pair_of_draws() -> None:
    """By hand: 0.6 exceeds 0.1 and 0.5, 0.4 exceeds 0.1: three of four pairs."""
    found = compare_extremes([make_step("A", [0.1, 0.5]), make_step("B", [0.4, 0.6])])
    assert found is not None
    most, least, probability = found
    assert (most.row.label, least.row.label) == ("B", "A")
    assert probability == 0.75


def test_probability_that_shares_differ_weighs_the_draws() -> None:
    found = compare_extremes(
        [make_step("A", [0.1, 0.5], [0.9, 0.1]), make_step("B", [0.4, 0.6], [0.5, 0.5])]
    )
    assert found is not None
    assert found[2] == pytest.approx(0.5 * 0.9 + 0.5)


def test_one_leaderboard_is_compared_with_none() -> None:
    assert compare_extremes([make_step("A", [0.1, 0.5])]) is None


def test_stage_names_every_model_of_its_leaderboards_and_every_table_it_speaks_of() -> None:
    """A posterior that dvc.yaml does not name is not read: the page would leave it out silently."""
    stage = read_yaml(ROOT / "dvc.yaml")["stages"]["synthesis"]
    named = set(re.findall(r"data/attributions/(\S+)\.json", stage["cmd"])) - {"synthesis"}
    records = (ROOT / "data/sources" / OWN / "records.csv").read_text(encoding="utf-8")
    datasets = read_yaml(ROOT / "data/sources/datasets.yaml")["datasets"]
    models = read_yaml(ROOT / "models/models.yaml")["models"]
    wanted = {
        f"{dataset}-{model}"
        for table, names in datasets.items()
        for dataset in names
        if f"{dataset}-" in records
        for model in models[table]
    }
    assert wanted | {POOLED, FIELDS, COMPUTE} <= named
    deps = set(stage["deps"])
    for name in named:
        files = (f"attributions/{name}.json", f"attributions/{name}.parquet", f"checks/{name}.json")
        assert {f"data/{each}" for each in files} <= deps
        assert f"data/checks/{name}.json" in stage["cmd"]
        assert f"data/checks/{name.partition('-')[0]}.json" in deps


def test_groups_have_short_headings() -> None:
    """They are drawn within the chart, which is narrow on a phone."""
    assert all(len(words) < 30 for words in GROUPS.values())


def test_thinned_draws_have_the_masses_of_the_mixture() -> None:
    values = np.concatenate([np.zeros(100), np.ones(100)])
    masses = np.concatenate([np.full(100, 0.0025), np.full(100, 0.0075)])
    assert thin(values, masses, 200).mean() == pytest.approx(0.75)
    np.testing.assert_array_equal(thin(values, np.ones(200), 200), values)


def test_year_has_the_rate_averaged_over_models(made: tuple[Entries, str]) -> None:
    """The toy's two models of images agree; the row is marked as averaged."""
    _, page = made
    assert "averaged over the models" in page
    assert "The model that is pooled" in page
