"""What the swarm's tests share: a real repository, and places beside it whose names hold spaces."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from ainarres.swarm.repository import git
from ainarres.swarm.workspace import Workspaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 20.0
"""Seconds after which a condition that a test waits for counts as not met."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A checkout of ``main`` with one commit."""
    place = tmp_path / "a repository"
    place.mkdir()
    git(place, "init", "--quiet", "--initial-branch=main")
    (place / "poem.txt").write_text("first line\n")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "Begin")
    return place


@pytest.fixture
def workspaces(repository: Path, tmp_path: Path) -> Workspaces:
    """Workspaces of it, in a folder beside it."""
    return Workspaces(repository=repository, root=tmp_path / "work spaces")


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait for a condition, and fail when it does not come true."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "the condition did not come true"
            time.sleep(0.02)

    return wait


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Tell whether a process runs; one that ended and waits to be reaped does not."""

    def runs(pid: int) -> bool:
        try:
            with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - read at once or not at all
                return stat.read().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            if os.path.isdir("/proc/self"):  # noqa: PTH112 - as above
                return False
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    return runs
