"""YAML files that people write: cards, claims, scenarios, equations.

Each is described by a class and checked strictly: an unknown key, an empty word or a number of the
wrong kind is a failure with its line.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.core.failures import Failure
from pipeline.ingest.cards.faults import EMPTY_PATTERN, find_unfilled, from_pydantic

Words = Annotated[str, Field(pattern=EMPTY_PATTERN)]
Number = Annotated[float, Field(allow_inf_nan=False)]


class StrictPart(BaseModel):
    """Base of the parts of such a file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def check_tree[File: StrictPart](
    path: Path,
    tree: Any,
    file: type[File],
    schema: dict[str, Any] | None = None,
    context: Any = None,
) -> tuple[File | None, list[Failure]]:
    """What `tree`, read at `path`, says as a `file`, and every fault of form; None where it fails.

    A placeholder that was left is a fault of its own beside a file that can be read. `schema` says
    what the keys mean, by default that of the class; `context` is what its validators ask for.
    """
    schema = schema or file.model_json_schema()
    faults = find_unfilled(path, tree, schema)
    try:
        return file.model_validate(tree, strict=True, extra="forbid", context=context), faults
    except ValidationError as error:
        return None, [*faults, *from_pydantic(error, path, tree, schema)]
