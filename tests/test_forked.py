"""A step that is forked does what one that is started anew does, and ends with its run however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from test_children import PATIENCE, is_there, waited_for

from compendium.children import CAN_FORK

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="processes cannot be forked here")
# What is loaded first: it puts another command line in the place of ours, which a forked process alone has.
LOADED = """
import os, subprocess, sys, time
import compendium.run.cli

def main():
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    with open(os.environ["NOTED"] + ".part", "w") as note:
        note.write(f"{os.getppid()} {os.getpid()} {child.pid} {sys.argv[1]}")
    os.replace(os.environ["NOTED"] + ".part", os.environ["NOTED"])
    time.sleep(60)

if "broken" in os.environ:
    raise ValueError("cannot be loaded")
if "real" not in os.environ:
    compendium.run.cli.main = main
"""
RUN = """
import sys
from compendium.children import Stopped, stop_at_signals
from compendium.run import forked
stop_at_signals()
starts = forked.Forked(lambda: ["loaded_first"])
starts.load()
if "stale" in sys.argv:
    forked._state = lambda: "another"
try:
    print([starts.call([*forked.PROGRAM, *words.split()]) for words in sys.argv[1].split(",")])
except Stopped as stopped:
    sys.exit(str(stopped.status))
finally:
    starts.end()
"""


def started(folder: Path, commands: str, *more: str, **environment: str) -> subprocess.Popen[str]:
    (folder / "loaded_first.py").write_text(LOADED)
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    told = {**os.environ, "PYTHONPATH": path, "NOTED": str(folder / "noted"), **environment}
    words = [sys.executable, "-c", RUN, commands, *more]
    return subprocess.Popen(
        words, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def test_a_forked_command_is_silent_but_for_faults_and_gives_its_exit_status(tmp_path: Path) -> None:
    out, errors = started(tmp_path, "--help,references no-such.ris,--help", real="1").communicate(timeout=PATIENCE)
    assert out == "[0, 2, 0]\n"
    assert "no-such.ris" in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_was_forked_ends_with_the_run(number: signal.Signals, tmp_path: Path) -> None:
    run = started(tmp_path, "--help")
    assert waited_for((tmp_path / "noted").is_file)
    *processes, word = (tmp_path / "noted").read_text().split()
    assert word == "--help" and all(is_there(int(process)) for process in processes)
    run.send_signal(number)
    run.communicate(timeout=PATIENCE)
    assert run.returncode == (-number if number == signal.SIGKILL else 1)
    assert waited_for(lambda: not any(is_there(int(process)) for process in processes))


def test_a_source_that_changed_after_it_was_loaded_is_read_again(tmp_path: Path) -> None:
    out, _ = started(tmp_path, "--help", "stale").communicate(timeout=PATIENCE)
    assert out == "[0]\n"
    assert not (tmp_path / "noted").exists()


def test_what_cannot_be_loaded_is_left_to_a_new_process(tmp_path: Path) -> None:
    out, errors = started(tmp_path, "--help,references no-such.ris", broken="1").communicate(timeout=PATIENCE)
    assert out == "[0, 2]\n"
    assert "no-such.ris" in errors


def test_a_step_whose_forking_process_was_killed_is_ended_and_told_as_failed(tmp_path: Path) -> None:
    run = started(tmp_path, "--help")
    assert waited_for((tmp_path / "noted").is_file)
    forking, *processes, _ = (tmp_path / "noted").read_text().split()
    os.kill(int(forking), signal.SIGKILL)
    out, _ = run.communicate(timeout=PATIENCE)
    assert out == "[255]\n"
    assert waited_for(lambda: not any(is_there(int(process)) for process in processes))
