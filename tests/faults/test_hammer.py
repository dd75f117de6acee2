"""The hammer, short: processes killed at random on one board lose and double nothing. The long run is `make hammer`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_processes_killed_at_random_lose_and_double_nothing(tmp_path: Path) -> None:
    result = tmp_path / "hammer.json"
    size = ["--processes", "8", "--tasks", "100", "--seconds", "6", "--out", str(result)]
    subprocess.run(
        [sys.executable, "-m", "bench.hammer", *size], cwd=ROOT, check=True, capture_output=True, timeout=180
    )
    found = json.loads(result.read_text())
    assert found["wrong"] == []
    assert found["kills"] > 0
