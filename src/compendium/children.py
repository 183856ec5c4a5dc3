"""Processes that a run starts: they end with it, however it ends.

Each stands in a group of its own, so that a signal of the terminal reaches the run alone, which ends them. One whose
starter is gone without a word ends within a second, with its group. Files are renamed when they are whole, so that none
is torn.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

STARTED_BY = "COMPENDIUM_STARTED_BY"
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
# Exit status of a process that a signal ended, as shells count it.
BEYOND = 128
_running: set[subprocess.Popen[str]] = set()


class Stopped(BaseException):
    """Raised where a signal asks this process to end; what it started has ended."""

    def __init__(self, number: int) -> None:
        self.number = number
        name = signal.Signals(number).name
        super().__init__(f"Stopped by {name}. What was finished stays; the next run goes on from there.")

    @property
    def status(self) -> int:
        """The exit status."""
        return BEYOND + self.number


def call(
    command: Sequence[str], environment: Mapping[str, str] = os.environ, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a command as :func:`subprocess.run` does, as text, in a group that ends with this process."""
    told = {**environment, STARTED_BY: str(os.getpid())}
    with subprocess.Popen(list(command), env=told, text=True, process_group=0, **options) as child:
        _running.add(child)
        try:
            out, errors = child.communicate()
        except BaseException:
            _end(child)
            raise
        finally:
            _running.discard(child)
    return subprocess.CompletedProcess(command, child.returncode, out, errors)


def stop_at_signals() -> None:
    """Let the signals that ask a process to end do so in order, and let this one end with the one that started it."""
    end_with_starter()
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def end_with_starter() -> None:
    """Let this process end with the one that started it by :func:`call`."""
    starter = os.environ.pop(STARTED_BY, None)
    if starter is not None:
        end_with(int(starter))


def end_with(starter: int) -> None:
    """Let this process end within a second of the one that started it, also where that was killed."""

    def watch() -> None:
        while os.getppid() == starter:
            time.sleep(1)
        if os.getpgrp() == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _stop(number: int, _: FrameType | None) -> None:
    """End what was started, and then this process, where it is."""
    for child in list(_running):
        _end(child)
    raise Stopped(number)


def _end(child: subprocess.Popen[str]) -> None:
    """End a process with its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
