"""A toy's study whose refits take their time and say in a file that they ran. As a script: runs it
on two processes, keeping what is done in a folder.
"""

import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from toy_model import ExactRecipe, ExactRefitter, Toy, make_card, make_table, make_toy_study

from pipeline.studies.coverage import study_coverage
from pipeline.studies.engine import Engine, start
from pipeline.studies.trials import Study

DATASETS = 24
SECONDS = 0.4  # a refit


class SlowRefitter(ExactRefitter):
    """Says in the file `told` that it ran: a line a refit, of its seed and its process."""

    def __init__(self, told: Path, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._told = told

    def refit(self, *given: Any, **options: Any) -> Any:
        """The toy's posterior, after a while."""
        with self._told.open("a") as file:
            file.write(f"{given[3]} {os.getpid()}\n")
        time.sleep(SECONDS)
        return super().refit(*given, **options)


class SlowRecipe(ExactRecipe):
    """Stands for a recipe."""

    def compile(self) -> SlowRefitter:
        """The refitter that says that it ran."""
        return SlowRefitter(*self._made_of)


def make_slow_study(told: Path, engine: Engine) -> Study:
    """The toy's study on the engine's workers; refits are told in the file `told`."""
    recipe: Any = SlowRecipe(told, Toy(), make_table(), make_card())
    return replace(make_toy_study(), recipe=recipe, engine=engine, key="slow")


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    told, kept = map(Path, sys.argv[1:])
    with start("", 2, kept) as two:
        print(study_coverage(make_slow_study(told, two), DATASETS)["datasets"])
