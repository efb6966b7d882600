"""Specifications: the file of choices, what each fits, and how their spread is told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from boards import make_board
from conftest import ROOT
from tables_for_models import read_yaml
from toy_model import ExactRecipe, Toy, make_toy_study

import models
from models.core.prior import list_priors
from models.leaderboards import compute_multiplier
from models.leaderboards.compute_multiplier import Priors
from pipeline.core.failures import SourceError
from pipeline.core.layout import Layout
from pipeline.studies import multiverse, specifications
from pipeline.studies.engine import Engine
from pipeline.studies.rows import RULES
from pipeline.studies.specifications import (
    Specification,
    apply,
    drop_idle,
    list_specifications,
    mark_rows,
    read_choices,
)
from pipeline.studies.spread import describe_spread, divide_variance, grade

FILE = Layout(ROOT).specifications
MODELS = list(read_yaml(FILE))


def choose(model: str = "compute_multiplier") -> Any:
    return read_choices(FILE, model)


@pytest.mark.parametrize("model", MODELS)
def test_every_alternative_is_one_that_the_model_knows(model: str) -> None:
    module: Any = models.load(model)
    priors = dict(list_priors(module.Priors()))
    for choice in choose(model).values():
        for other in choice.others:
            way = choice[other]
            assert way.reason
            assert not way.special_case or way.special_case in module.VARIANTS
            assert set(way.priors) <= set(priors)
            assert [way.special_case, way.priors, way.options, way.rows, way.widen] != [
                "",
                {},
                {},
                None,
                1,
            ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("trend: {title: t, ours: {title: a}}", "trend.ours.reason"),
        ("trend: {title: t, a: {title: a, reason: b, rows: luck}}", "trend.a.rows"),
        ("trend: {title: t, a: {title: a, reason: b, prior: {}}}", "trend.a.prior"),
    ],
)
def test_faulty_choices_are_refused_with_their_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "specifications.yaml"
    path.write_text(f"toy:\n  {text}\n", encoding="utf-8")
    with pytest.raises(SourceError, match=f"toy.{said}"):
        read_choices(path, "toy")
    assert read_choices(path, "another") == {}


def test_specifications_are_ours_each_choice_alone_many_together_and_without_each_lab() -> None:
    choices = choose()
    made = list_specifications(choices, ["A", "B"], 30, np.random.default_rng(1))
    kinds = pd.Series([each.kind for each in made]).value_counts()
    alone = sum(len(choice.others) for choice in choices.values())
    assert kinds.to_dict() == {"ours": 1, "alone": alone, "crossed": 30, "without": 2}
    assert len(set(made)) == len(made)
    crossed = [each for each in made if each.kind == "crossed"]
    assert all(len(each.made) > 1 and "halves" not in dict(each.made) for each in crossed)
    assert made == list_specifications(choices, ["A", "B"], 30, np.random.default_rng(1))


def test_choices_together_change_priors_and_options_together() -> None:
    card = make_card()
    made = (("trend", "line"), ("compute_error", "exact"), ("priors", "half"))
    priors, changed = apply(Specification("crossed", made), choose(), compute_multiplier, card)
    assert priors.drift.parameters == (0.0,)
    assert priors.rate.parameters == (0.4, 0.3)
    error = changed.options.compute_error_decades
    assert (error.kind, error.likely) == ("classical", 0.001)
    same, _ = apply(Specification("ours"), choose(), compute_multiplier, card)
    assert same == Priors()


def make_card() -> Any:
    from boards import make_board_card

    return make_board_card({"toy-a-b": ("Toy", "A", "B")})


def make_rows() -> pd.DataFrame:
    names = ["A", "B", "C", "D"]
    return make_board(
        names,
        release_date=pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"]),
        lab=["X", "X", "Y", "Y"],
        training_flop=1e23,
        score=[0.3, 0.2, 0.4, 0.4],
        base_model=["A", "A", "C", "D"],
        techniques=["", "tuned", "", ""],
        is_open_weights=[True, None, False, True],
        compute_confidence=["confident", "likely", "likely", "confident"],
        citation=["one", "one", "two", "two"],
    )


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("records", "ACD"),
        ("open_weights", "AD"),
        ("closed_weights", "C"),
        ("published_compute", "AD"),
        ("one_per_base", "ACD"),
        ("one_per_source", "AC"),
        ("plain", "ACD"),
        ("earlier_half", "AB"),
        ("later_half", "CD"),
    ],
)
def test_rules_keep_the_rows_they_name(rule: str, kept: str) -> None:
    rows = make_rows()
    assert "".join(rows.loc[RULES[rule](rows), "model"]) == kept


@pytest.mark.parametrize(
    ("rule", "kept"),
    [
        ("larger_models", "BCD"),
        ("larger_budgets", "CD"),
        ("trained", "BCD"),
        ("not_overtrained", "ABC"),
        ("near_optimum", "BC"),
        ("largest_scale", "D"),
    ],
)
def test_rules_keep_the_runs_of_a_grid_that_they_name(rule: str, kept: str) -> None:
    """Tokens per parameter 0.5, 1, 100 and 101."""
    parameters = np.array([1e8, 2e8, 3e8, 4e8])
    rows = pd.DataFrame({"model": list("ABCD"), "parameters": parameters})
    rows["training_tokens"] = parameters * [0.5, 1, 100, 101]
    rows["training_flop"] = 6 * rows["parameters"] * rows["training_tokens"]
    assert "".join(rows.loc[RULES[rule](rows), "model"]) == kept


def test_rules_keep_the_horizons_that_they_name() -> None:
    rows = make_rows().assign(horizon_minutes=[9.0, 5.0, 9.0, 8.0]).drop(columns="score")
    rows["training_flop"], rows["is_compute_circular"] = [1e23, np.nan, 1e24, 1e24], [0, 0, 1, 0]
    rows["is_compute_circular"] = rows["is_compute_circular"].astype(bool)
    assert "".join(rows.loc[RULES["records"](rows), "model"]) == "AC"
    assert "".join(rows.loc[RULES["known_compute"](rows), "model"]) == "AD"
    assert "".join(rows.loc[RULES["since_2023"](rows), "model"]) == "D"


class Headed(Toy):
    """The toy, which like the models of grids cannot leave out rows, with a headline."""

    def headline_key(self, _: Any) -> str:
        """The rate."""
        return multiverse.RATE


def test_model_that_ignores_marks_is_fitted_to_the_rows_that_are_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A score that is far off pulls the rate until its row is left out."""
    monkeypatch.setattr(multiverse, "Recipe", ExactRecipe)
    study = make_toy_study(Headed())
    is_off = study.table["model"] == "Model 10"
    study.table.loc[is_off, "score"] += 5.0
    without = Specification("without", left_out=("base_model", "Model 10"))
    ours, other = (
        multiverse.fit(study, {}, [each], 0) for each in (Specification("ours"), without)
    )
    assert (ours["rows"], other["rows"]) == (12, 11)
    rate, right = (each["estimands"][multiverse.RATE]["median"] for each in (ours, other))
    study.table.loc[is_off, "score"] -= 5.0
    expected = multiverse.fit(study, {}, [without], 0)["estimands"][multiverse.RATE]["median"]
    assert right == expected
    assert rate > right + 0.3


def test_specifications_are_fitted_again_when_their_choices_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an interrupted study kept is of the choices as they were."""
    layout, engine = Layout(tmp_path), Engine(kept=tmp_path / "kept")
    study = replace(make_toy_study(Headed()), engine=engine, key="toy")
    monkeypatch.setattr(multiverse, "open_study", lambda *_: study)
    monkeypatch.setattr(specifications, "MINIMUM_ROWS", 12)
    layout.specifications.parent.mkdir()

    def run(rate: float) -> list[float]:
        ours = "{title: as it is, reason: it is ours}"
        other = f"{{title: known, reason: of old, priors: {{rate: [{rate}, 0.001]}}}}"
        text = f"toy: {{rate: {{title: rate, ours: {ours}, known: {other}}}}}\n"
        layout.specifications.write_text(text, encoding="utf-8")
        path = multiverse.run_multiverse(layout, ("toy", "toy"), 0, engine)
        assert isinstance(path, Path)
        found = pd.read_csv(path.with_suffix(".csv"))
        return list(found.loc[found["kind"].isin(["ours", "alone"]), "median"])

    ours, known = run(1.0)
    again, changed = run(2.0)
    assert ours == again
    assert (known, changed) == (pytest.approx(1.0, abs=0.01), pytest.approx(2.0, abs=0.01))


def test_perplexities_are_better_when_lower() -> None:
    rows = make_rows().assign(perplexity=[30.0, 40.0, 20.0, 25.0]).drop(columns="score")
    assert "".join(rows.loc[RULES["records"](rows), "model"]) == "AC"


def test_marked_rows_stay_in_their_place() -> None:
    choices, rows = choose(), make_rows()
    both = Specification("crossed", (("rows", "records"), ("halves", "late")))
    assert list(mark_rows(rows, both, choices)["is_held_out"]) == [True, True, False, False]
    without = Specification("without", left_out=("lab", "X"))
    assert list(mark_rows(rows, without, choices)["is_held_out"]) == [True, True, False, False]


def test_choices_that_change_nothing_or_leave_too_few_rows_are_dropped() -> None:
    rows = pd.concat([make_rows()] * 5, ignore_index=True)
    kept = drop_idle(choose(), lambda each: each.made[0][0] in ("rows", "trend"), rows)
    assert set(kept) == {"rows", "trend"}
    assert "closed_weights" not in kept["rows"].others  # 5 of 20 rows
    assert {"records", "plain"} <= set(kept["rows"].others)
    runs = pd.DataFrame({"parameters": [1e8] * 4 + [3e8] * 4, "exclusion": None})
    few = drop_idle(choose("factorial_split"), lambda each: each.made[0][0] == "rows", runs)
    assert few["rows"].others == ["largest"]  # without dates there is no trend that takes many


def test_variance_is_divided_by_what_each_choice_moves() -> None:
    choices = pd.DataFrame({"a": list("xxyy") * 3, "b": list("xyxy") * 3, "c": ["x"] * 12})
    medians = 3.0 * (choices["a"] == "y") + 4.0 * (choices["b"] == "y")
    assert divide_variance(medians, choices) == {"b": 0.64, "a": 0.36}
    assert divide_variance(medians * 0, choices) == {}


def test_spread_leaves_out_what_failed_and_single_laboratories() -> None:
    rows = [
        {"kind": "ours", "a": "ours", "median": 0.5, "lower": 0.4, "upper": 0.6, "reason": ""},
        {"kind": "alone", "a": "x", "median": 0.7, "lower": 0.6, "upper": 0.8, "reason": ""},
        {"kind": "alone", "a": "y", "median": 9.0, "lower": 0, "upper": 0, "reason": "R-hat 2"},
        {"kind": "without", "a": "ours", "median": 5.0, "lower": 0, "upper": 9, "reason": ""},
    ]
    table = pd.DataFrame(rows).assign(estimand="share")
    choices: Any = {"a": {"title": "a choice", "singly": False}}
    found = describe_spread(table, choices)["share"]
    assert {name: found[name] for name in ("specifications", "failed", "lowest", "highest")} == {
        "specifications": 3,
        "failed": 1,
        "lowest": 0.5,
        "highest": 0.7,
    }
    assert (found["in_our_interval"], found["grade"]) == (0.5, "weak")


@pytest.mark.parametrize(("inside", "word"), [(0.95, "strong"), (0.8, "moderate"), (0.79, "weak")])
def test_grades(inside: float, word: str) -> None:
    assert grade(inside) == word
