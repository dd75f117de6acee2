"""Failover, short: a standby promoted under load. The long run is `make failover`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def fail_over(tmp_path: Path, *more: str) -> dict[str, Any]:
    result = tmp_path / "failover.json"
    size = ["--rounds", "2", "--agents", "6", "--load", "2", "--out", str(result)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.failover", *size, *more],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert result.exists(), done.stderr
    found: dict[str, Any] = json.loads(result.read_text())
    return found


def test_with_a_synchronous_standby_nothing_that_was_acknowledged_is_missing(tmp_path: Path) -> None:
    found = fail_over(tmp_path)
    assert found["wrong"] == []
    assert found["failovers"] == 2
    assert found["acknowledged"] > 50
    assert found["back_seconds"]["longest"] <= 10


def test_with_an_asynchronous_one_something_is_and_the_checker_says_so(tmp_path: Path) -> None:
    found = fail_over(tmp_path, "--asynchronous")
    assert found["missing"] > 0
    assert found["mode"] == "asynchronous"
