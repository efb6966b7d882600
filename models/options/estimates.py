"""Options of the tables of rates and estimates: published ones, and this project's own."""

from typing import Annotated, Literal

from pydantic import Field

from models.options.base import AboveOne, Options, Positive

SEPARATOR = " | "  # between the names of base models behind an own rate


class EstimateOptions(Options):
    """Options of the `published_estimates` table."""

    quantity: str
    unit: str
    scale: Literal["log", "identity"]
    reference: float
    spread: Positive | None = None
    floor: Positive | None = None
    secondary_error_factor: Annotated[float, Field(ge=1)] = 2.0
    thresholds: list[float]
    has_rho: bool = False


class GrowthOptions(Options):
    """Options of the `growth_rates` table."""

    within_factor: AboveOne


class OwnRateOptions(Options):
    """Options of the `own_rates` table."""
