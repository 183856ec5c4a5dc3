"""One run of a cohort at a time: two would write the same files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from compendium.faults import Fault, InvalidInput, display_path

LOCK = ".run.lock"
# What a run tells the steps that it starts: whose lock they run under.
HELD_BY = "COMPENDIUM_RUN"


class Unwritable(InvalidInput):
    """Raised when a place takes no more files: a full disk, a folder that may only be read."""

    def __init__(self, error: OSError, place: Path) -> None:
        action = "make room, mend its permissions, or give another folder as RESULTS; the next run goes on from there"
        super().__init__([Fault(display_path(place), f"nothing can be written there: {error.strerror}", action)])

    def report(self) -> str:
        """Say where and what to do; what was written before stays."""
        return str(self.faults[0])


def lock_of(root: Path) -> str | None:
    """Return the process that holds the results of a cohort, or None when nobody does."""
    try:
        handle = os.open(root / LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(handle, 20).decode("ascii", "ignore").strip()
    finally:
        os.close(handle)
    return None


@contextmanager
def only_run(root: Path) -> Iterator[None]:
    """Hold the results of a cohort while a run lasts; the system lets go of them when the run ends in any way.

    Raises
    ------
    InvalidInput
        When another run holds them, or nothing can be written there.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        handle = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unwritable(error, root) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            other = os.read(handle, 20).decode("ascii", "ignore").strip()
            problem = f"another run of this cohort is under way{f' (process {other})' if other else ''}"
            raise InvalidInput([Fault(display_path(root), problem, "wait until it ends, or stop it")]) from error
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        before = os.environ.get(HELD_BY)
        os.environ[HELD_BY] = str(os.getpid())
        try:
            yield
        finally:
            os.environ.pop(HELD_BY, None)
            if before is not None:
                os.environ[HELD_BY] = before
    finally:
        os.close(handle)
