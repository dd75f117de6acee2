"""A short run of one of the long ones, as its command line runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
LIMIT = 400
"""Seconds that one may take."""


def run(program: str, folder: Path, *size: str) -> dict[str, Any]:
    """Run ``python -m bench.PROGRAM`` with its result in ``folder``, and return that; whether it is well, it says."""
    result = folder / f"{program}.json"
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{program}", *size, "--out", str(result)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert result.exists(), done.stderr
    found: dict[str, Any] = json.loads(result.read_text())
    return found
