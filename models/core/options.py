"""What all options of source cards have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ErrorDecades = Annotated[float, Field(gt=0, lt=2)]


class Options(BaseModel):
    """Base of all options: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ComputeError(Options):
    """Standard deviation of log10 of a compute figure, by confidence class."""

    confident: ErrorDecades = 0.15
    likely: ErrorDecades = 0.3
    speculative: ErrorDecades = 0.6
