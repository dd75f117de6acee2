"""The hammer, short: processes killed at random on one board lose and double nothing. The long run is `make hammer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.faults import brief

if TYPE_CHECKING:
    from pathlib import Path


def test_processes_killed_at_random_lose_and_double_nothing(tmp_path: Path) -> None:
    found = brief.run("hammer", tmp_path, "--processes", "8", "--tasks", "100", "--seconds", "6")
    assert found["wrong"] == []
    assert found["kills"] > 0
