"""`python -m benchmarks.refits [--cell mmlu-compute_multiplier] [--count 10]`: refits a second.

The same refits, of the length of a study's, with one compiled model that takes other data, and with
a model compiled for each. One process, one after the other; seeds differ. A tab-separated line
each: seconds of all refits, compiling included where each has one, and refits a second; then the
ratio of the two rates, and the ratio with the one compile counted too.
"""

import argparse
import time

from benchmarks.cells import Compiled, compile_cells
from pipeline.checks.refit import QUICK, Refitter

SEED = 20261129


def main(argv: list[str] | None = None) -> None:
    """Time both ways and print what they took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.refits", description=__doc__)
    parser.add_argument("--cell", default="mmlu-compute_multiplier")
    parser.add_argument("--count", type=int, default=10)
    options = parser.parse_args(argv)
    (made,) = compile_cells([options.cell])
    kept = time_refits(made, options.count, compile_each=False)
    each = time_refits(made, options.count, compile_each=True)
    for name, seconds in (("one compile", kept), ("a compile each", each)):
        print(f"{name}\t{seconds:.1f} s\t{options.count / seconds:.3f} a second")
    print(f"ratio\t{each / kept:.1f}")
    print(f"ratio with the one compile ({made.seconds:.1f} s)\t{each / (kept + made.seconds):.1f}")


def time_refits(made: Compiled, count: int, compile_each: bool) -> float:
    """Seconds of `count` refits to the data of the cell, as long as those of a study."""
    given, priors = (made.table, made.card), made.model.Priors()
    start = time.perf_counter()
    for index in range(count):
        refitter = Refitter(made.model, *given) if compile_each else made.refitter
        refitter.refit(*given, priors, SEED + index, QUICK)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
