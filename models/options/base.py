"""What all options of source cards have in common."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
AboveOne = Annotated[float, Field(gt=1)]
ErrorDecades = Annotated[float, Field(gt=0, lt=2)]


class Options(BaseModel):
    """Base of all options. Keys that no model computes with, such as words, are ignored."""

    model_config = ConfigDict(frozen=True)


class ComputeError(Options):
    """Standard deviation of log10 of a compute figure by confidence class, and its kind.

    Figures of 6ND and of the runs' own authors agree to 0.05 decades where a run of the registry
    has two (root mean square). Epoch gives its 'likely' figures as good to a factor of 3 at 90 %,
    so 0.3, and its 'speculative' ones to a factor of 10, so 0.6; where two sources give one run
    they differ by 0.16 to 0.28 and by 0.64.

    An estimate scatters about what was used (`classical`); `berkson`: what was used scatters about
    the figure.
    """

    kind: Literal["classical", "berkson"] = "classical"
    confident: ErrorDecades = 0.05
    likely: ErrorDecades = 0.3
    speculative: ErrorDecades = 0.6
