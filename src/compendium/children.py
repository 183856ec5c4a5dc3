"""Processes that a run starts: they end with it, however it ends.

Each stands in a group of its own, so that a signal of the terminal reaches the run alone, which ends them. One whose
starter is gone without a word ends within a second, with its group. Files are renamed when they are whole, so that none
is torn.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from types import FrameType
from typing import Any

# Whether a process that has loaded libraries can be forked; elsewhere a new one is started.
CAN_FORK = sys.platform == "linux"
STARTED_BY = "COMPENDIUM_STARTED_BY"
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
# Exit status of a process that a signal ended, as shells count it.
BEYOND = 128
_running: set[int] = set()


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
    with (
        subprocess.Popen(list(command), env=told, text=True, process_group=0, **options) as child,
        ended_with(child.pid),
    ):
        out, errors = child.communicate()
    return subprocess.CompletedProcess(command, child.returncode, out, errors)


@contextlib.contextmanager
def ended_with(process: int) -> Iterator[None]:
    """End a process that this one started, with its group, when what waits for it here is broken off."""
    _running.add(process)
    try:
        yield
    except BaseException:
        end(process)
        raise
    finally:
        _running.discard(process)


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
        _end_here()

    threading.Thread(target=watch, daemon=True).start()


def lead_a_group() -> None:
    """Let this process, which was forked, lead a group of its own that ends with the process that asked for it."""
    os.setpgid(0, 0)
    asked_by = multiprocessing.parent_process()
    assert asked_by is not None

    def watch() -> None:
        asked_by.join()
        _end_here()

    threading.Thread(target=watch, daemon=True).start()


def _end_here() -> None:
    """End this process, and its group where it leads one."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _stop(number: int, _: FrameType | None) -> None:
    """End what was started, and then this process, where it is."""
    for child in list(_running):
        end(child)
    raise Stopped(number)


def end(process: int) -> None:
    """End a process with its group; one that was just forked leads none yet."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            kill(process, signal.SIGKILL)
