"""How a model is compiled: what travels to a worker in the place of a compiled model."""

import hashlib
import pickle
import threading
from typing import Any

import pandas as pd

from models import Card
from pipeline.checks.refit import Refitter

LOCK = threading.Lock()
COMPILED: dict[str, Refitter] = {}  # by recipe, in this process


class Recipe:
    """Compiles a model for a table, once in each process that asks."""

    def __init__(self, model: Any, table: pd.DataFrame, card: Card) -> None:
        self._made_of = (model, table, card)
        name = getattr(model, "__name__", type(model).__name__)
        self._key = hashlib.sha256(pickle.dumps((name, table, card))).hexdigest()

    def compile(self) -> Refitter:
        """The compiled model."""
        with LOCK:
            if self._key not in COMPILED:
                COMPILED[self._key] = Refitter(*self._made_of)
        return COMPILED[self._key]
