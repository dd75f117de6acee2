"""The demo as a person runs it: the report's exact figures, a ledger that is kept, and a Ctrl-C that leaves nothing
running.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from ainarres.database import embedded
from ainarres.database.connect import connect
from ainarres.projections import rebuild
from ainarres.swarm.repository import git

if TYPE_CHECKING:
    from collections.abc import Iterator

AINARRES = (sys.executable, "-m", "ainarres.cli.main")
SECONDS = 60
ENVIRONMENT = {key: value for key, value in os.environ.items() if not key.startswith("AINARRES_")}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A name for a new folder; not under pytest's own, which the server's user cannot enter."""
    place = Path(tempfile.gettempdir()) / f"ainarres demo {uuid4().hex[:8]}"
    yield place
    embedded.stop(place / "home")
    shutil.rmtree(place, ignore_errors=True)


def strays(folder: Path) -> list[str]:
    """The command lines of processes that mention the folder in them or in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line, around = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:  # it is gone by now
            continue
        if str(folder).encode() in line + around and process.name != str(os.getpid()):
            found.append(line.replace(b"\0", b" ").decode())
    return found


def ainarres(*words: str, within: Path) -> str:
    return subprocess.run(
        [*AINARRES, *words], cwd=within, env=ENVIRONMENT, capture_output=True, text=True, check=True
    ).stdout


def test_the_demo_ships_three_tasks_and_tells_the_tale(folder: Path) -> None:
    done = subprocess.run(
        [*AINARRES, "demo", "--directory", str(folder)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    for line in ("shipped (3):", "escalations (1):", "recovered leases (1):", "failed/blocked (0):"):
        assert line in lines
    assert any(line.startswith("cross-family review: 3/3 ") for line in lines)
    hands = [
        found for line in lines if (found := re.search(r"by family: implemented=(\S+) reviewed=(\S+) integr", line))
    ]
    assert sorted(found[1] for found in hands) == ["grok", "opencode", "opencode"]
    assert {found[2] for found in hands} <= {"claude+sonnet", "codex"}
    assert sum(line.startswith("ok: ") for line in lines) == 4
    assert "FAILED" not in done.stdout
    assert "gives [(" in done.stderr, "a review named a real bug"
    assert not strays(folder)
    suite = [sys.executable, "-m", "unittest"]
    subprocess.run(suite, cwd=folder / "repository", capture_output=True, check=True)
    assert git(folder / "repository", "status", "--porcelain") == ""
    assert "shipped (3):" in ainarres("report", within=folder), "the server is started on demand"
    assert "rework" not in ainarres("rebuild", "--check", within=folder)


def test_an_interrupted_demo_leaves_no_process_and_a_sound_ledger(folder: Path) -> None:
    running = subprocess.Popen(
        [*AINARRES, "demo", "--directory", str(folder)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert running.stderr is not None
    for line in running.stderr:
        if "TaskClaimed" in line and "opencode" in line:
            break
    os.killpg(running.pid, signal.SIGINT)
    told, _ = running.communicate(timeout=SECONDS)
    assert running.returncode == 130
    assert "shipped" not in told
    assert not strays(folder)
    with connect(embedded.ensure(folder / "home")) as connection:
        assert rebuild.check(connection).difference is None
    git(folder / "repository", "fsck", "--strict")


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = subprocess.run(
        [*AINARRES, "demo", "--directory", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "directory" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
