"""The demo from its first line to its report: set up, start the members, watch, check, tell.

Nothing here knows who works on what: it looks at the board as anybody may. It ends its members only if it is
interrupted or they take too long; otherwise each goes home by itself when nothing is left. The server is stopped in
the end, and the next command that looks at the ledger starts it again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rich.console import Console

from ainarres.database import embedded
from ainarres.database import settings as settings_
from ainarres.database.connect import connect
from ainarres.faults import AinarresError, InvalidInput
from ainarres.projections import history, outlook, rebuild, report
from ainarres.swarm.demo import cast, scenery
from ainarres.swarm.demo.picture import Picture
from ainarres.swarm.halt import Halt

if TYPE_CHECKING:
    import psycopg

    from ainarres.swarm.demo.cast import Troupe
    from ainarres.swarm.demo.scenery import Scenery

LIMIT = 150.0
"""Seconds after which the members are sent home."""
TICK = 0.15
"""Seconds between two looks at the board."""
EVENTS = 50
"""Of the newest events, how many a look reads."""
INTERRUPTED = 130
PLOT = """\
AINARRES demo: {members} agents of {families} families, each a process of its own; scripts stand in for the models.
Nobody assigns work. Watch the cheap family fail the subtle task until it asks for a higher tier, a reviewer reject a
real bug, and an agent die in the middle of its task. The integrator is started here in the place of a person: no swarm
starts one by itself.
Folder: {folder}
"""


def run(*, directory: Path | None = None, keep: bool = True, console: Console | None = None) -> int:
    """Run the demo and return its exit status: 0 when everything was shipped and every check passed, 130 interrupted.

    ``directory`` is a new or empty folder for all that it makes, by default one named after the time beside the
    embedded server's default home; ``keep=False`` removes the folder at the end. ``console`` draws the board
    (standard error by default); the report goes to standard output. Takes INT and TERM over; call it in the main
    thread. Raises InvalidInput for a folder that cannot be used, and faults when something breaks.
    """
    console = Console(stderr=True) if console is None else console
    folder = _place(directory)
    with Halt() as halt:
        halt.on_signals()
        try:
            status = _play(folder, console, halt)
        except AinarresError:
            if halt.reason is None:  # a Ctrl-C also reaches the programs that the set-up is running
                raise
            status = INTERRUPTED
        finally:
            embedded.stop(folder / "home")
            if not keep:
                shutil.rmtree(folder)
    if halt.reason is not None:
        console.print("interrupted; all agents and the server have ended", style="yellow")
        status = INTERRUPTED
    if keep:
        _tell(f"\nThe ledger is kept. Look at it with:  cd {folder} && ainarres board")
        _tell("and there:  ainarres report, ainarres timeline, ainarres history TASK, git -C repository log --graph")
    return status


def _place(directory: Path | None) -> Path:
    if directory is None:
        said = {key: value for key, value in os.environ.items() if not key.startswith("AINARRES_")}
        home = settings_.load({}, said, Path("/")).home
        directory = home.parent / "ainarres-demo" / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{os.getpid()}"
    folder = directory.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidInput("directory", f"{folder} is not an empty folder", "name a new one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput("directory", f"{folder} cannot be made: {error.strerror}", "name another") from error
    return folder


def _play(folder: Path, console: Console, halt: Halt) -> int:
    families = {member.family for member in cast.MEMBERS}
    _tell(PLOT.format(members=len(cast.MEMBERS), families=len(families), folder=folder))
    stage = scenery.build(folder, uuid4())
    if halt.reason is not None:
        return INTERRUPTED
    begun = time.monotonic()
    troupe = cast.Troupe(stage)
    try:
        troupe.start()
        in_time = _watch(stage, troupe, console, halt)
    finally:
        troupe.stop()
    if halt.reason is not None:
        return INTERRUPTED
    return _judge(stage, troupe, time.monotonic() - begun, in_time=in_time)


def _watch(stage: Scenery, troupe: Troupe, console: Console, halt: Halt) -> bool:
    """Draw the board until every member has ended; tell whether they did so within ``LIMIT``."""
    deadline = time.monotonic() + LIMIT
    with connect(stage.url, application_name="ainarres demo") as connection, Picture(console, scenery.LANE) as picture:
        while troupe.running and time.monotonic() < deadline:
            _draw(picture, connection)
            if halt.wait(TICK):
                break
            troupe.reap()
        _draw(picture, connection)
    return not troupe.running


def _draw(picture: Picture, connection: psycopg.Connection[Any]) -> None:
    newest = history.newest(connection, limit=EVENTS, lane=scenery.LANE)
    picture.draw(outlook.rows(connection, scenery.LANE), newest)


def _judge(stage: Scenery, troupe: Troupe, seconds: float, *, in_time: bool) -> int:
    """Print the report and what was checked; return the exit status."""
    with connect(stage.url) as connection:
        told = report.fold(history.whole(connection), scenery.LANE)
        rebuilt = rebuild.check(connection)
    suite = subprocess.run(
        [sys.executable, "-m", "unittest"],
        cwd=stage.repository,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    tasks = len(scenery.sample()["task"])
    failed = {name: status for name, status in troupe.ended.items() if status > 0}
    _tell(told.text())
    _tell("")
    checks = {
        f"all {tasks} tasks shipped in {seconds:.0f} s": in_time and len(told.shipped) == tasks,
        f"every agent ended well, the killed one apart (see {stage.logs})": not failed,
        f"the merged main branch passes its own tests: {_last_line(suite.stderr)}": suite.returncode == 0,
        "ainarres rebuild --check: the board is what the ledger gives": rebuilt.difference is None,
    }
    for what, passed in checks.items():
        _tell(f"{'ok' if passed else 'FAILED'}: {what}")
    return 0 if all(checks.values()) else 1


def _last_line(text: str) -> str:
    ran = [line for line in text.splitlines() if line.startswith(("Ran ", "OK", "FAILED"))]
    return ", ".join(ran) or "no tests ran"


def _tell(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the report goes to standard output
