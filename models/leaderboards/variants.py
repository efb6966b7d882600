"""Special cases of the model of scores: each choice that would move a headline, made once.

They are data of the compiled model: scales of priors that are zero, or other options of the card.
"""

from models.core.variants import Priors, Variant

_AT_ONE: Priors = {"allocation_under": (1.0, 0.0), "allocation_over": (1.0, 0.0)}
_AT_ZERO: Priors = {"allocation_under": (0.0, 0.0), "allocation_over": (0.0, 0.0)}
_LINE: Priors = {"drift": (0.0,)}
_SAME_GAINS: Priors = {"interaction": (0.0, 0.0)}
_LOGISTIC: Priors = {"skew": (0.0, 0.0)}
_ONE_CEILING: Priors = {"early_shortfall": (0.0,)}
_SAME_TECHNIQUES: Priors = {"technique_by_base": (0.0,)}
_BERKSON = {"compute_error_decades": {"kind": "berkson"}}

VARIANTS = {
    "line": Variant(priors=_LINE),
    "one_bend": Variant(options={"bend": True}),
    "allocation_at_one": Variant(priors=_AT_ONE),
    "no_allocation": Variant(priors=_AT_ZERO),
    "berkson": Variant(options=_BERKSON),
    "no_interaction": Variant(priors=_SAME_GAINS),
    "logistic": Variant(priors=_LOGISTIC),
    "one_ceiling": Variant(priors=_ONE_CEILING),
    "same_techniques": Variant(priors=_SAME_TECHNIQUES),
    "all_of_these": Variant(
        priors=_LINE | _AT_ONE | _SAME_GAINS | _LOGISTIC | _ONE_CEILING | _SAME_TECHNIQUES,
        options=_BERKSON,
    ),
}
