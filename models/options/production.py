"""Options of the tables about the inputs of progress: research, and training compute."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from models.options.base import AboveOne, ComputeError, Options, Positive

Dropped = Annotated[str | None, BeforeValidator(lambda _: None)]  # a reason, which no model reads


class EfficiencyError(Options):
    """How well the growth of a field's efficiency is known."""

    decades: Positive


class ResearchInputOptions(Options):
    """Options of the `research_inputs` table."""

    headline_domain: str
    efficiency_error: Mapping[str, EfficiencyError]
    ceiling_within: list[AboveOne] = Field([10.0, 100.0])


class TrainingRunsOptions(Options):
    """Options of the `training_runs` table; the registry needs none to be joined."""

    largest_of: Annotated[int, Field(ge=2)] = 10
    left_out: Mapping[str, Dropped] = Field({})
    named_runs: list[str] = Field([])
    compute_error_decades: ComputeError = ComputeError()
