"""The soak, short: every kind of fault once under load. The long run is `make soak`, its guards `make soak-mutants`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
KINDS = 25


def test_every_kind_of_fault_loses_and_doubles_nothing(tmp_path: Path) -> None:
    result = tmp_path / "soak.json"
    size = ["--minutes", "0.4", "--faults", str(KINDS), "--verbs", "500", "--agents", "8", "--shrink", "0"]
    done = subprocess.run(
        [sys.executable, "-m", "bench.soak", *size, "--out", str(result)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert result.exists(), done.stderr
    found = json.loads(result.read_text())
    assert found["wrong"] == []
    assert len(found["kinds"]) == KINDS
    assert found["acknowledged"] >= 500
    assert found["checks"] == found["faults"] >= KINDS
    assert found["checks_in_full"] == 1
