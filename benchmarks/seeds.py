"""Every cell with three other seeds: its verdict, and the least bulk and tail ESS of each.

`python -m benchmarks.seeds [--cells a,b]` is `python -m benchmarks seeds`; each model is compiled
once.
"""

import sys
from collections.abc import Iterator

from benchmarks import Row
from benchmarks.cells import compile_cells

SEEDS = (1, 2, 3)


def measure(wanted: list[str]) -> Iterator[Row]:
    """One row per cell."""
    for made in compile_cells(wanted):
        judged = [made.judge(made.sample(seed)) for seed in SEEDS]
        yield {
            "cell": made.name,
            "verdicts": ", ".join(each["verdict"] for each in judged),
            "least_bulk_ess": ", ".join(f"{each['min_ess_bulk']:.0f}" for each in judged),
            "least_tail_ess": ", ".join(f"{each['min_ess_tail']:.0f}" for each in judged),
            "reasons": "; ".join(reason for each in judged for reason in each["reasons"]),
        }


if __name__ == "__main__":
    from benchmarks.__main__ import main

    main(["seeds", *sys.argv[1:]])
