"""What the card of a table of this project's own rates may say."""

from pydantic import Field

from models.core.options import Options


class OwnRateOptions(Options):
    """Options of the `own_rates` table."""

    notes: list[str] = Field([], description="sentences below the headline")
