"""The performance harness: measurements, not tests. `make bench`, or `python -m benchmarks`.

Each module measures one part and yields rows of numbers. Machines are noisy: read the ratios, whose
two sides were measured in one run.
"""

from typing import Any

Row = dict[str, Any]  # name of a column: number or word
