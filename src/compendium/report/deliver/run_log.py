"""The log of a run: versions, machine, times, gates and warnings. Never compared, and no part of the deposit."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compendium.files import write_text
from compendium.outputs.runs import made_with, read_runs
from compendium.report.book.subject import Subject

SHOWN_PACKAGES = (
    "numpy",
    "scipy",
    "pandas",
    "factor_analyzer",
    "factor-analyzer",
    "pingouin",
    "statsmodels",
    "mirt",
    "jupyter-book",
)


def run_log(study: Subject, times: Mapping[str, float]) -> dict[str, Any]:
    """Return what is known of the run that made the results, and of the hand-over itself.

    Parameters
    ----------
    times
        Seconds that each part of the hand-over took.
    """
    gates = {
        name.removeprefix("supported_"): {"supported": value.content, "why": value.note}
        for name, value in study.saved.values.items()
        if name.startswith("supported_")
    }
    return {
        "cohort": study.settings.id,
        "handed_over": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "made_with": made_with(),
        "steps": {step: _step(study, step, run) for step, run in read_runs(study.saved.folders).items()},
        "gates": gates,
        "seconds": {name: round(seconds, 2) for name, seconds in times.items()},
    }


def write_run_log(study: Subject, times: Mapping[str, float], folder: Path, words: Mapping[str, str]) -> list[Path]:
    """Write the log as JSON and as a page to read."""
    log = run_log(study, times)
    paths = [folder / "run_log.json", folder / "run_log.md"]
    write_text(paths[0], json.dumps(log, indent=1, ensure_ascii=False) + "\n")
    write_text(paths[1], _as_text(log, words))
    return paths


def _step(study: Subject, step: str, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of one step: commit, when it ended, warnings, what was withheld."""
    path = study.saved.notebook(step)
    withheld = study.saved.folders.disclosure / f"{step}.json"
    return {
        "commit": run.get("commit"),
        "python": run.get("python"),
        "ended": datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds") if path else None,
        "warnings": _warnings(path) if path else [],
        "withheld": len(json.loads(withheld.read_text(encoding="utf-8"))) if withheld.is_file() else 0,
        "inputs": len(run.get("inputs", {})),
    }


def _warnings(path: Path) -> list[str]:
    """Return what an executed notebook wrote to the error stream, one line a warning."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = [
        "".join(output.get("text", ""))
        for cell in cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]
    return [line for text in texts for line in text.splitlines() if "Warning" in line]


def _as_text(log: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Return the log as a page to read."""
    packages = log["made_with"]["packages"]
    machine = log["machine"]
    lines = [f"# Run log of {log['cohort']}", "", f"Handed over {log['handed_over']}.", ""]
    lines += [f"- System: {machine['system']}, {machine['cores']} cores", f"- Python: {log['made_with']['python']}"]
    lines += [f"- Commit: {log['made_with']['commit'] or 'not known'}"]
    lines += [f"- {name}: {packages[name]}" for name in SHOWN_PACKAGES if name in packages]
    lines += ["", "| step | ended | warnings | results withheld in part |", "| :--- | :--- | ---: | ---: |"]
    lines += [
        f"| {step} | {each['ended'] or 'not run'} | {len(each['warnings'])} | {each['withheld']} |"
        for step, each in log["steps"].items()
    ]
    lines += ["", "| analysis | supported | why |", "| :--- | :--- | :--- |"]
    lines += [
        f"| {gate.replace('_', ' ')} | {'yes' if each['supported'] else 'no'} | {words.get(gate, '')} |"
        for gate, each in log["gates"].items()
    ]
    lines += ["", "Seconds of the hand-over: " + ", ".join(f"{name} {took}" for name, took in log["seconds"].items())]
    return "\n".join(lines) + "\n"
