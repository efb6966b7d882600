"""What all options of source cards have in common."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Base of all options: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
