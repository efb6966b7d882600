"""Runs the pipeline with several stages at a time; ends with 1 where a stage failed.

`dvc repro` runs one stage after another, and a fit uses a single core while it compiles. Here a
stage begins as soon as those that it reads from have ended, the one that most others wait for
first. Whether it has to run is for DVC to say; results do not depend on how many run at once.
"""

import os
import subprocess
import sys
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter

import networkx as nx
from dvc.repo import Repo

LANES = max(2, (os.cpu_count() or 2) // 2)  # a fit draws its chains on more cores than one
ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"} | os.environ  # stages share the cores already
DVC = ("dvc", "--wait-for-lock", "repro", "--quiet", "--single-item")


def main() -> int:
    """Bring every stage up to date but those behind one that failed."""
    with Repo() as repo:
        if not repo.status():
            print("every stage is up to date")
            return 0
        graph = nx.relabel_nodes(repo.index.graph, lambda stage: stage.addressing)
    sorter = TopologicalSorter({name: graph.successors(name) for name in graph})
    sorter.prepare()
    waiting = {name: len(nx.ancestors(graph, name)) for name in graph}
    ready, running, ended = [], {}, 0
    with ThreadPoolExecutor(LANES) as pool:
        while sorter.is_active():
            ready = sorted([*ready, *sorter.get_ready()], key=lambda name: waiting[name])
            while ready and len(running) < LANES:
                name = ready.pop()
                running[pool.submit(subprocess.call, [*DVC, name], env=ENVIRONMENT)] = name
            if not running:
                return 1  # what is left waits for a stage that failed
            for each in wait(running, return_when=FIRST_COMPLETED).done:
                name, has_failed, ended = running.pop(each), each.result() != 0, ended + 1
                print(f"[{ended} of {len(graph)}] {name}{': failed' * has_failed}", flush=True)
                if not has_failed:
                    sorter.done(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
