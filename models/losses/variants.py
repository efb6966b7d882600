"""Special cases of the law of losses: each choice that would move a headline, made once."""

import numpy as np

from models.core.variants import Priors, Variant

_LINE: Priors = {"drift": (0.0,)}
_DISTINCT: Priors = {
    "repetition_worth": (float(np.log(1e-3)), 0.0)
}  # a second reading is worth nothing

VARIANTS = {
    "line": Variant(priors=_LINE),
    "one_bend": Variant(options={"bend": True}),
    "distinct_tokens": Variant(priors=_DISTINCT),
    "all_readings": Variant(priors={"repetition_worth": (float(np.log(1e6)), 0.0)}),
    "all_of_these": Variant(priors=_LINE | _DISTINCT),
}
