"""Names of datasets: snake_case, short, safe on every system, and of nothing else."""

import re

import pytest
from conftest import ROOT

from pipeline.ingest.cards.dataset_names import (
    FILES,
    MAXIMUM_LENGTH,
    NAMESAKES,
    STAGES,
    check_dataset_name,
    list_models,
    suggest_name,
)
from pipeline.ingest.tables import TABLES

HOSTILE = [
    *("", " ", ".", "..", "../x", "a/b", "a\\b", "/etc/passwd", "~", "a.b", "-a", "a-b", "a b"),
    *("A", "1a", "_a", "a_", "a__b", "é", "a\n", "a\0", "a\u202e", "ａ", "$(x)", "a;b", "C:"),  # noqa: RUF001  a wide letter is meant
    *("con", "nul", "com1", "lpt9", "aux", "x" * (MAXIMUM_LENGTH + 1)),
]


@pytest.mark.parametrize("name", ["math", "a", "mmlu_2024", "x" * MAXIMUM_LENGTH, "training_runs"])
def test_plain_name_is_accepted(name: str) -> None:
    check_dataset_name(name)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_name_is_refused_with_one_that_would_do(name: str) -> None:
    with pytest.raises(ValueError, match="name") as raised:
        check_dataset_name(name)
    rule, remedy = raised.value.args
    assert rule
    assert repr(suggest_name(name)) in remedy
    check_dataset_name(suggest_name(name))


@pytest.mark.parametrize(
    "name", sorted({*TABLES, *list_models(), *STAGES, *FILES} - set(NAMESAKES))
)
def test_name_of_something_else_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="the name belongs to ") as raised:
        check_dataset_name(name)
    assert f"'data_{name}'" in raised.value.args[1]


@pytest.mark.parametrize("name", NAMESAKES)
def test_only_a_dataset_of_the_table_is_called_like_it(name: str) -> None:
    check_dataset_name(name, name)
    with pytest.raises(ValueError, match="not to efficiency"):
        check_dataset_name(name, "efficiency")


def test_every_stage_of_the_graph_keeps_its_name() -> None:
    text = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"-m pipeline\.(\w+)", text)) == STAGES


def test_models_are_listed_without_their_shared_arithmetic() -> None:
    assert {"scaling_law", "compute_multiplier"} <= set(list_models())
    assert not [name for name in list_models() if name.startswith("_")]
