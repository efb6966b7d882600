"""What all options of source cards have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
AboveOne = Annotated[float, Field(gt=1)]
ErrorDecades = Annotated[float, Field(gt=0, lt=2)]


class Options(BaseModel):
    """Base of all options. Keys that no model computes with, such as words, are ignored."""

    model_config = ConfigDict(frozen=True)


class ComputeError(Options):
    """Standard deviation of log10 of a compute figure, by confidence class.

    Reported figures of one run (6ND, the paper's own count, hardware time) differ by factors of 1.1
    to 1.4: 0.15. Epoch gives its 'likely' figures as good to a factor of 3 at 90 %, so 0.3, and its
    'speculative' ones to a factor of 10, so 0.6.
    """

    confident: ErrorDecades = 0.15
    likely: ErrorDecades = 0.3
    speculative: ErrorDecades = 0.6
