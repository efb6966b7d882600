"""The line of a new dataset in the registry: one line changes, whatever the file looks like."""

from pathlib import Path

import pytest

from pipeline.failures import SourceError
from pipeline.new_dataset.registration import extend_registry

PATH = Path("datasets.yaml")


def extend(text: str) -> str:
    return extend_registry(PATH, text, "new", "efficiency")


@pytest.mark.parametrize(
    ("line", "extended"),
    [
        ("[a]", "[a, new]"),
        ("[a,b, ]", "[a,b, new]"),
        ("[]", "[new]"),
        ("[ a, b ] # why", "[ a, b, new] # why"),
        ("\n    - a # first\n    - b", "\n    - a # first\n    - b\n    - new"),
    ],
)
def test_name_is_added_to_its_list(line: str, extended: str) -> None:
    text = "# head\ndatasets:\n  efficiency: {}\n  scaling_grid: [c]  # kept\n"
    assert extend(text.replace("{}", line)) == text.replace("{}", extended)


def test_line_ends_and_a_missing_last_one_are_kept() -> None:
    assert extend("datasets:\r\n  efficiency: [a]\r\n") == "datasets:\r\n  efficiency: [a, new]\r\n"
    assert extend("datasets:\n  efficiency: [a]") == "datasets:\n  efficiency: [a, new]"
    assert (
        extend("datasets:\n  efficiency:\n    - a")
        == "datasets:\n  efficiency:\n    - a\n    - new\n"
    )


@pytest.mark.parametrize(
    "text", ["datasets:\n  efficiency: [a,\n    b]\n", "datasets: {efficiency: [a]}\n"]
)
def test_list_in_another_form_is_not_rewritten(text: str) -> None:
    with pytest.raises(SourceError, match="is not in one line"):
        extend(text)


@pytest.mark.parametrize("text", ["", "[]", "datasets: 3", "a: [", "datasets:\n"])
def test_file_that_is_no_registry_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="not a registry"):
        extend(text)
