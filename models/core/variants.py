"""Special cases of a model: other parameters of its priors, other options of the card."""

from dataclasses import dataclass, field, replace
from typing import Any

from models import Card

Parameters = dict[str, tuple[float, ...]]  # parameters by name


@dataclass(frozen=True)
class Variant:
    """What differs from the model: parameters of priors by name, options of the card by key."""

    priors: Parameters = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    def apply(self, priors: Any, card: Card) -> tuple[Any, Card]:
        """The priors and the card under which the special case is fitted."""
        changed = {
            name: replace(getattr(priors, name), parameters=parameters)
            for name, parameters in self.priors.items()
        }
        merged = card.options.model_dump()
        for key, value in self.options.items():
            merged[key] = merged[key] | value if isinstance(value, dict) else value
        options = type(card.options).model_validate(merged)
        return replace(priors, **changed), replace(card, options=options)
