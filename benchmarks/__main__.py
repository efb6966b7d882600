"""`python -m benchmarks [PART ...] [--cells a,b]`: measures parts (all of them without a name),
writes `benchmarks/results.json`, and the tables of `benchmarks/README.md` from it.
"""

import argparse
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks import Row
from pipeline.core.files import read_json, write_json, write_text

FOLDER = Path(__file__).parent
RESULTS, README = FOLDER / "results.json", FOLDER / "README.md"
PARTS = {
    "pipeline": "The whole pipeline, in a fresh clone with empty caches",
    "samplers": "Effective draws: our settings against PyMC's own NUTS with its defaults",
    "scaling_law": "The scaling law: a posterior against 4,000 bootstraps of the published method",
    "pages": "Pages in a headless Chromium",
    "seeds": "Verdicts with three other seeds",
}
START, END = "<!-- results -->\n", "<!-- end of results -->\n"


def main(argv: list[str] | None = None) -> None:
    """Measure the parts named, one after the other; what is done is written at once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--cells", default="", help="only these cells or pages, joined by commas")
    options = parser.parse_args(argv)
    if unknown := sorted(set(options.parts) - set(PARTS)):
        parser.error(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    cells = [each for each in options.cells.split(",") if each]
    for part in options.parts or PARTS:
        rows = []
        for row in import_module(f"benchmarks.{part}").measure(cells):
            print(part, json.dumps(row), flush=True)
            rows.append(row)
        write_results(part, rows)


def write_results(part: str, rows: list[Row]) -> None:
    """Put the rows of one part into the file of results and the README, in place of their like."""
    results = (read_json(RESULTS) or {}) | {"cores": os.cpu_count()}
    new = {next(iter(row.values())): row for row in rows}
    old = {next(iter(row.values())): row for row in results.get(part, [])}
    results[part] = list((old | new).values())
    ordered = {name: results[name] for name in ("cores", *PARTS) if name in results}
    write_json(RESULTS, ordered)
    before, _, rest = README.read_text("utf-8").partition(START)
    after = rest.partition(END)[2]
    write_text(README, f"{before}{START}\n{write_tables(ordered)}\n{END}{after}")


def write_tables(results: dict[str, Any]) -> str:
    """A Markdown table per part."""
    tables = [
        f"### {title}\n\n{write_table(results[part])}"
        for part, title in PARTS.items()
        if results.get(part)
    ]
    return "\n\n".join([f"Measured on {results['cores']} cores.", *tables]) + "\n"


def write_table(rows: list[Row]) -> str:
    """The rows as Markdown, a column per key of the first."""
    columns = list(rows[0])
    cells = [[str(row.get(name, "")) for name in columns] for row in rows]
    heads = [[name.replace("_", " ") for name in columns], ["---"] * len(columns)]
    return "\n".join(f"| {' | '.join(line)} |" for line in heads + cells)


if __name__ == "__main__":
    main()
