"""The options that a card of a table must give, each as TODO with its meaning."""

from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from models._options import OPTIONS
from pipeline.readings import TODO
from pipeline.yaml_text import comment, quote

# Columns of the rows that name the keys of an option.
NAMED_BY = {"benchmarks": "benchmark", "reference_resource": "target"}
# Options that may be left as they are here.
PRESET = {"techniques": "{}  # tag: label, definition, and the methods or models that carry it"}
# Of options whose names speak for themselves, unless one sees them for the first time.
WORDS = {
    "id": "benchmark-earlier-later: parts of a-z, 0-9 and _, joined by hyphens",
    "label": "name on the page",
    "headline_comparison": "id of the comparison that the page puts first",
    "comparisons": "steps whose progress is split",
    "benchmarks": "name in the rows: its facts",
    "earlier": "the row the step starts from",
    "later": "the row the step ends at",
}


def render_options(table: str, names: dict[str, list[str]]) -> str:
    """The block `options:` of the card; `names` has the distinct cells of columns, by column."""
    lines = _render_fields(OPTIONS[table], names, "  ")
    return "\n".join(["options:", *lines] if lines else ["options: {}"]) + "\n"


def _render_fields(model: type[BaseModel], names: dict[str, list[str]], indent: str) -> list[str]:
    return [
        line
        for name, field in model.model_fields.items()
        if field.is_required()
        for line in _render_field(name, field, names, indent)
    ]


def _render_field(
    name: str, field: FieldInfo, names: dict[str, list[str]], indent: str
) -> list[str]:
    words = comment(_explain(name, field))
    meaning = f"  # {words}" if words else ""
    origin, part = get_origin(field.annotation), _part(field.annotation)
    if name in PRESET:
        return [f"{indent}{name}: {PRESET[name]}"]
    if origin is dict:
        keys = names.get(NAMED_BY.get(name, ""), []) or [TODO]
        lines = [line for key in keys for line in _render_entry(quote(key), part, names, indent)]
        return [f"{indent}{name}:{meaning}", *lines]
    if origin is list and _is_model(part):
        first, *others = _render_fields(part, names, f"{indent}    ")
        return [f"{indent}{name}:{meaning}", f"{indent}  - {first.lstrip()}", *others]
    if origin is list:
        return [f"{indent}{name}: [{TODO}]{meaning}"]
    if _is_model(part):
        return [f"{indent}{name}:{meaning}", *_render_fields(part, names, f"{indent}  ")]
    return [f"{indent}{name}: {TODO}{meaning}"]


def _render_entry(key: str, part: Any, names: dict[str, list[str]], indent: str) -> list[str]:
    if not _is_model(part):
        return [f"{indent}  {key}: {TODO}"]
    return [f"{indent}  {key}:", *_render_fields(part, names, f"{indent}    ")]


def _part(annotation: Any) -> Any:
    """What a list or mapping holds; the annotation itself otherwise."""
    inside = get_args(annotation) if get_origin(annotation) in (list, dict) else ()
    return inside[-1] if inside else annotation


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _explain(name: str, field: FieldInfo) -> str:
    """The description of the option, or the words of which it takes one."""
    choices = [each for each in get_args(field.annotation) if isinstance(each, str)]
    return field.description or WORDS.get(name) or " or ".join(choices)
