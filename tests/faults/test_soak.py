"""The soak, short: every kind of fault once under load. The long run is `make soak`, its guards `make soak-mutants`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults import brief

if TYPE_CHECKING:
    from pathlib import Path

KINDS = 25


def test_every_kind_of_fault_loses_and_doubles_nothing(tmp_path: Path) -> None:
    size = ["--minutes", "0.4", "--faults", str(KINDS), "--verbs", "500", "--agents", "8", "--shrink", "0"]
    found = brief.run("soak", tmp_path, *size)
    assert found["wrong"] == []
    assert len(found["kinds"]) == KINDS
    assert found["acknowledged"] >= 500
    assert found["checks"] == found["faults"] >= KINDS
    assert found["checks_in_full"] == 1
