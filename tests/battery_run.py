"""What becomes of each malformed cohort of the battery: a report, a reading, silence, a traceback or a hang."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from battery import Case, plan_cases, schema_cases
from battery_files import cell_cases, file_cases, framework_cases, yaml_cases
from battery_parts import part_cases
from small_study import small_study

from compendium.faults import InvalidInput
from compendium.study import validate

SECONDS = 20
Outcome = Literal["report", "read", "silent", "traceback", "hang"]


def all_cases() -> list[Case]:
    """Return every case, in a fixed order."""
    makers = (schema_cases, plan_cases, yaml_cases, cell_cases, file_cases, framework_cases, part_cases)
    return [case for maker in makers for case in maker()]


class _Hang(BaseException):
    """The time is up."""


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    """Raise when a block takes longer on the processor, or ten times as long by the clock (it may only wait)."""

    def stop(*_: object) -> None:
        raise _Hang

    timers = {signal.ITIMER_PROF: (signal.SIGPROF, seconds), signal.ITIMER_REAL: (signal.SIGALRM, 10 * seconds)}
    before = {number: signal.signal(number, stop) for number, _ in timers.values()}
    for timer, (_, limit) in timers.items():
        signal.setitimer(timer, limit)
    try:
        yield
    finally:
        for timer in timers:
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def outcome_of(case: Case, home: Path) -> tuple[Outcome, str]:
    """Write one malformed cohort, check it, and say what became of it."""
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    study = small_study(home)
    case.spoil(study)
    try:
        with time_limit(SECONDS):
            validate(study.folder, frameworks=study.frameworks)
    except InvalidInput as error:
        bare = [fault for fault in error.faults if not (fault.file and fault.problem and fault.action)]
        return ("report", error.report()) if error.faults and not bare else ("traceback", "a report without its place")
    except _Hang:
        return "hang", f"more than {SECONDS} s"
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {str(error)[:200]}"
    return ("read", "") if case.may_pass else ("silent", "nothing was said")
