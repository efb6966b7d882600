"""All domains -> one answer: compute's share of progress side by side, and what domains share.

Nothing is fitted here. The shares are those of the leaderboards' posteriors, of the growth of
compute beside the rate of algorithms, and of published pairs of rates. Leaderboards are those that
the records of our own rates name, each with the posterior that they name.
"""

import pandas as pd

from pipeline.core.files import write_json, write_text
from pipeline.core.layout import Layout
from pipeline.fit.attribute import COLUMNS
from pipeline.site.overview.gathering import gather
from pipeline.synthesis.entries import make_entries
from pipeline.synthesis.shares import collect, read_domains

NAME = "synthesis"


def synthesise(layout: Layout) -> str:
    """Write the estimands of the synthesis as JSON and CSV; a line to print."""
    found = collect(gather(layout), read_domains(layout))
    entries = make_entries(found)
    frame = pd.DataFrame([{"key": key, **entry} for key, entry in entries.items()], columns=COLUMNS)
    output = layout.attribution(NAME)
    write_text(output.with_suffix(".csv"), frame.to_csv(index=False, lineterminator="\n"))
    write_json(output, entries)
    return f"{output}: {len(found)} domains"
