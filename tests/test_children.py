"""Whatever ends a run, a signal or a kill, ends what it started, and a signal is answered by one sentence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

STARTER = """
import sys
from compendium.children import Stopped, call, stop_at_signals
stop_at_signals()
try:
    call([sys.executable, "-c", sys.argv[1]])
except Stopped as stopped:
    sys.exit(f"{stopped} {stopped.status}")
"""
CHILD = """
import os, subprocess, sys, time
from compendium.children import stop_at_signals
stop_at_signals()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
with open(os.environ["NOTED"] + ".part", "w") as note:
    note.write(f"{os.getpid()} {child.pid}")
os.replace(os.environ["NOTED"] + ".part", os.environ["NOTED"])
time.sleep(60)
"""
PATIENCE = 30


def waited_for(done: object) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and not done():  # type: ignore[operator]
        time.sleep(0.05)
    return bool(done())  # type: ignore[operator]


def is_there(process: int) -> bool:
    state = Path(f"/proc/{process}/stat")
    return state.is_file() and state.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").is_file(), reason="asks /proc who is there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_a_run_started_ends_with_it(number: signal.Signals, tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    environment = {**os.environ, "NOTED": str(noted)}
    run = subprocess.Popen(
        [sys.executable, "-c", STARTER, CHILD], env=environment, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert waited_for(noted.is_file)
    started = [int(process) for process in noted.read_text().split()]
    assert all(map(is_there, started))
    run.send_signal(number)
    said = run.communicate(timeout=PATIENCE)[1].strip()
    expected = f"Stopped by {number.name}. What was finished stays; the next run goes on from there. {128 + number}"
    assert said == ("" if number == signal.SIGKILL else expected)
    assert waited_for(lambda: not any(map(is_there, started)))


def test_a_process_that_begins_after_its_starter_was_killed_ends_at_once() -> None:
    code = "import os, time; from compendium.children import end_with; end_with(os.getpid()); time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE).returncode == 1
