"""Steps in processes forked from one that has loaded what they need: loading takes longer than some of them.

That process starts to load beside the first job of a run and ends with the run. Where processes cannot be forked, or a
source changed after it was loaded, a step is started anew.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import wait
from pathlib import Path

from compendium.children import CAN_FORK, call, end, ended_with, lead_a_group
from compendium.run import fingerprints

PROGRAM = (sys.executable, "-m", "compendium")
LOADER, NAMED_BY = "compendium.run.loaded", "COMPENDIUM_LOADS"
# What multiprocessing says of a process when the one that forked it was killed: it may still be at work.
LOST = 255


class Forked:
    """Runs commands of this program in forked processes.

    Parameters
    ----------
    modules
        Says what is to be loaded, when it is to be.
    """

    def __init__(self, modules: Callable[[], Sequence[str]]) -> None:
        self._modules, self._lock, self._loaded = modules, threading.Lock(), ""

    def load(self) -> None:
        """Begin to load, if that was not done; what is called before it is done waits for it."""
        with self._lock:
            if CAN_FORK and not self._loaded:
                self._loaded = _state()
                multiprocessing.set_forkserver_preload([LOADER])
                os.environ[NAMED_BY] = " ".join(self._modules())
                try:
                    forkserver.ensure_running()
                finally:
                    del os.environ[NAMED_BY]

    def end(self) -> None:
        """End the process that has loaded, when no more is called."""
        if self._loaded:
            forkserver._forkserver._stop()  # type: ignore[attr-defined]

    def call(self, command: Sequence[str]) -> int:
        """Run a command, silent but for its errors, and return its exit status."""
        if tuple(command[: len(PROGRAM)]) == PROGRAM and self._is_fresh:
            return self._call(command[len(PROGRAM) :])
        return call_alone(command)

    @property
    def _is_fresh(self) -> bool:
        return bool(self._loaded) and self._loaded == _state()

    def _call(self, words: Sequence[str]) -> int:
        """Run the command line in a forked process."""
        process = multiprocessing.get_context("forkserver").Process(
            target=_run, args=(tuple(words), dict(os.environ), Path.cwd())
        )
        with self._lock:
            process.start()
        with ended_with(int(process.pid or 0)):
            wait([process.sentinel])
        # Whoever starts a process looks after the others: two threads must not take the same exit status.
        with self._lock:
            process.join()
        if process.exitcode == LOST:
            end(int(process.pid or 0))
        return int(process.exitcode or 0)


def _state() -> str:
    """Return what the system says of the files of the program."""
    return fingerprints.fingerprint(fingerprints.PROGRAM)


def call_alone(command: Sequence[str]) -> int:
    """Run a command in a process that starts from nothing, silent but for its errors; return its exit status."""
    return call(command, stdout=subprocess.DEVNULL).returncode


def _run(words: Sequence[str], environment: Mapping[str, str], folder: Path) -> None:
    """Be the command line, in a process that was just forked."""
    lead_a_group()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, sys.stdout.fileno())
    os.close(silent)
    sys.argv = ["compendium", *words]
    runpy.run_module("compendium")
