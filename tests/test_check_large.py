"""A check of 100,000 rows, good or bad, ends soon, in little memory, with a report one can read."""

import pytest

from benchmarks.check_large import LIMIT_LINES, LIMIT_MEGABYTES, LIMIT_SECONDS, ROWS, measure


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "exit_code", "words"),
    [
        ("accepted", 0, f"large: {ROWS} rows in, "),
        ("unknown_models", 1, f"  {ROWS} x model: not in the run registry"),
        ("unknown_units", 1, f"  {ROWS} x score: no unit that a cell may name"),
        ("everything_wrong", 1, f"  {ROWS} x benchmark: not empty"),
    ],
)
def test_check_of_many_rows_stays_within_its_limits(case: str, exit_code: int, words: str) -> None:
    made = measure(case)
    assert made.exit_code == exit_code
    assert words in made.printed
    assert made.seconds < LIMIT_SECONDS
    assert made.megabytes < LIMIT_MEGABYTES
    assert len(made.printed.splitlines()) < LIMIT_LINES
