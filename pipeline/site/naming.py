"""Names of the code -> words: what a check says, in the words of its page.

Checks are made where no words are known: their sentences name estimands by key and priors by
parameter.
"""

import re

from pipeline.site.pages.answers import Attributions
from pipeline.site.pages.numbers import unit_words
from pipeline.site.words import Words
from pipeline.studies.verdict import Check

CODE_NAME = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+)+(?:\[[^\]]*\])?")
SENTENCES = ("identification_reason", "calibration_reason")


def name_check(check: Check, words: Words, attributions: Attributions) -> Check:
    """The check with labels for the estimands of its sentences, and words for its parameters."""
    labels = {key: f"“{entry['label']}”" for key, entry in attributions.items()}
    made = check | {
        name: _replace_keys(check[name], labels) for name in SENTENCES if check.get(name)
    }
    if reasons := check.get("identification_reasons"):
        made["identification_reasons"] = [_replace_keys(each, labels) for each in reasons]
    if reasons := check.get("reasons"):
        made["reasons"] = [
            CODE_NAME.sub(lambda found: words.parameter(found[0]), each) for each in reasons
        ]
    driven = check.get("driven_by") or {}
    made["driven_by"] = {key: [words.parameter(each) for each in driven[key]] for key in driven}
    return made


def _replace_keys(text: str, labels: dict[str, str]) -> str:
    """`text` with labels for keys, in one pass: a label may look like another key.

    What it calls decades of compute are factors of ten.
    """
    text = unit_words(text)
    if not labels:
        return text
    keys = "|".join(map(re.escape, sorted(labels, key=len, reverse=True)))
    return re.sub(rf"(?<!\w)(?:{keys})(?![\w\[])", lambda found: labels[found[0]], text)
