"""Checks of a small cell (dataset x model) for the tests of pages, one with a study."""

import json
from typing import Any

from conftest import read_cases

HOSTILE = "<script>alert(\"x\")</script> & 'quoted' {{ 7 * 7 }} {median} | `code`"
TOYS = read_cases("toy_cell.yaml")
CHECK: dict[str, Any] = TOYS["check"]
# Not identified, and with the hostile name in its places.
STUDIED: dict[str, Any] = json.loads(
    json.dumps(TOYS["studied"]).replace('"HOSTILE"', json.dumps(HOSTILE))
)
NOT_FITTED = "the card says that there are no eras"
FAILED = {"verdict": "fail", "reasons": ["R-hat of rate is 1.2, above 1.01"]}
