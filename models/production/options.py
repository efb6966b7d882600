"""What cards of the tables about the inputs of progress may say: research, and training compute."""

from typing import Annotated

from pydantic import Field

from models.core.options import ComputeError, Options

Positive = Annotated[float, Field(gt=0)]


class EfficiencyError(Options):
    """How well the growth of a field's efficiency is known."""

    decades: Positive = Field(description="standard deviation of log10 of the efficiency")
    reason: str = Field(min_length=10, description="where it comes from")


class ResearchInputOptions(Options):
    """Options of the `research_inputs` table."""

    headline_domain: str = Field(description="the field whose returns the page puts first")
    efficiency_error: dict[str, EfficiencyError] = Field(
        description="field: error of its efficiencies, relative to that of its first year"
    )
    ceiling_within: list[Annotated[float, Field(gt=1)]] = Field(
        [10.0, 100.0], description="factors above today's efficiency that may hold the ceiling"
    )


class TrainingRunsOptions(Options):
    """Options of the `training_runs` table; the registry needs none to be joined."""

    largest_of: int = Field(
        10, ge=2, description="the frontier is the largest of so many runs of one time"
    )
    left_out: dict[str, Annotated[str, Field(min_length=10)]] = Field(
        {}, description="run that the growth of compute is not fitted to: reason"
    )
    named_runs: list[str] = Field([], description="runs whose compute is reported with its error")
    compute_error_decades: ComputeError = Field(
        ComputeError(),
        description="standard deviation of log10 of a compute figure, by confidence class",
    )
