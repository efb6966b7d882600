"""What a calibration study says, and whether it is of the present model and data.

Studies take minutes and are run by people (`apportion calibrate`); their files stand in
`data/calibration/`. Light: stages that only read a study import this.
"""

import ast
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from models.options import Options

MAXIMUM_FAILED = 0.02  # of the refits: more could hide the truths that are missed
NOT_STUDIED = ("_charts", "_baseline", "_figures", "_options")  # endings of modules
# Columns filled from posteriors of our own, which differ by their Monte Carlo error from one kind
# of processor to the next. What a simulation on the design shows does not hang on a tenth of them.
OWN_FIGURES = ("rate", "rate_sd", "estimate", "lower", "upper")
OWN_TOLERANCE = 0.1
# Words of a card that no model reads.
WORDING = {"label", "reason", "definition", "allocation_reason", "compute_error_reason"}


def fingerprint(table: pd.DataFrame, options: Options, model: str, folder: Path) -> dict[str, Any]:
    """Digests of the validated table, of the card's options and of the model's code.

    Comments, docstrings and layout do not count, nor do the card's words; `folder` is that of the
    models. Figures of our own posteriors, where the table has some, are listed as `own_figures`
    and not digested. A study is current where `is_same` says so of its fingerprint and the present
    one.
    """
    published, own = _part_own_figures(table)
    text = published.to_csv(index=False, lineterminator="\n")
    card = json.dumps(_strip(options.model_dump(mode="json")), sort_keys=True)
    code = "\n".join(
        f"{path.name} {_canonical(_without_docstrings(ast.parse(path.read_text('utf-8'))))}"
        for path in find_sources(model, folder)
    )
    digests = {"table": _digest(text), "card": _digest(card), "model": _digest(code)}
    return digests | ({"own_figures": own} if own else {})


def is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two fingerprints have equal digests, and figures of our own within a tenth."""
    first, second = (np.array(each.get("own_figures", []), float) for each in (one, other))
    return (
        one | {"own_figures": []} == other | {"own_figures": []}
        and len(first) == len(second)
        and np.allclose(first, second, rtol=OWN_TOLERANCE, atol=0, equal_nan=True)
    )


def _part_own_figures(table: pd.DataFrame) -> tuple[pd.DataFrame, list[float | None]]:
    """The table without the figures that came from posteriors of our own, and these, by row.

    Such are the estimates of rows marked `is_own`, and the rates of rows that name a `posterior`.
    """
    if "posterior" in table:
        is_own = table["posterior"].notna()
    elif "is_own" in table:
        is_own = table["is_own"]
    else:
        return table, []
    columns = [name for name in OWN_FIGURES if name in table]
    figures = table.loc[is_own, columns].to_numpy(float).ravel().tolist()
    if not figures:
        return table, []
    published = table.copy()
    published.loc[is_own, columns] = np.nan
    return published, [None if np.isnan(figure) else figure for figure in figures]


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
