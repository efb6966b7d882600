"""Names of models as files write them -> names of the run registry: exact, as the card's `names`
say, or the same but for case, signs, the maker before a slash, a date or a budget behind.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from rapidfuzz import fuzz, process

# Behind a name, of the same weights: a file format, a day, a thinking budget, "latest".
SUFFIX = re.compile(
    r"[-_ @:(]+(hf|latest|base|\d{4}-\d{2}-\d{2}|20\d{6}|\d{4}|\d+k|high|medium|low|thinking)\)?$"
)
# How long a model thinks, as names tell it.
EFFORT = re.compile(r"[-_ @:(,]+(\d+k|xhigh|high|medium|low|minimal|thinking)( tokens)?\)?$", re.I)
MAKERS = re.compile(r"^(meta|mistralai|google|openai|anthropic|alibaba)[- ](?=\S)")
NEAR = 85  # of 100: rapidfuzz's likeness of two names, above which one is proposed for the other


def find_runs(
    models: Iterable[str], registry: Collection[str], accepted: Mapping[str, str]
) -> dict[str, str]:
    """The run of each of `models` that has one: under `accepted`, the same or a usual name."""
    keys = [_reduce(name) for name in registry]
    count = Counter(keys)
    of_key = {key: name for key, name in zip(keys, registry, strict=True) if count[key] == 1}
    found = {}
    for model in models:
        forms = (of_key.get(_reduce(form)) for form in _list_forms(model))
        run = accepted.get(model) or (
            model if model in registry else next(filter(None, forms), None)
        )
        if run:
            found[model] = run
    return found


def suggest_runs(models: Iterable[str], registry: Collection[str]) -> dict[str, str]:
    """The nearest run of each of `models`, where one is near: for a person to accept."""
    keys = {name: _reduce(name) for name in registry}
    near = {}
    for model in models:
        match = process.extractOne(_reduce(model), keys, scorer=fuzz.ratio, score_cutoff=NEAR)
        if match and _list_sizes(model) == _list_sizes(match[2]):
            near[model] = match[2]
    return near


def _list_forms(name: str) -> list[str]:
    """The name without its maker, then without one suffix after another."""
    forms = [MAKERS.sub("", name.casefold().rpartition("/")[2].strip())]
    while (shorter := SUFFIX.sub("", forms[-1])) != forms[-1]:
        forms.append(shorter)
    return forms


def _reduce(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def _list_sizes(name: str) -> list[str]:
    """Numbers of a name: Llama 2 7B is never proposed for Llama 2 70B."""
    return re.findall(r"\d+", name)
