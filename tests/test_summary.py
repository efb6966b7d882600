"""What stands beside the posteriors: the answer so far, metrics of DVC, rates of other fields."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from conftest import ROOT, read_dataset
from real_overview import LAYOUT, RATE, read_overview

from pipeline.core.layout import Layout
from pipeline.site.charts.drawings import chart_library
from pipeline.site.overview import page, rows
from pipeline.site.overview.estimates import Line, list_other_fields, summarise
from pipeline.site.overview.rows import Row
from pipeline.site.pages import rendering


def make_line(title: str, share: tuple[float, ...], rate: tuple[float, ...], *caveats: str) -> Line:
    found = [
        Row("g", "d", "key", "label", "model", *each, caveats=caveats) for each in (share, rate)
    ]
    return Line(title, f"{title}-toy", *found)


LOW = make_line("Low", (0.2, 0.1, 0.3), (0.3010299957, 0.1505149978, 0.6020599913))
HIGH = make_line("High", (0.8, 0.7, 0.9), (1.2041199827, -0.1, 2.4082399653), "not identified")


def say(name: str, *args: Any) -> str:
    environment = rendering.environment(LAYOUT.templates, chart_library)
    made: Any = environment.get_template("synopsis.html.jinja").module
    return str(getattr(made, name)(*args)).replace("\N{NO-BREAK SPACE}", " ").strip()


def test_the_largest_and_the_smallest_are_quoted_with_sign_and_interval() -> None:
    said = say("say_shares", [LOW, HIGH], rows.say)
    assert "▲&nbsp;80 % (70 % to 90 %) of progress in effective compute on High, the" in said
    assert "and 20 % (10 % to 30 %) on Low, the lowest" in said
    assert "the highest" not in say("say_shares", [LOW], rows.say)
    said = say("say_rates", [LOW, HIGH], rows.say_doubling, "interval")
    assert "▲&nbsp;3.0 months (1.5 to no bound) on High, the fastest median" in said
    assert "every 12 months (6.0 to 24) on Low, the slowest" in said
    assert "excludes a standstill in 1 of 2 cases" in said
    assert say("say_rates", [], rows.say_doubling, "interval") == ""


def test_doubling_times_that_do_not_exist_are_said_not_to() -> None:
    slow = make_line("Slow", (0.5, 0.4, 0.6), (-0.1, -0.2, 0.3010299957), "missed")
    said = say("say_rates", [slow, HIGH], rows.say_doubling, "interval")
    assert "on Slow, the slowest, that time has ▲&nbsp;no finite median (12 to no bound)." in said


def test_lines_of_the_results_are_of_each_dataset_with_a_rate() -> None:
    made = {line.rate.dataset: line for line in summarise(read_overview().primaries)}
    boards = {"math", "mmlu", "imagenet", "gpqa_diamond", "otis_mock_aime", "metr_horizon"}
    assert set(made) == {"imagenet_efficiency", "lm_perplexity", *boards}
    assert made["imagenet_efficiency"].rate.key == f"{RATE}[AlexNet]"


NAMES = {"verdict", "driven", "identified", "headline", "rate", "record_share", "coverage"}


def test_summary_has_the_numbers_of_every_cell_and_none_of_cells_that_are_gone(
    tmp_path: Path,
) -> None:
    gone = tmp_path / "metrics/gone-toy.json"
    gone.parent.mkdir()
    gone.write_text("{}", encoding="utf-8")
    page.write_summary(tmp_path, read_overview(), [], {"rates": []})
    written = {path.stem: json.loads(path.read_text()) for path in gone.parent.glob("*.json")}
    assert set(written) == {cell.name for cell in read_overview().cells}
    assert pd.read_csv(tmp_path / "rates.csv").empty
    passed = {cell.name: cell for cell in read_overview().passed}
    for name, found in written.items():
        assert set(found) <= NAMES
        assert (found["verdict"] == "pass") == (name in passed)
        if found["verdict"] == "pass":
            check, entries = passed[name].check, passed[name].attributions
            assert found.get("identified") == check["is_identified"]
            assert ("rate" in found["driven"]) == (RATE in check["driven_by_prior"])
            for bound, value in found.get("rate", {}).items():
                assert entries[RATE][bound] == value


NAME = "progress_rates"


def test_other_fields_are_whole_and_bounds_and_intervals_are_what_they_are(tmp_path: Path) -> None:
    layout, real = Layout(tmp_path), read_overview()
    alone = replace(real, datasets=[each for each in real.datasets if each.name == NAME])
    assert list_other_fields(alone, layout) == []  # without the table
    table = read_dataset(ROOT / "data/sources" / NAME).validated.sample(frac=1, random_state=1)
    nothing = {"lower": np.nan, "upper": np.nan, "estimate": 0.5, "domain": "Chess"}
    bounded = [table.head(1).assign(**nothing, bound=bound) for bound in ("lower", "upper")]
    layout.table(NAME).parent.mkdir(parents=True)
    pd.concat([table, *bounded]).to_parquet(layout.table(NAME))
    rows = list_other_fields(alone, layout)
    fields = [row.group for row in rows]
    assert {"Go", "SAT solving", "Linear programming"} <= set(fields)
    assert not {"Image classification", "Language modelling"} & set(fields)  # we have posteriors
    assert sum(one != other for one, other in itertools.pairwise(fields)) == len(set(fields)) - 1
    chess = [(row.median, row.lower, row.upper) for row in rows if row.group == "Chess"]
    assert chess == [(None, 0.5, None), (None, None, 0.5)]
    shown = {row.label: row.interval for row in rows}
    assert shown["Ho et al. 2025, all models"] == "90\N{NO-BREAK SPACE}%"
    assert shown["Grace 2013"] == "range"
    assert shown["Koch et al. 2022"] == "no interval printed"
