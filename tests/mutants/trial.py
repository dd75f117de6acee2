"""How a mutant is tried: in a copy of the tree, by its one test."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
LIMIT = 300
"""Seconds that one run may take."""
_REASONS = re.compile(r"AssertionError|assert |Failed: ")


def judge(mutant: Mutant, sound: Path, tree: Path) -> str | None:
    """Make the mutant from the sound copy, run its test; null when killed, else why not."""
    shutil.copytree(sound, tree)
    path = tree / "ainarres" / mutant.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        return f"src/{mutant.file} has {text.count(mutant.old)} places like {mutant.old!r}; adapt the table"
    path.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    found = run(tree, [mutant.test])
    shutil.rmtree(tree)
    if found is None:
        return f"{mutant.test} passes"
    return None if _REASONS.match(found) else f"{mutant.test} fails for another reason: {found.splitlines()[0][:200]}"


def copy(tree: Path) -> Path:
    """Lay the package out under its own name, with what its tests need."""
    shutil.copytree(ROOT / "src", tree / "ainarres", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("tests", "workflows", "governance"):
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def run(tree: Path, tests: list[str]) -> str | None:
    """Run tests in a copy; null when they pass, else what the first one failed with."""
    report = tree / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *tests]
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AINARRES_HYPOTHESIS": "first",
    }
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {LIMIT} s"
    if done.returncode == 0:
        return None
    if done.returncode != 1 or not report.exists():
        return f"pytest ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
    cases = ET.parse(report).getroot().iter("testcase")
    outcomes = [(case.find("failure"), case.find("error")) for case in cases]
    failures = [failure.get("message", "") for failure, _ in outcomes if failure is not None]
    errors = [error.get("message", "") for _, error in outcomes if error is not None]
    return failures[0] if failures else f"error: {errors}"


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
