"""What the card of a table of published figures may say: of estimates, of growth rates."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from models.core.options import Options

Positive = Annotated[float, Field(gt=0)]


class OwnEstimate(Options):
    """A posterior of this project that enters the table as a row of its own, flagged `is_own`."""

    posterior: str = Field(
        pattern=r"^[a-z0-9_]+-[a-z0-9_]+$",
        description="<dataset>-<model>; it enters only where its check passed",
    )
    estimand: str = Field(description="key of data/attributions/<posterior>.json")
    study: str = Field(description="study under which it stands; leaving it out leaves all out")
    domain: str = Field(description="domain under which it stands")


class EstimateOptions(Options):
    """Options of the `published_estimates` table."""

    quantity: str = Field(description="what all rows estimate, in words for the page")
    unit: str = Field(description="unit of the estimates; `1` for plain numbers")
    scale: Literal["log", "identity"] = Field(
        description="log: the quantity is positive and differences are ratios; identity: it may be "
        "zero or below"
    )
    reference: float = Field(
        description="a round value near the estimates; the prior of the pooled value counts from it"
    )
    spread: Positive | None = Field(
        None,
        description="identity scale only: the size of one unit of the priors, in the quantity's "
        "unit",
    )
    floor: Positive | None = Field(
        None,
        description="log scale only: an estimate at or below it enters as `at most the floor`",
    )
    secondary_error_factor: Annotated[float, Field(ge=1)] = Field(
        2.0,
        description="by what the error of a figure read in a secondary source is multiplied",
    )
    thresholds: list[float] = Field(
        description="values whose exceedance the page reports, in the quantity's unit"
    )
    has_rho: bool = Field(
        False,
        description="the quantity is an elasticity of substitution sigma: rho = (sigma - 1) / "
        "sigma is reported too",
    )
    headline: str = Field(
        description="the answer in a sentence, with {median}, {lower} and {upper} once each"
    )
    notes: list[str] = Field([], description="sentences below the headline")
    own_estimates: list[OwnEstimate] = Field(
        [], description="posteriors of this project that enter as rows of their own"
    )

    @model_validator(mode="after")
    def _scale_fits(self) -> "EstimateOptions":
        if self.scale == "log" and self.reference <= 0:
            raise ValueError(f"reference {self.reference} is not positive, and the scale is log")
        if self.scale == "log" and min(self.thresholds, default=1.0) <= 0:
            raise ValueError("a threshold is not positive, and the scale is log")
        if self.scale == "identity" and self.spread is None:
            raise ValueError("scale: identity needs `spread`, the size of one unit of the priors")
        if self.scale == "identity" and self.floor is not None:
            raise ValueError("`floor` is for scale: log")
        for bound in ("{median}", "{lower}", "{upper}"):
            if self.headline.count(bound) != 1:
                raise ValueError(f"headline must hold {bound} once")
        return self


class GrowthOptions(Options):
    """Options of the `growth_rates` table."""

    within_factor: Annotated[float, Field(gt=1)] = Field(
        description="two rates are called similar where neither is more than this times the other"
    )
    notes: list[str] = Field([], description="sentences below the headline")
