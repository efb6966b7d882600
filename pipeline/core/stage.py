"""What every stage shares: an end when the run that it belongs to ends."""

import os
import threading
import time
from pathlib import Path

import psutil

POLL_SECONDS = 0.2


def end_with_dvc() -> None:
    """Stop at once when a process between this one and its `dvc` ends.

    DVC starts stages through a shell and does not stop them when it is killed: without this a fit
    would go on and write its output after the next run has started. Outside DVC nothing is watched.
    """
    chain = _processes_up_to_dvc()
    if chain:
        threading.Thread(target=_stop_when_any_ends, args=(chain,), daemon=True).start()
    elif "DVC_STAGE" in os.environ:
        raise SystemExit("dvc ended before its stage began")


def _processes_up_to_dvc() -> list[psutil.Process]:
    chain: list[psutil.Process] = []
    for process in psutil.Process().parents():
        chain.append(process)
        if any(Path(part).name == "dvc" for part in _command_line(process)[:3]):
            return chain
    return []


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _stop_when_any_ends(chain: list[psutil.Process]) -> None:
    while all(_is_alive(process) for process in chain):
        time.sleep(POLL_SECONDS)
    os._exit(1)  # no clean-up: the sampler's own threads must not reach their write


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
