"""What a calibration study says, and whether it is of the present model and data.

Studies take minutes and are run by people (`apportion calibrate`); their files stand in
`data/calibration/`. Light: stages that only read a study import this.
"""

import ast
import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
from scipy import stats

from models._options import Options

MAXIMUM_FAILED = 0.02  # of the refits: more could hide the truths that are missed
NOT_STUDIED = ("_charts", "_baseline", "_figures", "_options")  # endings of modules
# Words of a card that no model reads.
WORDING = {"label", "reason", "definition", "allocation_reason", "compute_error_reason"}


def fingerprint(table: pd.DataFrame, options: Options, model: str, folder: Path) -> dict[str, str]:
    """Digests of the validated table, of the card's options and of the model's code.

    Comments, docstrings and layout do not count, nor do the card's words; `folder` is that of the
    models. A study is current where its fingerprint equals the present one.
    """
    text = table.to_csv(index=False, lineterminator="\n")
    card = json.dumps(_strip(options.model_dump(mode="json")), sort_keys=True)
    code = "\n".join(
        f"{path.name} {_canonical(_without_docstrings(ast.parse(path.read_text('utf-8'))))}"
        for path in find_sources(model, folder)
    )
    return {"table": _digest(text), "card": _digest(card), "model": _digest(code)}


def find_sources(model: str, folder: Path) -> list[Path]:
    """The file of the model and those of the shared modules it imports, directly or through them.

    The contract (`models/__init__.py`) is left out, and so are pictures and classical baselines,
    which no study looks at, and the classes of options: what a card says has a digest of its own,
    and a table that is added must not make the studies of all others out of date.
    """
    found, waiting = set[Path](), [folder / f"{model}.py"]
    while waiting:
        path = waiting.pop()
        found.add(path)
        tree = ast.parse(path.read_text("utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names = {str(node.module).removeprefix("models.") for node in imports}
        names |= {a.name for node in imports if node.module == "models" for a in node.names}
        paths = [folder / f"{name}.py" for name in sorted(names) if not name.endswith(NOT_STUDIED)]
        waiting += [path for path in paths if path not in found and path.is_file()]
    return sorted(found)


def measure_p_value(covered: int, intervals: int, probability: float) -> float:
    """The p-value of so many intervals holding their truth where each does with `probability`."""
    return float(stats.binomtest(covered, intervals, probability).pvalue)


def _strip(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _strip(each) for key, each in value.items() if key not in WORDING}
    return [_strip(each) for each in value] if isinstance(value, list) else value


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and (
            ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:]
    return tree


def _canonical(node: Any) -> str:
    """The syntax tree as text, the same in every version of Python: absent fields are left out."""
    if isinstance(node, ast.AST):
        parts = [
            f"{name}={_canonical(v)}" for name, v in ast.iter_fields(node) if v not in (None, [])
        ]
        return f"{type(node).__name__}({', '.join(parts)})"
    return f"[{', '.join(map(_canonical, node))}]" if isinstance(node, list) else repr(node)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
