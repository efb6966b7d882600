"""Tasks side by side, on the processes of this machine or of a cluster, over dask.distributed.

What a task gave is kept under a hash of all that it depends on: a study that was interrupted goes
on where it stopped. A task carries its own random numbers, so that nothing depends on how many
workers there are or which of them does what; the tasks of a worker that is lost are done again by
the others.
"""

import functools
import hashlib
import os
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from pipeline.core.files import write_bytes
from pipeline.studies.record import hash_package

CODE = Path(__file__).parents[2]
PACKAGES = ("models", "pipeline/checks", "pipeline/studies")  # what a task computes with


class OtherCodeError(Exception):
    """A worker runs another version of the code than whoever gave it a task."""


class Engine:
    """Runs tasks on the workers of `client`, or here one after the other where there is none.

    `kept`: folder of what finished tasks gave; nothing is kept without one. Engines stay where
    they are made: on a worker a task finds one without client.
    """

    def __init__(self, client: Any = None, kept: Path | None = None) -> None:
        self._client, self._kept = client, kept

    def __reduce__(self) -> tuple[Any, ...]:
        return Engine, ()

    def run[T](self, title: str, task: Callable[[int], T], keys: list[str]) -> list[T]:
        """What `task` gives for each position in `keys`, in their order.

        `keys` say what each task depends on besides the code. Shows progress and the time left.
        """
        names = [_digest(key) for key in keys]
        found = {i: each for i, name in enumerate(names) if (each := self._read(name)) is not None}
        waiting = [i for i in range(len(keys)) if i not in found]
        results = self._finish(task, waiting)
        shown = track(results, title, len(waiting), console=Console(stderr=True))
        for position, result in shown if waiting else ():
            self._write(names[position], result)
            found[position] = [result]
        return [found[i][0] for i in range(len(keys))]

    def _finish(self, task: Callable[[int], Any], waiting: list[int]) -> Iterator[tuple[int, Any]]:
        """Position and result of each task, as they end."""
        if self._client is None:
            yield from ((position, task(position)) for position in waiting)
            return
        from distributed import as_completed

        perform = functools.partial(_perform, task, hash_code())
        futures = self._client.map(perform, waiting, pure=False)
        positions = dict(zip(futures, waiting, strict=True))
        try:
            for future, result in as_completed(futures, with_results=True):
                yield positions[future], result
        finally:
            self._client.cancel(futures)

    def _read(self, name: str) -> list[Any] | None:
        path = self._kept / name if self._kept else None
        return [pickle.loads(path.read_bytes())] if path and path.is_file() else None  # noqa: S301  our own

    def _write(self, name: str, result: Any) -> None:
        if self._kept:
            write_bytes(self._kept / name, pickle.dumps(result))


@contextmanager
def start(scheduler: str, jobs: int, kept: Path) -> Iterator[Engine]:
    """An engine on the cluster at `scheduler`, else on the one that Dask's configuration names,
    else on `jobs` processes of this machine, which share its memory and have one thread each.
    """
    import dask
    from distributed import Client, LocalCluster

    address = scheduler or dask.config.get("scheduler-address", None)
    options = {
        "n_workers": jobs or count_cores(),
        "threads_per_worker": 1,
        "dashboard_address": ":0",
    }
    # Without Dask's MALLOC_TRIM_THRESHOLD_: memory given back after every array has to be made
    # anew for the next, and the densities of a leaderboard take twice as long.
    one_thread = {f"{name}_NUM_THREADS": 1 for name in ("OMP", "MKL", "OPENBLAS")}
    with dask.config.set({"distributed.nanny.pre-spawn-environ": one_thread}):
        local = nullcontext(address) if address else LocalCluster(**options)
    with local as cluster, Client(cluster) as client:
        yield Engine(client, kept)


@functools.cache
def hash_code() -> str:
    """Hash of the code that tasks compute with."""
    return _digest(" ".join(hash_package(CODE / package) for package in PACKAGES))


def count_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _perform(task: Callable[[int], Any], code: str, position: int) -> Any:
    """The task on a worker. Raises OtherCodeError where its code is another."""
    if hash_code() != code:
        raise OtherCodeError(
            f"a worker runs another version of the code ({CODE}): bring it to the same commit"
        )
    return task(position)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
